// What the rules of all decompositions share: checks, products and parts of stacks of matrices (.., m, n), batching of
// leading axes, and how a host function walks over the stack.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>

#include <fluxion/extend/lower.hpp>
#include <fluxion/lax/linalg.hpp>

#include "base/buffer.hpp"
#include "lax/linalg/lapack.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax::linalg {

// --- shapes and checks ---

inline std::int64_t rows(const Shape& s) { return s[s.size() - 2]; }
inline std::int64_t columns(const Shape& s) { return s[s.size() - 1]; }
/// The axes in front of the last `n`.
Shape leading(const Shape& s, std::size_t n = 2);
/// leading, then the given extents.
Shape with_last(Shape leading, std::initializer_list<std::int64_t> extents);
/// The real dtype of the parts of a complex one, and the complex one of a real; others as they are.
DType real_dtype(DType t);
DType complex_dtype(DType t);

/// Throws TypeError unless the dtype is one that LAPACK has.
void check_element(std::string_view op, const Aval& a);
/// The same, and rank 2 at least.
void check_matrix(std::string_view op, const Aval& a);
void check_square(std::string_view op, const Aval& a);
/// For primitives that JAX gives no derivative either: throws UnsupportedError.
[[noreturn]] void no_derivative(std::string_view op, std::string_view way_out);

// --- compositions ---

/// conj(x) for complex x, else x; the real part as a real array; x in that complex or real dtype.
Array conjugated(const Array& x);
Array real_part(const Array& x);
Array swapped(const Array& x);  ///< The last two axes.
Array adjoint(const Array& x);
Array product(const Array& a, const Array& b);
/// The elements on and below (above) the k-th diagonal, zeros elsewhere.
Array lower_part(const Array& x, std::int64_t k = 0);
Array upper_part(const Array& x, std::int64_t k = 0);
/// The n x n identity, and the same repeated over leading axes.
Array identity(DType t, std::int64_t n);
Array identity_like(const Array& x, std::int64_t n);
/// x[.., i, i]
Array diagonal(const Array& x);
/// Matrices of this shape whose elements are v[.., i] for their row i, or for their column i.
Array per_row(const Array& v, const Shape& shape);
Array per_column(const Array& v, const Shape& shape);
/// (x + x^H) / 2
Array hermitian_part(const Array& x);
Array constant(const Array& like, double v);
/// Zeros are appended until the last two extents are these.
Array padded(const Array& x, std::int64_t m, std::int64_t n);

/// A batch rule for primitives all of whose operands have the same leading axes: one more of them.
template <class P>
BatchOut batch_leading(const BatchArgs& args, const typename P::Params& p) {
  Arrays xs;
  for (std::size_t i = 0; i < args.operands.size(); ++i)
    xs.push_back(args.mapped[i] ? args.operands[i] : ops::repeat_along_new_axis(args.operands[i], args.size, 0));
  auto out = bind_all<P>(xs, p);
  std::vector<char> mapped(out.size(), 1);
  return {std::move(out), std::move(mapped)};
}

// --- on the host ---

/// Lowers P to a call of a function that is more than a kernel.
template <class P>
ir::Values lower_to_call(ir::Builder& b, std::span<const ir::ValueId> in, const typename P::Params& p,
                         HostFunctionPtr function) {
  std::vector<ir::Type> types;
  for (const auto& a : P::abstract_eval(avals_of(b, in), p)) types.push_back({a.dtype, a.shape});
  return b.host_call(in, std::move(types), std::move(function), Effect::none);
}

/// Memory for one matrix, aligned as LAPACK's results would otherwise depend on where a matrix lies in a stack. It
/// comes from the arrays' allocator: malloc gives blocks of this size back to the system, and each call would take
/// fresh pages.
template <class T>
class Workspace {
 public:
  explicit Workspace(std::int64_t n) : data_(static_cast<T*>(allocate_raw(bytes(n))), Free{bytes(n)}) {}
  operator T*() const { return data_.get(); }  // NOLINT: it stands for the memory

 private:
  static std::size_t bytes(std::int64_t n) { return sizeof(T) * static_cast<std::size_t>(n < 1 ? 1 : n); }
  struct Free {
    std::size_t bytes;
    void operator()(T* p) const { free_raw(p, bytes); }
  };
  std::unique_ptr<T, Free> data_;
};

