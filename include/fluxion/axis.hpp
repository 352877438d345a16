// Axis: which axes a function works along.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include <fluxion/detail/dims.hpp>
#include <fluxion/index.hpp>

namespace fluxion {

/// One axis, several, or all: sum(x, 0), sum(x, {0, -1}), sum(x, none). Negative axes count from the end.
class Axis {
 public:
  Axis(None) {}  // NOLINT: implicit on purpose, as are the others
  template <std::integral T> requires(!std::same_as<T, bool>)
  Axis(T axis) : axes_(Dims{static_cast<std::int64_t>(axis)}) {}
  Axis(std::initializer_list<std::int64_t> axes) : axes_(axes) {}
  Axis(Dims axes) : axes_(std::move(axes)) {}

  /// The axes as given; nullopt for all.
  const std::optional<Dims>& axes() const { return axes_; }

 private:
  std::optional<Dims> axes_;
};

}  // namespace fluxion
