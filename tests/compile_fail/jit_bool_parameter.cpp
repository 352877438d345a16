// error: or mark the argument with fx::static_argnums under jit
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x, bool negate) { return negate ? -x : x; }
void misuse() { fx::jit(f)(1.0, true); }
