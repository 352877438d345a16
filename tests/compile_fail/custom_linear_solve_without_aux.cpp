// error: with fx::has_aux the solver must return a std::pair
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::custom_linear_solve([](const Array& x) { return x; }, 1.0, [](const auto&, const Array& b) { return b; }, fx::has_aux);
}
