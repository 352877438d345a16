// Functions along axes: softmax and its kin, standardize, one_hot.
#include <fluxion/nn.hpp>

#include <limits>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/math.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion::nn {

namespace {

constexpr double kLowest = -std::numeric_limits<double>::infinity();

// The mask at x's shape, if there is one.
Mask mask_of(const char* op, const Mask& where, const Shape& shape) {
  if (!where) return {};
  if (where->dtype() != bool_)
    throw TypeError(text(op, ": where must be bool, got ", where->aval(), "; compare with 0"));
  return broadcast_to_shape(op, *where, shape);
}

Array kept(const Mask& mask, const Array& x, double otherwise) { return mask ? where(*mask, x, otherwise) : x; }

// x with what is left out at -inf, less its largest element, through which no derivative passes: it cancels.
Array shifted(const Array& f, const Mask& mask, const Dims& axes) {
  const auto safe = kept(mask, f, kLowest);
  return safe - lax::stop_gradient(max(safe, axes, true));
}

Array sum_kept(const Array& x, const Mask& mask, const Dims& axes, bool keepdims) {
  return sum(kept(mask, x, 0), axes, keepdims);
}

// How many elements are kept along the axes, in f's dtype; a literal without a mask.
Array count_kept(const Array& f, const Mask& mask, const Dims& axes, bool keepdims) {
  if (mask) return sum(mask->astype(f.dtype()), axes, keepdims);
  double n = 1;
  for (auto a : axes) n *= static_cast<double>(f.shape(a));
  return literal(f, n);
}

}  // namespace

Array softmax(const Array& x, const Axis& axis, const Mask& where) {
  const auto axes = sorted_axes("softmax", axis, x);
  const auto mask = mask_of("softmax", where, x.shape());
  const auto f = promote_inexact(x);
  if (x.size() == 0) return f;
  const auto e = exp(shifted(f, mask, axes));
  return kept(mask, e / sum_kept(e, mask, axes, true), 0);
}

Array log_softmax(const Array& x, const Axis& axis, const Mask& where) {
  const auto axes = sorted_axes("log_softmax", axis, x);
  const auto mask = mask_of("log_softmax", where, x.shape());
  const auto f = promote_inexact(x);
  if (x.size() == 0) return f;
  const auto s = shifted(f, mask, axes);
  return kept(mask, s - log(sum_kept(exp(s), mask, axes, true)), kLowest);
}

// The variance by mean(x^2) - mean(x)^2, as jax has it.
Array standardize(const Array& x, const Axis& axis, const StandardizeOptions& options) {
  const auto axes = sorted_axes("standardize", axis, x);
  const auto mask = mask_of("standardize", options.where, x.shape());
  const auto f = promote_inexact(x);
  const auto n = count_kept(f, mask, axes, true);
  const auto m = options.mean ? *options.mean : sum_kept(f, mask, axes, true) / n;
  const auto v = options.variance ? *options.variance : sum_kept(square(f), mask, axes, true) / n - square(m);
  return (f - m) * lax::rsqrt(v + options.epsilon);
}

std::pair<Array, Array> logsumexp_with_sign(const Array& x, const Axis& axis, const std::optional<Array>& b,
                                            bool keepdims, const Mask& where) {
  auto f = promote_inexact(x);
  auto weights = b;
  if (b) {
    auto both = promote_inexact("logsumexp", {x, *b});
    broadcast_operands("logsumexp", both, true);
    weights = both[1];
    f = fluxion::where(both[1] != 0.0, both[0], kLowest);
  }
  const auto axes = sorted_axes("logsumexp", axis, f);
  const auto mask = mask_of("logsumexp", where, f.shape());
  const auto of_nothing = f.size() == 0;
  const auto largest = of_nothing ? sum(f, axes, true) : max(kept(mask, f, kLowest), axes, true);
  const auto shift = lax::stop_gradient(fluxion::where(isfinite(largest), largest, literal(f, 0)));
  auto terms = exp(f - shift);
  if (b) terms = terms * *weights;
  const auto total = sum_kept(terms, mask, axes, keepdims);
  return {log(abs(total)) + (keepdims ? shift : remove_axes(shift, axes)), sign(total)};
}

Array logsumexp(const Array& x, const Axis& axis, const std::optional<Array>& b, bool keepdims, const Mask& where) {
  const auto [log_size, sign] = logsumexp_with_sign(x, axis, b, keepdims, where);
  return b ? fluxion::where(sign < 0.0, std::numeric_limits<double>::quiet_NaN(), log_size) : log_size;
}

Array logmeanexp(const Array& x, const Axis& axis, bool keepdims, const Mask& where) {
  const auto f = promote_inexact(x);
  const auto axes = sorted_axes("logmeanexp", axis, f);
  const auto mask = mask_of("logmeanexp", where, f.shape());
  return logsumexp(f, axes, {}, keepdims, where) - log(count_kept(f, mask, axes, keepdims));
}

Array one_hot(const Array& x, std::int64_t num_classes, std::optional<DType> dtype, std::int64_t axis) {
  if (!is_integer(x.dtype()))
    throw TypeError(
        text("one_hot: integer class numbers are required, got ", x.aval(), "; convert with astype(fx::int64)"));
  if (num_classes < 0)
    throw ValueError(
        text("one_hot: the number of classes must not be negative, got ", num_classes, "; count them from 0"));
  auto shape = x.shape();
  shape.push_back(num_classes);
  checked_element_count("one_hot", shape);
  const auto at = normalize_axis("one_hot", axis, x.ndim() + 1, shape);
  const auto classes = lax::iota(x.dtype(), {num_classes}, 0);
  Dims others;
  for (std::int64_t a = 0; a <= x.ndim(); ++a)
    if (a != at) others.push_back(a);
  const auto hit = expand_dims(x, at) == expand_dims(classes, others);
  return lax::convert_element_type(hit, dtype.value_or(config().default_float));
}

}  // namespace fluxion::nn
