// Host functions that work along one axis: an array seen as outer x n x inner, row-major.
#pragma once

#include <cstddef>

#include <fluxion/aval.hpp>

namespace fluxion::lax {

struct Lines {
  std::size_t outer = 1, n = 1, inner = 1;
  Lines(const Shape& shape, std::int64_t axis) {
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const auto extent = static_cast<std::size_t>(shape[d]);
      (static_cast<std::int64_t>(d) < axis ? outer : static_cast<std::int64_t>(d) == axis ? n : inner) *= extent;
    }
  }
};

}  // namespace fluxion::lax
