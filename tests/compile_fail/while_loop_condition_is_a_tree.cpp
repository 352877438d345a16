// error: the condition must return one bool scalar
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::while_loop([](const Array& i) { return std::pair(i < 3, i); }, [](const Array& i) { return i + 1; }, 0);
}
