// jvp: forward-mode derivatives.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include <fluxion/detail/flat_calls.hpp>

namespace fluxion {

namespace detail {

template <class F, bool Aux, class... P, class... T>
auto jvp(const F& f, const std::tuple<P...>& primals, const std::tuple<T...>& tangents) {
  using All = FirstN<sizeof...(P)>;
  if constexpr (sizeof...(P) != sizeof...(T) || sizeof...(P) == 0) {
    static_assert(dependent_false<F>, "fluxion::jvp: one tangent per primal is required, and at least one");
    return Invalid{};
  } else if constexpr (!(TreeLike<T> && ...)) {
    static_assert(dependent_false<F>, "fluxion::jvp: a tangent must be a tree of arrays like its primal");
    return Invalid{};
  } else if constexpr (traceable<F, All, Aux, const P&...>()) {
    return std::apply([&](const P&... primal) {
      TypedCall<F, All, Aux, const P&...> call(f, primal...);
      TreeWriter w;
      std::apply([&](const T&... tangent) { (TreeOf<T>::flatten(tangent, w), ...); }, tangents);
      PrimalsTangents r = jvp_call(call, w);
      using Parts = ResultParts<Aux, ResultOf<F, All, const P&...>>;
      using Out = traced_t<typename Parts::Out>;
      r.tangents.resize(call.out.num_leaves());
      auto tangent_out = build_tree<Out>(call.out, std::move(r.tangents));
      if constexpr (Aux) {
        auto [out, aux] = build_with_aux<Out, typename Parts::AuxPart>(call, std::move(r.primals));
        return std::tuple<Out, Out, decltype(aux)>{std::move(out), std::move(tangent_out), std::move(aux)};
      } else {
        return std::pair<Out, Out>{build_tree<Out>(call.out, std::move(r.primals)), std::move(tangent_out)};
      }
    }, primals);
  } else {
    return Invalid{};
  }
}

template <class T>
constexpr bool is_std_tuple = false;
template <class... T>
constexpr bool is_std_tuple<std::tuple<T...>> = true;

}  // namespace detail

/// {f(primals...), J tangents}: the derivative of f at `primals` along `tangents`. A tangent has the structure,
/// shapes and dtypes of its primal; an empty handle stands for zero; integer leaves take an empty handle or a
/// float0 array. Throws ValueError or TypeError naming the leaf that does not fit. Source: jax.jvp.
template <class F, class... P, class... T>
auto jvp(const F& f, const std::tuple<P...>& primals, const std::tuple<T...>& tangents) {
  return detail::jvp<std::decay_t<const F&>, false>(f, primals, tangents);
}
/// For a function of one argument, which is not a std::tuple: jvp(f, x, dx).
template <class F, class P, class T> requires(!detail::is_std_tuple<P> && !detail::is_std_tuple<T>)
auto jvp(const F& f, const P& primal, const T& tangent) {
  return detail::jvp<std::decay_t<const F&>, false>(f, std::tuple<const P&>(primal), std::tuple<const T&>(tangent));
}
/// f returns {result, auxiliary}; the result is {result, tangent, auxiliary}.
template <class F, class... P, class... T>
auto jvp(const F& f, HasAux, const std::tuple<P...>& primals, const std::tuple<T...>& tangents) {
  return detail::jvp<std::decay_t<const F&>, true>(f, primals, tangents);
}
template <class F, class P, class T> requires(!detail::is_std_tuple<P> && !detail::is_std_tuple<T>)
auto jvp(const F& f, HasAux, const P& primal, const T& tangent) {
  return detail::jvp<std::decay_t<const F&>, true>(f, std::tuple<const P&>(primal), std::tuple<const T&>(tangent));
}

}  // namespace fluxion
