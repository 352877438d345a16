// error: take them by value or const reference
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::fori_loop(0, 3, [](const Array& i, Array& c) { return c += i; }, 0.0);
}
