// grad and value_and_grad: reverse-mode derivatives of scalar functions.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include <fluxion/detail/flat_calls.hpp>

namespace fluxion {

struct GradOptions {
  /// Accept integer, bool and key leaves; their gradient is a float0 array of their shape.
  bool allow_int = false;
  /// The function is complex differentiable: arguments and result must be complex, and the gradient is f'(z).
  /// Without it the result must be real, and the gradient with respect to z = x + iy is df/dx - i df/dy.
  bool holomorphic = false;
};

namespace detail {

/// Whether argnums<I...> fits a call with N arguments; otherwise stops the compilation.
template <class F, int N, int... I>
constexpr bool valid_argnums() {
  if constexpr (!in_range<N, I...>) {
    static_assert(dependent_false<F>, "fluxion: argnums must name arguments of the call; count from 0, or from -1 at the end");
  } else if constexpr (!all_distinct<N, I...>) {
    static_assert(dependent_false<F>, "fluxion: argnums must name each argument once");
  } else if constexpr (sizeof...(I) == 0) {
    static_assert(dependent_false<F>, "fluxion: argnums must name at least one argument; write argnums<0>");
  } else {
    return true;
  }
  return false;
}

template <class F, class Nums, bool Aux, bool WithValue>
class GradFn;
template <class F, int... I, bool Aux, bool WithValue>
class GradFn<F, Argnums<I...>, Aux, WithValue> {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>();

  GradFn(F f, GradOptions options) : f_(std::move(f)), options_(options) {}

  template <class... A>
  auto operator()(A&&... args) const {
    if constexpr (check<A...>()) return differentiate<Normalised<sizeof...(A), I...>, A...>(args...);
    else return Invalid{};
  }

  void write_identity(IdentityWords& w) const {
    w.push_back(options_.allow_int + 2 * options_.holomorphic);
    detail::write_identity(f_, w);
  }

 private:
  template <class... A>
  static constexpr bool check() {
    if constexpr (valid_argnums<F, sizeof...(A), I...>()) {
      using P = Normalised<sizeof...(A), I...>;
      if constexpr (traceable<F, P, Aux, A...>()) {
        if constexpr (is_array_like<typename ResultParts<Aux, ResultOf<F, P, A...>>::Out>) return true;
        else static_assert(dependent_false<F>,
                           "fluxion::grad: the function must return one scalar Array; reduce its result with fx::sum, "
                           "say fx::has_aux if it returns a pair {scalar, auxiliary}, or use fx::jacrev for other results");
      }
    }
    return false;
  }

  template <class P, class... A>
  auto differentiate(std::remove_reference_t<A>&... args) const {
    using Parts = ResultParts<Aux, ResultOf<F, P, A...>>;
    TypedCall<F, P, Aux, A...> call(f_, args...);
    GradResult r = grad_call(call, WithValue ? "value_and_grad" : "grad", {options_.allow_int, options_.holomorphic});
    auto grads = build_row(Select<P, A...>{}, call.in, std::move(r.grads));
    using Grads = decltype(grads);
    if constexpr (Aux) {
      auto parts = build_with_aux<typename Parts::Out, typename Parts::AuxPart>(call, std::move(r.outs));
      using Auxiliary = typename decltype(parts)::second_type;
      if constexpr (WithValue) return std::pair<decltype(parts), Grads>{std::move(parts), std::move(grads)};
      else return std::pair<Grads, Auxiliary>{std::move(grads), std::move(parts.second)};
    } else if constexpr (WithValue) {
      return std::pair<Array, Grads>{std::move(r.outs[0]), std::move(grads)};
    } else {
      return grads;
    }
  }

  [[no_unique_address]] F f_;
  GradOptions options_;
};

}  // namespace detail

/// The gradient of f: a function of the same arguments that returns d f / d args[i] for the arguments named by
/// argnums (the first by default), each with the type of its argument, numbers as Arrays. f must return one real
/// floating scalar (see GradOptions for complex ones). Arguments that are not differentiated pass through untouched and may have any type.
/// With has_aux, f returns {scalar, auxiliary} and the result is {gradient, auxiliary}.
/// Throws TypeError when a differentiated leaf is neither floating nor complex (see GradOptions), or the result is not
/// a scalar, or complex without `holomorphic`.
/// Source: jax.grad.
template <class F>
auto grad(F f, GradOptions options = {}) {
  return detail::GradFn<F, Argnums<0>, false, false>(std::move(f), options);
}
template <class F, int... I>
auto grad(F f, Argnums<I...>, GradOptions options = {}) {
  return detail::GradFn<F, Argnums<I...>, false, false>(std::move(f), options);
}
template <class F>
auto grad(F f, HasAux, GradOptions options = {}) {
  return detail::GradFn<F, Argnums<0>, true, false>(std::move(f), options);
}
template <class F, int... I>
auto grad(F f, Argnums<I...>, HasAux, GradOptions options = {}) {
  return detail::GradFn<F, Argnums<I...>, true, false>(std::move(f), options);
}
template <class F, int... I>
auto grad(F f, HasAux, Argnums<I...>, GradOptions options = {}) {
  return detail::GradFn<F, Argnums<I...>, true, false>(std::move(f), options);
}

/// As grad, but returns {value, gradient}, or with has_aux {{value, auxiliary}, gradient}.
/// Source: jax.value_and_grad.
template <class F>
auto value_and_grad(F f, GradOptions options = {}) {
  return detail::GradFn<F, Argnums<0>, false, true>(std::move(f), options);
}
template <class F, int... I>
auto value_and_grad(F f, Argnums<I...>, GradOptions options = {}) {
  return detail::GradFn<F, Argnums<I...>, false, true>(std::move(f), options);
}
template <class F>
auto value_and_grad(F f, HasAux, GradOptions options = {}) {
  return detail::GradFn<F, Argnums<0>, true, true>(std::move(f), options);
}
template <class F, int... I>
auto value_and_grad(F f, Argnums<I...>, HasAux, GradOptions options = {}) {
  return detail::GradFn<F, Argnums<I...>, true, true>(std::move(f), options);
}
template <class F, int... I>
auto value_and_grad(F f, HasAux, Argnums<I...>, GradOptions options = {}) {
  return detail::GradFn<F, Argnums<I...>, true, true>(std::move(f), options);
}

}  // namespace fluxion
