// error: at least one argument must be an array or a tree of arrays
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f() { return 1.0; }
void misuse() { fx::vmap(f)(); }
