// error: the body must return the next carry
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::while_loop([](const Array& i) { return i < 3; }, [](const Array&) {}, 0);
}
