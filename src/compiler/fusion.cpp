#include "compiler/fusion.hpp"

#include <algorithm>
#include <climits>

namespace fluxion::compiler {
namespace {

class Fuser {
 public:
  Fuser(const ir::Program& p, const Origins& o, std::span<const Dims> input_strides)
      : p_(p), o_(o), n_(static_cast<std::uint32_t>(p.instrs.size())), level_(n_, 0), folds_(n_, 0), group_(n_) {
    predict_layouts(input_strides);
  }

  Fusion run() {
    assign_levels();
    sink_late();
    join();
    collect();
    order();
    mark_stored();
    return std::move(result_);
  }

 private:
  const ir::Instr& instr(std::uint32_t i) const { return p_.instrs[i]; }
  std::int64_t count(ir::ValueId v) const { return element_count(p_.types[v].shape); }

  // Layouts are decided by the planner, loop by loop; this guess only steers which reductions are fused.
  void predict_layouts(std::span<const Dims> inputs) {
    strides_.resize(p_.types.size());
    for (std::size_t k = 0; k < inputs.size(); ++k) strides_[p_.inputs[k]] = inputs[k];
    for (const auto& i : p_.instrs) {
      if (holds_programs(i.action)) {
        for (const auto v : i.out) strides_[v] = row_major(p_.types[v].shape);
        continue;
      }
      const auto& out = p_.types[i.out[0]];
      Dims guess;
      if (is_view(i.action)) {
        auto view = view_of(i.action, p_.types[i.in[0]], strides_[i.in[0]], out);
        guess = view ? std::move(view->strides) : row_major(out.shape);
      } else {
        guess = is_elementwise(i.action) ? like_operands(i, out.shape) : row_major(out.shape);
      }
      for (std::size_t k = 1; k < i.out.size(); ++k) strides_[i.out[k]] = guess;
      strides_[i.out[0]] = std::move(guess);
    }
  }
  Dims like_operands(const ir::Instr& i, const Shape& shape) const {
    for (const auto v : i.in) {
      const auto& s = strides_[v];
      if (s.size() != shape.size() || !is_dense(shape, s) || element_count(shape) == 0) continue;
      return s;
    }
    return row_major(shape);
  }

  /// Whether instruction i can take value v from the registers of the instruction that makes it.
  bool fuses(std::uint32_t i, ir::ValueId v) const {
    const auto from = o_.producer[v];
    if (from == no_instr || !is_elementwise(instr(from).action)) return false;
    if (is_elementwise(instr(i).action)) return count(v) == count(instr(i).out[0]);
    return folds_[i] != 0;
  }
  bool foldable(std::uint32_t i) const {
    const auto* reduce = std::get_if<ir::Reduce>(&instr(i).action);
    if (reduce == nullptr) return false;
    const auto v = instr(i).in[0];
    const auto from = o_.producer[v];
    if (from == no_instr || !is_elementwise(instr(from).action) || count(v) == 0) return false;
    const auto& shape = p_.types[v].shape;
    return !prefers_columns(ReductionShape(*reduce, shape), squeezed(shape, strides_[v]));
  }

  void assign_levels() {
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (is_view(instr(i).action)) continue;
      folds_[i] = foldable(i);
      int level = 0;
      for (const auto v : instr(i).in)
        if (const auto from = o_.source[v]; from != no_instr)
          level = std::max(level, level_[from] + (fuses(i, v) ? 0 : 1));
      level_[i] = level;
    }
  }

  /// Elementwise work whose results are only wanted later is done where they are wanted.
  void sink_late() {
    std::vector<int> latest(n_, INT_MAX);
    for (std::uint32_t i = n_; i-- > 0;) {
      if (is_view(instr(i).action)) continue;
      if (is_elementwise(instr(i).action) && latest[i] != INT_MAX) level_[i] = std::max(level_[i], latest[i]);
      for (const auto v : instr(i).in)
        if (const auto from = o_.source[v]; from != no_instr)
          latest[from] = std::min(latest[from], level_[i] - (fuses(i, v) ? 0 : 1));
    }
  }

  std::uint32_t find(std::uint32_t i) {
    while (group_[i] != i) i = group_[i] = group_[group_[i]];
    return i;
  }
  void join() {
    for (std::uint32_t i = 0; i < n_; ++i) group_[i] = i;
    for (std::uint32_t i = 0; i < n_; ++i) {
      if (is_view(instr(i).action)) continue;
      for (const auto v : instr(i).in)
        if (fuses(i, v) && level_[o_.producer[v]] == level_[i]) group_[find(i)] = find(o_.producer[v]);
    }
  }

