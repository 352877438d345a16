// ufunc: a function of scalars as an object that maps, reduces and accumulates. Semantics are jax.numpy.ufunc's.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

namespace fluxion {

struct UfuncReduceOptions {
  std::optional<DType> dtype = {};
  bool keepdims = false;
  /// One more element, in front of all others.
  Array initial = {};
  /// Which elements take part: broadcast to the array.
  Array where = {};
};

/// A function of one or more scalars, applied to the elements of arrays that broadcast together. Its methods but the
/// call and `at` are for functions of two; they work through an axis in order, as one loop, so that f need not be
/// associative.
class ufunc {
 public:
  using Function = std::function<Array(ArraySpan)>;
  ufunc(Function f, std::int64_t nin, Array identity)
      : f_(std::move(f)), identity_(std::move(identity)), nin_(nin) {}

  std::int64_t nin() const { return nin_; }
  std::int64_t nout() const { return 1; }
  std::int64_t nargs() const { return nin_ + 1; }
  /// Empty if there is none.
  const Array& identity() const { return identity_; }

  /// Throws TypeError for another number of arguments.
  template <std::convertible_to<Array>... A>
  Array operator()(const A&... args) const {
    const Array xs[] = {Array(args)...};
    return call(xs);
  }

  /// f(..f(f(x0, x1), x2).., xn) along axes, from the identity or the initial value if there is one. Throws ValueError
  /// over no elements, and for a mask, without either.
  Array reduce(const Array& x, const Axis& axis = 0, const UfuncReduceOptions& options = {}) const;
  /// All the steps of a reduction: x0, f(x0, x1), ...
  Array accumulate(const Array& x, std::int64_t axis = 0, std::optional<DType> dtype = {}) const;
  /// Reductions of the parts from each of the indices to the next (the last: to the end); where the next one is not
  /// above, the element there.
  Array reduceat(const Array& x, const Array& indices, std::int64_t axis = 0) const;
  /// f of all pairs of an element of x and one of y: of shape x.shape ++ y.shape.
  Array outer(const Array& x, const Array& y) const;
  /// x with row i replaced by f(row), for a function of one, or f(row, value), for each of the indices in order; a row
  /// that occurs twice is replaced twice. Negative ones count from the end; those out of range are skipped.
  Array at(const Array& x, const Array& indices) const;
  Array at(const Array& x, const Array& indices, const Array& values) const;

 private:
  Array call(ArraySpan args) const;
  void require_binary(const char* method) const;
  Array update(const Array& x, const Array& indices, const Array* values) const;

  Function f_;
  Array identity_;
  std::int64_t nin_;
};

namespace detail {

void check_frompyfunc(std::int64_t nin, std::int64_t nout, std::int64_t takes);

template <class F, class... A>
constexpr std::int64_t arity_of() {
  if constexpr (std::invocable<const F&, const A&...>) return sizeof...(A);
  else if constexpr (sizeof...(A) < 4) return arity_of<F, A..., Array>();
  else return 0;
}

template <class F>
Array call_with(const F& f, ArraySpan x) {
  constexpr auto n = arity_of<F, Array>();
  if constexpr (n == 1) return f(x[0]);
  else if constexpr (n == 2) return f(x[0], x[1]);
  else if constexpr (n == 3) return f(x[0], x[1], x[2]);
  else if constexpr (n == 4) return f(x[0], x[1], x[2], x[3]);
  else return {};
}

}  // namespace detail

struct FrompyfuncOptions {
  /// What f leaves the other operand unchanged with.
  Array identity = {};
};
/// f, a function of up to four scalar arrays that returns one, as a ufunc. Throws TypeError if it takes other than
/// `nin`, and for `nout` other than 1. Source: jax.numpy.frompyfunc.
template <class F>
ufunc frompyfunc(F f, std::int64_t nin, std::int64_t nout = 1, const FrompyfuncOptions& options = {}) {
  detail::check_frompyfunc(nin, nout, detail::arity_of<F, Array>());
  return ufunc([f = std::move(f)](ArraySpan x) { return detail::call_with(f, x); }, nin, options.identity);
}

}  // namespace fluxion
