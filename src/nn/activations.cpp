#include <fluxion/nn.hpp>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion::nn {

// A select rather than a max, whose derivative at a tie would be 1/2; NaN stays NaN.
Array relu(const Array& x) {
  const auto zero = literal(x, 0);
  return lax::select_n(lax::le(x, zero), x, zero);
}

Array sigmoid(const Array& x) { return lax::logistic(promote_inexact(x)); }

Array softplus(const Array& x) {
  const auto f = promote_inexact(x);
  return logaddexp(f, literal(f, 0));
}

namespace {

// x less its largest element, through which no derivative passes: it cancels.
Array shifted(const Array& x, const Dims& axes) {
  const auto f = promote_inexact(x);
  return f - lax::stop_gradient(max(f, axes, true));
}

}  // namespace

Array softmax(const Array& x, const Axis& axis) {
  const auto axes = sorted_axes("softmax", axis, x);
  if (x.size() == 0) return promote_inexact(x);
  const auto e = exp(shifted(x, axes));
  return e / sum(e, axes, true);
}

Array log_softmax(const Array& x, const Axis& axis) {
  const auto axes = sorted_axes("log_softmax", axis, x);
  if (x.size() == 0) return promote_inexact(x);
  const auto s = shifted(x, axes);
  return s - log(sum(exp(s), axes, true));
}

Array one_hot(const Array& x, std::int64_t num_classes, std::optional<DType> dtype) {
  if (!is_integer(x.dtype()))
    throw TypeError(text("one_hot: integer class numbers are required, got ", x.aval(),
                         "; convert with astype(fx::int64)"));
  auto shape = x.shape();
  shape.push_back(num_classes);
  checked_element_count("one_hot", shape);
  const auto classes = lax::iota(x.dtype(), {num_classes}, 0);
  return lax::convert_element_type(expand_dims(x, -1) == classes, dtype.value_or(config().default_float));
}

}  // namespace fluxion::nn
