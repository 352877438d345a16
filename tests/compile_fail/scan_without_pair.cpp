// error: std::pair(carry, fx::none) where there is no y
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::scan([](const Array& c, const Array& x) { return c + x; }, 0.0, fx::arange(3.0));
}
