// error: a static argument cannot be donated
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x, int n) { return x * n; }
void misuse() { fx::jit(f, fx::static_argnums<1>, fx::donate_argnums<-1>)(Array(1.0), 2); }
