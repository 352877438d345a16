// Control flow on traced values: cond, switch_, while_loop, fori_loop, scan, map, associative_scan. Bodies are pure
// functions of trees, traced once, whatever the number of trips. Source: jax.lax.
#pragma once

#include <concepts>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <fluxion/detail/flat_call.hpp>
#include <fluxion/detail/flat_control.hpp>
#include <fluxion/tree.hpp>

namespace fluxion {

namespace detail {

template <class F, class... A>
using result_of = std::decay_t<std::invoke_result_t<const F&, A...>>;

inline LeafPath path_in(const TreeDef& def) {
  return [&def](std::size_t i) { return def.paths()[i]; };
}

/// f, called with the elements of a tuple of trees, as a function of leaves; `out` receives the result's structure.
template <class Args, class F>
FlatFn flat_of(const F& f, const TreeDef& in, TreeDef& out) {
  return [&f, &in, &out](const Arrays& leaves) {
    auto result = tree::flatten(std::apply(f, tree::unflatten<Args>(in, leaves)));
    out = std::move(result.structure);
    return std::move(result.leaves);
  };
}

template <class T>
concept PairLike = requires { std::tuple_size<T>::value; } && std::tuple_size<T>::value == 2;

/// The result of a branch that was chosen by an index: `outs` receives the structures of all.
template <class R>
traced_t<R> switch_over(const Array& index, std::span<const FlatFn> branches, const std::vector<TreeDef>& outs, const Arrays& operands) {
  auto leaves = cond_flat("switch_", index, branches, operands, path_in(outs[0]));
  for (const auto& other : outs) check_structure("switch_: the tree of each branch", outs[0], other);
  return tree::unflatten<R>(outs[0], std::move(leaves));
}

/// True if B is a body of fori_loop for this carry; otherwise stops the compilation.
template <class B, class Carry>
constexpr bool valid_fori_body() {
  if constexpr (!std::invocable<const B&, const Array&, const Carry&>) {
    static_assert(dependent_false<B>, "fluxion::fori_loop: the body must be callable with (index, carry), both traced: numbers "
                                      "arrive as fx::Array, trees whole; take them by value or const reference");
  } else if constexpr (!TreeLike<result_of<B, const Array&, const Carry&>>) {
    static_assert(dependent_false<B>, "fluxion::fori_loop: the body must return the next carry, a tree of arrays");
  } else if constexpr (!std::same_as<traced_t<result_of<B, const Array&, const Carry&>>, Carry>) {
    static_assert(dependent_false<B>, "fluxion::fori_loop: the body must return the carry's type; the index is no part of it");
  } else {
    return true;
  }
  return false;
}

}  // namespace detail

/// true_fun(operands...) where pred, else false_fun(operands...). Only the chosen branch runs; under vmap over pred, each
/// runs on the lanes that take it, or, where that is cheaper, on all lanes, of which the results are then selected.
/// pred is a scalar: bool, or true where it is not 0. Both branches return trees of one type and equal avals.
/// Throws TypeError with the leaf's path if not, and for a pred that is no scalar. Source: jax.lax.cond.
template <class T, class F, TreeLike... A>
auto cond(const Array& pred, const T& true_fun, const F& false_fun, const A&... operands) {
  if constexpr (!std::invocable<const T&, const traced_t<A>&...> || !std::invocable<const F&, const traced_t<A>&...>) {
    static_assert(detail::dependent_false<T>, "fluxion::cond: both branches must be functions callable with the operands, one "
                                              "parameter for each; numbers arrive as fx::Array (to choose between values, use "
                                              "fx::where)");
    return detail::Invalid{};
  } else if constexpr (!TreeLike<detail::result_of<T, const traced_t<A>&...>> || !TreeLike<detail::result_of<F, const traced_t<A>&...>>) {
    static_assert(detail::dependent_false<T>, "fluxion::cond: both branches must return an array or a tree of arrays; fx::none "
                                              "is the empty one");
    return detail::Invalid{};
  } else if constexpr (!std::same_as<traced_t<detail::result_of<T, const traced_t<A>&...>>,
                                     traced_t<detail::result_of<F, const traced_t<A>&...>>>) {
    static_assert(detail::dependent_false<T>, "fluxion::cond: both branches must return the same type of tree");
    return detail::Invalid{};
  } else {
    using R = detail::result_of<T, const traced_t<A>&...>;
    using Args = std::tuple<A...>;
    const auto in = tree::flatten(Args(operands...));
    TreeDef out, out_true;
    const detail::FlatFn branches[] = {detail::flat_of<Args>(false_fun, in.structure, out),
                                       detail::flat_of<Args>(true_fun, in.structure, out_true)};
    auto leaves = detail::cond_flat("cond", detail::branch_index(pred), branches, in.leaves, detail::path_in(out));
    detail::check_structure("cond: the tree of false_fun", out_true, out);
    return tree::unflatten<R>(out, std::move(leaves));
  }
}

/// branches[index](operands...), the index clamped into range. `branches` is a std::tuple of functions, or a std::vector
/// of functions of one type; a single one is called. Runs and throws as cond does, and TypeError for an index that is no
/// integer scalar. Source: jax.lax.switch.
template <class... F, TreeLike... A>
auto switch_(const Array& index, const std::tuple<F...>& branches, const A&... operands) {
  if constexpr (sizeof...(F) == 0) {
    static_assert(detail::dependent_false<std::tuple<F...>>, "fluxion::switch_: at least one branch is required, in a tuple: "
                                                             "switch_(index, std::tuple(f, g), operands...)");
    return detail::Invalid{};
  } else if constexpr (!(std::invocable<const F&, const traced_t<A>&...> && ...)) {
    static_assert(detail::dependent_false<std::tuple<F...>>, "fluxion::switch_: all branches must be callable with the operands, "
                                                             "one parameter for each; numbers arrive as fx::Array");
    return detail::Invalid{};
  } else if constexpr (!(TreeLike<detail::result_of<F, const traced_t<A>&...>> && ...)) {
    static_assert(detail::dependent_false<std::tuple<F...>>, "fluxion::switch_: all branches must return an array or a tree of arrays");
    return detail::Invalid{};
  } else {
    using R = detail::result_of<std::tuple_element_t<0, std::tuple<F...>>, const traced_t<A>&...>;
    if constexpr (!(std::same_as<traced_t<R>, traced_t<detail::result_of<F, const traced_t<A>&...>>> && ...)) {
      static_assert(detail::dependent_false<R>, "fluxion::switch_: all branches must return the same type of tree");
      return detail::Invalid{};
    } else {
      using Args = std::tuple<A...>;
      const auto in = tree::flatten(Args(operands...));
      std::vector<TreeDef> outs(sizeof...(F));
      return std::apply([&](const F&... f) {
        std::size_t next = 0;
        const detail::FlatFn flat[] = {detail::flat_of<Args>(f, in.structure, outs[next++])...};
        return detail::switch_over<R>(index, flat, outs, in.leaves);
      }, branches);
    }
  }
}
template <class F, TreeLike... A> requires(std::invocable<const F&, const traced_t<A>&...>)
auto switch_(const Array& index, const std::vector<F>& branches, const A&... operands) {
  using R = detail::result_of<F, const traced_t<A>&...>;
  static_assert(TreeLike<R>, "fluxion::switch_: all branches must return an array or a tree of arrays");
  using Args = std::tuple<A...>;
  const auto in = tree::flatten(Args(operands...));
  std::vector<TreeDef> outs(branches.size());
  std::vector<detail::FlatFn> flat;
  for (std::size_t i = 0; i < branches.size(); ++i) flat.push_back(detail::flat_of<Args>(branches[i], in.structure, outs[i]));
  detail::check_branches(flat.size());
  return detail::switch_over<R>(index, flat, outs, in.leaves);
}

/// val = init; while (cond_fun(val)) val = body_fun(val); return val. cond_fun returns a bool scalar, the body the carry's
/// own type: same tree, shapes and dtypes (TypeError with the leaf's path otherwise). Under vmap the loop runs until no
/// lane is left, and lanes that are done keep their values.
/// Differentiable in both modes: reverse mode records the residuals of every trip on a tape that grows with
/// the loop, or with {.max_residual_bytes = n} keeps some carries and runs the trips between them again (ValueError if
/// not even one trip fits). Source: jax.lax.while_loop, which has no reverse mode.
template <class C, class B, TreeLike Init>
traced_t<Init> while_loop(const C& cond_fun, const B& body_fun, const Init& init, const detail::WhileOptions& options = {}) {
  using Carry = traced_t<Init>;
  if constexpr (!std::invocable<const C&, const Carry&> || !std::invocable<const B&, const Carry&>) {
    static_assert(detail::dependent_false<C>, "fluxion::while_loop: condition and body must be callable with the carry, one tree "
                                              "as a whole; numbers arrive as fx::Array");
    return detail::Invalid{};
  } else if constexpr (!detail::is_array_like<detail::result_of<C, const Carry&>>) {
    static_assert(detail::dependent_false<C>, "fluxion::while_loop: the condition must return one bool scalar, as x < 3 does");
    return detail::Invalid{};
  } else if constexpr (!TreeLike<detail::result_of<B, const Carry&>>) {
    static_assert(detail::dependent_false<C>, "fluxion::while_loop: the body must return the next carry, a tree of arrays");
    return detail::Invalid{};
  } else if constexpr (!std::same_as<traced_t<detail::result_of<B, const Carry&>>, Carry>) {
    static_assert(detail::dependent_false<C>, "fluxion::while_loop: the body must return the carry's type");
    return detail::Invalid{};
  } else {
    const auto in = tree::flatten(std::tuple<Init>(init));
    const auto carry = tree::structure(init);
    TreeDef out, verdict;
    auto leaves = detail::while_flat(detail::flat_of<std::tuple<Init>>(cond_fun, in.structure, verdict),
                                     detail::flat_of<std::tuple<Init>>(body_fun, in.structure, out), in.leaves, options,
                                     detail::path_in(carry));
    detail::check_structure("while_loop: the carry that the body returns", carry, out);
    return tree::unflatten<Init>(carry, std::move(leaves));
  }
}

/// carry, y = f(carry, x) for each x along the leading axis of the leaves of xs, from the first, or from the last
/// with {.reverse = true}; returns {carry, ys} with ys stacked in the order of xs. xs may be fx::none with
/// {.length = n}. f returns a pair or 2-tuple; y may be fx::none. {.unroll = k} makes k trips one, with the same
/// results. Differentiable in both modes: reverse mode stores the residuals of every trip. Throws TypeError naming every
/// leaf whose type changes, ValueError for lengths that differ or are not known, and for unroll < 1.
/// Source: jax.lax.scan.
template <class F, TreeLike Init, TreeLike Xs>
auto scan(const F& f, const Init& init, const Xs& xs, const detail::ScanOptions& options = {}) {
  using Carry = traced_t<Init>;
  using X = traced_t<Xs>;
  if constexpr (!std::invocable<const F&, const Carry&, const X&>) {
    static_assert(detail::dependent_false<F>, "fluxion::scan: f must be callable with (carry, x), both traced: numbers arrive as "
                                              "fx::Array, trees whole, and x as fx::None where xs is fx::none");
    return detail::Invalid{};
  } else if constexpr (!detail::PairLike<detail::result_of<F, const Carry&, const X&>>) {
    static_assert(detail::dependent_false<F>, "fluxion::scan: f must return a pair or 2-tuple {carry, y}: std::pair(carry, y), or "
                                              "std::pair(carry, fx::none) where there is no y");
    return detail::Invalid{};
  } else if constexpr (!TreeLike<std::tuple_element_t<0, detail::result_of<F, const Carry&, const X&>>> ||
                       !TreeLike<std::tuple_element_t<1, detail::result_of<F, const Carry&, const X&>>>) {
    static_assert(detail::dependent_false<F>, "fluxion::scan: the carry and y that f returns must be trees of arrays; y may be "
                                              "fx::none");
    return detail::Invalid{};
  } else if constexpr (!std::same_as<traced_t<std::decay_t<std::tuple_element_t<0, detail::result_of<F, const Carry&, const X&>>>>, Carry>) {
    static_assert(detail::dependent_false<F>, "fluxion::scan: the carry that f returns must have the type of init");
    return detail::Invalid{};
  } else {
    using Y = std::decay_t<std::tuple_element_t<1, detail::result_of<F, const Carry&, const X&>>>;
    const auto first = tree::flatten(init);
    const auto elements = tree::flatten(xs);
    const auto in = tree::structure(std::tuple<Init, Xs>(init, xs));
    TreeDef ys;
    const detail::FlatFn body = [&](const Arrays& leaves) {
      auto result = std::apply(f, tree::unflatten<std::tuple<Init, Xs>>(in, leaves));
      auto [out, carry] = tree::flatten(std::get<0>(result));
      detail::check_structure("scan: the carry that f returns", first.structure, carry);
      auto y = tree::flatten(std::get<1>(result));
      ys = std::move(y.structure);
      out.insert(out.end(), y.leaves.begin(), y.leaves.end());
      return out;
    };
    auto leaves = detail::scan_flat("scan", body, first.leaves, elements.leaves, options, detail::path_in(first.structure),
                                    detail::path_in(elements.structure));
    const auto n = static_cast<std::ptrdiff_t>(first.leaves.size());
    Arrays stacked(leaves.begin() + n, leaves.end());
    leaves.resize(first.leaves.size());
    return std::pair<Carry, traced_t<Y>>(tree::unflatten<Init>(first.structure, std::move(leaves)),
                                         tree::unflatten<Y>(ys, std::move(stacked)));
  }
}

/// f(x) for each x along the leading axis of xs, one after the other, results stacked. With {.batch_size = b}, b at a
/// time: a scan of vmap(f), and one call of vmap(f) for the remainder. Throws ValueError for b < 1.
/// Source: jax.lax.map.
template <class F, TreeLike Xs>
auto map(const F& f, const Xs& xs, const detail::MapOptions& options = {}) {
  using X = traced_t<Xs>;
  if constexpr (!std::invocable<const F&, const X&>) {
    static_assert(detail::dependent_false<F>, "fluxion::map: f must be callable with one element of xs; numbers arrive as fx::Array");
    return detail::Invalid{};
  } else if constexpr (!TreeLike<detail::result_of<F, const X&>>) {
    static_assert(detail::dependent_false<F>, "fluxion::map: f must return an array or a tree of arrays");
    return detail::Invalid{};
  } else {
    using Y = detail::result_of<F, const X&>;
    const auto elements = tree::flatten(xs);
    TreeDef ys;
    const detail::FlatFn body = [&](const Arrays& leaves) {
      auto y = tree::flatten(f(tree::unflatten<Xs>(elements.structure, leaves)));
      ys = std::move(y.structure);
      return std::move(y.leaves);
    };
    auto leaves = detail::map_flat(body, elements.leaves, options, detail::path_in(elements.structure));
    return tree::unflatten<Y>(ys, std::move(leaves));
  }
}

/// Prefix combinations along an axis: result[i] = fn(...fn(elems[0], elems[1])..., elems[i]) for an associative fn, in
/// about 2 log2 n calls of fn on whole slices (so fn must work elementwise along the axis). {.reverse = true} starts
/// from the end; {.axis = k} chooses the axis, negative from the end. Throws ValueError for an empty tree, an axis out
/// of range or unequal extents, TypeError if fn changes structure or types. Blelloch (1990); jax.lax.associative_scan.
template <class F, TreeLike T>
traced_t<T> associative_scan(const F& fn, const T& elems, const detail::AssociativeScanOptions& options = {}) {
  using E = traced_t<T>;
  if constexpr (!std::invocable<const F&, const E&, const E&>) {
    static_assert(detail::dependent_false<F>, "fluxion::associative_scan: fn must be callable with two trees like elems");
    return detail::Invalid{};
  } else if constexpr (!TreeLike<detail::result_of<F, const E&, const E&>>) {
    static_assert(detail::dependent_false<F>, "fluxion::associative_scan: fn must return the type of elems");
    return detail::Invalid{};
  } else if constexpr (!std::same_as<traced_t<detail::result_of<F, const E&, const E&>>, E>) {
    static_assert(detail::dependent_false<F>, "fluxion::associative_scan: fn must return the type of elems");
    return detail::Invalid{};
  } else {
    const auto in = tree::flatten(elems);
    const auto pair = tree::structure(std::pair<T, T>(elems, elems));
    const detail::FlatFn combine = [&](const Arrays& leaves) {
      auto out = tree::flatten(std::apply(fn, tree::unflatten<std::pair<T, T>>(pair, leaves)));
      detail::check_structure("associative_scan: the tree that fn returns", in.structure, out.structure);
      return std::move(out.leaves);
    };
    auto leaves = detail::associative_scan_flat(combine, in.leaves, options, detail::path_in(in.structure));
    return tree::unflatten<T>(in.structure, std::move(leaves));
  }
}

/// for (i = lower; i < upper; ++i) val = body_fun(i, val); return val. Bounds may be traced; i is an int64 scalar.
/// Differentiable in both modes, as while_loop is; throws TypeError unless bounds are integer scalars.
/// Source: jax.lax.fori_loop.
template <class B, TreeLike Init>
traced_t<Init> fori_loop(const Array& lower, const Array& upper, const B& body_fun, const Init& init,
                         const detail::WhileOptions& options = {}) {
  if constexpr (detail::valid_fori_body<B, traced_t<Init>>()) {
    const auto in = tree::flatten(init);
    TreeDef out;
    const detail::FlatFn body = [&](const Arrays& leaves) {
      auto result = tree::flatten(body_fun(leaves[0], tree::unflatten<Init>(in.structure, Arrays(leaves.begin() + 1, leaves.end()))));
      out = std::move(result.structure);
      return std::move(result.leaves);
    };
    auto leaves = detail::fori_flat(lower, upper, body, in.leaves, options, detail::path_in(in.structure));
    detail::check_structure("fori_loop: the carry that the body returns", in.structure, out);
    return tree::unflatten<Init>(in.structure, std::move(leaves));
  } else {
    return detail::Invalid{};
  }
}

/// The same with bounds that are numbers: without options a scan, whose reverse mode stores residuals in arrays.
template <std::integral L, std::integral U, class B, TreeLike Init>
traced_t<Init> fori_loop(L lower, U upper, const B& body_fun, const Init& init, const detail::WhileOptions& options = {}) {
  if constexpr (detail::valid_fori_body<B, traced_t<Init>>()) {
    if (options.max_residual_bytes)
      return fori_loop(scalar(static_cast<std::int64_t>(lower)), scalar(static_cast<std::int64_t>(upper)), body_fun, init, options);
    const auto in = tree::flatten(init);
    const detail::FlatFn trip = [&](const Arrays& leaves) {
      auto carry = tree::flatten(body_fun(leaves[0], tree::unflatten<Init>(in.structure, Arrays(leaves.begin() + 1, leaves.end()))));
      detail::check_structure("fori_loop: the carry that the body returns", in.structure, carry.structure);
      carry.leaves.insert(carry.leaves.begin(), leaves[0] + 1);
      return std::move(carry.leaves);
    };
    Arrays start = in.leaves;
    start.insert(start.begin(), scalar(static_cast<std::int64_t>(lower)));
    const auto n = static_cast<std::int64_t>(upper) - static_cast<std::int64_t>(lower);
    const detail::LeafPath path = [&](std::size_t i) { return i == 0 ? std::string() : in.structure.paths()[i - 1]; };
    auto leaves = detail::scan_flat("fori_loop", trip, std::move(start), {}, {.length = n > 0 ? n : 0}, path, path);
    leaves.erase(leaves.begin());
    return tree::unflatten<Init>(in.structure, std::move(leaves));
  } else {
    return detail::Invalid{};
  }
}

}  // namespace fluxion
