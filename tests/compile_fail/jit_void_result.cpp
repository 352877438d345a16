// error: a transformed function must return its results, got void
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

void f(const Array&) {}
void misuse() { fx::jit(f)(1.0); }
