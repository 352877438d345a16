// error: the rule must be callable as rule(axis_size, in_batched, args...)
#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
void misuse() { fx::custom_vmap(f, f)(1.0); }
