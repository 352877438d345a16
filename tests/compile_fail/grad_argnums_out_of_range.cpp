// error: argnums must name arguments of the call
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
void misuse() { fx::grad(f, fx::argnums<1>)(1.0); }
