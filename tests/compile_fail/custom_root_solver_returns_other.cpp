// error: a solver must return a tree of the unknown's type
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::custom_root([](const Array& x) { return x; }, 1.0, [](const auto&, const Array& x) { return std::pair(x, x); },
                  [](const auto&, const Array& y) { return y; });
}
