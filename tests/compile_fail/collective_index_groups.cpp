// error: collectives have no axis_index_groups
#include <fluxion/collectives.hpp>

namespace fx = fluxion;
using fx::Array;

Array misuse(const Array& x) { return fx::psum(x, "i", {.axis_index_groups = {{0, 1}, {2, 3}}}); }
