#include "compiler/fusion.hpp"

namespace fluxion::compiler {

Origins::Origins(const ir::Program& p)
    : root(p.types.size()), producer(p.types.size(), no_instr), source(p.types.size(), no_instr) {
  for (std::size_t v = 0; v < root.size(); ++v) root[v] = static_cast<ir::ValueId>(v);
  for (std::uint32_t i = 0; i < p.instrs.size(); ++i) {
    const auto& instr = p.instrs[i];
    if (!is_view(instr.action)) {
      for (const auto v : instr.out) producer[v] = source[v] = i;
      continue;
    }
    const auto in = instr.in[0], out = instr.out[0];
    source[out] = source[in];
    if (!std::holds_alternative<ir::Reshape>(instr.action) && !std::holds_alternative<ir::Bitcast>(instr.action))
      continue;
    root[out] = root[in];
    producer[out] = producer[in];
  }
}

ReductionShape::ReductionShape(const ir::Reduce& action, const Shape& operand) {
  for (std::size_t d = 0; d < operand.size(); ++d) {
    if (operand[d] == 1) continue;
    bool folded = false;
    for (const auto axis : action.axes) folded = folded || axis == static_cast<std::int64_t>(d);
    (folded ? reduced : kept).push_back(static_cast<std::int64_t>(shape.size()));
    (folded ? width : rows) *= operand[d];
    if (!folded && reduced.empty()) outer *= operand[d];
    shape.push_back(operand[d]);
  }
}

bool ReductionShape::innermost() const {
  return kept.empty() || reduced.empty() || kept.back() < reduced.front();
}

bool folds_columns(const ReductionShape& r) {
  constexpr std::int64_t least = 256, least_of_many = 512;  // shorter rows cost more to begin than to compute
  constexpr std::int64_t cached = 16384;  // many small results are as well folded from a near cache
  for (std::size_t k = 0; k < r.reduced.size(); ++k)
    if (r.reduced[k] != r.reduced[0] + static_cast<std::int64_t>(k)) return false;
  const std::int64_t columns = r.rows / r.outer;
  if (r.outer > 1 && (columns < least_of_many || r.rows * r.width <= cached)) return false;
  return columns >= least && r.width > 1;
}

bool prefers_columns(const ReductionShape& r, const Dims& strides) {
  constexpr std::int64_t fewest_columns = 16;  // below, a gather into rows is as good
  std::int64_t columns = 1;
  for (bool more = true; more;) {  // follow the kept dimensions outwards from stride 1
    more = false;
    for (const auto d : r.kept) {
      const auto i = static_cast<std::size_t>(d);
      if (strides[i] != columns) continue;
      columns *= r.shape[i];
      more = r.shape[i] > 1;
      break;
    }
  }
  if (columns < fewest_columns || r.reduced.empty()) return false;
  for (std::size_t i = 0; i + 1 < r.reduced.size(); ++i) {
    const auto a = static_cast<std::size_t>(r.reduced[i]), b = static_cast<std::size_t>(r.reduced[i + 1]);
    if (strides[a] != strides[b] * r.shape[b]) return false;
  }
  return true;
}

}  // namespace fluxion::compiler
