// error: both branches must return an array or a tree of arrays
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::cond(true, [](const Array&) {}, [](const Array&) {}, 1.0);
}
