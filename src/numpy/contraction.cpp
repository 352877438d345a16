#include <fluxion/contraction.hpp>

#include <algorithm>
#include <limits>
#include <numeric>

#include <fluxion/complex.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

struct Operands {
  Array x, y;
};

Operands common(const char* op, const Array& x, const Array& y) {
  const Array given[] = {x, y};
  auto same = promote(op, given);
  return {std::move(same[0]), std::move(same[1])};
}

std::int64_t extent(const Array& x, std::int64_t axis) { return x.shape()[static_cast<std::size_t>(axis)]; }

[[noreturn]] void throw_sizes(const char* op, const Array& x, const Array& y, std::int64_t m,
                              std::int64_t n) {
  throw ValueError(text(op, ": the sizes summed over must be equal, got ", m, " and ", n, " of shapes ",
                        x.shape(), " and ", y.shape(), "; transpose an operand"));
}

void check_contracted(const char* op, const Array& x, const Array& y, const lax::DotDims& d) {
  for (std::size_t i = 0; i < d.lhs_contract.size(); ++i) {
    const auto m = extent(x, d.lhs_contract[i]), n = extent(y, d.rhs_contract[i]);
    if (m != n) throw_sizes(op, x, y, m, n);
  }
}

// A sum of products of bools is true if any product is.
Array contract(const char* op, const Array& x, const Array& y, const lax::DotDims& d) {
  check_contracted(op, x, y, d);
  if (x.dtype() != bool_) return lax::dot_general(x, y, d);
  return lax::dot_general(convert(x, int32), convert(y, int32), d) != 0;
}

// How matmul's leading axes take part: axes both have become batch axes of the product; an axis that only one
// has, or that the other has with size 1, is one of the free axes of its operand.
struct MatmulPlan {
  Dims x_squeeze, y_squeeze;        // axes of size 1 that are dropped
  Dims x_batch, y_batch;            // after that
  Dims from_batch, from_x, from_y;  // where the product's axes belong in the result
};

MatmulPlan plan_matmul(const Array& x, const Array& y) {
  const auto x_lead = std::max<std::int64_t>(x.ndim() - 2, 0),
             y_lead = std::max<std::int64_t>(y.ndim() - 2, 0);
  const auto lead = std::max(x_lead, y_lead);
  MatmulPlan p;
  std::int64_t x_kept = 0, y_kept = 0;
  for (std::int64_t i = 0; i < lead; ++i) {
    const auto xi = i - (lead - x_lead), yi = i - (lead - y_lead);
    if (xi < 0) {
      p.from_y.push_back(i), ++y_kept;
    } else if (yi < 0) {
      p.from_x.push_back(i), ++x_kept;
    } else if (extent(x, xi) == extent(y, yi)) {
      p.from_batch.push_back(i);
      p.x_batch.push_back(x_kept++);
      p.y_batch.push_back(y_kept++);
    } else if (extent(x, xi) == 1) {
      p.from_y.push_back(i), ++y_kept;
      p.x_squeeze.push_back(xi);
    } else if (extent(y, yi) == 1) {
      p.from_x.push_back(i), ++x_kept;
      p.y_squeeze.push_back(yi);
    } else {
      throw ValueError(text("matmul: leading axes must broadcast, got shapes ", x.shape(), " and ", y.shape(),
                            "; all but the last two must be equal or 1"));
    }
  }
  if (x.ndim() > 1) p.from_x.push_back(lead);
  if (y.ndim() > 1) p.from_y.push_back(lead + (x.ndim() > 1));
  return p;
}

// Result axis i is the product's axis whose place is i.
Dims inverse(const MatmulPlan& p) {
  Dims places;
  for (const auto* part : {&p.from_batch, &p.from_x, &p.from_y})
    for (auto d : *part) places.push_back(d);
  Dims out(places.size(), 0);
  for (std::size_t i = 0; i < places.size(); ++i)
    out[static_cast<std::size_t>(places[i])] = static_cast<std::int64_t>(i);
  return out;
}

}  // namespace

Array matmul(const Array& x, const Array& y) {
  if (x.ndim() == 0 || y.ndim() == 0)
    throw ValueError(text("matmul: operands of rank 1 or more are required, got shapes ", x.shape(), " and ",
                          y.shape(), "; multiply by a scalar with *"));
  const auto given = common("matmul", x, y);
  const auto p = plan_matmul(x, y);
  const auto a = remove_axes(given.x, p.x_squeeze), b = remove_axes(given.y, p.y_squeeze);
  const lax::DotDims d{{a.ndim() - 1}, {b.ndim() - (y.ndim() > 1 ? 2 : 1)}, p.x_batch, p.y_batch};
  const auto m = extent(a, d.lhs_contract[0]), n = extent(b, d.rhs_contract[0]);
  if (m != n) throw_sizes("matmul", x, y, m, n);
  return transpose(contract("matmul", a, b, d), inverse(p));
}

Array dot(const Array& x, const Array& y) {
  if (x.ndim() == 0 || y.ndim() == 0) return x * y;
  const auto given = common("dot", x, y);
  return contract("dot", given.x, given.y, {{x.ndim() - 1}, {y.ndim() - (y.ndim() > 1 ? 2 : 1)}, {}, {}});
}

