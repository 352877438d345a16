// Joining arrays and taking them apart. Names and semantics are jax.numpy's.
#pragma once

#include <concepts>
#include <initializer_list>
#include <optional>
#include <vector>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>
#include <fluxion/manipulation.hpp>

namespace fluxion {

/// concatenate by its name in the array API.
inline Array concat(ArraySpan xs, const Axis& axis = 0) { return concatenate(xs, axis); }
inline Array concat(std::initializer_list<Array> xs, const Axis& axis = 0) { return concatenate(xs, axis); }
/// x and then the values along an axis; `none` flattens both.
Array append(const Array& x, const Array& values, const Axis& axis = none);
/// Vectors as the columns of a matrix; matrices beside each other.
Array column_stack(ArraySpan xs);
inline Array column_stack(std::initializer_list<Array> xs) {
  return column_stack(ArraySpan(xs.begin(), xs.size()));
}
/// Joined along the third axis; (n) counts as (1, n, 1), and (m, n) as (m, n, 1).
Array dstack(ArraySpan xs, std::optional<DType> dtype = {});
inline Array dstack(std::initializer_list<Array> xs, std::optional<DType> dtype = {}) {
  return dstack(ArraySpan(xs.begin(), xs.size()), dtype);
}

/// A matrix of blocks: block({{a, b}, {c, d}}); rows join along the last axis, and are then joined along the
/// one before. One level of braces joins along the last axis. Source: jax.numpy.block.
Array block(std::initializer_list<Array> row);
Array block(std::initializer_list<std::initializer_list<Array>> rows);
Array block(const std::vector<Arrays>& rows);

/// Where an axis is cut: into a number of equal parts, `3`, or before these positions, `{2, 5}`.
class Sections {
 public:
  template <std::integral T>
  requires(!std::same_as<T, bool>) Sections(T parts)
      : parts_(static_cast<std::int64_t>(parts)) {}  // NOLINT: implicit on purpose, as the others
  Sections(std::initializer_list<std::int64_t> indices) : indices_(indices) {}
  Sections(Dims indices) : indices_(std::move(indices)) {}

  /// The number of parts; nullopt if positions were given.
  const std::optional<std::int64_t>& parts() const { return parts_; }
  const Dims& indices() const { return indices_; }

 private:
  std::optional<std::int64_t> parts_;
  Dims indices_;
};

/// Parts along an axis. Positions count from the end when negative, and are clamped. Throws ValueError if the
/// parts cannot be equal.
Arrays split(const Array& x, const Sections& sections, std::int64_t axis = 0);
/// The same, but the first parts may be longer by one than the last.
Arrays array_split(const Array& x, const Sections& sections, std::int64_t axis = 0);
/// Along axis 1 (0 for vectors), axis 0, and axis 2.
Arrays hsplit(const Array& x, const Sections& sections);
Arrays vsplit(const Array& x, const Sections& sections);
Arrays dsplit(const Array& x, const Sections& sections);
/// All slices along an axis, which disappears.
Arrays unstack(const Array& x, std::int64_t axis = 0);

}  // namespace fluxion
