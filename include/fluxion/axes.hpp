// Axes: which axis of each array is mapped, as a prefix of the tree of arrays.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <fluxion/index.hpp>

namespace fluxion {

/// An axis for a whole tree (0, -1), no axis (none), one entry per child ({0, none}), or entries by name
/// (Axes::fields({{"w", 0}, {"b", none}})) for structs and maps; nested in any way. An entry holds for every
/// leaf below it. Source: the pytree prefixes of jax.vmap(in_axes=...).
class Axes {
 public:
  enum class Kind : std::uint8_t { axis, none, list, fields };
  using Field = std::pair<std::string, Axes>;

  template <std::integral T> requires(!std::same_as<T, bool>)
  Axes(T axis) : axis_(static_cast<std::int64_t>(axis)) {}  // NOLINT: implicit on purpose
  Axes(None) : kind_(Kind::none) {}                         // NOLINT
  Axes(std::initializer_list<Axes> list) : kind_(Kind::list), children_(list) {}
  /// One entry per child, as a list computed at run time.
  static Axes list(std::vector<Axes> children);
  /// Every field or key of the node must be named.
  static Axes fields(std::initializer_list<Field> fields);

  Kind kind() const { return kind_; }
  std::int64_t axis() const { return axis_; }
  const std::vector<Axes>& children() const { return children_; }
  const std::vector<std::string>& names() const { return names_; }
  /// Appends what tells this from other axes.
  void write_identity(std::vector<std::uint64_t>& words) const;

 private:
  Kind kind_ = Kind::axis;
  std::int64_t axis_ = 0;
  std::vector<Axes> children_;
  std::vector<std::string> names_;
};

}  // namespace fluxion
