// error: pass as many arguments as it has parameters
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x, const Array& y) { return x + y; }
void misuse() { fx::jit(f)(1.0); }
