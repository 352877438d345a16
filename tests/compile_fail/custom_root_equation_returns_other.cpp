// error: the equation must return a tree of the unknown's type
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  const auto solve = [](const auto&, const Array& x) { return x; };
  fx::custom_root([](const Array& x) { return std::pair(x, x); }, 1.0, solve, solve);
}
