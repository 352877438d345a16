// error: static_argnums must name arguments of the call
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
void misuse() { fx::jit(f, fx::static_argnums<1>)(1.0); }
