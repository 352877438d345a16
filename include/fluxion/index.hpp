// What can stand in a subscript: integers, ranges, new axes, the ellipsis, and arrays of indices or masks.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <fluxion/detail/node.hpp>

namespace fluxion {

class Array;

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

namespace detail {
/// Owns a node, before Array is declared.
class NodeHandle {
 public:
  NodeHandle() noexcept = default;
  explicit NodeHandle(const Node* adopted) noexcept : node_(adopted) {}
  NodeHandle(const NodeHandle& o) noexcept : node_(o.node_) { retain(node_); }
  NodeHandle(NodeHandle&& o) noexcept : node_(std::exchange(o.node_, nullptr)) {}
  NodeHandle& operator=(NodeHandle o) noexcept {
    std::swap(node_, o.node_);
    return *this;
  }
  ~NodeHandle() { release(node_); }
  const Node* get() const noexcept { return node_; }

 private:
  const Node* node_ = nullptr;
};
}  // namespace detail

/// What an index outside of its axis does. Negative indices have counted from the end before.
/// Source: jax.lax.GatherScatterMode, and the modes of jax.numpy.take and put.
enum class IndexMode : std::uint8_t {
  promise_in_bounds,    ///< There is none, the caller says. Should there be one, reading clips and writing drops.
  clip,                 ///< It is the nearest inside.
  fill_or_drop,         ///< Reading gives the fill value; writing is left out.
  wrap,                 ///< It is taken modulo the extent.
  raise,                ///< It is an error, where indices are known.
  fill = fill_or_drop,
  drop = fill_or_drop,
};

/// One entry of a subscript.
struct Index {
  enum class Kind : std::uint8_t { integer, range, newaxis, ellipsis, array } kind;
  std::int64_t at = 0;
  Range slice{};
  detail::NodeHandle elements{};  // of kind array

  template <std::integral T> requires(!std::same_as<T, bool>)
  Index(T i) : kind(Kind::integer), at(static_cast<std::int64_t>(i)) {}
  Index(Range r) : kind(Kind::range), slice(r) {}
  Index(NewAxis) : kind(Kind::newaxis) {}
  Index(Ellipsis) : kind(Kind::ellipsis) {}
  /// Integers select elements one by one, bools where they are true, by NumPy's rules of advanced indexing.
  Index(const Array& indices);
  template <std::same_as<bool> B>
  Index(B mask) : Index(&mask, DType::bool_, -1) {}
  /// The same for a list: x[std::vector{2, 0, 2}].
  template <std::integral T>
  Index(const std::vector<T>& indices)
      : Index(indices.data(), dtype_of<T>, static_cast<std::int64_t>(indices.size())) {}
  Index(const std::vector<bool>& mask);
  template <std::floating_point T>
  Index(T) : kind(Kind::integer) { refuse<T>(); }
  template <std::floating_point T>
  Index(const std::vector<T>&) : kind(Kind::array) { refuse<T>(); }

 private:
  Index(const void* elements, DType dtype, std::int64_t count);  // a scalar for -1
  template <class T>
  static void refuse() {
    static_assert(!std::floating_point<T>, "fluxion: an index must be an integer, a range, newaxis, ellipsis, or an array or "
                                           "vector of integers or bools, not a floating-point number");
  }
};

}  // namespace fluxion
