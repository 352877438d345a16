// pad: arrays made larger at their edges. Semantics are jax.numpy.pad's.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion {

/// How many elements are added before and after an axis.
struct PadPair {
  std::int64_t before, after;
};

/// pad(x, 2): two on all sides; pad(x, {1, 2}): one before and two after every axis; pad(x, {{1, 2}, {0,
/// 3}}): each axis its own.
class PadWidth {
 public:
  template <std::integral T>
  requires(!std::same_as<T, bool>) PadWidth(T n)
      : pairs_{{static_cast<std::int64_t>(n), static_cast<std::int64_t>(n)}} {}  // NOLINT: implicit
  PadWidth(std::int64_t before, std::int64_t after) : pairs_{{before, after}} {}
  PadWidth(std::initializer_list<PadPair> pairs) : pairs_(pairs) {}
  PadWidth(std::vector<PadPair> pairs) : pairs_(std::move(pairs)) {}
  /// As given; a single one holds for all axes.
  const std::vector<PadPair>& pairs() const { return pairs_; }

 private:
  std::vector<PadPair> pairs_;
};

/// Each option belongs to some modes; given with another it is a ValueError.
struct PadOptions {
  /// "constant": what is added, 0 if not given: a scalar, (2) for before and after, or (rank, 2).
  Array constant_values = {};
  /// "linear_ramp": the values at the outer ends, 0 if not given; shaped likewise.
  Array end_values = {};
  /// "maximum", "minimum", "mean", "median": over how many elements next to the edge; all if empty.
  std::vector<PadPair> stat_length = {};
  /// "reflect", "symmetric": "even", or "odd", which reflects values at the edge's as well.
  std::string_view reflect_type = {};
};

/// x with elements added before and after each axis. Modes: "constant"; "edge" repeats the edge;
/// "linear_ramp" goes from the edge to end values; "maximum", "minimum", "mean", "median" of what is along
/// the axis; "reflect" mirrors at the edge element, "symmetric" between it and the next; "wrap" goes on at
/// the other end; "empty" leaves zeros. Throws ValueError for another mode, negative widths, and empty axes
/// where values are needed. Source: jax.numpy.pad.
Array pad(const Array& x, const PadWidth& pad_width, std::string_view mode = "constant",
          const PadOptions& options = {});

/// What fills the edges: takes a vector along one axis with zeros where it is padded, the widths, and the
/// axis, and returns the vector to be put there.
using PadFunction = std::function<Array(const Array& vector, PadPair width, std::int64_t axis)>;
Array pad(const Array& x, const PadWidth& pad_width, const PadFunction& fill);

}  // namespace fluxion
