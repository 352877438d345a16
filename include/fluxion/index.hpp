// Static indices: integers, ranges, new axes and the ellipsis.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

namespace fluxion {

/// "Nothing": an unmapped axis in vmap, an open end of a range.
struct None {
  friend bool operator==(None, None) { return true; }
};
inline constexpr None none{};

struct NewAxis {};
/// Inserts an axis of size 1, as np.newaxis.
inline constexpr NewAxis newaxis{};

struct Ellipsis {};
/// Stands for as many full axes as are left, as Python's `...`.
inline constexpr Ellipsis ellipsis{};

/// Python's slice `start:stop:step`; made by `range`.
struct Range {
  std::optional<std::int64_t> start, stop;
  std::int64_t step = 1;
};

namespace detail {
struct Bound : std::optional<std::int64_t> {
  Bound(None) {}
  template <std::integral T> Bound(T v) : std::optional<std::int64_t>(static_cast<std::int64_t>(v)) {}
};
}  // namespace detail

/// x[range(1, 3)] is Python's x[1:3]; range() is `:`; range(none, none, -1) reverses. Bounds count from
/// the end when negative and are clamped, as Python's.
inline Range range() { return {}; }
inline Range range(detail::Bound start, detail::Bound stop, std::int64_t step = 1) { return {start, stop, step}; }

/// One entry of a subscript.
struct Index {
  enum class Kind : std::uint8_t { integer, range, newaxis, ellipsis } kind;
  std::int64_t at = 0;
  Range slice{};

  template <std::integral T> requires(!std::same_as<T, bool>)
  Index(T i) : kind(Kind::integer), at(static_cast<std::int64_t>(i)) {}
  Index(Range r) : kind(Kind::range), slice(r) {}
  Index(NewAxis) : kind(Kind::newaxis) {}
  Index(Ellipsis) : kind(Kind::ellipsis) {}
};

}  // namespace fluxion
