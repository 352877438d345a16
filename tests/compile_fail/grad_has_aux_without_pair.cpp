// error: with fx::has_aux the function must return a std::pair {result, auxiliary}
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
void misuse() { fx::grad(f, fx::has_aux)(1.0); }
