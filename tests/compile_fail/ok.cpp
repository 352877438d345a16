// What the other files here do wrong, done right.
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;

fx::Array derivative_at_one() {
  return fx::grad([](const fx::Array& x) { return fx::sin(x) * x; })(1.0);
}
