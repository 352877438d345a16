// error: pass as many arguments as it has parameters
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
void misuse() { fx::make_jaxpr(f)(1.0, 2.0); }
