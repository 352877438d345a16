// jet: derivatives of any order along a curve, in one pass (Taylor mode).
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <fluxion/detail/flat_calls.hpp>

namespace fluxion {

namespace detail {

/// Results, and for each order the leaves of their derivatives.
struct JetResult {
  Arrays primals;
  std::vector<Arrays> series;
};
/// `series[j]` holds the derivatives of order j + 1 of all arguments; `lengths` says how many each argument had.
JetResult jet_call(FlatCall& f, const std::vector<TreeWriter>& series, const std::vector<std::size_t>& lengths);

template <class T>
constexpr bool is_vector = false;
template <class T>
constexpr bool is_vector<std::vector<T>> = TreeLike<T>;

template <class T>
void flatten_into(const T& t, TreeWriter& w) { TreeOf<T>::flatten(t, w); }

template <class F, class... P, class... S>
auto jet(const F& f, const std::tuple<P...>& primals, const std::tuple<S...>& series) {
  using All = FirstN<sizeof...(P)>;
  if constexpr (sizeof...(P) != sizeof...(S) || sizeof...(P) == 0) {
    static_assert(dependent_false<F>, "fluxion::jet: one series per primal is required, and at least one");
    return Invalid{};
  } else if constexpr (!(is_vector<std::remove_cvref_t<S>> && ...)) {
    static_assert(dependent_false<F>, "fluxion::jet: a series must be a std::vector of trees like its primal, one per order");
    return Invalid{};
  } else if constexpr (traceable<F, All, false, const P&...>()) {
    return std::apply([&](const P&... primal) {
      TypedCall<F, All, false, const P&...> call(f, primal...);
      std::vector<TreeWriter> writers;
      std::vector<std::size_t> lengths;
      std::apply([&](const S&... s) {
        (lengths.push_back(s.size()), ...);
        for (std::size_t j = 0; ((j < s.size()) && ...); ++j) {
          TreeWriter& w = writers.emplace_back();
          (flatten_into(s[j], w), ...);
        }
      }, series);
      JetResult r = jet_call(call, writers, lengths);
      using Out = traced_t<ResultOf<F, All, const P&...>>;
      std::pair<Out, std::vector<Out>> result{build_tree<Out>(call.out, std::move(r.primals)), {}};
      for (Arrays& leaves : r.series) result.second.push_back(build_tree<Out>(call.out, std::move(leaves)));
      return result;
    }, primals);
  } else {
    return Invalid{};
  }
}

}  // namespace detail

/// {f(primals...), {d f/dt, d^2 f/dt^2, ...}} along the curve that passes through `primals` with the derivatives
/// `series`, at that point: series of an argument is a std::vector of trees like the argument, the first derivative
/// first, and the result has as many. (Derivatives, not Taylor coefficients: no factorials.) An empty handle stands for
/// zero; integer leaves take one. n derivatives cost in the order of n^2 evaluations of f.
/// Throws ValueError or TypeError naming the leaf that does not fit, and ValueError where series differ in length.
/// Source: jax.experimental.jet.jet.
template <class F, class... P, class... S>
auto jet(const F& f, const std::tuple<P...>& primals, const std::tuple<S...>& series) {
  return detail::jet<std::decay_t<const F&>>(f, primals, series);
}
/// For a function of one argument, which is not a std::tuple: jet(f, x, {dx, d2x}).
template <class F, TreeLike P>
auto jet(const F& f, const P& primal, const std::vector<traced_t<P>>& series) {
  return detail::jet<std::decay_t<const F&>>(f, std::tuple<const P&>(primal), std::tuple<const std::vector<traced_t<P>>&>(series));
}

}  // namespace fluxion
