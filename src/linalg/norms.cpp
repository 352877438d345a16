// Norms and condition numbers.
#include <limits>

#include "linalg/support.hpp"
#include "numpy/axes.hpp"

namespace fluxion::linalg {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::string show(const NormOrder& ord) {
  switch (ord.kind()) {
    case NormOrder::Kind::standard: return "none";
    case NormOrder::Kind::frobenius: return "fro";
    case NormOrder::Kind::nuclear: return "nuc";
    default: return text(ord.p());
  }
}

Array length(const Array& x, const Axis& axes, bool keepdims) { return sqrt(sum(absolute_square(x), axes, keepdims)); }

// Over axes taken together.
Array norm_of_vectors(const char* op, const Array& x, const NormOrder& ord, const Dims& axes, bool keepdims) {
  if (ord.kind() == NormOrder::Kind::standard || ord.is(2)) return length(x, axes, keepdims);
  if (ord.kind() != NormOrder::Kind::number)
    throw ValueError(
        text(op, ": the order of a vector's norm must be a number, got ", show(ord), "; fro and nuc are of matrices"));
  if (ord.is(kInf)) return max_or_zero(abs(x), axes, keepdims);
  if (ord.is(-kInf)) return min(abs(x), axes, keepdims);
  if (ord.is(0)) return sum(convert(x != 0, la::real_dtype(x.dtype())), axes, keepdims);
  const auto magnitude = abs(x);
  if (ord.is(1)) return sum(magnitude, axes, keepdims);
  return power(sum(power(magnitude, literal(magnitude, ord.p())), axes, keepdims), literal(magnitude, 1 / ord.p()));
}

// The extreme over one axis of the sums over another.
Array extreme_sum(const Array& x, std::int64_t summed, std::int64_t other, bool largest, bool keepdims) {
  const auto sums = sum(abs(x), summed, true);
  const auto y = largest ? max_or_zero(sums, {other}, true) : min(sums, other, true);
  return keepdims ? y : squeeze(y, {summed, other});
}

Array norm_of_matrices(const char* op, const Array& x, const NormOrder& ord, std::int64_t row, std::int64_t column,
                       bool keepdims) {
  using Kind = NormOrder::Kind;
  if (ord.kind() == Kind::standard || ord.kind() == Kind::frobenius) return length(x, {row, column}, keepdims);
  if (ord.is(1) || ord.is(-1)) return extreme_sum(x, row, column, ord.p() > 0, keepdims);
  if (ord.is(kInf) || ord.is(-kInf)) return extreme_sum(x, column, row, ord.p() > 0, keepdims);
  if (ord.kind() != Kind::nuclear && !ord.is(2) && !ord.is(-2))
    throw ValueError(text(op, ": the order of a matrix's norm must be fro, nuc, 1, 2, inf or the negative of one, got ",
                          show(ord), "; ravel it for another norm of its elements"));
  const auto s = la::svdvals(moveaxis(x, {row, column}, {-2, -1}));
  const Dims last{s.ndim() - 1};
  const auto y = ord.kind() == Kind::nuclear ? sum(s, last) : ord.is(2) ? max_or_zero(s, last, false) : min(s, last);
  if (!keepdims) return y;
  return row < column ? expand_dims(expand_dims(y, row), column) : expand_dims(expand_dims(y, column), row);
}

}  // namespace

NormOrder::NormOrder(const char* name) {
  const std::string_view given(name);
  if (given != "fro" && given != "nuc")
    throw ValueError(text("norm: the name of an order must be fro or nuc, got ", given, "; others are numbers"));
  kind_ = given == "fro" ? Kind::frobenius : Kind::nuclear;
}

Array norm(const Array& x, const NormOrder& ord, const Axis& axis, bool keepdims) {
  const auto f = promote_inexact(x);
  if (!axis.axes() && ord.kind() == NormOrder::Kind::standard) return length(f, none, keepdims);
  const auto axes = axis.axes() ? normalize_axes("norm", *axis.axes(), x.ndim(), x.shape()) : iota_dims(0, x.ndim());
  if (axes.size() == 1) return norm_of_vectors("norm", f, ord, axes, keepdims);
  if (axes.size() == 2) return norm_of_matrices("norm", f, ord, axes[0], axes[1], keepdims);
  throw ValueError(text("norm: one axis of vectors or two of matrices are required, got ", axes, " for ", x.aval(),
                        "; without an order all elements are taken as one vector"));
}

Array vector_norm(const Array& x, const NormOrder& ord, const Axis& axis, bool keepdims) {
  return norm_of_vectors("vector_norm", promote_inexact(x), ord, sorted_axes("vector_norm", axis, x), keepdims);
}

Array matrix_norm(const Array& x, const NormOrder& ord, bool keepdims) {
  require_matrix("matrix_norm", x);
  return norm_of_matrices("matrix_norm", promote_inexact(x), ord, x.ndim() - 2, x.ndim() - 1, keepdims);
}

Array cond(const Array& x, const NormOrder& p) {
  const auto a = inexact_matrix("cond", x);
  if (a.shape().back() == 0 || rows_of(a) == 0)
    throw ValueError(text("cond: the matrix must not be empty, got ", x.aval(), "; it has no condition number"));
  if (p.kind() == NormOrder::Kind::standard || p.is(2) || p.is(-2)) {
    const auto s = la::svdvals(a);
    const auto largest = last_axis(s, 0), smallest = last_axis(s, s.shape().back() - 1);
    return p.is(-2) ? smallest / largest : largest / smallest;
  }
  require_square("cond", a);
  const auto r = matrix_norm(a, p) * matrix_norm(inv(a), p);
  const auto was_nan = any(isnan(la::real_part(a * literal(a, 0))), {-2, -1});
  return where(isnan(r) & !was_nan, literal(r, kInf), r);
}

}  // namespace fluxion::linalg
