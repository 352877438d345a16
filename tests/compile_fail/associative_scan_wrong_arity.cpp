// error: fn must be callable with two trees like elems
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() { fx::associative_scan([](const Array& a) { return a; }, fx::arange(3)); }
