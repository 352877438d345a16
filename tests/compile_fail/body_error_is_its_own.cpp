// error: nope
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

void misuse() { fx::grad([](auto x) { return x.nope(); })(1.0); }
