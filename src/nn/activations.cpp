// Activations: compositions of elementwise functions, written operation by operation as jax.nn has them.
#include <fluxion/nn.hpp>

#include <cmath>
#include <numbers>
#include <tuple>
#include <utility>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/math.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/transforms/custom_jvp.hpp>

#include "base/text.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion::nn {

// Selects rather than a max and a min, whose derivative at a tie would be 1/2; NaN stays NaN.
Array relu(const Array& x) {
  const auto zero = literal(x, 0);
  return lax::select_n(lax::le(x, zero), x, zero);
}

Array relu6(const Array& x) {
  const auto f = promote_inexact(x);
  const auto below = where(f <= 0.0, 0.0, f);
  return where(f >= 6.0, 6.0, below);
}

Array sigmoid(const Array& x) { return lax::logistic(promote_inexact(x)); }

namespace {

/// As logaddexp of x and 0, whose difference is always defined: x >= 0, and exp(-|x|).
struct Part {
  Array positive, e;
  explicit Part(const Array& x) : positive(lax::ge(x, literal(x, 0))) {
    e = lax::exp(lax::select_n(positive, x, lax::neg(x)));
  }
};
Array real_softplus(const Array& x);
struct Softplus {
  Array operator()(const Array& x) const {
    const Part part(x);
    return lax::add(lax::select_n(part.positive, literal(x, 0), x), lax::log1p(part.e));
  }
};
/// The logistic function, from the same exponential.
struct SoftplusRule {
  std::pair<Array, Array> operator()(const std::tuple<Array>& at, const std::tuple<Array>& tangent) const {
    const auto& x = std::get<0>(at);
    const Part part(x);
    const auto one = literal(x, 1);
    const auto weight = lax::div(lax::select_n(part.positive, part.e, one), lax::add(one, part.e));
    return {real_softplus(x), lax::mul(std::get<0>(tangent), weight)};
  }
};
Array real_softplus(const Array& x) { return custom_jvp(Softplus{}, SoftplusRule{})(x); }

}  // namespace

Array softplus(const Array& x) {
  const auto f = promote_inexact(x);
  return is_complex(f.dtype()) ? logaddexp(f, literal(f, 0)) : real_softplus(f);
}

Array sparse_plus(const Array& x) {
  const auto f = promote_inexact(x);
  const auto parabola = square(f + 1.0) / 4.0;
  return where(f <= -1.0, 0.0, where(f >= 1.0, f, parabola));
}

Array sparse_sigmoid(const Array& x) { return 0.5 * clip(promote_inexact(x) + 1.0, 0.0, 2.0); }

Array soft_sign(const Array& x) {
  const auto f = promote_inexact(x);
  return f / (abs(f) + 1.0);
}

Array silu(const Array& x) {
  const auto f = promote_inexact(x);
  return f * sigmoid(f);
}

Array log_sigmoid(const Array& x) { return -softplus(-promote_inexact(x)); }

Array leaky_relu(const Array& x, const Array& negative_slope) {
  const auto f = promote_inexact(x);
  return where(f >= 0.0, f, negative_slope * f);
}

Array hard_sigmoid(const Array& x) { return relu6(promote_inexact(x) + 3.0) / 6.0; }

Array hard_silu(const Array& x) {
  const auto f = promote_inexact(x);
  return f * hard_sigmoid(f);
}

Array hard_tanh(const Array& x) {
  const auto f = promote_inexact(x);
  return where(f > 1.0, 1.0, where(f < -1.0, -1.0, f));
}

Array tanh(const Array& x) { return fluxion::tanh(x); }

// What is not chosen is made safe first: its exponential would overflow, and its derivative be inf * 0.
Array elu(const Array& x, const Array& alpha) {
  const auto f = promote_inexact(x);
  const auto positive = f > 0.0;
  return where(positive, f, alpha * expm1(where(positive, 0.0, f)));
}

Array celu(const Array& x, const Array& alpha) {
  const auto f = promote_inexact(x);
  return maximum(f, 0.0) + alpha * expm1(minimum(f, 0.0) / alpha);
}

Array selu(const Array& x) { return 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717); }

Array gelu(const Array& x, bool approximate) {
  const auto f = promote_inexact(x);
  if (approximate) {
    const auto cubic = f + 0.044715 * lax::integer_pow(f, 3);
    const auto cdf = 0.5 * (1.0 + fluxion::tanh(std::sqrt(2 / std::numbers::pi) * cubic));
    return f * cdf;
  }
  return 0.5 * f * lax::erfc(-f * std::sqrt(0.5));
}

Array glu(const Array& x, std::int64_t axis) {
  const auto f = promote_inexact(x);
  const auto along = normalize_axis("glu", axis, f);
  const auto n = f.shape(along);
  if (n % 2 != 0)
    throw ValueError(text("glu: the axis must have an even extent, got ", n, " along axis ", axis, " of ", x.aval(),
                          "; the halves are value and gate"));
  auto start = Dims(static_cast<std::size_t>(f.ndim()), 0), limit = Dims(f.shape());
  limit[static_cast<std::size_t>(along)] = n / 2;
  const auto value = lax::slice(f, start, limit);
  start[static_cast<std::size_t>(along)] = n / 2;
  return value * sigmoid(lax::slice(f, start, f.shape()));
}

Array squareplus(const Array& x, const Array& b) {
  const auto f = promote_inexact(x);
  return (f + sqrt(square(f) + b)) / 2.0;
}

Array mish(const Array& x) {
  const auto f = promote_inexact(x);
  return f * fluxion::tanh(softplus(f));
}

Array identity(const Array& x) { return x; }

// Maechler (2012): which form loses no digits changes at log 2.
Array log1mexp(const Array& x) {
  const auto f = promote_inexact(x);
  return where(f < std::numbers::ln2, log(-expm1(-f)), log1p(-exp(-f)));
}

}  // namespace fluxion::nn
