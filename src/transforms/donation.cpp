#include "transforms/donation.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "core/evaluate.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"
#include "transforms/jit.hpp"

namespace fluxion::detail {
namespace {

/// Whether the array is all of some memory of ours that nothing else looks into, and at most `holders` handles hold it.
bool is_sole_owner(const Array& x, std::uint32_t holders) {
  const auto* c = concrete(x);
  return c != nullptr && c->buffer.unique() && c->buffer.is_ours() && c->contiguous && c->data == c->buffer.data() &&
         c->refs.load(std::memory_order_acquire) <= holders;
}

bool is_given(std::span<const char> given, std::size_t i) { return i < given.size() && given[i] != 0; }

// The leaves are concrete. They hold each array once; the caller holds what is not moved once more.
void find_free(const Arrays& leaves, std::span<const char> given, std::vector<Fate>& fates) {
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!static_cast<const ConcreteNode*>(leaves[i].node_or_null())->buffer) continue;  // a number: the usual case
    if (!is_sole_owner(leaves[i], is_given(given, i) ? 2 : 1)) continue;
    fates.resize(leaves.size(), Fate::kept);
    fates[i] = Fate::free;
  }
}

void check_given_once(const Arrays& leaves, std::span<const char> given, const LeafName& name) {
  std::vector<std::pair<const Node*, std::size_t>> nodes;
  for (std::size_t i = 0; i < leaves.size(); ++i) nodes.emplace_back(leaves[i].node_or_null(), i);
  std::sort(nodes.begin(), nodes.end());
  for (std::size_t k = 1; k < nodes.size(); ++k) {
    const auto [node, i] = nodes[k - 1];
    const auto j = nodes[k].second;
    if (node == nodes[k].first && concrete(leaves[i])->buffer && (is_given(given, i) || is_given(given, j)))
      throw ValueError(text("jit: a donated array must be an argument once, got ", leaves[i].aval(), " as ", name(i), " and as ",
                            name(j), "; pass a copy, or do not donate it"));
  }
}

// Nobody reads a given array afterwards. A result that is the array itself lives on as another one of that memory.
void give_up(const Array& x, Arrays& results) {
  const auto* c = concrete(x);
  if (!c->buffer) return;  // a scalar has no memory to give
  for (auto& r : results)
    if (r.node_or_null() == c) r = make_array(c->aval, c->buffer, c->data, c->strides);
  delete_array(x);
}

}  // namespace

bool run_donating(const JitEntry& entry, const Arrays& leaves, std::span<const char> given, const LeafName& name,
                  std::vector<Fate>& fates, Arrays& results) {
  fates.clear();
  if (!runs_directly(entry, leaves)) {
    call_jit(entry, leaves, results);
    return false;
  }
  if (!given.empty()) check_given_once(leaves, given, name);
  // To find where a NaN came from the program is run again, on what the arguments were.
  if (!config().debug_nans) find_free(leaves, given, fates);
  try {
    run_jit(entry, leaves, fates, results);
  } catch (...) {  // of a callback, say: what a result has been written over is lost
    for (std::size_t i = 0; i < fates.size(); ++i)
      if (fates[i] == Fate::reused && is_given(given, i)) delete_array(leaves[i]);
    throw;
  }
  for (std::size_t i = 0; i < given.size(); ++i)
    if (is_given(given, i)) give_up(leaves[i], results);
  return true;
}

}  // namespace fluxion::detail
