#include <fluxion/random.hpp>

#include <cmath>
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
#include "random/words.hpp"

namespace fluxion::random {

Array truncated_normal(const Array& key, const Array& lower, const Array& upper, const std::optional<Shape>& shape,
                       std::optional<DType> dtype) {
  check_single_key<ValueError>("truncated_normal", key);
  const auto t = dtype.value_or(config().default_float);
  if (!is_floating(t))
    throw TypeError(text("truncated_normal: a floating dtype is required, got ", t, "; use float32 or float64"));
  const auto out = shape.value_or(broadcast_shapes("truncated_normal", {lower.shape(), upper.shape()}));
  checked_element_count("truncated_normal", out);
  // Halves are drawn in float32 and rounded once.
  const auto wide = itemsize(t) < 4 ? float32 : t;
  const auto root = make_scalar(wide, std::sqrt(2.0));
  const auto lo = convert_strong(lower, wide), hi = convert_strong(upper, wide);
  const auto u = uniform(key, out, wide, lax::erf(lax::div(lo, root)), lax::erf(lax::div(hi, root)));
  const auto x = lax::mul(root, lax::erf_inv(u));
  const auto infinity = make_scalar(wide, std::numeric_limits<double>::infinity());
  const auto least = lax::nextafter(stop_gradient(lo), infinity), most = lax::nextafter(stop_gradient(hi), -infinity);
  const auto fitted = [&](const Array& bound) {
    return bound.ndim() == 0 ? bound : broadcast_to_shape("truncated_normal", bound, out);
  };
  return lax::convert_element_type(lax::min(lax::max(fitted(least), x), fitted(most)), t);
}

}  // namespace fluxion::random
