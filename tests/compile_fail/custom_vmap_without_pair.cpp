// error: the rule must return std::pair(result, out_batched)
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
Array rule(std::int64_t, const std::array<bool, 1>&, const Array& x) { return x; }
void misuse() { fx::custom_vmap(f, rule)(1.0); }
