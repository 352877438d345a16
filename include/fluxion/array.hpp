// Array: an immutable n-dimensional value. Knows nothing of transformations.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fluxion/aval.hpp>
#include <fluxion/detail/node.hpp>
#include <fluxion/error.hpp>
#include <fluxion/index.hpp>

namespace fluxion {

class Array;
class IndexUpdate;
class LeadingAxisIterator;
using Arrays = std::vector<Array>;
using ArraySpan = std::span<const Array>;

namespace detail {
template <class>
inline constexpr bool never = false;
struct ScalarBits { alignas(16) std::byte bytes[16]; };
const Node* scalar_node(DType dtype, bool weak, const ScalarBits& bits);
template <class T>
constexpr bool is_weak_cpp =
    (std::integral<T> && !std::same_as<T, bool>) || std::same_as<T, double> || std::same_as<T, std::complex<double>>;
/// Where a concrete array's elements begin, after checking that they are contiguous and of dtype `t`.
const void* contiguous_data(const Array& x, DType t, const char* what);
void read_elements(const Array& x, DType t, void* out, const char* what);
}  // namespace detail

/// An immutable array of any rank: an 8-byte handle to a shared node, which is a concrete buffer or a
/// tracer. Copies are cheap; nothing ever changes under a handle. A default-constructed handle is empty
/// and every use of it throws TypeError.
///
/// C++ scalars convert: an integer is a weak int64, double a weak float64, complex<double> a weak
/// complex128; bool, float and complex<float> are strong (as Python scalars are weak in jax).
class Array {
 public:
  Array() noexcept = default;
  template <Scalar T>
  Array(T value) {  // NOLINT: implicit on purpose
    detail::ScalarBits bits{};
    if constexpr (detail::is_weak_cpp<T> && std::integral<T>) {
      if constexpr (std::is_unsigned_v<T> && sizeof(T) == 8) check_fits_int64(value);
      const auto wide = static_cast<std::int64_t>(value);
      __builtin_memcpy(bits.bytes, &wide, sizeof wide);
      node_ = detail::scalar_node(DType::int64, true, bits);
    } else {
      __builtin_memcpy(bits.bytes, &value, sizeof value);
      node_ = detail::scalar_node(dtype_of<T>, detail::is_weak_cpp<T>, bits);
    }
  }
  Array(const Array& o) noexcept : node_(o.node_) { detail::retain(node_); }
  Array(Array&& o) noexcept : node_(std::exchange(o.node_, nullptr)) {}
  Array& operator=(const Array& o) & noexcept { return *this = Array(o); }
  Array& operator=(Array&& o) & noexcept {
    const auto* old = std::exchange(node_, std::exchange(o.node_, nullptr));
    detail::release(old);
    return *this;
  }
  /// `x[i] = y` would change a temporary and lose y: it does not compile.
  template <class T>
  void operator=(T&&) && {
    static_assert(detail::never<T>, "arrays are immutable: instead of x[i] = y write x = x.at(i).set(y)");
  }
  ~Array() { detail::release(node_); }

  /// True for a default-constructed or moved-from handle.
  bool is_empty_handle() const noexcept { return node_ == nullptr; }

  const Aval& aval() const { return node().aval; }
  const Shape& shape() const { return aval().shape; }
  /// Extent of one axis; negative axes count from the end.
  std::int64_t shape(std::int64_t axis) const;
  DType dtype() const { return aval().dtype; }
  bool weak_type() const { return aval().weak; }
  std::int64_t ndim() const { return aval().ndim(); }
  std::int64_t size() const { return aval().size(); }
  /// Steps between neighbours along each axis, in elements. Throws ConcretizationError for a tracer.
  Dims strides() const;
  bool is_contiguous() const;
  /// Where the array lives; always {"cpu:0"}.
  std::vector<std::string> devices() const;

