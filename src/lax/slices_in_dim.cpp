// Slices along one axis, and tuples of indices: functions of the primitives.
#include <algorithm>

#include "core/node.hpp"
#include "lax/rules.hpp"
#include <fluxion/lax/indexing.hpp>

namespace fluxion::lax {

namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

/// The axis counted from the front. Throws ValueError.
std::size_t axis_of(std::string_view op, const Array& x, std::int64_t axis) {
  require_value(op, x);
  if (axis < -x.ndim() || axis >= x.ndim())
    throw ValueError(text(op, ": axis must be in [", -x.ndim(), ", ", x.ndim(), "), got ", axis, " for ", x.aval(),
                          "; negative axes count from the end"));
  return unsign(axis < 0 ? axis + x.ndim() : axis);
}
Array without(const Array& x, std::size_t axis) {
  auto s = x.shape();
  s.erase(axis);
  return reshape(x, s);
}
Arrays starts_at(const Array& x, std::size_t axis, const Array& start) {
  Arrays starts(unsign(x.ndim()), scalar<std::int64_t>(0));
  starts[axis] = start;
  return starts;
}

}  // namespace

Array slice_in_dim(const Array& x, detail::Bound start, detail::Bound limit, std::int64_t stride, std::int64_t axis) {
  const auto a = axis_of("slice_in_dim", x, axis);
  const auto n = x.shape()[a];
  const auto from_front = [&](std::int64_t v) { return v < 0 ? std::max<std::int64_t>(v + n, 0) : std::min(v, n); };
  Dims starts(unsign(x.ndim()), 0), limits = x.shape(), strides(unsign(x.ndim()), 1);
  starts[a] = start ? from_front(*start) : 0;
  limits[a] = std::max(starts[a], limit ? from_front(*limit) : n);
  strides[a] = stride;
  return slice(x, starts, limits, strides);
}

Array index_in_dim(const Array& x, std::int64_t index, std::int64_t axis, bool keepdims) {
  const auto a = axis_of("index_in_dim", x, axis);
  const auto n = x.shape()[a];
  if (index < -n || index >= n)
    throw IndexError(text("index_in_dim: axis ", a, " has size ", n, ", got index ", index, " for ", x.aval(),
                          "; indices are in [", -n, ", ", n, ")"));
  const auto at = index < 0 ? index + n : index;
  const auto kept = slice_in_dim(x, at, at + 1, 1, axis);
  return keepdims ? kept : without(kept, a);
}

Array dynamic_slice_in_dim(const Array& x, const Array& start, std::int64_t slice_size, std::int64_t axis) {
  const auto a = axis_of("dynamic_slice_in_dim", x, axis);
  auto sizes = x.shape();
  sizes[a] = slice_size;
  return dynamic_slice(x, starts_at(x, a, start), sizes);
}

Array dynamic_index_in_dim(const Array& x, const Array& index, std::int64_t axis, bool keepdims) {
  const auto a = axis_of("dynamic_index_in_dim", x, axis);
  const auto kept = dynamic_slice_in_dim(x, index, 1, axis);
  return keepdims ? kept : without(kept, a);
}

Array dynamic_update_slice_in_dim(const Array& x, const Array& update, const Array& start, std::int64_t axis) {
  return dynamic_update_slice(x, update, starts_at(x, axis_of("dynamic_update_slice_in_dim", x, axis), start));
}

Array dynamic_update_index_in_dim(const Array& x, const Array& update, const Array& index, std::int64_t axis) {
  const auto a = axis_of("dynamic_update_index_in_dim", x, axis);
  if (update.ndim() == x.ndim()) return dynamic_update_slice_in_dim(x, update, index, axis);
  if (update.ndim() + 1 != x.ndim())
    throw ValueError(text("dynamic_update_index_in_dim: the update must have the operand's axes, with or without axis ",
                          a, ", got ", update.aval(), " for ", x.aval(), "; reshape it"));
  auto s = update.shape();
  s.insert(a, 1);
  return dynamic_update_slice_in_dim(x, reshape(update, s), index, axis);
}

Array index_take(const Array& x, const Arrays& indices, const Dims& axes) {
  require_value("index_take", x);
  if (indices.empty() || indices.size() != axes.size())
    throw ValueError(text("index_take: one array of indices per axis is required, got ", indices.size(), " for axes ",
                          axes, "; name at least one axis"));
  check_axes("index_take", "axes", axes, x.aval());
  Arrays columns;
  auto sizes = x.shape();
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const auto& i = indices[k];
    require_value("index_take", i);
    if (!is_integer(i.dtype()) || i.ndim() != 1 || i.shape() != indices[0].shape())
      throw TypeError(
          text("index_take: integer arrays of one axis and equal sizes are required, got ", i.aval(), "; ravel them"));
    const auto n = make_scalar(DType::int64, static_cast<double>(x.shape()[unsign(axes[k])]));
    const auto wide = i.dtype() == DType::int64 ? i : convert_element_type(i, DType::int64);
    columns.push_back(reshape(rem(add(rem(wide, n), n), n), {i.size(), 1}));
    sizes[unsign(axes[k])] = 1;
  }
  auto collapsed = remaining(x.ndim(), remaining(x.ndim(), axes));
  const auto window = x.ndim() - static_cast<std::int64_t>(axes.size());
  return gather(x, concatenate(columns, 1), {iota_dims(1, 1 + window), collapsed, axes}, sizes,
                {.mode = GatherScatterMode::promise_in_bounds});
}

}  // namespace fluxion::lax
