// error: donate_argnums must name arguments of the call
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
void misuse() { fx::jit(f, fx::donate_argnums<1>)(Array(1.0)); }
