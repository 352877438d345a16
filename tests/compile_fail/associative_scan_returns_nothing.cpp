// error: fn must return the type of elems
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::associative_scan([](const Array&, const Array&) {}, fx::arange(3.0));
}
