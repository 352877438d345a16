// Axes moved, planes turned, elements in other shapes, and bits in bytes.
#include <fluxion/manipulation.hpp>

#include <algorithm>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"
#include "numpy/host_values.hpp"

namespace fluxion {

namespace {

void require_rank(const char* op, const Array& x, std::int64_t rank, const char* way_out) {
  if (x.ndim() < rank)
    throw ValueError(text(op, ": rank ", rank, " or more is required, got shape ", x.shape(), "; ", way_out));
}

}  // namespace

Array matrix_transpose(const Array& x) {
  require_rank("matrix_transpose", x, 2, "expand_dims makes a vector a row or a column");
  return swapaxes(x, -1, -2);
}

Array rollaxis(const Array& x, std::int64_t axis, std::int64_t start) {
  const auto from = normalize_axis("rollaxis", axis, x);
  if (start < -x.ndim() || start > x.ndim())
    throw ValueError(text("rollaxis: start must be in [", -x.ndim(), ", ", x.ndim(), "], got ", start,
                          " for shape ", x.shape(), "; moveaxis says where the axis ends up"));
  const auto before = start < 0 ? start + x.ndim() : start;
  return moveaxis(x, from, from < before ? before - 1 : before);
}

Shape broadcast_shapes(std::span<const Shape> shapes) { return broadcast_shapes("broadcast_shapes", shapes); }

Array fliplr(const Array& x) {
  require_rank("fliplr", x, 2, "flip takes any axis");
  return flip(x, 1);
}
Array flipud(const Array& x) {
  require_rank("flipud", x, 1, "expand_dims adds axes");
  return flip(x, 0);
}

Array rot90(const Array& x, std::int64_t k, const Dims& axes) {
  if (axes.size() != 2)
    throw ValueError(
        text("rot90: two axes are required, got ", axes, "; they span the plane that is turned"));
  const auto plane = normalize_axes("rot90", axes, x.ndim(), x.shape());
  switch (((k % 4) + 4) % 4) {
    case 1: return swapaxes(flip(x, plane[1]), plane[0], plane[1]);
    case 2: return flip(x, plane);
    case 3: return flip(swapaxes(x, plane[0], plane[1]), plane[1]);
    default: return x;
  }
}

Array resize(const Array& x, const Shape& shape) {
  for (auto n : shape)
    if (n < 0)
      throw ValueError(
          text("resize: extents must not be negative, got ", shape, "; reshape computes one from -1"));
  const auto n = checked_element_count("resize", shape);
  if (n == 0 || x.size() == 0) return zeros(shape, x.dtype());
  const auto repeats = (n + x.size() - 1) / x.size();
  return reshape(slice_axis(tile(ravel(x), {repeats}), 0, 0, n), shape);
}

Array trim_zeros(const Array& x, std::string_view trim) {
  if (x.ndim() != 1)
    throw ValueError(
        text("trim_zeros: a vector is required, got shape ", x.shape(), "; ravel it, or index with ranges"));
  const auto names = [&](char upper, char lower) {
    return trim.find(upper) != trim.npos || trim.find(lower) != trim.npos;
  };
  if (trim.find_first_not_of("fbFB") != trim.npos || trim.empty())
    throw ValueError(text("trim_zeros: trim must be \"f\", \"b\" or \"fb\", got \"", trim,
                          "\"; they mean front and back"));
  const auto nonzero =
      host_nonzero("trim_zeros", "the values decide the shape and", x, "call it outside of jit and vmap");
  const auto n = static_cast<std::int64_t>(nonzero.size());
  std::int64_t first = 0, last = n;
  const auto zero = [&](std::int64_t i) { return nonzero[static_cast<std::size_t>(i)] == 0; };
  if (names('F', 'f'))
    while (first < n && zero(first)) ++first;
  if (names('B', 'b'))
    while (last > first && zero(last - 1)) --last;
  return slice_axis(x, 0, first, last);
}

namespace {

// 7, 6, ..., 0, or the other way round: how far each of eight bits is shifted.
Array bit_positions(const char* op, std::string_view order) {
  if (order != "big" && order != "little")
    throw ValueError(text(op, ": the order of bits must be \"big\" or \"little\", got \"", order,
                          "\"; \"big\" puts the first bit highest"));
  const auto up = lax::iota(uint8, {8}, 0);
  return order == "little" ? up : lax::rev(up, {0});
}

// x with the axis that is meant last.
struct Bits {
  Array x;
  std::int64_t axis;
};
Bits along_last(const char* op, const Array& x, const Axis& axis) {
  if (!axis.axes()) return {ravel(x), 0};
  const auto along = one_axis(op, axis, x);
  return {swapaxes(x, along, -1), along};
}

}  // namespace

Array packbits(const Array& x, const Axis& axis, std::string_view bitorder) {
  if (!is_integer(x.dtype()) && x.dtype() != bool_)
    throw TypeError(
        text("packbits: integers or bools are required, got ", x.aval(), "; compare floats with 0"));
  const auto positions = bit_positions("packbits", bitorder);
  const auto given = along_last("packbits", x, axis);
  auto bits = convert_strong(given.x.dtype() == bool_ ? given.x : given.x > literal(given.x, 0), uint8);
  const auto n = bits.shape(-1), bytes = (n + 7) / 8;
  std::vector<lax::Padding> ends(bits.shape().size());
  ends.back().high = 8 * bytes - n;
  bits = lax::pad(bits, scalar<std::uint8_t>(0), ends);
  Shape grouped = bits.shape();
  grouped[grouped.size() - 1] = bytes;
  grouped.push_back(8);
  const auto packed =
      lax::reduce_sum(reshape(bits, grouped) << positions, {static_cast<std::int64_t>(grouped.size()) - 1});
  return swapaxes(packed, given.axis, -1);
}

Array unpackbits(const Array& x, const Axis& axis, std::optional<std::int64_t> count,
                 std::string_view bitorder) {
  if (x.dtype() != uint8)
    throw TypeError(text("unpackbits: uint8 is required, got ", x.aval(), "; bitcast or convert it"));
  const auto positions = bit_positions("unpackbits", bitorder);
  const auto given = along_last("unpackbits", x, axis);
  const auto wide = insert_axes(given.x, {given.x.ndim()});
  auto bits = (wide >> positions) & scalar<std::uint8_t>(1);
  Shape merged = given.x.shape();
  const auto n = merged.back() * 8;
  merged[merged.size() - 1] = n;
  bits = reshape(bits, merged);
  if (count) {
    if (*count < 0)
      throw ValueError(
          text("unpackbits: the count must not be negative, got ", *count, "; leave it out for all bits"));
    std::vector<lax::Padding> ends(merged.size());
    ends.back().high = *count - n;
    bits = lax::pad(bits, scalar<std::uint8_t>(0), ends);
  }
  return swapaxes(bits, given.axis, -1);
}

}  // namespace fluxion
