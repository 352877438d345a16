// error: fluxion: the callback cannot be called with these arguments
#include <fluxion/callbacks.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse(const Array& x) { fx::debug::callback([](const Array&, const Array&) {}, x); }