  /// The single element as T; integers convert to floating types and back only when exact.
  template <Scalar T>
  T item() const {
    T out;
    item_bits(dtype_of<T>, &out);
    return out;
  }
  /// All elements in row-major order; T must be exactly the dtype's type.
  template <Scalar T>
  std::vector<T> to_vector() const {
    if constexpr (std::same_as<T, bool>) {
      const auto bytes = raw_bytes(dtype_of<T>);
      return std::vector<bool>(bytes.begin(), bytes.end());
    } else {
      std::vector<T> out(static_cast<std::size_t>(size()));
      detail::read_elements(*this, dtype_of<T>, out.data(), "to_vector");
      return out;
    }
  }
  /// A view of a contiguous concrete array's elements, valid while this handle lives.
  template <Scalar T>
  std::span<const T> span() const {
    return {static_cast<const T*>(detail::contiguous_data(*this, dtype_of<T>, "span")), static_cast<std::size_t>(size())};
  }
  /// Truth of a single-element array. Sees through grad and jvp to a concrete primal; throws
  /// ConcretizationError under jit and vmap.
  explicit operator bool() const;

  /// x[2], x[range(1, 3)], x[ellipsis], x[{0, newaxis, range()}]: views, never copies. x[indices], x[mask] and
  /// x(i, range(), j) with arrays of integers or bools, traced or not, by NumPy's rules; a static integer must be
  /// inside, others are clamped. Throws IndexError, TypeError for arrays that are no indices, and
  /// NonConcreteBooleanIndexError for a traced mask. Source: jax.Array.__getitem__.
  Array operator[](const Index& index) const;
  Array operator[](std::initializer_list<Index> indices) const;
  /// One array per axis, as functions like fx::unravel_index return them.
  Array operator[](const Arrays& indices) const;
  Array operator()(const Index& first) const { return (*this)[first]; }
  template <class... I> requires(sizeof...(I) >= 2 && (std::convertible_to<I, Index> && ...))
  Array operator()(const I&... indices) const { return (*this)[{Index(indices)...}]; }
  /// x.at(i).set(y), x.at(i, range()).add(y): a new array with the indexed part replaced or added to.
  template <class... I> requires(sizeof...(I) >= 1 && (std::convertible_to<I, Index> && ...))
  IndexUpdate at(const I&... indices) const;
  IndexUpdate at(const Arrays& indices) const;

  /// Iterates over the leading axis: `for (Array row : x)`.
  LeadingAxisIterator begin() const;
  LeadingAxisIterator end() const;

  Array astype(DType dtype) const;
  Array reshape(const Shape& shape) const;
  /// All axes reversed.
  Array T() const;
  /// The parts of complex elements (x and zeros for others), and their conjugates. See <fluxion/complex.hpp>.
  Array real() const;
  Array imag() const;
  Array conj() const;

  friend Array operator-(const Array& x);
  friend Array operator+(const Array& x) { return x; }
  friend Array operator~(const Array& x);
  friend Array operator!(const Array& x);
  friend Array operator+(const Array& a, const Array& b);
  friend Array operator-(const Array& a, const Array& b);
  friend Array operator*(const Array& a, const Array& b);
  friend Array operator/(const Array& a, const Array& b);
  friend Array operator%(const Array& a, const Array& b);
  friend Array operator&(const Array& a, const Array& b);
  friend Array operator|(const Array& a, const Array& b);
  friend Array operator^(const Array& a, const Array& b);
  friend Array operator<<(const Array& a, const Array& b);
  friend Array operator>>(const Array& a, const Array& b);
  friend Array operator==(const Array& a, const Array& b);
  friend Array operator!=(const Array& a, const Array& b);
  friend Array operator<(const Array& a, const Array& b);
  friend Array operator<=(const Array& a, const Array& b);
  friend Array operator>(const Array& a, const Array& b);
  friend Array operator>=(const Array& a, const Array& b);
  // Compound assignment rebinds the handle; other handles keep the old value. Not for temporaries: x[i] += y
  // would be lost, write x = x.at(i).add(y).
  Array& operator+=(const Array& o) & { return *this = *this + o; }
  Array& operator-=(const Array& o) & { return *this = *this - o; }
  Array& operator*=(const Array& o) & { return *this = *this * o; }
  Array& operator/=(const Array& o) & { return *this = *this / o; }

  /// Prints as NumPy prints; a tracer prints as Traced<f64[3]>.
  friend std::ostream& operator<<(std::ostream& os, const Array& x);