/// f.template operator()<T>() for the C++ type of a dtype that LAPACK has.
template <class F>
void visit_element(DType t, F&& f) {
  switch (t) {
    case DType::float32: return f.template operator()<float>();
    case DType::float64: return f.template operator()<double>();
    case DType::complex64: return f.template operator()<std::complex<float>>();
    case DType::complex128: return f.template operator()<std::complex<double>>();
    default: throw InternalError(text("linalg: no LAPACK for ", t));
  }
}

/// The matrices (or vectors, with `axes` = 1) of a stack, one after the other.
template <class T>
struct Stack {
  T* data;
  std::int64_t size;  // of one
  T* operator[](std::int64_t i) const { return data + i * size; }
  /// Whether the first `n` are all aligned as a workspace is, so that a routine may as well work in their memory.
  bool aligned(std::int64_t n) const {
    constexpr std::uintptr_t most = 64;
    return reinterpret_cast<std::uintptr_t>(data) % most == 0 &&
           (n < 2 || static_cast<std::uintptr_t>(size) * sizeof(T) % most == 0);
  }
};
template <class T>
Stack<const T> stack(const HostOperand& x, std::size_t axes = 2) {
  std::int64_t n = 1;
  for (std::size_t i = x.shape().size() - axes; i < x.shape().size(); ++i) n *= x.shape()[i];
  return {reinterpret_cast<const T*>(x.bytes()), n};
}
template <class T>
Stack<T> stack(const HostResult& x, std::size_t axes = 2) {
  std::int64_t n = 1;
  for (std::size_t i = x.shape().size() - axes; i < x.shape().size(); ++i) n *= x.shape()[i];
  return {reinterpret_cast<T*>(x.bytes()), n};
}
/// How many matrices.
template <class Memory>
std::int64_t count(const Memory& x, std::size_t axes = 2) { return element_count(leading(x.shape(), axes)); }

/// Throws ValueError if an extent is beyond LAPACK's int.
int extent(std::string_view op, std::int64_t n);

/// to[j * ld + i] = from[i * n + j]: the row-major m x n matrix by columns; and back.
template <class T>
void to_columns(const T* from, std::int64_t m, std::int64_t n, T* to, std::int64_t ld) {
  constexpr std::int64_t block = 16;
  for (std::int64_t i0 = 0; i0 < m; i0 += block)
    for (std::int64_t j0 = 0; j0 < n; j0 += block)
      for (auto j = j0; j < n && j < j0 + block; ++j)
        for (auto i = i0; i < m && i < i0 + block; ++i) to[j * ld + i] = from[i * n + j];
}
template <class T>
void to_rows(const T* from, std::int64_t ld, std::int64_t m, std::int64_t n, T* to) {
  constexpr std::int64_t block = 16;
  for (std::int64_t i0 = 0; i0 < m; i0 += block)
    for (std::int64_t j0 = 0; j0 < n; j0 += block)
      for (auto i = i0; i < m && i < i0 + block; ++i)
        for (auto j = j0; j < n && j < j0 + block; ++j) to[i * n + j] = from[j * ld + i];
}

template <class T>
void fill(T* to, std::int64_t n, T value) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = value;
}
template <class T>
void fill_nan(T* to, std::int64_t n) {
  const auto nan = std::numeric_limits<lapack::Real<T>>::quiet_NaN();
  if constexpr (lapack::is_complex<T>) fill(to, n, T(nan, nan));
  else fill(to, n, nan);
}
/// Iterations of LAPACK do not end, or end anyhow, on what is not finite.
template <class T>
bool all_finite(const T* x, std::int64_t n) {
  lapack::Real<T> zero = 0;  // x - x is NaN for those
  const auto* parts = reinterpret_cast<const lapack::Real<T>*>(x);
  for (std::int64_t i = 0; i < n * (lapack::is_complex<T> ? 2 : 1); ++i) zero += parts[i] - parts[i];
  return zero == 0;
}
/// The size that a routine asks for when it is called with lwork = -1.
template <class T>
int asked_size(T work) {
  if constexpr (lapack::is_complex<T>) return static_cast<int>(work.real());
  else return static_cast<int>(work);
}

}  // namespace fluxion::lax::linalg
