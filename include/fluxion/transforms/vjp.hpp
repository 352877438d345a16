// vjp and linearize: the derivative at a point as a function, applied backward or forward any number of times.
#pragma once

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fluxion/detail/flat_calls.hpp>

namespace fluxion {

/// J^T of a function at a point: takes a cotangent of its result (structure, shapes and dtypes of the result;
/// an empty handle stands for zero) and gives one of each argument, bare if there is one, else as a tuple.
/// Copies share the recorded derivative. Throws ValueError or TypeError naming the leaf that does not fit.
template <class... Primal>
class Pullback {
 public:
  explicit Pullback(std::shared_ptr<const detail::Derivative> d) : d_(std::move(d)) {}
  template <TreeLike Ct>
  auto operator()(const Ct& cotangent) const {
    TreeWriter w;
    Tree<Ct>::flatten(cotangent, w);
    return detail::build_row(detail::TypeList<Primal...>{}, d_->in, detail::pull_back(*d_, w));
  }

 private:
  std::shared_ptr<const detail::Derivative> d_;
};

/// J of a function at a point: takes one tangent per argument and gives that of the result.
template <class Out, class... Primal>
class Pushforward {
 public:
  explicit Pushforward(std::shared_ptr<const detail::Derivative> d) : d_(std::move(d)) {}
  template <TreeLike... T>
  Out operator()(const T&... tangents) const {
    if constexpr (sizeof...(T) != sizeof...(Primal)) {
      static_assert(detail::dependent_false<Out>, "fluxion::linearize: one tangent per linearized argument is required");
      return detail::Invalid{};
    } else {
      TreeWriter w;
      (Tree<T>::flatten(tangents, w), ...);
      return detail::build_tree<Out>(d_->out, detail::push_forward(*d_, w));
    }
  }

 private:
  std::shared_ptr<const detail::Derivative> d_;
};

namespace detail {

template <bool Aux, bool Backward, class F, class... P>
auto linearized(const F& f, const P&... primals) {
  using All = FirstN<sizeof...(P)>;
  if constexpr (sizeof...(P) == 0) {
    static_assert(dependent_false<F>, "fluxion: vjp and linearize need the point at which to differentiate: vjp(f, x...)");
    return Invalid{};
  } else if constexpr (traceable<F, All, Aux, const P&...>()) {
    using Parts = ResultParts<Aux, ResultOf<F, All, const P&...>>;
    using Out = traced_t<typename Parts::Out>;
    using Map = std::conditional_t<Backward, Pullback<traced_t<P>...>, Pushforward<Out, traced_t<P>...>>;
    TypedCall<F, All, Aux, const P&...> call(f, primals...);
    LinearizedCall r = linearize_call(call, Backward ? "vjp" : "linearize");
    Map map(std::move(r.derivative));
    if constexpr (Aux) {
      auto [out, aux] = build_with_aux<Out, typename Parts::AuxPart>(call, std::move(r.outs));
      return std::tuple<Out, Map, decltype(aux)>{std::move(out), std::move(map), std::move(aux)};
    } else {
      return std::pair<Out, Map>{build_tree<Out>(call.out, std::move(r.outs)), std::move(map)};
    }
  } else {
    return Invalid{};
  }
}

}  // namespace detail

/// {f(primals...), pullback}: pullback(ct) is J^T ct. Source: jax.vjp.
template <class F, class... P>
auto vjp(const F& f, const P&... primals) {
  return detail::linearized<false, true, std::decay_t<const F&>>(f, primals...);
}
/// f returns {result, auxiliary}; the result is {result, pullback, auxiliary}.
template <class F, class... P>
auto vjp(const F& f, HasAux, const P&... primals) {
  return detail::linearized<true, true, std::decay_t<const F&>>(f, primals...);
}

/// {f(primals...), f_jvp}: f_jvp(tangents...) is J tangents, without evaluating f again. Source: jax.linearize.
template <class F, class... P>
auto linearize(const F& f, const P&... primals) {
  return detail::linearized<false, false, std::decay_t<const F&>>(f, primals...);
}
/// f returns {result, auxiliary}; the result is {result, f_jvp, auxiliary}.
template <class F, class... P>
auto linearize(const F& f, HasAux, const P&... primals) {
  return detail::linearized<true, false, std::decay_t<const F&>>(f, primals...);
}

}  // namespace fluxion
