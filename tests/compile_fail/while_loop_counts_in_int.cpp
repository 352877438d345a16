// error: numbers arrive as fx::Array
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::while_loop([](int i) { return i < 3; }, [](int i) { return i + 1; }, 0);
}
