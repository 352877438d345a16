// error: a transformed function must return an array or a tree of arrays
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

struct Result { Array x; };
Result f(const Array& x) { return {x}; }
void misuse() { fx::jit(f)(1.0); }
