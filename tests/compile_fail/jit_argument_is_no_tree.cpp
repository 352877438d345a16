// error: an argument of a transformed function must be an array, a number or a tree of these
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

struct Options { int depth; };
Array f(const Array& x, const Options&) { return x; }
void misuse() { fx::jit(f)(1.0, Options{3}); }
