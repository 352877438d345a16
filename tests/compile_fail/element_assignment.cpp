// error: arrays are immutable: instead of x[i] = y write x = x.at(i).set(y)
#include <fluxion/fluxion.hpp>

void f(const fluxion::Array& x) { x[0] = 1.0; }
