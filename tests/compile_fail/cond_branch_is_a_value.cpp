// error: both branches must be functions callable with the operands
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::cond(true, Array(1.0), Array(2.0));
}
