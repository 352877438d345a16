// hvp: products of the Hessian with a direction.
#pragma once

#include <tuple>
#include <utility>

#include <fluxion/transforms/grad.hpp>
#include <fluxion/transforms/jvp.hpp>

namespace fluxion {

/// The derivative of the gradient of f along `tangents`, forward over reverse: jvp(grad(f), primals, tangents).second.
/// It has the type of the gradient: that of the first argument, or of those of argnums. `primals` and `tangents` are
/// tuples, with one tangent per argument, the empty handle for one that stays; where all arguments are differentiated,
/// the result is the Hessian times the direction. Costs a small multiple of the gradient in time and memory, whatever
/// the number of variables. Throws as jvp and grad do. Source: the recipe of JAX's autodiff cookbook.
template <class F, class... P, class... T>
auto hvp(const F& f, const std::tuple<P...>& primals, const std::tuple<T...>& tangents) {
  return jvp(grad(f), primals, tangents).second;
}
template <class F, int... I, class... P, class... T>
auto hvp(const F& f, Argnums<I...> nums, const std::tuple<P...>& primals, const std::tuple<T...>& tangents) {
  return jvp(grad(f, nums), primals, tangents).second;
}
/// For a function of one argument, which is not a std::tuple: hvp(f, x, v), the Hessian of f at x times v.
template <class F, class P, class T> requires(!detail::is_std_tuple<P> && !detail::is_std_tuple<T>)
auto hvp(const F& f, const P& primal, const T& tangent) {
  return jvp(grad(f), primal, tangent).second;
}

}  // namespace fluxion
