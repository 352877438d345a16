// error: fluxion::debug::print: arguments must be arrays, numbers or strings
#include <fluxion/callbacks.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse(const std::vector<Array>& x) { fx::debug::print("{}", x); }
