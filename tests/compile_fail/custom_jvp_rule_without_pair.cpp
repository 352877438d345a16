// error: the rule must return std::pair(result, tangent of the result)
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
Array rule(const std::tuple<Array>& x, const std::tuple<Array>&) { return std::get<0>(x); }
void misuse() { fx::custom_jvp(f, rule)(1.0); }
