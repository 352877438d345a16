// The first two arguments of functions along one axis: an array and an axis, or the array flattened.
#pragma once

#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

/// x and one axis of it; x flattened for none. Throws ValueError for several axes.
struct AlongAxis {
  Array x;
  std::int64_t axis = 0;

  AlongAxis(const char* op, const Array& given, const Axis& which) : x(given) {
    require_value(op, x);
    if (which.axes() && which.axes()->size() != 1)
      throw ValueError(text(op, ": one axis or none is required, got ", *which.axes(), "; call it once per axis"));
    if (which.axes())
      axis = normalize_axis(op, which.axes()->front(), x);
    else
      x = ravel(x);
  }
  std::int64_t extent() const { return x.shape()[static_cast<std::size_t>(axis)]; }
};

}  // namespace fluxion
