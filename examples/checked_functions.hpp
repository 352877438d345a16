// Two functions whose derivatives are written by hand: what examples/check_your_gradients.cpp checks.
#pragma once

#include <math.h>  // jn is POSIX, not C++

#include <utility>

#include <fluxion/fluxion.hpp>

namespace checked {

namespace fx = fluxion;
using fx::Array;

// --- log(sum(exp(x))) of the elements that a mask lets through, fused: exp is computed once -------------------------

/// exp(x - greatest) where the mask is true, else 0; and the sum of these along the last axis.
using Weights = std::pair<Array, Array>;

/// The value, [..., n] -> [...], and what its derivative needs. Nothing overflows: the greatest element let through
/// becomes exp(0). Where nothing is let through the value is -inf, the logarithm of an empty sum.
inline std::pair<Array, Weights> masked_logsumexp_fwd(const Array& x, const Array& mask) {
  const Array top = fx::max(fx::where(mask, x, -fx::inf), -1, true);
  const Array shift = fx::stop_gradient(fx::where(fx::isfinite(top), top, 0.0));
  const Array exps = fx::where(mask, fx::exp(x - shift), 0.0), sum = fx::sum(exps, -1);
  return {fx::log(sum) + fx::squeeze(shift, -1), {exps, sum}};
}

/// The cotangent of x: ct softmax(x), and 0 where nothing was let through. A mask has no cotangent.
inline auto masked_logsumexp_bwd(const Weights& w, const Array& ct) {
  const auto& [exps, sum] = w;
  const Array scale = ct / fx::where(sum > 0.0, sum, 1.0);
  return std::tuple(fx::expand_dims(scale, -1) * exps, fx::none);
}

inline Array masked_logsumexp(const Array& x, const Array& mask) {
  const auto value = [](const Array& v, const Array& m) { return masked_logsumexp_fwd(v, m).first; };
  return fx::custom_vjp(value, masked_logsumexp_fwd, masked_logsumexp_bwd)(x, mask);
}

// --- the Bessel function J_n by the C library, which knows nothing of derivatives -----------------------------------

/// v with jn(n, element) in place of each element: an ordinary loop over ordinary numbers.
inline Array bessel_j_of_values(int n, const Array& v) {
  auto elements = v.to_vector<double>();
  for (double& e : elements) e = ::jn(n, e);
  return fx::array(elements).reshape(v.shape());
}

/// J_n(x), elementwise. Its derivative is (J_{n-1} - J_{n+1}) / 2: two calls of itself, so that there are all orders.
inline Array bessel_j(int n, const Array& x) {
  const auto call = [](int order, const Array& v) {
    const auto on_host = [order](const Array& values) { return bessel_j_of_values(order, values); };
    const fx::PureCallbackOptions whole_batches{.vmap_method = fx::VmapMethod::broadcast_all};
    const fx::ShapeDtypeStruct result{v.shape(), fx::float64};  // C knows double
    return fx::pure_callback(whole_batches, on_host, result, v.astype(fx::float64)).astype(v.dtype());
  };
  const auto rule = [](int order, const std::tuple<Array>& primals, const std::tuple<Array>& tangents) {
    const auto& [v] = primals;
    const auto& [dv] = tangents;
    return std::pair(bessel_j(order, v), 0.5 * (bessel_j(order - 1, v) - bessel_j(order + 1, v)) * dv);
  };
  return fx::custom_jvp(call, rule, fx::nondiff_argnums<0>)(n, x);
}

}  // namespace checked
