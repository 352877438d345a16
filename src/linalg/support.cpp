#include "linalg/support.hpp"

#include <limits>

#include "core/node.hpp"

namespace fluxion::linalg {

void require_matrix(const char* op, const Array& a) {
  if (a.ndim() < 2)
    throw ValueError(
        text(op, ": a matrix, or a stack of them along leading axes, is required, got ", a.aval(), "; reshape it"));
}
void require_square(const char* op, const Array& a) {
  require_matrix(op, a);
  if (rows_of(a) != columns_of(a))
    throw ValueError(
        text(op, ": square matrices are required, got ", a.aval(), "; the last two extents must be equal"));
}
Array inexact_matrix(const char* op, const Array& a) {
  require_matrix(op, a);
  return promote_inexact(a);
}
Array inexact_square(const char* op, const Array& a) {
  require_square(op, a);
  return promote_inexact(a);
}

double epsilon(DType t) {
  return la::real_dtype(t) == DType::float32 ? std::numeric_limits<float>::epsilon()
                                             : std::numeric_limits<double>::epsilon();
}

Array eye_like(const Array& a, std::int64_t n) { return la::identity_like(a, n); }

Array absolute_square(const Array& x) { return la::real_part(x * la::conjugate(x)); }

Array last_axis(const Array& x, std::int64_t i) { return x[{ellipsis, i}]; }

Array product_of_last(const Array& x) {
  auto p = x;
  auto n = x.shape().back();
  if (n == 0) return lax::full(la::leading(x.shape(), 1), make_scalar(x.dtype(), 1));
  while (n > 1) {
    const auto half = n / 2;
    const auto pairs = p[{ellipsis, range(0, half)}] * p[{ellipsis, range(half, 2 * half)}];
    p = n % 2 == 0 ? pairs : concatenate({pairs, p[{ellipsis, range(2 * half, n)}]}, -1);
    n = half + n % 2;
  }
  return last_axis(p, 0);
}

Array max_or_zero(const Array& x, const Dims& axes, bool keepdims) {
  std::int64_t reduced = 1;
  for (auto a : axes) reduced *= x.shape(a);
  return reduced == 0 ? sum(x, axes, keepdims) : max(x, axes, keepdims);
}

}  // namespace fluxion::linalg
