// error: a function to be checked needs an argument
#include <tuple>

#include <fluxion/testing.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() { fx::testing::check_grads([] { return Array(1.0); }, std::tuple<>()); }
