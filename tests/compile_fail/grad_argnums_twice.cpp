// error: argnums must name each argument once
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x, const Array&) { return x; }
void misuse() { fx::grad(f, fx::argnums<1, -1>)(1.0, 2.0); }
