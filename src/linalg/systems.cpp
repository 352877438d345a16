// Linear systems, inverses and least squares.
#include <limits>

#include <fluxion/creation.hpp>
#include <fluxion/transforms/custom_jvp.hpp>

#include "linalg/support.hpp"

namespace fluxion::linalg {

Array solve(const Array& a, const Array& b) {
  require_square("solve", a);
  const auto given = promote_inexact("solve", {a, b});
  const auto m = rows_of(a);
  const bool vector = b.ndim() == 1;
  if (b.ndim() == 0 || (vector ? b.shape()[0] : rows_of(b)) != m)
    throw ValueError(text("solve: a right-hand side (", m, ") or (.., ", m, ", k) is required for ", a.aval(), ", got ",
                          b.aval(),
                          "; only a b of rank 1 is a vector, a stack of vectors needs a last axis of extent 1"));
  const auto columns = vector ? expand_dims(given[1], -1) : given[1];
  const auto lead = broadcast_shapes("solve", {la::leading(a.shape()), la::leading(columns.shape())});
  const auto x = la::solve(broadcast_to(given[0], la::with_last(lead, {m, m})),
                           broadcast_to(columns, la::with_last(lead, {m, columns_of(columns)})));
  return vector ? squeeze(x, -1) : x;
}

Array inv(const Array& a) {
  const auto x = inexact_square("inv", a);
  return la::solve(x, eye_like(x, rows_of(x)));
}

namespace {

Array pinv_of(const Array& a, double rtol, bool hermitian) {
  const auto f = svd(la::conjugate(a), {.full_matrices = false, .hermitian = hermitian});
  const auto cutoff = lax::mul(literal(f.s, rtol), f.s[{ellipsis, range(0, 1)}]);
  const auto s = lax::convert_element_type(
      where(f.s > cutoff, f.s, literal(f.s, std::numeric_limits<double>::infinity())), a.dtype());
  const auto ut = la::swapped(f.u);
  return la::product(la::swapped(f.vh), ut / la::per_row(s, ut.shape()));
}

struct PinvValue {
  double rtol;
  bool hermitian;
  Array operator()(const Array& a) const { return pinv_of(a, rtol, hermitian); }
};
// Golub & Pereyra 1973.
struct PinvRule {
  double rtol;
  bool hermitian;
  std::pair<Array, Array> operator()(const std::tuple<Array>& primals, const std::tuple<Array>& tangents) const {
    const auto times = [](const Array& x, const Array& y) { return la::product(x, y); };
    auto a = std::get<0>(primals), da = std::get<0>(tangents);
    const auto p = custom_jvp(PinvValue{rtol, hermitian}, PinvRule{rtol, hermitian})(a);
    if (hermitian) {  // as eigh, of which p was made
      a = la::hermitian_part(a);
      da = la::hermitian_part(da);
    }
    const auto dah = la::adjoint(da), ph = la::adjoint(p);
    if (rows_of(a) >= columns_of(a)) {
      const auto s = times(times(p, ph), dah), t = times(times(dah, ph), p);
      return {p, s + t - times(times(p, da), p) - times(times(s, a), p) - times(times(p, a), t)};
    }
    const auto s = times(p, times(ph, dah)), t = times(dah, times(ph, p));
    return {p, s + t - times(p, times(da, p)) - times(s, times(a, p)) - times(p, times(a, t))};
  }
};

}  // namespace

Array pinv(const Array& a, std::optional<double> rtol, bool hermitian) {
  const auto x = hermitian ? inexact_square("pinv", a) : inexact_matrix("pinv", a);
  const auto m = rows_of(x), n = columns_of(x);
  if (m == 0 || n == 0) return zeros(la::with_last(la::leading(x.shape()), {n, m}), x.dtype());
  const auto tolerance = rtol.value_or(10.0 * static_cast<double>(std::max(m, n)) * epsilon(x.dtype()));
  return custom_jvp(PinvValue{tolerance, hermitian}, PinvRule{tolerance, hermitian})(x);
}

Array matrix_rank(const Array& a, std::optional<double> rtol) {
  const auto x = promote_inexact(a);
  if (x.ndim() < 2) return convert(any(x != 0), DType::int64);
  if (rows_of(x) == 0 || columns_of(x) == 0) return zeros(la::leading(x.shape()), DType::int64);
  const auto s = la::svdvals(x);
  const auto tolerance = rtol.value_or(static_cast<double>(std::max(rows_of(x), columns_of(x))) * epsilon(x.dtype()));
  return sum(s > max(s, -1, true) * literal(s, tolerance), -1);
}

Lstsq lstsq(const Array& a, const Array& b, std::optional<double> rcond) {
  const auto given = promote_inexact("lstsq", {a, b});
  if (a.ndim() != 2 || (b.ndim() != 1 && b.ndim() != 2) || a.shape()[0] != b.shape()[0])
    throw ValueError(text("lstsq: a matrix (m, n) and a right-hand side (m) or (m, k) are required, got ", a.aval(),
                          " and ", b.aval(), "; map over stacks with fx::vmap"));
  const auto& x = given[0];
  const auto rhs = b.ndim() == 1 ? expand_dims(given[1], 1) : given[1];
  const auto m = rows_of(x), n = columns_of(x);
  Lstsq out;
  if (m == 0 || n == 0) {
    out = {zeros({n, columns_of(rhs)}, x.dtype()), Array(), zeros({}, DType::int64),
           zeros({0}, la::real_dtype(x.dtype()))};
  } else {
    const auto eps = epsilon(x.dtype());
    const auto cut = !rcond ? eps * static_cast<double>(std::max(m, n)) : *rcond < 0 ? eps : *rcond;
    const auto f = la::svd(x, {.full_matrices = false});
    const auto kept = (f.s > 0) & (f.s >= literal(f.s, cut) * f.s[0]);
    const auto safe = where(kept, f.s, literal(f.s, 1));
    const auto inverse = lax::convert_element_type(where(kept, literal(f.s, 1) / safe, literal(f.s, 0)), x.dtype());
    out.x = matmul(la::adjoint(f.vh), expand_dims(inverse, -1) * matmul(la::adjoint(f.u), rhs));
    out.rank = sum(kept);
    out.s = f.s;
  }
  out.residuals = sum(absolute_square(rhs - matmul(x, out.x)), 0);
  if (b.ndim() == 1) out.x = ravel(out.x);
  return out;
}

Array tensorinv(const Array& a, std::int64_t ind) {
  if (ind <= 0 || ind >= a.ndim())
    throw ValueError(text("tensorinv: ind must be in [1, ", a.ndim(), ") for ", a.aval(), ", got ", ind,
                          "; it counts the axes of one side"));
  const auto split = static_cast<std::size_t>(ind);
  const Shape first(a.shape().data(), split);
  const Shape last(a.shape().data() + split, a.shape().size() - split);
  if (element_count(first) != element_count(last))
    throw ValueError(text("tensorinv: the axes before and behind ind must have as many elements, got ", first, " and ",
                          last, " for ind = ", ind, "; choose another ind"));
  auto shape = last;
  for (auto n : first) shape.push_back(n);
  return reshape(inv(reshape(a, {element_count(first), element_count(last)})), shape);
}

Array tensorsolve(const Array& a, const Array& b, const Dims& axes) {
  Dims behind;
  for (std::size_t i = 0; i < axes.size(); ++i) behind.push_back(a.ndim() - static_cast<std::int64_t>(axes.size() - i));
  const auto x = axes.empty() ? a : moveaxis(a, axes, behind);
  const auto split = static_cast<std::size_t>(std::min(a.ndim(), b.ndim()));
  const Shape unknown(x.shape().data() + split, x.shape().size() - split);
  const auto n = element_count(unknown);
  if (b.ndim() > a.ndim() || x.size() != n * n || b.size() != n)
    throw ValueError(text("tensorsolve: a's axes behind those of b must have as many elements as b has, got ", x.aval(),
                          " and ", b.aval(), "; move others to the end by `axes`"));
  return reshape(solve(reshape(x, {n, n}), ravel(b)), unknown);
}

}  // namespace fluxion::linalg
