// error: an Array cannot be a static argument
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x, const Array& y) { return x + y; }
void misuse() { fx::jit(f, fx::static_argnums<1>)(1.0, Array(2.0)); }
