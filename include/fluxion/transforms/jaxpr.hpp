// make_jaxpr and eval_shape: a function traced, not run.
#pragma once

#include <iosfwd>
#include <string>
#include <utility>

#include <fluxion/detail/flat_calls.hpp>
#include <fluxion/transforms/jit.hpp>

namespace fluxion {

/// A traced program with the values it captured. Prints as JAX prints it; to_string(jaxpr) gives the text.
using detail::ClosedJaxpr;
namespace detail {
std::ostream& operator<<(std::ostream& os, const ClosedJaxpr& jaxpr);
}

/// The shape and dtype of an argument to make_jaxpr or eval_shape, in place of an array.
/// Source: jax.ShapeDtypeStruct.
struct ShapeDtypeStruct {
  Shape shape;
  DType dtype = DType::float64;
};

template <>
struct Tree<ShapeDtypeStruct> {
  using traced = Array;
  static void flatten(const ShapeDtypeStruct& x, TreeWriter& w) {
    w.leaf(detail::abstract_array({x.shape, x.dtype, false}));
  }
  static Array build(TreeReader& r) { return r.leaf(); }
};

namespace detail {

template <class F, class Statics>
class MakeJaxpr;
template <class F, int... S>
class MakeJaxpr<F, StaticArgnums<S...>> {
 public:
  explicit MakeJaxpr(F f) : f_(std::move(f)) {}

  template <class... A>
  ClosedJaxpr operator()(A&&... args) const {
    if constexpr (!in_range<sizeof...(A), S...>) {
      static_assert(dependent_false<F>, "fluxion::make_jaxpr: static_argnums must name arguments of the call; count from "
                                        "0, or from -1 at the end");
      return {};
    } else {
      using Traced = Complement<Normalised<sizeof...(A), S...>, sizeof...(A)>;
      if constexpr (traceable<F, Traced, false, A...>()) {
        TypedCall<F, Traced, false, A...> call(f_, args...);
        return jaxpr_call(call, "make_jaxpr");
      } else {
        return {};
      }
    }
  }

 private:
  [[no_unique_address]] F f_;
};

}  // namespace detail

/// A function of the same arguments that returns the jaxpr of f for them. Arrays, or ShapeDtypeStructs in their
/// place. Source: jax.make_jaxpr.
template <class F>
auto make_jaxpr(F f) { return detail::MakeJaxpr<F, StaticArgnums<>>(std::move(f)); }
template <class F, int... S>
auto make_jaxpr(F f, StaticArgnums<S...>) { return detail::MakeJaxpr<F, StaticArgnums<S...>>(std::move(f)); }

/// The result of f(args...) without its values: a tree of the type of f's result, whose arrays know shape and
/// dtype and throw UnexpectedTracerError when an operation uses them. Nothing is computed. Arguments may be
/// arrays, ShapeDtypeStructs or results of eval_shape. Source: jax.eval_shape.
template <class F, class... A>
auto eval_shape(const F& f, const A&... args) {
  using Fn = std::decay_t<const F&>;
  using All = detail::FirstN<sizeof...(A)>;
  if constexpr (detail::traceable<Fn, All, false, const A&...>()) {
    const Fn& fn = f;
    detail::TypedCall<Fn, All, false, const A&...> call(fn, args...);
    Arrays outs = detail::eval_shape_call(call);
    return detail::build_tree<detail::ResultOf<Fn, All, const A&...>>(call.out, std::move(outs));
  } else {
    return detail::Invalid{};
  }
}

}  // namespace fluxion
