// error: f must return an array or a tree of arrays
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::map([](const Array&) {}, fx::arange(3.0));
}
