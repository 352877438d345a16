// error: one series per primal is required
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x, const Array& y) { return x * y; }
void misuse() { fx::jet(f, std::tuple{1.0, 2.0}, std::tuple{std::vector<Array>{1.0}}); }