  void collect() {
    auto& r = result_;
    r.unit_of.assign(n_, no_instr);
    r.position_of.assign(n_, 0);
    unit_of_group_.assign(n_, no_instr);
    for (const bool reductions : {false, true})  // reductions see all members of their loop
      for (std::uint32_t i = 0; i < n_; ++i)
        if (!is_view(instr(i).action) && std::holds_alternative<ir::Reduce>(instr(i).action) == reductions) place(i);
  }
  void place(std::uint32_t i) {
    auto& units = result_.units;
    auto& shared = unit_of_group_[find(i)];
    auto unit = shared;
    if (unit == no_instr || (folds_[i] != 0 && !agrees(units[unit], i))) {
      unit = static_cast<std::uint32_t>(units.size());
      units.emplace_back();
      if (shared == no_instr) shared = unit;
    }
    place(i, unit);
  }
  void place(std::uint32_t i, std::uint32_t unit) {
    auto& u = result_.units[unit];
    result_.unit_of[i] = unit;
    const bool reduces = std::holds_alternative<ir::Reduce>(instr(i).action);
    auto& list = reduces ? u.reductions : u.members;
    result_.position_of[i] = static_cast<std::uint32_t>(list.size());
    list.push_back(i);
    u.is_loop = reduces || is_elementwise(instr(i).action);
  }
  /// All reductions of a loop fold the same rows in chunks of the same size; others come after the loop.
  bool agrees(const Unit& u, std::uint32_t i) const {
    const auto v = instr(i).in[0];
    const ReductionShape mine(std::get<ir::Reduce>(instr(i).action), p_.types[v].shape);
    if (!mine.innermost()) {  // the loop visits elements in another than logical order: all shapes must agree
      for (const auto m : u.members)
        if (squeezed(p_.types[instr(m).out[0]].shape) != mine.shape) return false;
    }
    if (u.reductions.empty()) return true;
    const auto first = instr(u.reductions[0]).in[0];
    const ReductionShape other(std::get<ir::Reduce>(instr(u.reductions[0]).action), p_.types[first].shape);
    return mine.shape == other.shape && mine.reduced == other.reduced &&
           itemsize(p_.types[v].dtype) == itemsize(p_.types[first].dtype);
  }

  // Units in program order of their last members, each after what it needs.
  void order() {
    auto& r = result_;
    const auto units = static_cast<std::uint32_t>(r.units.size());
    std::vector<std::uint32_t> by_end(units), end(units, 0);
    for (std::uint32_t i = 0; i < n_; ++i)
      if (r.unit_of[i] != no_instr) end[r.unit_of[i]] = i;
    for (std::uint32_t u = 0; u < units; ++u) by_end[u] = u;
    std::sort(by_end.begin(), by_end.end(), [&](auto a, auto b) { return end[a] < end[b]; });
    new_index_.assign(units, no_instr);
    for (const auto u : by_end) visit(u);
    for (auto& u : r.unit_of)
      if (u != no_instr) u = new_index_[u];
    r.units = std::move(ordered_);
  }
  void visit(std::uint32_t u) {
    if (new_index_[u] != no_instr) return;
    new_index_[u] = no_instr - 1;  // on the way
    const Unit& unit = result_.units[u];
    for (const auto* list : {&unit.members, &unit.reductions})
      for (const auto i : *list)
        for (const auto v : instr(i).in)
          if (const auto from = o_.source[v]; from != no_instr && result_.unit_of[from] != u)
            visit(result_.unit_of[from]);
    new_index_[u] = static_cast<std::uint32_t>(ordered_.size());
    ordered_.push_back(unit);
  }

  void mark_stored() {
    auto& r = result_;
    r.stored.assign(p_.types.size(), 0);
    for (const auto v : p_.outputs) r.stored[v] = 1;
    for (std::uint32_t i = n_; i-- > 0;) {
      const auto& in = instr(i).in;
      if (is_view(instr(i).action)) {
        if (r.stored[instr(i).out[0]] != 0) r.stored[in[0]] = 1;
        continue;
      }
      for (const auto v : in) {
        const bool inside = fuses(i, v) && r.unit_of[o_.producer[v]] == r.unit_of[i];
        if (!inside) r.stored[v] = 1;
      }
    }
  }

  const ir::Program& p_;
  const Origins& o_;
  std::uint32_t n_;
  std::vector<int> level_;
  std::vector<char> folds_;
  std::vector<std::uint32_t> group_, unit_of_group_;
  std::vector<Dims> strides_;
  Fusion result_;
  std::vector<std::uint32_t> new_index_;
  std::vector<Unit> ordered_;
};

}  // namespace

Fusion fused(const ir::Program& p, const Origins& origins, std::span<const Dims> input_strides) {
  return Fuser(p, origins, input_strides).run();
}

}  // namespace fluxion::compiler
