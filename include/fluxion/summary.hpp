// tree::summary: what a tree of parameters consists of.
#pragma once

#include <string>

#include <fluxion/tree.hpp>

namespace fluxion {
namespace detail {
std::string summary_of(const TreeDef& def, const Arrays& leaves);
}

namespace tree {

/// A table of the leaves: key path, shape, dtype, number of elements, bytes; the last line has the totals. Traced
/// leaves have all of that too; those that are empty handles have nothing.
template <TreeLike T>
std::string summary(const T& t) {
  const auto [leaves, def] = flatten(t);
  return fluxion::detail::summary_of(def, leaves);
}

}  // namespace tree
}  // namespace fluxion
