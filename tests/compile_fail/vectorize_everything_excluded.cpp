// error: an argument to vectorize over is required
#include <fluxion/vectorize.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
void misuse() { fx::vectorize(f, fx::excluded<0>)(1.0); }
