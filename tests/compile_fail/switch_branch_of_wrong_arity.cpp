// error: all branches must be callable with the operands
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() {
  fx::switch_(1, std::tuple([](const Array& x) { return x; }, [](const Array& x, const Array&) { return x; }), 1.0);
}
