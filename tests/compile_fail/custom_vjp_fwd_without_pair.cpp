// error: the fwd rule must return std::pair(result, residuals)
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& x) { return x; }
Array bwd(const Array&, const Array& ct) { return ct; }
void misuse() { fx::custom_vjp(f, f, bwd)(1.0); }
