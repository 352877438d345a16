// error: a static argument must be hashable
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

struct Options { int depth; };
Array f(const Array& x, const Options&) { return x; }
void misuse() { fx::jit(f, fx::static_argnums<1>)(1.0, Options{3}); }