  // For the library: takes over one reference.
  explicit Array(const detail::Node* adopted) noexcept : node_(adopted) {}
  const detail::Node* node_or_null() const noexcept { return node_; }
  const detail::Node& node() const {
    if (node_ == nullptr) detail::throw_empty_handle();
    return *node_;
  }

 private:
  template <class T>
  static void check_fits_int64(T v) { if (v > static_cast<T>(INT64_MAX)) throw_int64_overflow(v); }
  [[noreturn]] static void throw_int64_overflow(std::uint64_t v);
  void item_bits(DType t, void* out) const;
  std::vector<unsigned char> raw_bytes(DType t) const;

  const detail::Node* node_ = nullptr;
};

static_assert(sizeof(Array) == 8);

/// How x.at(...) treats its indices.
struct IndexOptions {
  IndexMode mode = IndexMode::promise_in_bounds;
  bool indices_are_sorted = false, unique_indices = false;  ///< Promises.
  bool wrap_negative_indices = true;                        ///< If not, they are outside.
  /// Of get, which it makes fill: a concrete scalar. Without one: NaN, the least signed integer, the greatest unsigned
  /// one, true.
  Array fill_value{};
};

/// What `x.at(...)` returns: the indexed place, ready to be read or updated. Values are broadcast to the indexed shape
/// and cast to x's dtype. Of an element that is indexed several times, `set` keeps the last value, in row-major order
/// of the indices; the others apply every one in that order. Source: jax.numpy.ndarray.at.
class IndexUpdate {
 public:
  IndexUpdate(Array x, std::vector<Index> indices) : x_(std::move(x)), indices_(std::move(indices)) {}
  /// The indexed elements.
  [[nodiscard]] Array get(const IndexOptions& options = {}) const;
  /// x with the indexed elements replaced by `value`.
  [[nodiscard]] Array set(const Array& value, const IndexOptions& options = {}) const;
  /// x with `value` added to the indexed elements.
  [[nodiscard]] Array add(const Array& value, const IndexOptions& options = {}) const;
  [[nodiscard]] Array subtract(const Array& value, const IndexOptions& options = {}) const;
  /// Differentiable in `value` if indices are unique, and known or said to be.
  [[nodiscard]] Array multiply(const Array& value, const IndexOptions& options = {}) const;
  /// x / (1 multiplied by the values), which is floating.
  [[nodiscard]] Array divide(const Array& value, const IndexOptions& options = {}) const;
  /// x ^ (1 multiplied by the values).
  [[nodiscard]] Array power(const Array& value, const IndexOptions& options = {}) const;
  [[nodiscard]] Array min(const Array& value, const IndexOptions& options = {}) const;
  [[nodiscard]] Array max(const Array& value, const IndexOptions& options = {}) const;
  /// x with the elementwise function f applied to the indexed elements, once for each time that they are indexed.
  [[nodiscard]] Array apply(const std::function<Array(const Array&)>& f, const IndexOptions& options = {}) const;

 private:
  Array x_;
  std::vector<Index> indices_;
};

template <class... I> requires(sizeof...(I) >= 1 && (std::convertible_to<I, Index> && ...))
IndexUpdate Array::at(const I&... indices) const { return {*this, std::vector<Index>{Index(indices)...}}; }

class LeadingAxisIterator {
 public:
  using value_type = Array;
  using difference_type = std::int64_t;
  LeadingAxisIterator() = default;
  LeadingAxisIterator(Array x, std::int64_t i) : x_(std::move(x)), i_(i) {}
  Array operator*() const { return x_[i_]; }
  LeadingAxisIterator& operator++() { ++i_; return *this; }
  LeadingAxisIterator operator++(int) { auto old = *this; ++i_; return old; }
  friend bool operator==(const LeadingAxisIterator& a, const LeadingAxisIterator& b) { return a.i_ == b.i_; }

 private:
  Array x_;
  std::int64_t i_ = 0;
};

/// A strong scalar of exactly T's dtype: scalar<std::int32_t>(2), scalar<double>(0.5).
template <Scalar T>
Array scalar(T value) {
  detail::ScalarBits bits{};
  __builtin_memcpy(bits.bytes, &value, sizeof value);
  return Array(detail::scalar_node(dtype_of<T>, false, bits));
}

}  // namespace fluxion
