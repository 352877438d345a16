// error: a transformed function must return its results, got void
#include <fluxion/testing.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() { fx::testing::check_all([](const Array&) {}, 1.0); }
