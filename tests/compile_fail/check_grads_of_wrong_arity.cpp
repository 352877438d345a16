// error: pass as many arguments as it has parameters
#include <tuple>

#include <fluxion/testing.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() { fx::testing::check_grads([](const Array& x, const Array&) { return x; }, std::tuple(1.0)); }
