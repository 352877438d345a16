// TreeDef: the structure of a tree without its leaves, and the writer and reader that take trees apart and put
// them together.
//
// A structure is a flat list of words in pre-order, so that comparing is a memcmp and hashing one loop:
//   leaf      1, or with its aval (in jit keys): 1 | dtype | weak | rank, then the extents
//   node      address of its NodeType, then the number of children if the type does not fix it
//   map key   length, then the characters packed into words; before its child
//   static    2, then its hash; the value itself is in a second list
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include <fluxion/array.hpp>
#include <fluxion/detail/static_value.hpp>

namespace fluxion {

/// What kind of inner node a tree has at some place. Compared by address: one constant per type of node.
struct NodeType {
  enum class Kind : std::uint8_t { list, tuple, map, record, optional, none } kind;
  std::size_t n_fields = 0;              // of a record
  const char* const* fields = nullptr;   // their names
  const std::type_info* type = nullptr;  // of a record
};

inline constexpr NodeType list_node{NodeType::Kind::list}, tuple_node{NodeType::Kind::tuple},
    map_node{NodeType::Kind::map}, optional_node{NodeType::Kind::optional}, none_node{NodeType::Kind::none};

/// Receives a tree in order: `Tree<T>::flatten` calls it for every node, and for a node before its children.
class TreeWriter {
 public:
  using Word = std::uint64_t;

  TreeWriter() = default;
  /// Writes the leaves' avals too, as a jit key needs.
  static TreeWriter with_avals() { TreeWriter w; w.with_avals_ = true; return w; }

  void leaf(const Array& x);
  /// A record: its children follow in the order of its fields.
  void record(const NodeType& type) { words.push_back(reinterpret_cast<Word>(&type)); }
  /// Any other node with `n` children.
  void node(const NodeType& type, std::size_t n);
  /// The key of the next child of a map.
  void key(std::string_view key);
  template <detail::StaticValue T>
  void fixed(const T& value) { fixed(&value, detail::static_type<T>); }
  void clear();

  // What has been written.
  Arrays leaves;
  std::vector<Word> words;
  std::vector<detail::StaticRef> statics;  // borrowed: valid while the written trees are

 private:
  void fixed(const void* value, const detail::StaticType& type);
  bool with_avals_ = false;
};

/// The structure of one tree, or of several in a row. Source: jax.tree_util.PyTreeDef.
class TreeDef {
 public:
  using Word = TreeWriter::Word;

  TreeDef() = default;
  /// The structure of what was written, without avals.
  explicit TreeDef(const TreeWriter& w);

  std::size_t num_leaves() const { return n_leaves_; }
  std::size_t hash() const;
  /// The key path of each leaf below `root`: `.layers[1].w`.
  std::vector<std::string> paths(std::string_view root = {}) const;
  /// As above for several trees in a row, one root each.
  std::vector<std::string> paths(std::span<const std::string> roots) const;
  friend bool operator==(const TreeDef& a, const TreeDef& b);
  /// Prints as `Params{.w=*, .b=[*, *]}`.
  friend std::ostream& operator<<(std::ostream& os, const TreeDef& d);

  std::span<const Word> words() const { return words_; }
  std::span<const detail::StaticOwned> statics() const { return statics_; }

 private:
  std::vector<Word> words_;
  std::vector<detail::StaticOwned> statics_;
  std::size_t n_leaves_ = 0;
};

/// Gives a tree back in the order in which it was written: `Tree<T>::build` asks it for every node. Throws
/// ValueError when the structure is not that of T.
class TreeReader {
 public:
  /// Copies the leaves.
  TreeReader(const TreeDef& def, const Arrays& leaves);
  /// Moves them out of `leaves`, which must outlive the reader.
  TreeReader(const TreeDef& def, Arrays&& leaves);

  Array leaf();
  void record(const NodeType& type);
  /// The number of children of a node that is not a record.
  std::size_t node(const NodeType& type);
  /// Throws unless the node has `n` children.
  void node(const NodeType& type, std::size_t n);
  std::string key();
  template <detail::StaticValue T>
  const T& fixed() { return *static_cast<const T*>(fixed(detail::static_type<T>)); }

 private:
  const void* fixed(const detail::StaticType& type);
  TreeDef::Word next();

  const TreeDef& def_;
  const Array* leaf_;
  const Array* end_;
  bool consume_;
  std::size_t word_ = 0, static_ = 0;
};

namespace detail {
std::size_t hash_words(std::span<const std::uint64_t> words);
/// Throws ValueError naming the first place where `got` differs from `expected`.
void check_same_structure(const TreeDef& expected, const TreeDef& got, const char* op,
                          std::span<const std::string> roots);
}  // namespace detail

}  // namespace fluxion

template <>
struct std::hash<fluxion::TreeDef> {
  std::size_t operator()(const fluxion::TreeDef& d) const { return d.hash(); }
};
