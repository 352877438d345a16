// error: fluxion: the callback must return the type of tree that result_like is
#include <fluxion/callbacks.hpp>

namespace fx = fluxion;
using fx::Array;

Array misuse(const Array& x) {
  return fx::pure_callback([](const Array& v) { return std::pair(v, v); }, x, x);
}
