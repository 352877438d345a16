// error: arguments must be arrays, numbers or trees of these
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

struct Unknown {};
Array f(const Array& x) { return x; }
void misuse() { fx::jit(f).trace(1.0).lower().compile()(Unknown{}); }
