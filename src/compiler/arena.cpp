#include <algorithm>

#include "compiler/planner.hpp"

namespace fluxion::compiler {

std::size_t place_in_arena(std::vector<Storage>& storages) {
  constexpr std::size_t alignment = 64;
  struct Block { std::size_t begin, end; std::uint32_t last; };
  std::vector<Storage*> order;
  for (auto& s : storages)
    if (s.kind == Storage::Kind::arena && s.bytes != 0) order.push_back(&s);  // nothing may be anywhere
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->first < b->first; });

  std::vector<Block> live;  // by begin
  std::size_t total = 0;
  for (Storage* s : order) {
    std::erase_if(live, [&](const Block& b) { return b.last < s->first; });
    const std::size_t bytes = (s->bytes + alignment - 1) / alignment * alignment;
    std::size_t at = 0, best = 0, best_size = ~std::size_t{0}, next = 0;
    for (; next < live.size(); ++next) {
      const std::size_t gap = live[next].begin - at;
      if (gap >= bytes && gap < best_size) {
        best = at;
        best_size = gap;
      }
      at = live[next].end;
    }
    s->at = best_size != ~std::size_t{0} ? best : at;
    total = std::max(total, s->at + bytes);
    const Block block{s->at, s->at + bytes, s->last};
    live.insert(std::upper_bound(live.begin(), live.end(), block, [](auto& a, auto& b) { return a.begin < b.begin; }),
                block);
  }
  return total;
}

}  // namespace fluxion::compiler
