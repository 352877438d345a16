// error: the rule must be callable as rule(nondiff..., primals, tangents)
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
std::pair<Array, Array> rule(const Array& x, const Array& t) { return {x, t}; }
void misuse() { fx::custom_jvp(f, rule)(1.0); }
