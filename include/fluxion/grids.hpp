// Grids of coordinates, and arrays made of functions of them. Names and semantics are jax.numpy's.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <type_traits>

#include <fluxion/array.hpp>
#include <fluxion/detail/flat.hpp>

namespace fluxion {

struct MeshgridOptions {
  /// "xy": the first vector runs along axis 1 and the second along axis 0; "ij": vector i runs along axis i.
  std::string_view indexing = "xy";
  /// Leave axes along which an array is constant at size 1.
  bool sparse = false;
};
/// For vectors x, y, ..., the coordinates of all points of their grid, one array for each.
Arrays meshgrid(ArraySpan xs, const MeshgridOptions& options = {});
inline Arrays meshgrid(std::initializer_list<Array> xs, const MeshgridOptions& options = {}) {
  return meshgrid(ArraySpan(xs.begin(), xs.size()), options);
}

/// The index along each axis of an array of this shape, at each of its places: (rank, shape...).
Array indices(const Shape& shape, DType dtype = int64);
/// The same, one array per axis, of size 1 along all other axes. Source: jax.numpy.indices(sparse=True).
Arrays sparse_indices(const Shape& shape, DType dtype = int64);

/// The points of one axis of a grid: range(0, 5), range(0, 10, 2), or a vector such as linspace(0, 1, 11).
class GridAxis {
 public:
  GridAxis(const Range& r);  // NOLINT: implicit on purpose, as is the other
  template <std::convertible_to<Array> A>
  requires(!std::same_as<std::remove_cvref_t<A>, Range>) GridAxis(const A& points) : points_(points) {}
  const Array& points() const { return points_; }

 private:
  Array points_;
};

namespace detail {
struct DenseGrid {
  Array operator[](std::initializer_list<GridAxis> axes) const;
};
struct OpenGrid {
  Arrays operator[](std::initializer_list<GridAxis> axes) const;
};
struct RowConcatenator {
  Array operator[](std::initializer_list<GridAxis> parts) const;
};
struct ColumnConcatenator {
  Array operator[](std::initializer_list<GridAxis> parts) const;
};
}  // namespace detail

/// mgrid[{range(0, 3), range(0, 2)}]: the coordinates of all points, stacked: (rank, 3, 2).
inline constexpr detail::DenseGrid mgrid{};
/// The same, one array per axis, of size 1 along all other axes.
inline constexpr detail::OpenGrid ogrid{};
/// r_[{range(0, 3), 7, x}]: vectors, numbers and ranges joined to a vector.
inline constexpr detail::RowConcatenator r_{};
/// c_[{x, y}]: vectors as the columns of a matrix.
inline constexpr detail::ColumnConcatenator c_{};

namespace detail {
Array fromfunction_flat(const FlatFn& f, const Shape& shape, DType dtype);
[[noreturn]] void throw_fromfunction_rank(const Shape& shape);

template <class F>
Arrays call_at(const F& f, const Shape& shape, const Arrays& at) {
  if constexpr (std::invocable<const F&, const Array&>)
    if (at.size() == 1) return {f(at[0])};
  if constexpr (std::invocable<const F&, const Array&, const Array&>)
    if (at.size() == 2) return {f(at[0], at[1])};
  if constexpr (std::invocable<const F&, const Array&, const Array&, const Array&>)
    if (at.size() == 3) return {f(at[0], at[1], at[2])};
  if constexpr (std::invocable<const F&, const Array&, const Array&, const Array&, const Array&>)
    if (at.size() == 4) return {f(at[0], at[1], at[2], at[3])};
  throw_fromfunction_rank(shape);
}
}  // namespace detail

/// result[i, j, ...] = f(i, j, ...): f is called once, on traced scalar indices, one per axis (up to four).
/// Throws TypeError if f does not take as many arguments as the shape has axes. Source:
/// jax.numpy.fromfunction.
template <class F>
Array fromfunction(const F& f, const Shape& shape, DType dtype = float64) {
  return detail::fromfunction_flat([&](const Arrays& at) { return detail::call_at(f, shape, at); }, shape,
                                   dtype);
}

}  // namespace fluxion
