// Functions of the host that move windows: the strides of a gather or scatter, known when a program is built, and the
// loops over them.
#pragma once

#include <vector>

#include "lax/index_windows.hpp"

namespace fluxion::lax {

/// Steps through the operand and through the array of windows (the gather's result, the scatter's updates), in
/// elements.
struct Strides {
  std::int64_t extent, operand, other;
};

struct WindowLayout {
  std::vector<Strides> batch;   // the index vectors, in row-major order
  std::vector<Strides> window;  // the elements of a window; neighbours that are one walk are one entry
  struct Component {
    std::int64_t step, last;  // of the operand's axis: stride, and the last start from which the window fits
  };
  std::vector<Component> components;

  explicit WindowLayout(const Windows& w);
};

/// (operand, index vectors int64) -> windows. Without
/// `clamp`, windows that do not fit are filled.
HostFunctionPtr gather_function(const Windows& w, bool clamp, const FillValue& fill);
/// (operand, updates, index vectors) -> operand with the updates. Without `clamp`, those that do not fit are left out.
HostFunctionPtr scatter_function(const Windows& w, bool clamp, Combine combine);

}  // namespace fluxion::lax
