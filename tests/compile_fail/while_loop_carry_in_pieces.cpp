// error: the carry, one tree as a whole
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::while_loop([](const Array& i, const Array&) { return i < 3; }, [](const Array& i, const Array& s) { return std::pair(i + 1, s); }, std::pair(Array(0), Array(1.0)));
}
