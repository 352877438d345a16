// error: the rule's first result must have the type of the function's
#include <vector>

#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
std::pair<std::vector<Array>, Array> rule(const std::tuple<Array>&, const std::tuple<Array>&) { return {}; }
void misuse() { fx::custom_jvp(f, rule)(1.0); }
