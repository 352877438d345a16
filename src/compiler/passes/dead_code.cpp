#include <algorithm>

#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {

ir::Program without_dead_code(ir::Program p) {
  std::vector<char> used(p.types.size(), 0), live(p.instrs.size(), 0);
  for (const auto v : p.outputs) used[v] = 1;
  for (std::size_t i = p.instrs.size(); i-- > 0;) {
    live[i] = ir::effect_of(p.instrs[i].action) != Effect::none;
    for (const auto v : p.instrs[i].out) live[i] |= used[v];
    if (live[i] == 0) continue;
    for (const auto v : p.instrs[i].in) used[v] = 1;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < p.instrs.size(); ++i) {
    if (live[i] == 0) continue;
    if (kept != i) p.instrs[kept] = std::move(p.instrs[i]);
    ++kept;
  }
  p.instrs.erase(p.instrs.begin() + static_cast<std::ptrdiff_t>(kept), p.instrs.end());
  std::erase_if(p.constants, [&](const ir::Constant& c) { return used[c.value] == 0; });
  return p;
}

}  // namespace fluxion::compiler
