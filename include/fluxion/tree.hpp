// Trees: which C++ types are nests of arrays, and how to take them apart, map over them and rebuild them.
#pragma once

#include <array>
#include <concepts>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fluxion/array.hpp>
#include <fluxion/static.hpp>
#include <fluxion/tree_def.hpp>

namespace fluxion {

/// Says how T is a tree of arrays; undefined for what is none. Out of the box: Array, numbers (as arrays),
/// None, Static<T>, std::vector, array, tuple, pair, optional, map<string, T>, hana::tuple and map, and every
/// Hana struct (BOOST_HANA_ADAPT_STRUCT, BOOST_HANA_DEFINE_STRUCT), nested in any way. A specialisation has
///   using traced = ...;                                  the type with every number replaced by an Array
///   static void flatten(const T&, TreeWriter&);          one call per node, leaves in order
///   static traced build(TreeReader&);                    the same calls in the same order
/// Source: jax.tree_util.register_pytree_node.
template <class T>
struct Tree;

template <class T>
concept TreeLike = requires { typename Tree<std::remove_cvref_t<T>>::traced; };

/// What a transformed function sees of an argument of type T: numbers become Arrays, all else stays.
template <TreeLike T>
using traced_t = typename Tree<std::remove_cvref_t<T>>::traced;

namespace detail {

/// Why a type is a tree that transformations cannot take.
enum class TreeProblem : std::uint8_t { none, not_a_tree, number_in_struct, unhashable_static, no_default };

template <class T>
constexpr TreeProblem tree_problem() {
  if constexpr (!TreeLike<T>) return TreeProblem::not_a_tree;
  else if constexpr (requires { Tree<T>::problem(); }) return Tree<T>::problem();
  else return TreeProblem::none;
}
template <class... T>
constexpr TreeProblem first_problem() {
  TreeProblem found = TreeProblem::none;
  ((found = found == TreeProblem::none ? tree_problem<T>() : found), ...);
  return found;
}
template <class T>
inline constexpr bool dependent_false = false;

template <class T>
using TreeOf = Tree<std::remove_cvref_t<T>>;

template <class T>
traced_t<T> build_tree(const TreeDef& def, Arrays&& leaves) {
  TreeReader reader(def, std::move(leaves));
  return TreeOf<T>::build(reader);
}

/// Throws ValueError unless `n` leaves were given for `def`.
void check_leaf_count(const TreeDef& def, std::size_t n, const char* op);

}  // namespace detail

template <>
struct Tree<Array> {
  using traced = Array;
  static void flatten(const Array& x, TreeWriter& w) { w.leaf(x); }
  static Array build(TreeReader& r) { return r.leaf(); }
};

/// Numbers, bool included, are traced as rank-0 arrays.
template <Scalar T>
struct Tree<T> {
  using traced = Array;
  static void flatten(T x, TreeWriter& w) { w.leaf(Array(x)); }
  static Array build(TreeReader& r) { return r.leaf(); }
};

/// A tree without leaves.
template <>
struct Tree<None> {
  using traced = None;
  static void flatten(None, TreeWriter& w) { w.node(none_node, 0); }
  static None build(TreeReader& r) { r.node(none_node, 0); return {}; }
};

template <class T>
struct Tree<Static<T>> {
  using traced = Static<T>;
  static constexpr detail::TreeProblem problem() {
    return detail::StaticValue<T> ? detail::TreeProblem::none : detail::TreeProblem::unhashable_static;
  }
  static void flatten(const Static<T>& x, TreeWriter& w) { w.fixed(x.value); }
  static Static<T> build(TreeReader& r) { return r.template fixed<T>(); }
};

/// Functions of trees. Source: jax.tree_util.
namespace tree {

struct Flattened {
  Arrays leaves;
  TreeDef structure;
};

/// The leaves in declaration order (maps by key), and the structure that rebuilds them. Source: jax.tree.flatten.
template <TreeLike T>
Flattened flatten(const T& t) {
  TreeWriter w;
  detail::TreeOf<T>::flatten(t, w);
  TreeDef def(w);
  return {std::move(w.leaves), std::move(def)};
}

/// The inverse of flatten. Throws ValueError if `def` is not the structure of a T, or the number of leaves
/// differs. Source: jax.tree.unflatten.
template <TreeLike T>
traced_t<T> unflatten(const TreeDef& def, Arrays leaves) {
  detail::check_leaf_count(def, leaves.size(), "tree::unflatten");
  return detail::build_tree<T>(def, std::move(leaves));
}

/// Source: jax.tree.leaves.
template <TreeLike T>
Arrays leaves(const T& t) {
  TreeWriter w;
  detail::TreeOf<T>::flatten(t, w);
  return std::move(w.leaves);
}

/// Source: jax.tree.structure.
template <TreeLike T>
TreeDef structure(const T& t) { return flatten(t).structure; }

/// Each leaf with its key path, such as `.layers[1].w`. Source: jax.tree_util.tree_flatten_with_path.
template <TreeLike T>
std::vector<std::pair<std::string, Array>> flatten_with_paths(const T& t) {
  auto [leaves, def] = flatten(t);
  const auto paths = def.paths();
  std::vector<std::pair<std::string, Array>> out;
  out.reserve(leaves.size());
  for (std::size_t i = 0; i < leaves.size(); ++i) out.emplace_back(paths[i], std::move(leaves[i]));
  return out;
}

/// The tree whose leaves are f(leaf of t, leaves of rest...). Throws ValueError naming the place where a tree of
/// `rest` differs in structure from t. Source: jax.tree.map.
template <class F, TreeLike T, TreeLike... Rest>
traced_t<T> map(F&& f, const T& t, const Rest&... rest) {
  if constexpr (!std::is_invocable_r_v<Array, F&, const Array&, decltype((void(rest), std::declval<const Array&>()))...>) {
    static_assert(detail::dependent_false<F>,
                  "fluxion::tree::map: f must take one Array per tree and return an Array");
    return traced_t<T>{};
  } else {
    Flattened first = flatten(t);
    std::array<Flattened, sizeof...(Rest)> others{flatten(rest)...};
    for (const Flattened& o : others) detail::check_same_structure(first.structure, o.structure, "tree::map", {});
    for (std::size_t i = 0; i < first.leaves.size(); ++i) {
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        first.leaves[i] = f(std::as_const(first.leaves[i]), std::as_const(others[I].leaves[i])...);
      }(std::index_sequence_for<Rest...>{});
    }
    return detail::build_tree<T>(first.structure, std::move(first.leaves));
  }
}

}  // namespace tree
}  // namespace fluxion

#include <fluxion/detail/tree_hana.hpp>
#include <fluxion/detail/tree_std.hpp>
