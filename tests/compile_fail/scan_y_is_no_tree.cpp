// error: y may be fx::none
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::scan([](const Array& c, const Array&) { return std::pair(c, nullptr); }, 0.0, fx::arange(3.0));
}
