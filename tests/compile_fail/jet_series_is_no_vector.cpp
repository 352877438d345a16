// error: a series must be a std::vector of trees like its primal
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x * x; }
void misuse() { fx::jet(f, std::tuple{1.0}, std::tuple{1.0}); }
