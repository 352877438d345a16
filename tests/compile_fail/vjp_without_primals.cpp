// error: vjp and linearize need the point at which to differentiate
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f() { return 1.0; }
void misuse() { fx::vjp(f); }
