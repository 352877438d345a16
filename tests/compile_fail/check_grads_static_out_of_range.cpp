// error: a static argument's number is out of range of the arguments given
#include <fluxion/testing.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() { fx::testing::check_grads([](const Array& x) { return x; }, 1.0, fx::static_argnums<1>); }
