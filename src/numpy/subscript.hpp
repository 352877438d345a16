// A subscript resolved against a shape: which elements of each axis it means.
#pragma once

#include <span>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion {

/// The elements start, start + step, ... (count of them) of one axis. An integer index is one element whose
/// axis disappears.
struct AxisPart {
  std::int64_t start, step, count;
  bool dropped;
};

struct Subscript {
  std::vector<AxisPart> parts;  // one per axis of the array
  Shape shape;                  // of the result, with new axes and without dropped ones
  Dims origin;                  // which axis each of its axes is; -1 for new ones
  Shape kept;                   // count of each axis, dropped ones included

  /// True if every axis is taken whole and in order.
  bool is_everything(const Shape& of) const;
};

/// Throws IndexError, naming `op`, for an integer out of range, or more indices than axes.
Subscript resolve(std::span<const Index> indices, const Shape& shape, const char* op = "index");

}  // namespace fluxion
