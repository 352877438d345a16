// error: the index is no part of it
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::fori_loop(0, 3, [](const Array& i, const Array& c) { return std::pair(i, c); }, 0.0);
}
