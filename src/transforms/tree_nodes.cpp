#include "transforms/tree_nodes.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <ostream>

#include <cxxabi.h>

#include <fluxion/error.hpp>

namespace fluxion {
namespace {

using Word = TreeWriter::Word;
using Kind = NodeType::Kind;

class Decoder {
 public:
  explicit Decoder(const TreeDef& def) : def_(def) {}
  bool done() const { return word_ == def_.words().size(); }

  TreeNode node() {
    const Word w = next();
    if ((w & 3) == 1) return {};
    if ((w & 3) == 2) {
      next();
      return {TreeNode::Kind::fixed, nullptr, &def_.statics()[static_++], {}, {}};
    }
    TreeNode n{TreeNode::Kind::inner, reinterpret_cast<const NodeType*>(w), nullptr, {}, {}};
    const std::size_t count = n.type->kind == Kind::record ? n.type->n_fields : next();
    for (std::size_t i = 0; i < count; ++i) {
      n.steps.push_back(step(*n.type, i));
      n.children.push_back(node());
    }
    return n;
  }

 private:
  Word next() { return def_.words()[word_++]; }
  std::string key() {
    std::string text(next(), '\0');
    const std::size_t n_words = (text.size() + 7) / 8;
    std::memcpy(text.data(), def_.words().data() + word_, text.size());
    word_ += n_words;
    return text;
  }
  std::string step(const NodeType& type, std::size_t i) {
    switch (type.kind) {
      case Kind::record: return std::string(".") + type.fields[i];
      case Kind::map: return "[\"" + key() + "\"]";
      case Kind::optional: return "";
      default: return "[" + std::to_string(i) + "]";
    }
  }

  const TreeDef& def_;
  std::size_t word_ = 0, static_ = 0;
};

std::string type_name(const std::type_info& type) {
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, nullptr), std::free);
  return name ? name.get() : type.name();
}

std::string joined(const TreeNode& n, bool with_steps) {
  std::string out;
  for (std::size_t i = 0; i < n.children.size(); ++i) {
    if (i != 0) out += ", ";
    if (with_steps) out += n.steps[i] + "=";
    out += to_string(n.children[i]);
  }
  return out;
}

/// What a node is, without its children: for saying how two structures differ.
std::string summary(const TreeNode& n) {
  if (n.kind == TreeNode::Kind::leaf) return "an array";
  if (n.kind == TreeNode::Kind::fixed) return "Static " + n.fixed->type->show(n.fixed->value.get());
  const std::string count = std::to_string(n.children.size());
  switch (n.type->kind) {
    case Kind::list: return "a list of " + count;
    case Kind::tuple: return "a tuple of " + count;
    case Kind::map: {
      std::string keys;
      for (const auto& s : n.steps) keys += (keys.empty() ? "" : ", ") + s.substr(1, s.size() - 2);
      return "a map with keys {" + keys + "}";
    }
    case Kind::record: return type_name(*n.type->type);
    case Kind::optional: return n.children.empty() ? "an empty optional" : "an optional with a value";
    default: return "none";
  }
}

bool same_node(const TreeNode& a, const TreeNode& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == TreeNode::Kind::fixed) {
    return detail::same_static(*a.fixed->type, a.fixed->value.get(), *b.fixed->type, b.fixed->value.get());
  }
  return a.type == b.type && a.steps == b.steps;
}

void check_same(const TreeNode& expected, const TreeNode& got, const std::string& path, const char* op) {
  if (!same_node(expected, got)) {
    throw ValueError(std::string(op) + ": trees must have one structure, got " + summary(got) + " where " +
                     summary(expected) + " is expected" + (path.empty() ? " at the root" : " at " + path) +
                     "; pass trees made by the same code or with tree::map");
  }
  for (std::size_t i = 0; i < expected.children.size(); ++i) {
    check_same(expected.children[i], got.children[i], path + expected.steps[i], op);
  }
}

}  // namespace

std::vector<TreeNode> decode(const TreeDef& def) {
  std::vector<TreeNode> out;
  Decoder d(def);
  while (!d.done()) out.push_back(d.node());
  return out;
}

std::string to_string(const TreeNode& n) {
  if (n.kind == TreeNode::Kind::leaf) return "*";
  if (n.kind == TreeNode::Kind::fixed) return "Static(" + n.fixed->type->show(n.fixed->value.get()) + ")";
  switch (n.type->kind) {
    case Kind::list: return "[" + joined(n, false) + "]";
    case Kind::tuple: return "(" + joined(n, false) + (n.children.size() == 1 ? ",)" : ")");
    case Kind::map: return "{" + joined(n, true) + "}";
    case Kind::record: return type_name(*n.type->type) + "{" + joined(n, true) + "}";
    case Kind::optional: return n.children.empty() ? "none" : to_string(n.children[0]);
    default: return "none";
  }
}

std::size_t count_leaves(const TreeNode& n) {
  std::size_t count = n.kind == TreeNode::Kind::leaf ? 1 : 0;
  for (const auto& c : n.children) count += count_leaves(c);
  return count;
}

void append_paths(const TreeNode& n, const std::string& path, std::vector<std::string>& out) {
  if (n.kind == TreeNode::Kind::leaf) out.push_back(path);
  for (std::size_t i = 0; i < n.children.size(); ++i) append_paths(n.children[i], path + n.steps[i], out);
}

std::vector<std::string> argument_names(std::span<const int> positions) {
  std::vector<std::string> out;
  for (int p : positions) out.push_back("arg" + std::to_string(p));
  return out;
}

std::vector<std::string> TreeDef::paths(std::string_view root) const {
  std::vector<std::string> out;
  for (const TreeNode& n : decode(*this)) append_paths(n, std::string(root), out);
  return out;
}

std::vector<std::string> TreeDef::paths(std::span<const std::string> roots) const {
  std::vector<std::string> out;
  const auto nodes = decode(*this);
  for (std::size_t i = 0; i < nodes.size(); ++i) append_paths(nodes[i], i < roots.size() ? roots[i] : "", out);
  return out;
}

std::ostream& operator<<(std::ostream& os, const TreeDef& d) {
  const auto nodes = decode(d);
  for (std::size_t i = 0; i < nodes.size(); ++i) os << (i == 0 ? "" : ", ") << to_string(nodes[i]);
  return os;
}

void detail::check_same_structure(const TreeDef& expected, const TreeDef& got, const char* op,
                                  std::span<const std::string> roots) {
  if (expected == got) return;
  const auto e = decode(expected), g = decode(got);
  for (std::size_t i = 0; i < e.size() && i < g.size(); ++i) {
    check_same(e[i], g[i], i < roots.size() ? roots[i] : "", op);
  }
}

}  // namespace fluxion
