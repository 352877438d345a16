// error: say fx::has_aux if it returns a pair {scalar, auxiliary}
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

std::pair<Array, Array> f(const Array& x) { return {x, x}; }
void misuse() { fx::grad(f)(1.0); }
