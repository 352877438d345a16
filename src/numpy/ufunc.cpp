#include <fluxion/ufunc.hpp>

#include <fluxion/control.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/vectorize.hpp>

#include "base/text.hpp"
#include "lax/promote.hpp"
#include "lax/rows.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace detail {

void check_frompyfunc(std::int64_t nin, std::int64_t nout, std::int64_t takes) {
  if (nin != takes)
    throw TypeError(
        text("frompyfunc: nin must be the number of arrays that the function takes, one to four, got ", nin,
             " for a function of ", takes, "; write its parameters as const fx::Array&"));
  if (nout != 1)
    throw TypeError(text("frompyfunc: functions of one result are possible, got nout = ", nout,
                         "; fx::vectorize maps functions of several"));
}

}  // namespace detail

Array ufunc::call(ArraySpan args) const {
  if (static_cast<std::int64_t>(args.size()) != nin_)
    throw TypeError(
        text("ufunc: ", nin_, " arguments are required, got ", args.size(), "; its nin says how many"));
  return detail::vectorize_flat([this](const Arrays& in) { return Arrays{f_(in)}; },
                                Arrays(args.begin(), args.end()), 0, "")[0];
}

void ufunc::require_binary(const char* method) const {
  if (nin_ != 2)
    throw ValueError(text("ufunc.", method, ": a function of two arguments is required, got one of ", nin_,
                          "; map it by calling it"));
}

namespace {

// The axes to reduce merged into the first one.
Array merged_in_front(const Array& x, const Dims& axes) {
  Dims order = axes;
  Shape shape{1};
  for (auto a : axes) shape[0] *= x.shape(a);
  for (std::int64_t a = 0; a < x.ndim(); ++a)
    if (!contains(axes, a)) order.push_back(a), shape.push_back(x.shape(a));
  return reshape(transpose(x, order), shape);
}

Array rest_of(const Array& x) { return slice_axis(x, 0, 1, x.shape(0)); }
Array first_of(const Array& x) { return remove_axes(slice_axis(x, 0, 0, 1), {0}); }

}  // namespace

Array ufunc::reduce(const Array& x, const Axis& axis, const UfuncReduceOptions& options) const {
  require_binary("reduce");
  const auto axes = sorted_axes("ufunc.reduce", axis, x);
  const auto type = options.dtype.value_or(x.dtype());
  auto rows = merged_in_front(convert_strong(x, type), axes);
  const auto& start = options.initial.is_empty_handle() ? identity_ : options.initial;
  const bool masked = !options.where.is_empty_handle();
  if (start.is_empty_handle() && (masked || rows.shape(0) == 0))
    throw ValueError(text("ufunc.reduce: an identity or an initial value is required ",
                          masked ? "with a mask" : "over no elements", ", got none for shape ", x.shape(),
                          "; give .initial"));
  auto mask = masked ? merged_in_front(broadcast_to(options.where, x.shape()), axes) : Array();
  Array init;
  if (start.is_empty_handle()) {
    init = first_of(rows);
    rows = rest_of(rows);
  } else {
    init = broadcast_to(convert_strong(start, type), Shape(rows.shape().data() + 1, rows.shape().size() - 1));
  }
  const auto step = [&](const Array& so_far, const Array& row) {
    return convert_strong((*this)(so_far, row), type);
  };
  auto y = masked
               ? scan(
                     [&](const Array& s, const std::pair<Array, Array>& r) {
                       return std::pair(where(r.second, step(s, r.first), s), none);
                     },
                     init, std::pair(rows, mask))
                     .first
               : scan([&](const Array& s, const Array& r) { return std::pair(step(s, r), none); }, init, rows)
                     .first;
  return options.keepdims ? insert_axes(y, axes) : y;
}

