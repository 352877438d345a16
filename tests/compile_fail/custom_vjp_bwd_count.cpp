// error: the bwd rule must return a std::tuple with one cotangent per differentiable argument
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x, const Array&) { return x; }
std::pair<Array, Array> fwd(const Array& x, const Array& y) { return {x, y}; }
Array bwd(const Array&, const Array& ct) { return ct; }
void misuse() { fx::custom_vjp(f, fwd, bwd)(1.0, 2.0); }
