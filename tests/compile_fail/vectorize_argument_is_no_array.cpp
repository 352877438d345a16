// error: arguments must be arrays or numbers
#include <vector>

#include <fluxion/vectorize.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const std::vector<Array>& x) { return x[0]; }
void misuse() { fx::vectorize(f)(std::vector<Array>{1.0}); }
