// jacfwd, jacrev and hessian: whole derivative matrices.
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include <fluxion/transforms/grad.hpp>

namespace fluxion {

namespace detail {

template <class F, class Nums, bool Forward>
class JacobianFn;
template <class F, int... I, bool Forward>
class JacobianFn<F, Argnums<I...>, Forward> {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>();

  explicit JacobianFn(F f) : f_(std::move(f)) {}

  template <class... A>
  auto operator()(A&&... args) const {
    using P = Normalised<sizeof...(A), I...>;
    if constexpr (check<A...>()) {
      using Out = ResultOf<F, P, A...>;
      TypedCall<F, P, false, A...> call(f_, args...);
      std::vector<Arrays> jacobian = jacobian_call(call, Forward);
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
    } else {
      return Invalid{};
    }
  }

  void write_identity(IdentityWords& w) const { detail::write_identity(f_, w); }

 private:
  template <class... T>
  static constexpr bool all_arrays(TypeList<T...>) { return (is_array_like<T> && ...); }

  template <class... A>
  static constexpr bool check() {
    if constexpr (valid_argnums<F, sizeof...(A), I...>()) {
      using P = Normalised<sizeof...(A), I...>;
      if constexpr (traceable<F, P, false, A...>()) {
        if constexpr (is_array_like<ResultOf<F, P, A...>> || all_arrays(Select<P, A...>{})) return true;
        else static_assert(dependent_false<F>,
                           "fluxion::jacobian: either the arguments or the result must be single Arrays, because C++ has "
                           "no type for a tree of trees; ravel one of them with fx::tree::ravel");
      }
    }
    return false;
  }

  [[no_unique_address]] F f_;
};

}  // namespace detail

/// The Jacobian of f by forward mode, one column at a time (all at once under vmap): a function of the same
/// arguments that returns d f / d args[i]. For an Array result it has the type of the argument, each leaf of shape
/// result.shape + leaf.shape; for an Array argument and a tree result, the type of the result likewise. Several
/// argnums give a std::tuple. Throws TypeError when a differentiated leaf is not floating. Source: jax.jacfwd.
template <class F>
auto jacfwd(F f) { return detail::JacobianFn<F, Argnums<0>, true>(std::move(f)); }
template <class F, int... I>
auto jacfwd(F f, Argnums<I...>) { return detail::JacobianFn<F, Argnums<I...>, true>(std::move(f)); }

/// The same by reverse mode, one row at a time. Source: jax.jacrev.
template <class F>
auto jacrev(F f) { return detail::JacobianFn<F, Argnums<0>, false>(std::move(f)); }
template <class F, int... I>
auto jacrev(F f, Argnums<I...>) { return detail::JacobianFn<F, Argnums<I...>, false>(std::move(f)); }

/// The second derivative d^2 f / dx dx of an Array argument x, of shape result.shape + x.shape + x.shape:
/// jacfwd(jacrev(f)). Source: jax.hessian.
template <class F>
auto hessian(F f) { return jacfwd(jacrev(std::move(f))); }
template <class F, int I>
auto hessian(F f, Argnums<I> argnum) { return jacfwd(jacrev(std::move(f), argnum), argnum); }

}  // namespace fluxion
