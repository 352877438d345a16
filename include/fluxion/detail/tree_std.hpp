// Standard containers as trees.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fluxion/tree.hpp>

namespace fluxion {

template <TreeLike T, class Alloc>
struct Tree<std::vector<T, Alloc>> {
  using traced = std::conditional_t<std::is_same_v<T, traced_t<T>>, std::vector<T, Alloc>, std::vector<traced_t<T>>>;
  static constexpr detail::TreeProblem problem() { return detail::tree_problem<T>(); }
  static void flatten(const std::vector<T, Alloc>& x, TreeWriter& w) {
    w.node(list_node, x.size());
    for (const auto& e : x) Tree<T>::flatten(e, w);
  }
  static traced build(TreeReader& r) {
    traced out;
    const std::size_t n = r.node(list_node);
    out.reserve(n);
    for (std::size_t i = 0; i < n; ++i) out.push_back(Tree<T>::build(r));
    return out;
  }
};

template <TreeLike T, std::size_t N>
struct Tree<std::array<T, N>> {
  using traced = std::array<traced_t<T>, N>;
  static constexpr detail::TreeProblem problem() { return detail::tree_problem<T>(); }
  static void flatten(const std::array<T, N>& x, TreeWriter& w) {
    w.node(list_node, N);
    for (const T& e : x) Tree<T>::flatten(e, w);
  }
  static traced build(TreeReader& r) {
    r.node(list_node, N);
    traced out{};
    for (auto& e : out) e = Tree<T>::build(r);
    return out;
  }
};

template <TreeLike... T>
struct Tree<std::tuple<T...>> {
  using traced = std::tuple<traced_t<T>...>;
  static constexpr detail::TreeProblem problem() { return detail::first_problem<T...>(); }
  static void flatten(const std::tuple<T...>& x, TreeWriter& w) {
    w.node(tuple_node, sizeof...(T));
    std::apply([&](const T&... e) { (Tree<T>::flatten(e, w), ...); }, x);
  }
  static traced build(TreeReader& r) {
    r.node(tuple_node, sizeof...(T));
    return traced{Tree<T>::build(r)...};  // braces: left to right
  }
};

template <TreeLike A, TreeLike B>
struct Tree<std::pair<A, B>> {
  using traced = std::pair<traced_t<A>, traced_t<B>>;
  static constexpr detail::TreeProblem problem() { return detail::first_problem<A, B>(); }
  static void flatten(const std::pair<A, B>& x, TreeWriter& w) {
    w.node(tuple_node, 2);
    Tree<A>::flatten(x.first, w);
    Tree<B>::flatten(x.second, w);
  }
  static traced build(TreeReader& r) {
    r.node(tuple_node, 2);
    return traced{Tree<A>::build(r), Tree<B>::build(r)};
  }
};

/// Without a value it has no leaves.
template <TreeLike T>
struct Tree<std::optional<T>> {
  using traced = std::optional<traced_t<T>>;
  static constexpr detail::TreeProblem problem() { return detail::tree_problem<T>(); }
  static void flatten(const std::optional<T>& x, TreeWriter& w) {
    w.node(optional_node, x ? 1 : 0);
    if (x) Tree<T>::flatten(*x, w);
  }
  static traced build(TreeReader& r) {
    if (r.node(optional_node) == 0) return {};
    return Tree<T>::build(r);
  }
};

template <TreeLike T, class Less, class Alloc>
struct Tree<std::map<std::string, T, Less, Alloc>> {
  using traced = std::map<std::string, traced_t<T>, Less>;
  static constexpr detail::TreeProblem problem() { return detail::tree_problem<T>(); }
  static void flatten(const std::map<std::string, T, Less, Alloc>& x, TreeWriter& w) {
    w.node(map_node, x.size());
    for (const auto& [key, value] : x) {
      w.key(key);
      Tree<T>::flatten(value, w);
    }
  }
  static traced build(TreeReader& r) {
    traced out;
    const std::size_t n = r.node(map_node);
    for (std::size_t i = 0; i < n; ++i) {
      std::string key = r.key();
      out.emplace_hint(out.end(), std::move(key), Tree<T>::build(r));
    }
    return out;
  }
};

}  // namespace fluxion
