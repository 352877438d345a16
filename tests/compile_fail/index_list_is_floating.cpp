// error: fluxion: an index must be an integer, a range, newaxis, ellipsis, or an array or vector of integers or bools
#include <fluxion/fluxion.hpp>

fluxion::Array f(const fluxion::Array& x) { return x.at(0, std::vector{0.0, 1.0}).set(0.0); }
