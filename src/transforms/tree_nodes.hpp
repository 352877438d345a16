// The structure of a tree as nested nodes: what printing, key paths and prefix trees walk over.
#pragma once

#include <string>
#include <vector>

#include <fluxion/tree_def.hpp>

namespace fluxion {

struct TreeNode {
  enum class Kind { leaf, fixed, inner } kind = Kind::leaf;
  const NodeType* type = nullptr;                // of an inner node
  const detail::StaticOwned* fixed = nullptr;    // of a static value
  std::vector<TreeNode> children;
  std::vector<std::string> steps;                // the key path from here to each child: ".w", "[1]", "[\"k\"]", ""
};

/// One node per tree in a row.
std::vector<TreeNode> decode(const TreeDef& def);
std::string to_string(const TreeNode& node);
std::size_t count_leaves(const TreeNode& node);
/// Appends the key path of each leaf below `path`.
void append_paths(const TreeNode& node, const std::string& path, std::vector<std::string>& out);
/// "arg0", "arg2": how messages name the arguments at these positions.
std::vector<std::string> argument_names(std::span<const int> positions);

}  // namespace fluxion
