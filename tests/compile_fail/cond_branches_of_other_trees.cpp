// error: both branches must return the same type of tree
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::cond(true, [](const Array& x) { return x; }, [](const Array& x) { return std::pair(x, x); }, 1.0);
}