Array ufunc::accumulate(const Array& x, std::int64_t axis, std::optional<DType> dtype) const {
  require_binary("accumulate");
  const auto along = normalize_axis("ufunc.accumulate", axis, x);
  const auto type = dtype.value_or(x.dtype());
  const auto rows = moveaxis(convert_strong(x, type), along, 0);
  if (rows.shape(0) == 0) return convert_strong(x, type);
  const auto steps = scan(
                         [&](const Array& so_far, const Array& row) {
                           const auto next = convert_strong((*this)(so_far, row), type);
                           return std::pair(next, next);
                         },
                         first_of(rows), rest_of(rows))
                         .second;
  return moveaxis(concatenate({slice_axis(rows, 0, 0, 1), steps}, 0), 0, along);
}

Array ufunc::reduceat(const Array& x, const Array& indices, std::int64_t axis) const {
  require_binary("reduceat");
  if (!is_integer(indices.dtype()) || indices.ndim() != 1)
    throw TypeError(text("ufunc.reduceat: the indices must be a vector of integers, got ", indices.aval(),
                         "; convert them with astype"));
  const auto along = normalize_axis("ufunc.reduceat", axis, x);
  const auto rows = moveaxis(x, along, 0);
  const auto n = rows.shape(0);
  const auto begin = convert_strong(indices, int64);
  if (begin.size() == 0) return moveaxis(slice_axis(rows, 0, 0, 0), 0, along);
  const auto end = concatenate({slice_axis(begin, 0, 1, begin.size()), full({1}, n, int64)});
  Shape column(rows.shape().size(), 1);
  column[0] = begin.size();
  const auto first = reshape(begin, column), last = reshape(end, column);
  const auto step = [&](const Array& so_far, const std::pair<Array, Array>& at) {
    const auto taken = convert_strong((*this)(so_far, insert_axes(at.second, {0})), x.dtype());
    return std::pair(where((at.first > first) & (at.first < last), taken, so_far), none);
  };
  return moveaxis(scan(step, lax::take_rows(rows, begin), std::pair(arange(n), rows)).first, 0, along);
}

Array ufunc::outer(const Array& x, const Array& y) const {
  require_binary("outer");
  Shape left = x.shape();
  for (std::int64_t i = 0; i < y.ndim(); ++i) left.push_back(1);
  return (*this)(reshape(x, left), y);
}

Array ufunc::update(const Array& x, const Array& indices, const Array* values) const {
  if (nin_ != (values == nullptr ? 1 : 2))
    throw ValueError(
        text("ufunc.at: ",
             nin_ == 1 ? "a function of one argument takes no values" : "one value per index is required",
             ", got a function of ", nin_, "; call at(x, indices", nin_ == 1 ? ")" : ", values)"));
  if (!is_integer(indices.dtype()))
    throw TypeError(
        text("ufunc.at: the indices must be integers, got ", indices.aval(), "; convert them with astype"));
  if (x.ndim() == 0)
    throw ValueError("ufunc.at: rank 1 or more is required, got a scalar; reshape it to {1}");
  const auto n = x.shape(0);
  const auto flat = ravel(convert_strong(indices, int64));
  const auto at = where(flat < 0, flat + n, flat);
  const auto step = [&](const Array& so_far, const Array& i, const Array* value) {
    const Array place = reshape(i, {1});
    const auto row = lax::take_rows(so_far, place);
    const auto changed = value == nullptr ? (*this)(row) : (*this)(row, *value);
    return lax::put_rows(so_far, place, convert_strong(changed, x.dtype()));
  };
  if (n == 0) return x;
  if (values == nullptr)
    return scan([&](const Array& s, const Array& i) { return std::pair(step(s, i, nullptr), none); }, x, at)
        .first;
  Shape each = indices.shape();
  for (std::size_t i = 1; i < x.shape().size(); ++i) each.push_back(x.shape()[i]);
  auto rows = x.shape();
  rows[0] = flat.size();
  const auto given = reshape(broadcast_to(*values, each), rows);
  return scan([&](const Array& s,
                  const std::pair<Array, Array>& a) { return std::pair(step(s, a.first, &a.second), none); },
              x, std::pair(at, given))
      .first;
}

Array ufunc::at(const Array& x, const Array& indices) const { return update(x, indices, nullptr); }
Array ufunc::at(const Array& x, const Array& indices, const Array& values) const {
  return update(x, indices, &values);
}

}  // namespace fluxion
