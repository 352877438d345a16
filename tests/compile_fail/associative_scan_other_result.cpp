// error: fn must return the type of elems
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() { fx::associative_scan([](const Array& a, const Array& b) { return std::pair(a, b); }, fx::arange(3)); }
