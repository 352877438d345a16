// error: nondiff_argnums must name arguments of the call
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
std::pair<Array, Array> rule(const std::tuple<Array>&, const std::tuple<Array>&) { return {}; }
void misuse() { fx::custom_jvp(f, rule, fx::nondiff_argnums<1>)(1.0); }
