// error: an argument of a transformed function must be an array, a number or a tree of these
#include <tuple>

#include <fluxion/testing.hpp>

namespace fx = fluxion;
using fx::Array;

struct Options { int depth; };
void misuse() {
  fx::testing::report_grads([](const Array& x, const Options&) { return x; }, std::tuple(1.0, Options{3}));
}
