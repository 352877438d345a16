// error: numbers arrive as fx::Array, so take `const fx::Array&`
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(double x) { return x; }
void misuse() { fx::jit(f)(1.0); }
