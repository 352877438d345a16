// Hana structs, tuples and maps as trees.
#pragma once

#include <array>
#include <concepts>
#include <type_traits>
#include <typeinfo>

#include <boost/hana/accessors.hpp>
#include <boost/hana/adapt_struct.hpp>
#include <boost/hana/core/tag_of.hpp>
#include <boost/hana/core/to.hpp>
#include <boost/hana/define_struct.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/fwd/map.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/unpack.hpp>

#include <fluxion/tree.hpp>

namespace fluxion {
namespace detail {
namespace hana = boost::hana;

template <class T>
inline constexpr auto field_names = hana::unpack(hana::accessors<T>(), [](auto... field) {
  return std::array<const char*, sizeof...(field)>{hana::to<char const*>(hana::first(field))...};
});
template <class T>
inline constexpr NodeType record_node{NodeType::Kind::record, field_names<T>.size(), field_names<T>.data(), &typeid(T)};

template <class T, class Field>
using FieldType = std::remove_cvref_t<decltype(hana::second(std::declval<Field>())(std::declval<const T&>()))>;

/// A struct maps to itself, so each member must be able to hold what is traced.
template <class M>
constexpr TreeProblem member_problem() {
  if constexpr (tree_problem<M>() != TreeProblem::none) return tree_problem<M>();
  else return std::is_same_v<M, traced_t<M>> ? TreeProblem::none : TreeProblem::number_in_struct;
}

/// How a type-level key prints: its characters if it is a string, else its position.
template <class K>
constexpr const char* key_name(const K& key) {
  if constexpr (std::is_same_v<typename hana::tag_of<K>::type, hana::string_tag>) return hana::to<char const*>(key);
  else return "key";
}
}  // namespace detail

template <class T> requires detail::is_hana_struct<T>
struct Tree<T> {
  using traced = T;
  static constexpr detail::TreeProblem problem() {
    if constexpr (!std::is_default_constructible_v<T>) return detail::TreeProblem::no_default;
    else return detail::hana::unpack(detail::hana::accessors<T>(), [](auto... field) {
      auto found = detail::TreeProblem::none;
      ((found = found == detail::TreeProblem::none ? detail::member_problem<detail::FieldType<T, decltype(field)>>()
                                                  : found), ...);
      return found;
    });
  }
  static void flatten(const T& x, TreeWriter& w) {
    w.record(detail::record_node<T>);
    detail::hana::unpack(detail::hana::accessors<T>(), [&](auto... field) {
      (Tree<detail::FieldType<T, decltype(field)>>::flatten(detail::hana::second(field)(x), w), ...);
    });
  }
  static T build(TreeReader& r) {
    r.record(detail::record_node<T>);
    T out{};
    detail::hana::unpack(detail::hana::accessors<T>(), [&](auto... field) {
      ((detail::hana::second(field)(out) = Tree<detail::FieldType<T, decltype(field)>>::build(r)), ...);
    });
    return out;
  }
};

template <TreeLike... T>
struct Tree<boost::hana::tuple<T...>> {
  using traced = boost::hana::tuple<traced_t<T>...>;
  static constexpr detail::TreeProblem problem() { return detail::first_problem<T...>(); }
  static void flatten(const boost::hana::tuple<T...>& x, TreeWriter& w) {
    w.node(tuple_node, sizeof...(T));
    boost::hana::unpack(x, [&](const T&... e) { (Tree<T>::flatten(e, w), ...); });
  }
  static traced build(TreeReader& r) {
    r.node(tuple_node, sizeof...(T));
    return traced{Tree<T>::build(r)...};
  }
};

namespace detail {
template <class Pairs>
struct HanaMapTree;
template <class... K, class... V>
struct HanaMapTree<hana::tuple<hana::pair<K, V>...>> {
  static auto build(TreeReader& r) {
    r.node(map_node, sizeof...(K));
    hana::tuple<hana::pair<K, traced_t<V>>...> entries{
        (r.key(), hana::pair<K, traced_t<V>>{K{}, Tree<V>::build(r)})...};
    return hana::unpack(std::move(entries), hana::make_map);
  }
  static constexpr TreeProblem problem() { return first_problem<V...>(); }
};
template <class T>
using HanaEntries = decltype(hana::unpack(std::declval<const T&>(), hana::make_tuple));
}  // namespace detail

/// Keys are types; leaves are in the order in which the map was made.
template <class T> requires std::same_as<typename boost::hana::tag_of<T>::type, boost::hana::map_tag>
struct Tree<T> {
  using Entries = detail::HanaMapTree<detail::HanaEntries<T>>;
  using traced = decltype(Entries::build(std::declval<TreeReader&>()));
  static constexpr detail::TreeProblem problem() { return Entries::problem(); }
  static void flatten(const T& x, TreeWriter& w) {
    boost::hana::unpack(x, [&](const auto&... entry) {
      w.node(map_node, sizeof...(entry));
      ((w.key(detail::key_name(boost::hana::first(entry))),
        Tree<std::remove_cvref_t<decltype(boost::hana::second(entry))>>::flatten(boost::hana::second(entry), w)),
       ...);
    });
  }
  static traced build(TreeReader& r) { return Entries::build(r); }
};

}  // namespace fluxion
