// error: at least one argument must be an array or a tree of arrays
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
void misuse() { fx::vmap(f)(1.0); }
