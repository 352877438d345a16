// error: fluxion: what a callback is called with must be arrays, numbers or trees of these
#include <fluxion/callbacks.hpp>

#include <string>

namespace fx = fluxion;

void misuse(const std::string& name) { fx::debug::callback([](const std::string&) {}, name); }
