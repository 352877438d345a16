// linear_transpose and closure_convert: functions as programs.
#pragma once

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <fluxion/detail/custom_call.hpp>

namespace fluxion {

namespace detail {

/// The transpose of a traced function, with the structures of what goes in and comes out.
struct TransposedCall;
std::shared_ptr<const TransposedCall> transpose_call(FlatCall& f);
const TreeDef& arguments_of(const TransposedCall& t);
Arrays apply_transpose(const TransposedCall& t, const TreeWriter& cotangents);

/// A traced function, some of whose captured values have become arguments.
struct ConvertedCall;
std::pair<std::shared_ptr<const ConvertedCall>, Arrays> closure_convert_call(FlatCall& f);
Arrays apply_converted(const ConvertedCall& c, const TreeWriter& args, const Arrays& hoisted, TreeDef& out);

}  // namespace detail

/// What linear_transpose gives: a cotangent of the result (an empty handle stands for zero) to one of each argument,
/// bare if there is one, else a tuple. Copies share the traced function.
template <class... Primal>
class LinearTransposed {
 public:
  explicit LinearTransposed(std::shared_ptr<const detail::TransposedCall> t) : t_(std::move(t)) {}
  template <TreeLike Ct>
  auto operator()(const Ct& cotangent) const {
    TreeWriter w;
    Tree<Ct>::flatten(cotangent, w);
    return detail::build_row(detail::TypeList<Primal...>{}, detail::arguments_of(*t_), detail::apply_transpose(*t_, w));
  }

 private:
  std::shared_ptr<const detail::TransposedCall> t_;
};

/// f^T for an f that is linear in all its arguments together: <f(x), ct> = <x, f^T(ct)>. The arguments say only shape
/// and dtype: arrays, or fx::ShapeDtypeStruct. f is traced, once, and not run; an added constant is dropped. Throws
/// TypeError naming the operation that is not linear, or the leaf that is not floating. Source: jax.linear_transpose.
template <class F, class... P>
auto linear_transpose(const F& f, const P&... primals) {
  using Fn = std::decay_t<const F&>;
  using All = detail::FirstN<sizeof...(P)>;
  if constexpr (sizeof...(P) == 0) {
    static_assert(detail::dependent_false<F>, "fluxion::linear_transpose: arguments like those of f are required: "
                                              "linear_transpose(f, x...)");
    return detail::Invalid{};
  } else if constexpr (detail::traceable<Fn, All, false, const P&...>()) {
    const Fn& fn = f;
    detail::TypedCall<Fn, All, false, const P&...> call(fn, primals...);
    return LinearTransposed<traced_t<P>...>(detail::transpose_call(call));
  } else {
    return detail::Invalid{};
  }
}

/// What closure_convert gives: f of arguments like the examples, and of the hoisted values.
template <class Out, class... Args>
class ClosureConverted {
 public:
  explicit ClosureConverted(std::shared_ptr<const detail::ConvertedCall> c) : c_(std::move(c)) {}
  Out operator()(const Args&... args, const Arrays& hoisted) const {
    TreeWriter w;
    (Tree<Args>::flatten(args, w), ...);
    TreeDef out;
    Arrays leaves = detail::apply_converted(*c_, w, hoisted, out);
    return detail::build_tree<Out>(out, std::move(leaves));
  }

 private:
  std::shared_ptr<const detail::ConvertedCall> c_;
};

/// {g, hoisted} with g(args..., hoisted) = f(args...) for arguments like these: the captured floating values that are
/// being traced (under grad, vmap, jit ...) become an explicit std::vector<Array>, which a function with custom rules can
/// take as an argument and differentiate. Arrays that are not traced stay captured. Source: jax.closure_convert.
template <class F, class... A>
auto closure_convert(const F& f, const A&... examples) {
  using Fn = std::decay_t<const F&>;
  using All = detail::FirstN<sizeof...(A)>;
  if constexpr (detail::traceable<Fn, All, false, const A&...>()) {
    const Fn& fn = f;
    detail::TypedCall<Fn, All, false, const A&...> call(fn, examples...);
    auto [converted, hoisted] = detail::closure_convert_call(call);
    using G = ClosureConverted<traced_t<detail::ResultOf<Fn, All, const A&...>>, traced_t<A>...>;
    return std::pair<G, Arrays>(G(std::move(converted)), std::move(hoisted));
  } else {
    return detail::Invalid{};
  }
}

}  // namespace fluxion
