// The collective primitives, as functions of arrays and checked parameters.
#pragma once

#include <fluxion/collectives.hpp>

namespace fluxion::lax {

Arrays bind_psum(ArraySpan xs, const AxisNames& axes);
Array bind_pmax(const Array& x, const AxisNames& axes);
Array bind_pmin(const Array& x, const AxisNames& axes);
Array bind_axis_index(const std::string& axis);

/// The axis of a primitive that works over one, and its size.
struct OneAxis {
  AxisNames name;
  std::int64_t size;
};
Array bind_all_gather(const Array& x, const OneAxis& axis, std::int64_t dimension, bool tiled);
Array bind_reduce_scatter(const Array& x, const OneAxis& axis, std::int64_t dimension, bool tiled);
/// Blocks: the split axis is divided by the axis's size, the concat axis multiplied.
Array bind_all_to_all(const Array& x, const OneAxis& axis, std::int64_t split_axis, std::int64_t concat_axis);
Array bind_ppermute(const Array& x, const AxisNames& axis, const Permutation& perm);

}  // namespace fluxion::lax
