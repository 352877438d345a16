// error: f must be callable with one element of xs
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() { fx::map([](const Array& a, const Array& b) { return a + b; }, fx::arange(3)); }
