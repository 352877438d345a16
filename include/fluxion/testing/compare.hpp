// Trees of arrays held against each other, element by element, and how they are shown.
#pragma once

#include <optional>
#include <string>

#include <fluxion/tree.hpp>

namespace fluxion::testing {

/// got is close to want where |got - want| <= atol + rtol |want|, or both are the same infinity.
struct Closeness {
  /// The square root of the dtype's epsilon, unless given; 0 for integers.
  std::optional<double> rtol = std::nullopt;
  double atol = 0;
  bool equal_nan = true;  ///< Whether NaN equals NaN.
};

namespace detail {
/// What differs, empty if nothing does; without a `closeness`, in bits.
std::string difference_of_trees(const tree::Flattened& got, const tree::Flattened& want, const Closeness* closeness);
/// As counterexamples and messages show them: dtype, shape and every digit.
std::string show_array(const Array& x);
/// The same with the paths of the leaves.
std::string show_tree(const tree::Flattened& t);
}  // namespace detail

/// What is wrong with a tree that should be close to another: its structure, a dtype, a shape, or how many elements are
/// off by how much, with the first of them and the worst. Empty if it is close. Works for arrays of all dtypes; weak
/// types do not count.
template <TreeLike A, TreeLike B>
[[nodiscard]] std::string difference(const A& got, const B& want, const Closeness& closeness = {}) {
  return detail::difference_of_trees(tree::flatten(got), tree::flatten(want), &closeness);
}
/// The same for trees that should be equal to the bit: -0 is not 0. All NaNs count as one value.
template <TreeLike A, TreeLike B>
[[nodiscard]] std::string difference_in_bits(const A& got, const B& want) {
  return detail::difference_of_trees(tree::flatten(got), tree::flatten(want), nullptr);
}

}  // namespace fluxion::testing
