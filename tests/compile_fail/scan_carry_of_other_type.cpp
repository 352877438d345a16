// error: the carry that f returns must have the type of init
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::scan([](const Array& c, const Array& x) { return std::pair(std::pair(c, c), x); }, 0.0, fx::arange(3.0));
}
