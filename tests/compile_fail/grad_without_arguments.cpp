// error: argnums must name arguments of the call
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f() { return 1.0; }
void misuse() { fx::grad(f)(); }
