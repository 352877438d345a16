// What the rules of collectives share. A collective over the axis that vmap maps becomes an operation along the
// leading axis; over any other it is the same collective of values with one axis more.
#pragma once

#include <algorithm>

#include "core/axis_env.hpp"
#include "core/node.hpp"
#include "lax/collectives/primitives.hpp"
#include "lax/rules.hpp"
#include "transforms/masks.hpp"

namespace fluxion::lax {

inline bool over(const AxisNames& axes, const BatchArgs& args) {
  return std::find(axes.list().begin(), axes.list().end(), args.axis_name) != axes.list().end();
}

/// n times x, of x's dtype: the sum over an axis along which x does not vary.
inline Array times(const Array& x, std::int64_t n) {
  return mul(x, make_scalar(x.dtype(), static_cast<double>(n), x.weak_type()));
}

/// Axes `first` and `first + 1` become one, the former varying slower.
inline Array merged(const Array& x, std::int64_t first) {
  auto shape = x.shape();
  const auto at = static_cast<std::size_t>(first);
  shape[at] *= shape[at + 1];
  shape.erase(at + 1);
  return reshape(x, shape);
}
/// Axis `at` becomes two, the first of extent n.
inline Array divided(const Array& x, std::int64_t at, std::int64_t n) {
  auto shape = x.shape();
  const auto i = static_cast<std::size_t>(at);
  const auto rest = n == 0 ? 0 : shape[i] / n;
  shape[i] = n;
  shape.insert(i + 1, rest);
  return reshape(x, shape);
}

/// Sums take complex numbers, extrema what has an order, bools too.
inline void check_number(std::string_view op, const Aval& a, bool ordered) {
  check_supported(op, a);
  const bool other = ordered ? a.dtype == DType::bool_ : is_complex(a.dtype);
  if (!is_integer(a.dtype) && !is_floating(a.dtype) && !other)
    throw TypeError(text(op, ": the operand must ", ordered ? "have an order" : "be a number", ", got ", a,
                         ordered && is_complex(a.dtype) ? "; take its parts by fx::real and fx::imag" : "; convert with astype"));
}

}  // namespace fluxion::lax
