// Making arrays: from C++ values, filled, counted, and from memory of the caller.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion {

namespace detail {

/// Collects the elements of nested lists row by row and checks that rows of one level have one length.
class NestedElements {
 public:
  explicit NestedElements(DType dtype) : dtype_(dtype) {}
  /// Notes that a list at nesting depth `depth` has `n` entries; throws ValueError if its siblings had others.
  void enter(std::size_t depth, std::size_t n);
  void append(const void* elements, std::size_t n);
  Array finish() &&;

 private:
  DType dtype_;
  Shape shape_;
  std::vector<std::byte> bytes_;
};

template <class T>
struct NestedScalar { using type = void; };
template <Scalar T>
struct NestedScalar<T> { using type = T; };
template <class L>
struct NestedScalar<std::initializer_list<L>> : NestedScalar<L> {};
template <class L>
struct NestedScalar<std::vector<L>> : NestedScalar<L> {};

template <class List>
void collect(NestedElements& out, std::size_t depth, const List& list) {
  out.enter(depth, list.size());
  if constexpr (requires { list.begin()->begin(); }) {
    for (const auto& row : list) collect(out, depth + 1, row);
  } else if constexpr (std::same_as<List, std::vector<bool>>) {  // packed bits
    for (const bool v : list) out.append(&v, 1);
  } else {
    out.append(std::data(list), list.size());
  }
}

Array from_elements(const void* elements, DType dtype, std::size_t count, const Shape& shape);

template <class List>
Array from_nested(const List& list) {
  using Element = typename NestedScalar<List>::type;
  if constexpr (requires { { std::data(list) } -> std::same_as<const Element*>; }) {  // of one level
    const auto n = list.size();
    return from_elements(std::data(list), dtype_of<Element>, n, {static_cast<std::int64_t>(n)});
  } else {
    NestedElements elements(dtype_of<Element>);
    collect(elements, 0, list);
    return std::move(elements).finish();
  }
}

Array from_external(const void* data, DType dtype, const Shape& shape, std::function<void()> deleter);

}  // namespace detail

/// Elements in nested braces, up to four deep: array({1.0, 2.0}), array({{1, 2}, {3, 4}}). The dtype is exactly
/// that of the elements, strong. Throws ValueError if rows of one level differ in length.
/// Source: jax.numpy.array.
template <Scalar T>
Array array(std::initializer_list<T> v) { return detail::from_nested(v); }
template <Scalar T>
Array array(std::initializer_list<std::initializer_list<T>> v) { return detail::from_nested(v); }
template <Scalar T>
Array array(std::initializer_list<std::initializer_list<std::initializer_list<T>>> v) {
  return detail::from_nested(v);
}
template <Scalar T>
Array array(std::initializer_list<std::initializer_list<std::initializer_list<std::initializer_list<T>>>> v) {
  return detail::from_nested(v);
}
/// Lists that mix types or hold arrays: promoted to one dtype and stacked; traced values may be among them.
Array array(std::initializer_list<Array> v);
Array array(std::initializer_list<std::initializer_list<Array>> v);

/// The elements of a vector, of equally long vectors, or of a span.
template <Scalar T>
Array array(const std::vector<T>& v) { return detail::from_nested(v); }
template <Scalar T>
Array array(const std::vector<std::vector<T>>& v) { return detail::from_nested(v); }
template <Scalar T, std::size_t N>
Array array(std::span<T, N> v) {
  return detail::from_elements(v.data(), dtype_of<T>, v.size(), {static_cast<std::int64_t>(v.size())});
}
/// The elements in row-major order. Throws ValueError if their number is not that of the shape.
template <Scalar T, std::size_t N>
Array array(std::span<T, N> v, const Shape& shape) {
  return detail::from_elements(v.data(), dtype_of<T>, v.size(), shape);
}
template <Scalar T> requires(!std::same_as<T, bool>)
Array array(const std::vector<T>& v, const Shape& shape) { return array(std::span<const T>(v), shape); }

/// x itself; a C++ scalar becomes a weak array. Source: jax.numpy.asarray.
inline Array asarray(const Array& x) { return x; }
Array asarray(const Array& x, DType dtype);

/// x; as nothing changes it, nobody can tell a copy from it. Source: jax.numpy.copy.
inline Array copy(const Array& x) { return x; }

