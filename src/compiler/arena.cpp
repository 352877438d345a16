#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <utility>

#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

/// Memory from 0 up to `top`, where the last block ends, and the gaps in it.
class Gaps {
 public:
  /// The start of the smallest gap with room, the first of equals; else the top.
  std::size_t take(std::size_t bytes) {
    const auto best = by_size_.lower_bound({bytes, 0});
    if (best == by_size_.end()) return std::exchange(top_, top_ + bytes);
    const auto [size, begin] = *best;
    erase(begin, size);
    if (size != bytes) insert(begin + bytes, size - bytes);
    return begin;
  }

  void give(std::size_t begin, std::size_t bytes) {
    auto next = by_begin_.lower_bound(begin);
    if (next != by_begin_.begin())
      if (const auto [at, size] = *std::prev(next); at + size == begin) {
        erase(at, size);
        begin = at;
        bytes += size;
      }
    if (next != by_begin_.end())
      if (const auto [at, size] = *next; at == begin + bytes) {
        erase(at, size);
        bytes += size;
      }
    if (begin + bytes == top_) top_ = begin;
    else insert(begin, bytes);
  }

 private:
  void insert(std::size_t begin, std::size_t size) {
    by_begin_.emplace(begin, size);
    by_size_.emplace(size, begin);
  }
  void erase(std::size_t begin, std::size_t size) {
    by_begin_.erase(begin);
    by_size_.erase({size, begin});
  }

  std::map<std::size_t, std::size_t> by_begin_;
  std::set<std::pair<std::size_t, std::size_t>> by_size_;
  std::size_t top_ = 0;
};

}  // namespace

std::size_t place_in_arena(std::vector<Storage>& storages) {
  constexpr std::size_t alignment = 64;
  const auto rounded = [](const Storage& s) { return (s.bytes + alignment - 1) / alignment * alignment; };
  std::vector<Storage*> order;
  const auto first_owner = [&](const Storage& s) {
    auto* of = &storages[s.over];
    while (of->over != Storage::none) of = &storages[of->over];
    return of;
  };
  for (auto& s : storages) {
    if (s.kind != Storage::Kind::arena || s.bytes == 0) continue;
    if (s.over == Storage::none) order.push_back(&s);
    else if (auto* of = first_owner(s); of->last < s.last) of->last = s.last;
  }
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->first < b->first; });

  const auto dies_later = [](const Storage* a, const Storage* b) { return a->last > b->last; };
  std::priority_queue<Storage*, std::vector<Storage*>, decltype(dies_later)> live(dies_later);
  Gaps gaps;
  std::size_t total = 0;
  for (Storage* s : order) {
    for (; !live.empty() && live.top()->last < s->first; live.pop()) gaps.give(live.top()->at, rounded(*live.top()));
    s->at = gaps.take(rounded(*s));
    total = std::max(total, s->at + rounded(*s));
    live.push(s);
  }
  for (auto& s : storages)
    if (s.over != Storage::none) s.at = first_owner(s)->at;
  return total;
}

}  // namespace fluxion::compiler
