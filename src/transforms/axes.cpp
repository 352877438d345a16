// Prefix trees of axes, spread over the leaves of arguments and results; the compiled half of vmap.
#include <fluxion/transforms/vmap.hpp>

#include <algorithm>
#include <functional>

#include "base/text.hpp"
#include "transforms/flat_calls.hpp"

namespace fluxion {

Axes Axes::list(std::vector<Axes> children) {
  Axes a = none;
  a.kind_ = Kind::list;
  a.children_ = std::move(children);
  return a;
}

Axes Axes::fields(std::initializer_list<Field> fields) {
  Axes a = none;
  a.kind_ = Kind::fields;
  for (const auto& [name, axes] : fields) {
    a.names_.push_back(name);
    a.children_.push_back(axes);
  }
  return a;
}

void Axes::write_identity(std::vector<std::uint64_t>& words) const {
  words.push_back(static_cast<std::uint64_t>(kind_));
  words.push_back(static_cast<std::uint64_t>(axis_));
  words.push_back(children_.size());
  for (const auto& name : names_) words.push_back(std::hash<std::string>{}(name));
  for (const auto& child : children_) child.write_identity(words);
}

namespace detail {
namespace {

/// Appends one axis per leaf below `node`. `option` is "in_axes" or "out_axes".
class Spread {
 public:
  Spread(const char* option, FlatAxes& out) : option_(option), out_(out) {}

  void over(const TreeNode& node, const Axes& axes, const std::string& path) {
    switch (axes.kind()) {
      case Axes::Kind::axis: out_.insert(out_.end(), count_leaves(node), axes.axis()); return;
      case Axes::Kind::none: out_.insert(out_.end(), count_leaves(node), std::nullopt); return;
      default: break;
    }
    const bool inner = node.kind == TreeNode::Kind::inner;
    if (inner && node.type->kind == NodeType::Kind::optional) {
      for (const auto& child : node.children) over(child, axes, path);
    } else if (axes.kind() == Axes::Kind::list) {
      if (!inner || axes.children().size() != node.children.size()) refuse(node, path, text("a list of ", axes.children().size()));
      for (std::size_t i = 0; i < node.children.size(); ++i) over(node.children[i], axes.children()[i], path + node.steps[i]);
    } else {
      by_name(node, axes, path);
    }
  }

 private:
  void by_name(const TreeNode& node, const Axes& axes, const std::string& path) {
    const bool named = node.kind == TreeNode::Kind::inner &&
                       (node.type->kind == NodeType::Kind::record || node.type->kind == NodeType::Kind::map);
    std::string names;
    for (const auto& n : axes.names()) names += (names.empty() ? "" : ", ") + n;
    if (!named || axes.names().size() != node.children.size()) refuse(node, path, "the fields {" + names + "}");
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const auto& step = node.steps[i];
      const auto name = step[0] == '.' ? step.substr(1) : step.substr(2, step.size() - 4);
      const auto at = std::find(axes.names().begin(), axes.names().end(), name);
      if (at == axes.names().end()) refuse(node, path, "the fields {" + names + "}");
      over(node.children[i], axes.children()[static_cast<std::size_t>(at - axes.names().begin())], path + step);
    }
  }

  [[noreturn]] void refuse(const TreeNode& node, const std::string& path, const std::string& got) const {
    throw ValueError(text("vmap: ", option_, " must be a prefix of the tree ", to_string(node), " at ", path, ", got ", got,
                          "; give one axis for the whole subtree, or one per child"));
  }

  const char* option_;
  FlatAxes& out_;
};

const Axes& axes_of_argument(const Axes& in_axes, std::size_t i) {
  return in_axes.kind() == Axes::Kind::list ? in_axes.children()[i] : in_axes;
}

void check_in_axes(const FlatCall& f, const Axes& in_axes) {
  if (in_axes.kind() == Axes::Kind::fields) {
    throw ValueError("vmap: in_axes must be one entry for all arguments or a list with one per argument, got fields; "
                     "write {.in_axes = {Axes::fields(...)}}");
  }
  if (in_axes.kind() == Axes::Kind::list && in_axes.children().size() != f.n_arguments) {
    throw ValueError(text("vmap: in_axes must have one entry per argument, got ", in_axes.children().size(), " for ",
                          f.n_arguments, " arguments; use none for those that are not mapped"));
  }
  for (int i = 0; i < static_cast<int>(f.n_arguments); ++i) {
    const bool mappable = std::find(f.arguments.begin(), f.arguments.end(), i) != f.arguments.end();
    if (!mappable && axes_of_argument(in_axes, static_cast<std::size_t>(i)).kind() != Axes::Kind::none) {
      throw ValueError(text("vmap: a mapped argument must be an array or a tree of arrays, got a number or another type for "
                            "arg", i, "; give it none in in_axes"));
    }
  }
}

FlatAxes spread_in_axes(const FlatCall& f, const Axes& in_axes) {
  FlatAxes out;
  const auto nodes = decode(f.in);
  const auto roots = argument_names(f.arguments);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Spread("in_axes", out).over(nodes[i], axes_of_argument(in_axes, static_cast<std::size_t>(f.arguments[i])), roots[i]);
  }
  return out;
}

/// The extent that all mapped axes share.
std::int64_t mapped_size(const FlatCall& f, const FlatAxes& axes, std::optional<std::int64_t> required) {
  std::optional<std::int64_t> size;
  bool agree = true;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (!axes[i]) continue;
    const auto& leaf = f.leaves[i];
    const auto rank = leaf.ndim();
    if (*axes[i] < -rank || *axes[i] >= rank) {
      throw ValueError(text("vmap: a mapped axis must exist, got axis ", *axes[i], " for ", leaf_paths(f)[i], " of type ",
                            leaf.aval(), "; give it none in in_axes if it is not mapped"));
    }
    const auto n = leaf.shape(*axes[i]);
    agree = agree && (!size || *size == n);
    if (!size) size = n;
  }
  if (!size && required) return *required;
  if (!size) throw ValueError("vmap: at least one array must be mapped, got none for all; give one an axis in in_axes, or say {.axis_size = n}");
  if (!agree) {
    const auto paths = leaf_paths(f);
    std::string all;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (axes[i]) all += text(all.empty() ? "" : ", ", f.leaves[i].shape(*axes[i]), " for ", paths[i], " axis ", *axes[i]);
    }
    throw ValueError("vmap: mapped axes must have one size, got " + all + "; choose other axes, or none for those that are "
                     "not mapped");
  }
  if (required && *required != *size)
    throw ValueError(text("vmap: mapped axes must have the size that axis_size says, got ", *size, " for axis_size = ", *required,
                          "; leave axis_size out where something is mapped"));
  return *size;
}

}  // namespace

Arrays vmap_call(FlatCall& f, const VmapOptions& options) {
  if (options.axis_size && *options.axis_size < 0)
    throw ValueError(text("vmap: axis_size must not be negative, got ", *options.axis_size, "; use 0 for an empty axis"));
  check_in_axes(f, options.in_axes);
  check_leaves_hold_values(f, "vmap");
  const auto axes = spread_in_axes(f, options.in_axes);
  const auto size = mapped_size(f, axes, options.axis_size);
  return vmap_flat([&f](const Arrays& in) { return f(in); }, f.leaves, axes, size, [&](std::size_t) {
    FlatAxes out;
    Spread("out_axes", out).over(decode(f.out)[0], options.out_axes, "result");
    return out;
  }, options.axis_name, options.sum_match);
}

}  // namespace detail
}  // namespace fluxion