Array vdot(const Array& x, const Array& y) {
  if (x.size() != y.size())
    throw ValueError(text("vdot: operands must have as many elements, got shapes ", x.shape(), " and ",
                          y.shape(), "; use dot or tensordot for sums over some axes"));
  return dot(ravel(conj(x)), ravel(y));
}

Array inner(const Array& x, const Array& y) {
  if (x.ndim() == 0 || y.ndim() == 0) return x * y;
  return tensordot(x, y, {-1}, {-1});
}

Array outer(const Array& x, const Array& y) { return reshape(x, {x.size(), 1}) * reshape(y, {1, y.size()}); }

namespace {

// Sizes that must be equal for vecdot and its kin, before matmul speaks of its own operands.
void check_rank(const char* op, const Array& x, const Array& y, std::int64_t x_rank, std::int64_t y_rank) {
  if (x.ndim() < x_rank || y.ndim() < y_rank)
    throw ValueError(text(op, ": operands of rank ", x_rank, " and ", y_rank,
                          " or more are required, got shapes ", x.shape(), " and ", y.shape(),
                          "; add axes with expand_dims"));
}
void check_summed(const char* op, const Array& x, const Array& y, std::int64_t m, std::int64_t n) {
  if (m != n) throw_sizes(op, x, y, m, n);
}

}  // namespace

Array vecdot(const Array& x, const Array& y, std::int64_t axis) {
  check_rank("vecdot", x, y, 1, 1);
  const auto a = moveaxis(x, normalize_axis("vecdot", axis, x), -1),
             b = moveaxis(y, normalize_axis("vecdot", axis, y), -1);
  check_summed("vecdot", x, y, a.shape(-1), b.shape(-1));
  const auto product = matmul(insert_axes(conj(a), {a.ndim() - 1}), insert_axes(b, {b.ndim()}));
  return remove_axes(product, {product.ndim() - 2, product.ndim() - 1});
}

Array matvec(const Array& x, const Array& y) {
  check_rank("matvec", x, y, 2, 1);
  check_summed("matvec", x, y, x.shape(-1), y.shape(-1));
  const auto product = matmul(x, insert_axes(y, {y.ndim()}));
  return remove_axes(product, {product.ndim() - 1});
}

Array vecmat(const Array& x, const Array& y) {
  check_rank("vecmat", x, y, 1, 2);
  check_summed("vecmat", x, y, x.shape(-1), y.shape(-2));
  const auto product = matmul(insert_axes(conj(x), {x.ndim() - 1}), y);
  return remove_axes(product, {product.ndim() - 2});
}

Array tensordot(const Array& x, const Array& y, std::int64_t axes) {
  if (axes < 0 || axes > std::min(x.ndim(), y.ndim()))
    throw ValueError(text("tensordot: the number of axes must be in [0, ", std::min(x.ndim(), y.ndim()),
                          "], got ", axes, " for shapes ", x.shape(), " and ", y.shape(),
                          "; it counts the last axes of the first and the first axes of the second operand"));
  Dims last;
  for (auto a = x.ndim() - axes; a < x.ndim(); ++a) last.push_back(a);
  return tensordot(x, y, last, iota_dims(0, axes));
}

Array tensordot(const Array& x, const Array& y, const Dims& x_axes, const Dims& y_axes) {
  const auto given = common("tensordot", x, y);
  const lax::DotDims d{normalize_axes("tensordot", x_axes, x.ndim(), x.shape()),
                       normalize_axes("tensordot", y_axes, y.ndim(), y.shape()),
                       {},
                       {}};
  if (d.lhs_contract.size() != d.rhs_contract.size())
    throw ValueError(text("tensordot: as many axes of each operand are required, got ", x_axes, " and ",
                          y_axes, "; they are paired in order"));
  return contract("tensordot", given.x, given.y, d);
}

Array norm(const Array& x, const Axis& axis, bool keepdims) {
  const auto axes = sorted_axes("norm", axis, x);
  return sqrt(sum(square(promote_inexact(x)), axes, keepdims));
}

Array vector_norm(const Array& x, double ord, const Axis& axis, bool keepdims) {
  constexpr auto inf = std::numeric_limits<double>::infinity();
  const auto f = promote_inexact(x);
  if (!axis.axes() && x.ndim() != 1)
    throw ValueError(text("vector_norm: an axis is required unless the rank is 1, got shape ", x.shape(),
                          "; give one, or ravel first"));
  const auto axes = sorted_axes("vector_norm", axis, x);
  if (ord == 2) return norm(f, axes, keepdims);
  if (ord == inf) return max(abs(f), axes, keepdims);
  if (ord == -inf) return min(abs(f), axes, keepdims);
  if (ord == 1) return sum(abs(f), axes, keepdims);
  if (ord == 0) return sum(convert(f != 0, f.dtype()), axes, keepdims);
  return power(sum(power(abs(f), literal(f, ord)), axes, keepdims), literal(f, 1 / ord));
}

}  // namespace fluxion
