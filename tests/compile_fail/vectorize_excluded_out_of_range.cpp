// error: excluded must name arguments of the call
#include <fluxion/vectorize.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
void misuse() { fx::vectorize(f, fx::excluded<1>)(1.0); }