/// The first `count` elements (-1 for all) of memory that holds them row after row, from byte `offset` on; copied.
/// Throws ValueError unless the bytes are a whole number of elements. Source: jax.numpy.frombuffer.
Array frombuffer(std::span<const std::byte> buffer, DType dtype, std::int64_t count = -1, std::int64_t offset = 0);

/// An array over memory of the caller, which is not copied: it must not change while any array uses it, and
/// `deleter` runs when the last one has let go. Throws ValueError for null or misaligned memory.
template <Scalar T>
Array from_external(const T* data, const Shape& shape, std::function<void()> deleter = {}) {
  return detail::from_external(data, dtype_of<T>, shape, std::move(deleter));
}

/// Filled arrays. Without a dtype they are of the default float (see fx::default_dtype). Source: jax.numpy.
Array zeros(const Shape& shape, std::optional<DType> dtype = {});
Array ones(const Shape& shape, std::optional<DType> dtype = {});
/// `value` broadcast to the shape; of its own dtype, and weak if it is, unless a dtype is given.
Array full(const Shape& shape, const Array& value, std::optional<DType> dtype = {});
template <Scalar T>
Array zeros(const Shape& shape) { return zeros(shape, dtype_of<T>); }
template <Scalar T>
Array ones(const Shape& shape) { return ones(shape, dtype_of<T>); }
template <Scalar T>
Array full(const Shape& shape, const Array& value) { return full(shape, value, dtype_of<T>); }

/// Zeros: nothing is ever left uninitialised, as in jax.numpy.
inline Array empty(const Shape& shape, std::optional<DType> dtype = {}) { return zeros(shape, dtype); }

/// Of x's shape, and of its dtype unless another is given.
Array zeros_like(const Array& x, std::optional<DType> dtype = {});
Array ones_like(const Array& x, std::optional<DType> dtype = {});
Array full_like(const Array& x, const Array& value, std::optional<DType> dtype = {});

inline Array empty_like(const Array& x, std::optional<DType> dtype = {}) { return zeros_like(x, dtype); }

/// Ones on the k-th diagonal of an n x m matrix (m = n if not given). Source: jax.numpy.eye.
Array eye(std::int64_t n, std::optional<std::int64_t> m = {}, std::int64_t k = 0,
          std::optional<DType> dtype = {});
template <Scalar T>
Array eye(std::int64_t n, std::optional<std::int64_t> m = {}, std::int64_t k = 0) {
  return eye(n, m, k, dtype_of<T>);
}
inline Array identity(std::int64_t n, std::optional<DType> dtype = {}) { return eye(n, n, 0, dtype); }

/// start + step * (0, 1, 2, ...) below stop: ceil((stop - start) / step) elements. The bounds must be concrete
/// scalars. int64 for integers, the default float for doubles. Source: jax.numpy.arange.
Array arange(const Array& stop, std::optional<DType> dtype = {});
Array arange(const Array& start, const Array& stop, std::optional<DType> dtype = {});
Array arange(const Array& start, const Array& stop, const Array& step, std::optional<DType> dtype = {});

/// num evenly spaced values from start to stop, which is the last one exactly if `endpoint`; along a new
/// leading axis if start and stop are arrays. Differentiable in both. Source: jax.numpy.linspace.
Array linspace(const Array& start, const Array& stop, std::int64_t num = 50, bool endpoint = true,
               std::optional<DType> dtype = {});
struct LinspaceOptions {
  bool endpoint = true;
  std::optional<DType> dtype = {};
  /// Which axis of the result the values are along.
  std::int64_t axis = 0;
};
Array linspace(const Array& start, const Array& stop, std::int64_t num, const LinspaceOptions& options);
struct ReturnStep {};
/// linspace(a, b, n, retstep) returns the values and the distance of two neighbours (NaN if there are none).
inline constexpr ReturnStep retstep{};
std::pair<Array, Array> linspace(const Array& start, const Array& stop, std::int64_t num, ReturnStep,
                                 const LinspaceOptions& options = {});

struct LogspaceOptions {
  bool endpoint = true;
  Array base = 10.0;
  std::optional<DType> dtype = {};
  std::int64_t axis = 0;
};
/// base^t for t evenly spaced from start to stop. Source: jax.numpy.logspace.
Array logspace(const Array& start, const Array& stop, std::int64_t num = 50, const LogspaceOptions& options = {});
/// num values from start to stop, each the same multiple of the one before. Both of one sign.
/// Source: jax.numpy.geomspace.
Array geomspace(const Array& start, const Array& stop, std::int64_t num = 50, const LinspaceOptions& options = {});

}  // namespace fluxion
