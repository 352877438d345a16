// Functions that make positions: of diagonals and triangles, and between flat positions and those along axes.
#include <fluxion/indexing.hpp>

#include <algorithm>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"
#include "lax/broadcasting.hpp"
#include "numpy/subscript.hpp"

namespace fluxion {

namespace {

Array number(std::int64_t v) { return make_scalar(DType::int64, false, &v); }

Arrays triangle(const char* op, std::int64_t n, std::int64_t k, std::optional<std::int64_t> m, bool lower) {
  const auto columns = m.value_or(n);
  if (n < 0 || columns < 0)
    throw ValueError(text(op, ": sizes must not be negative, got ", n, " x ", columns, "; 0 is empty"));
  std::vector<std::int64_t> row, column;
  for (std::int64_t i = 0; i < n; ++i) {
    const auto first = lower ? 0 : std::clamp<std::int64_t>(i + k, 0, columns);
    const auto last = lower ? std::clamp<std::int64_t>(i + k + 1, 0, columns) : columns;
    for (auto j = first; j < last; ++j) {
      row.push_back(i);
      column.push_back(j);
    }
  }
  return {array(row), array(column)};
}

const Shape& matrix_shape(const char* op, const Array& x) {
  require_value(op, x);
  if (x.ndim() != 2)
    throw ValueError(text(op, ": a matrix is required, got ", x.aval(), "; take positions of its last two axes"));
  return x.shape();
}

void check_inside(const Array& i, std::int64_t extent) {
  const auto outside = (i < 0) | (i >= extent);
  if (concrete_primal(outside) == nullptr)
    throw ConcretizationError(text("ravel_multi_index: mode raise needs concrete indices, got ", describe(i),
                                   "; use IndexMode::clip or IndexMode::wrap"));
  const auto flat = ravel(outside).to_vector<bool>();
  if (std::find(flat.begin(), flat.end(), true) != flat.end())
    throw ValueError(text("ravel_multi_index: indices must be in [0, ", extent, "), got others in ", i.aval(),
                          "; use IndexMode::clip or IndexMode::wrap"));
}

}  // namespace

Arrays diag_indices(std::int64_t n, std::int64_t ndim) {
  if (n < 0 || ndim < 0)
    throw ValueError(
        text("diag_indices: sizes must not be negative, got n = ", n, " and ndim = ", ndim, "; 0 is empty"));
  return Arrays(static_cast<std::size_t>(ndim), arange(n));
}

Arrays diag_indices_from(const Array& x) {
  require_value("diag_indices_from", x);
  const auto& s = x.shape();
  if (s.size() < 2 || !std::all_of(s.begin(), s.end(), [&](auto n) { return n == s.front(); }))
    throw ValueError(
        text("diag_indices_from: two axes or more of equal sizes are required, got ", x.aval(), "; use diag_indices"));
  return diag_indices(s.front(), x.ndim());
}

Arrays tril_indices(std::int64_t n, std::int64_t k, std::optional<std::int64_t> m) {
  return triangle("tril_indices", n, k, m, true);
}
Arrays triu_indices(std::int64_t n, std::int64_t k, std::optional<std::int64_t> m) {
  return triangle("triu_indices", n, k, m, false);
}
Arrays tril_indices_from(const Array& x, std::int64_t k) {
  const auto& s = matrix_shape("tril_indices_from", x);
  return tril_indices(s[0], k, s[1]);
}
Arrays triu_indices_from(const Array& x, std::int64_t k) {
  const auto& s = matrix_shape("triu_indices_from", x);
  return triu_indices(s[0], k, s[1]);
}

Arrays mask_indices(std::int64_t n, const std::function<Array(const Array&, std::int64_t)>& mask_func, std::int64_t k) {
  return where(mask_func(ones({n, n}), k));
}

Arrays ix_(const Arrays& arrays) {
  Arrays out;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const auto& x = arrays[i];
    require_value("ix_", x);
    if (x.ndim() != 1) throw ValueError(text("ix_: arrays of one axis are required, got ", x.aval(), "; ravel it"));
    const auto at = x.dtype() == bool_ ? array(true_elements("ix_", x)) : x;
    Shape s(arrays.size(), 1);
    s[i] = at.size();
    out.push_back(lax::reshape(at, s));
  }
  return out;
}

Array ravel_multi_index(const Arrays& multi_index, const Shape& dims, IndexMode mode, char order) {
  if (multi_index.size() != dims.size())
    throw ValueError(text("ravel_multi_index: one array per axis is required, got ", multi_index.size(), " for shape ",
                          dims, "; pass positions along every axis"));
  if (order != 'C' && order != 'F')
    throw ValueError(text("ravel_multi_index: order must be 'C' or 'F', got '", order, "'; 'C' is row-major"));
  if (mode != IndexMode::raise && mode != IndexMode::clip && mode != IndexMode::wrap)
    throw ValueError("ravel_multi_index: mode must be raise, clip or wrap, got another; clip is the nearest position");
  Array sum = number(0);
  std::int64_t stride = 1;
  for (std::size_t step = 0; step < dims.size(); ++step) {
    const auto d = order == 'C' ? dims.size() - 1 - step : step;
    const auto n = dims[d];
    require_value("ravel_multi_index", multi_index[d]);
    if (!is_integer(multi_index[d].dtype()))
      throw TypeError(text("ravel_multi_index: indices must be integers, got ", multi_index[d].aval(),
                           "; convert them with astype(fx::int64)"));
    auto i = as_positions(multi_index[d]);
    if (mode == IndexMode::raise)
      check_inside(i, n);
    else if (mode == IndexMode::clip)
      i = lax::min(lax::max(i, number(0)), number(n - 1));
    else
      i = remainder(i, number(n));
    sum = sum + (stride == 1 ? i : lax::mul(i, number(stride)));
    stride *= n;
  }
  return sum;
}

// Negative positions count from the end; the remainder makes them so along each axis.
Arrays unravel_index(const Array& indices, const Shape& shape) {
  require_value("unravel_index", indices);
  if (!is_integer(indices.dtype()))
    throw TypeError(
        text("unravel_index: indices must be integers, got ", indices.aval(), "; convert them with astype(fx::int64)"));
  auto stride = element_count(shape);
  const auto at = as_positions(indices);
  if (stride == 0 && indices.size() != 0)
    throw ValueError(
        text("unravel_index: a shape with elements is required, got ", shape, "; there is nothing to index"));
  const auto clipped = lax::min(lax::max(at, number(-stride)), number(stride - 1));
  Arrays out;
  for (auto n : shape) {
    if (indices.size() == 0) {
      out.push_back(at);
      continue;
    }
    const auto within = remainder(clipped, number(stride));
    stride /= n;
    out.push_back(stride == 1 ? within : lax::div(within, number(stride)));
  }
  return out;
}

}  // namespace fluxion
