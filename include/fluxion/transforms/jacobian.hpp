// jacfwd, jacrev and hessian: whole derivative matrices.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include <fluxion/transforms/grad.hpp>

namespace fluxion {

struct JacobianOptions {
  /// The function is complex differentiable: arguments and results must be complex.
  bool holomorphic = false;
};

namespace detail {

template <class F, class Nums, bool Aux, bool Forward>
class JacobianFn;
template <class F, int... I, bool Aux, bool Forward>
class JacobianFn<F, Argnums<I...>, Aux, Forward> {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>();

  JacobianFn(F f, JacobianOptions options) : f_(std::move(f)), options_(options) {}

  template <class... A>
  auto operator()(A&&... args) const {
    using P = Normalised<sizeof...(A), I...>;
    if constexpr (check<A...>()) {
      using Parts = ResultParts<Aux, ResultOf<F, P, A...>>;
      TypedCall<F, P, Aux, A...> call(f_, args...);
      JacobianResult r = jacobian_call(call, Forward, {false, options_.holomorphic});
      auto jacobian = build<typename Parts::Out, P, A...>(call, std::move(r.jacobian));
      if constexpr (Aux) {
        auto aux = build_tree<typename Parts::AuxPart>(call.aux, std::move(r.aux));
        return std::pair<decltype(jacobian), decltype(aux)>{std::move(jacobian), std::move(aux)};
      } else {
        return jacobian;
      }
    } else {
      return Invalid{};
    }
  }

  void write_identity(IdentityWords& w) const {
    w.push_back(options_.holomorphic);
    detail::write_identity(f_, w);
  }

 private:
  template <class Out, class P, class... A>
  static auto build(const FlatCall& call, std::vector<Arrays> jacobian) {
    if constexpr (is_array_like<Out>) {
      Arrays leaves;
      leaves.reserve(jacobian.size());
      for (Arrays& of_leaf : jacobian) leaves.push_back(std::move(of_leaf[0]));
      return build_row(Select<P, A...>{}, call.in, std::move(leaves));
    } else if constexpr (sizeof...(I) == 1) {
      return build_tree<Out>(call.out, std::move(jacobian[0]));
    } else {
      std::size_t next = 0;
      const auto one = [&](int) { return build_tree<Out>(call.out, std::move(jacobian[next++])); };
      return std::tuple{one(I)...};
    }
  }

  template <class... T>
  static constexpr bool all_arrays(TypeList<T...>) { return (is_array_like<T> && ...); }

  template <class... A>
  static constexpr bool check() {
    if constexpr (valid_argnums<F, sizeof...(A), I...>()) {
      using P = Normalised<sizeof...(A), I...>;
      if constexpr (traceable<F, P, Aux, A...>()) {
        if constexpr (is_array_like<typename ResultParts<Aux, ResultOf<F, P, A...>>::Out> || all_arrays(Select<P, A...>{})) return true;
        else static_assert(dependent_false<F>,
                           "fluxion::jacobian: either the arguments or the result must be single Arrays, because C++ has "
                           "no type for a tree of trees; ravel one of them with fx::tree::ravel");
      }
    }
    return false;
  }

  [[no_unique_address]] F f_;
  JacobianOptions options_;
};

}  // namespace detail

/// The Jacobian of f by forward mode, one column at a time (all at once under vmap): a function of the same
/// arguments that returns d f / d args[i]. For an Array result it has the type of the argument, each leaf of shape
/// result.shape + leaf.shape; for an Array argument and a tree result, the type of the result likewise. Several
/// argnums give a std::tuple. With has_aux, f returns {result, auxiliary} and the outcome is {Jacobian, auxiliary}.
/// Throws TypeError when a differentiated leaf is not floating, or not complex under {.holomorphic = true}.
/// Source: jax.jacfwd.
template <class F>
auto jacfwd(F f, JacobianOptions options = {}) {
  return detail::JacobianFn<F, Argnums<0>, false, true>(std::move(f), options);
}
template <class F, int... I>
auto jacfwd(F f, Argnums<I...>, JacobianOptions options = {}) {
  return detail::JacobianFn<F, Argnums<I...>, false, true>(std::move(f), options);
}
template <class F>
auto jacfwd(F f, HasAux, JacobianOptions options = {}) {
  return detail::JacobianFn<F, Argnums<0>, true, true>(std::move(f), options);
}
template <class F, int... I>
auto jacfwd(F f, Argnums<I...>, HasAux, JacobianOptions options = {}) {
  return detail::JacobianFn<F, Argnums<I...>, true, true>(std::move(f), options);
}

/// The same by reverse mode, one row at a time. Source: jax.jacrev.
template <class F>
auto jacrev(F f, JacobianOptions options = {}) {
  return detail::JacobianFn<F, Argnums<0>, false, false>(std::move(f), options);
}
template <class F, int... I>
auto jacrev(F f, Argnums<I...>, JacobianOptions options = {}) {
  return detail::JacobianFn<F, Argnums<I...>, false, false>(std::move(f), options);
}
template <class F>
auto jacrev(F f, HasAux, JacobianOptions options = {}) {
  return detail::JacobianFn<F, Argnums<0>, true, false>(std::move(f), options);
}
template <class F, int... I>
auto jacrev(F f, Argnums<I...>, HasAux, JacobianOptions options = {}) {
  return detail::JacobianFn<F, Argnums<I...>, true, false>(std::move(f), options);
}

/// The second derivative d^2 f / dx dx of an Array argument x, of shape result.shape + x.shape + x.shape:
/// jacfwd(jacrev(f)). With has_aux the outcome is {Hessian, auxiliary}. Source: jax.hessian.
template <class F>
auto hessian(F f, JacobianOptions options = {}) { return jacfwd(jacrev(std::move(f), options), options); }
template <class F, int I>
auto hessian(F f, Argnums<I> argnum, JacobianOptions options = {}) {
  return jacfwd(jacrev(std::move(f), argnum, options), argnum, options);
}
template <class F>
auto hessian(F f, HasAux aux, JacobianOptions options = {}) {
  return jacfwd(jacrev(std::move(f), aux, options), aux, options);
}
template <class F, int I>
auto hessian(F f, Argnums<I> argnum, HasAux aux, JacobianOptions options = {}) {
  return jacfwd(jacrev(std::move(f), argnum, aux, options), argnum, aux, options);
}

}  // namespace fluxion
