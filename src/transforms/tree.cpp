#include <fluxion/tree.hpp>

#include <cstring>

#include <fluxion/error.hpp>
#include "core/handles.hpp"

namespace fluxion {
namespace {

constexpr TreeWriter::Word kLeaf = 1, kStatic = 2;
constexpr TreeWriter::Word tag(TreeWriter::Word w) { return w & 3; }

[[noreturn]] void throw_mismatch(const TreeDef& def) {
  std::string text = "tree::unflatten: the structure must be that of the type asked for, got ";
  const auto paths = def.paths();
  text += "one with " + std::to_string(paths.size()) + " leaves";
  if (!paths.empty() && !paths[0].empty()) text += ", the first at " + paths[0];
  throw ValueError(text + "; take it from tree::structure of a value of that type");
}

}  // namespace

void TreeWriter::leaf(const Array& x) {
  hold(leaves, x);
  if (!with_avals_) {
    words.push_back(kLeaf);
    return;
  }
  const Aval& a = x.aval();
  words.push_back(kLeaf | static_cast<Word>(a.dtype) << 8 | static_cast<Word>(a.weak) << 16 |
                  static_cast<Word>(a.shape.size()) << 24);
  for (auto d : a.shape) words.push_back(static_cast<Word>(d));
}

void TreeWriter::node(const NodeType& type, std::size_t n) {
  words.push_back(reinterpret_cast<Word>(&type));
  words.push_back(n);
}

void TreeWriter::key(std::string_view key) {
  words.push_back(key.size());
  const std::size_t at = words.size();
  words.resize(at + (key.size() + 7) / 8);
  if (!key.empty()) std::memcpy(words.data() + at, key.data(), key.size());
}

void TreeWriter::fixed(const void* value, const detail::StaticType& type) {
  words.push_back(kStatic);
  words.push_back(type.hash(value));
  statics.push_back({value, &type});
}

void TreeWriter::clear() {
  let_go(leaves);
  words.clear();
  statics.clear();
}

TreeDef::TreeDef(const TreeWriter& w) : words_(w.words), n_leaves_(w.leaves.size()) {
  statics_.reserve(w.statics.size());
  for (const auto& s : w.statics) statics_.push_back({s.type->clone(s.value), s.type});
}

std::size_t TreeDef::hash() const { return detail::hash_words(words_); }

bool operator==(const TreeDef& a, const TreeDef& b) {
  if (a.words_ != b.words_ || a.statics_.size() != b.statics_.size()) return false;
  for (std::size_t i = 0; i < a.statics_.size(); ++i) {
    const auto &x = a.statics_[i], &y = b.statics_[i];
    if (!detail::same_static(*x.type, x.value.get(), *y.type, y.value.get())) return false;
  }
  return true;
}

TreeReader::TreeReader(const TreeDef& def, const Arrays& leaves)
    : def_(def), leaf_(leaves.data()), end_(leaf_ + leaves.size()), consume_(false) {}

TreeReader::TreeReader(const TreeDef& def, Arrays&& leaves)
    : def_(def), leaf_(leaves.data()), end_(leaf_ + leaves.size()), consume_(true) {}

TreeDef::Word TreeReader::next() {
  if (word_ == def_.words().size()) throw_mismatch(def_);
  return def_.words()[word_++];
}

Array TreeReader::leaf() {
  if (tag(next()) != kLeaf || leaf_ == end_) throw_mismatch(def_);
  const Array* x = leaf_++;
  return consume_ ? std::move(*const_cast<Array*>(x)) : *x;  // given as Arrays&&: ours to empty
}

void TreeReader::record(const NodeType& type) {
  if (next() != reinterpret_cast<TreeDef::Word>(&type)) throw_mismatch(def_);
}

std::size_t TreeReader::node(const NodeType& type) {
  record(type);
  return next();
}

void TreeReader::node(const NodeType& type, std::size_t n) {
  if (node(type) != n) throw_mismatch(def_);
}

std::string TreeReader::key() {
  std::string text(next(), '\0');
  if (!text.empty()) std::memcpy(text.data(), def_.words().data() + word_, text.size());
  word_ += (text.size() + 7) / 8;
  return text;
}

const void* TreeReader::fixed(const detail::StaticType& type) {
  if (next() != kStatic || def_.statics()[static_].type != &type) throw_mismatch(def_);
  next();
  return def_.statics()[static_++].value.get();
}

namespace detail {

std::size_t hash_words(std::span<const std::uint64_t> words) {
  // Multiply-fold of two words a step: a step costs one multiplication, and dependent only through the seed.
  __extension__ using Wide = unsigned __int128;
  const auto fold = [](std::uint64_t a, std::uint64_t b) {
    const auto p = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(p) ^ static_cast<std::uint64_t>(p >> 64);
  };
  std::uint64_t h = 0xa0761d6478bd642fULL ^ words.size();
  std::size_t i = 0;
  for (; i + 1 < words.size(); i += 2) h = fold(words[i] ^ h, words[i + 1] ^ 0xe7037ed1a0b428dbULL) + (h >> 7);
  if (i < words.size()) h = fold(words[i] ^ h, 0x8ebc6af09c88c6e3ULL);
  return fold(h ^ 0x589965cc75374cc3ULL, 0x1d8e4e27c47d124fULL);
}

void check_leaf_count(const TreeDef& def, std::size_t n, const char* op) {
  if (def.num_leaves() == n) return;
  throw ValueError(std::string(op) + ": the structure has " + std::to_string(def.num_leaves()) +
                   " leaves, got " + std::to_string(n) + " arrays; pass one array per leaf");
}

}  // namespace detail
}  // namespace fluxion
