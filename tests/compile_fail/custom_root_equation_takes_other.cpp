// error: the equation must be callable with the unknown
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  const auto solve = [](const auto&, const Array& x) { return x; };
  fx::custom_root([](const Array& x, const Array& y) { return x - y; }, 1.0, solve, solve);
}
