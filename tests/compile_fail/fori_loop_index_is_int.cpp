// error: (index, carry), both traced: numbers arrive as fx::Array
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::fori_loop(0, 3, [](int i, const Array& c) { return c + i; }, 0.0);
}
