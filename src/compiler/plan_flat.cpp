// Runs of units on single elements become one flat program: its frame is memory of the plan's, where later steps find
// what they read.
#include <algorithm>

#include "compiler/flat_code.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

std::size_t bytes_of(const ir::Type& t) { return static_cast<std::size_t>(element_count(t.shape)) * itemsize(t.dtype); }

/// The stacks that scans walk along.
class PlannedStacks final : public FlatWriter::Stacks {
 public:
  explicit PlannedStacks(Planner& p) : p_(p) {}

  FlatWriter::Stack operand(const ir::Instr& i, std::size_t k) override {
    const auto& t = p_.type(i.in[k]);
    const Location l = p_.use(i.in[k]);
    const auto item = static_cast<std::int64_t>(itemsize(t.dtype));
    const Shape inner(t.shape.data() + 1, t.shape.size() - 1);
    if (is_row_major(inner, Dims(l.strides.data() + 1, inner.size()))) return turned(i, l.ref(), l.strides[0] * item);
    return turned(i, {p_.packed(l.ref(), t.shape, l.strides, itemsize(t.dtype)), 0}, element_count(inner) * item);
  }
  FlatWriter::Stack result(const ir::Instr& i, std::size_t k) override {
    const auto& t = p_.type(i.out[k]);
    const auto step = element_count(t.shape) / t.shape[0] * static_cast<std::int64_t>(itemsize(t.dtype));
    return turned(i, p_.define(i.out[k], row_major(t.shape)).ref(), step);
  }
  bool is_wanted(const ir::Instr& i, std::size_t k) const override { return p_.fusion().stored[i.out[k]] != 0; }

 private:
  static FlatWriter::Stack turned(const ir::Instr& i, Ref first, std::int64_t step) {
    const auto& scan = std::get<ir::Scan>(i.action);
    if (!scan.reverse) return {first, step};
    first.offset += (scan.length - 1) * step;
    return {first, -step};
  }

  Planner& p_;
};

}  // namespace

class FlatUnits::State {
 public:
  explicit State(Planner& p) : p_(p), scope_(p.program(), true), last_unit_(p.program().types.size(), 0) {
    const auto& units = p.fusion().units;
    for (std::uint32_t u = 0; u < units.size(); ++u)
      for (const auto* list : {&units[u].members, &units[u].reductions})
        for (const auto i : *list)
          for (const auto v : p.instr(i).in) last_unit_[scope_.behind[v]] = u;
    for (std::uint32_t u = 0; u < units.size(); ++u)
      for (const auto i : units[u].members) find_changed(p.instr(i), u);
    for (const auto v : p.program().outputs) last_unit_[scope_.behind[v]] = FlatScope::none;
    const auto& instrs = p.program().instrs;
    for (auto i = static_cast<std::uint32_t>(instrs.size()); i-- > 0;) {
      const auto v = is_view(instrs[i].action) ? instrs[i].out[0] : FlatScope::none;
      if (v == FlatScope::none || scope_.behind[v] != v) continue;
      auto& last = last_unit_[scope_.behind[instrs[i].in[0]]];
      last = std::max(last, last_unit_[v]);
      if (view_by_.empty()) view_by_.assign(p.program().types.size(), no_instr);
      view_by_[v] = i;
    }
  }

  /// The value that the elements of `v` are elements of.
  ir::ValueId base(ir::ValueId v) const {
    for (v = scope_.behind[v]; view(v) != no_instr;) v = scope_.behind[p_.instr(view(v)).in[0]];
    return v;
  }

  /// Whether `v` is seen through a view of more elements than a frame holds, which would have to be computed there.
  bool through_large_view(ir::ValueId v) const {
    bool large = false;
    for (v = scope_.behind[v]; view(v) != no_instr; v = scope_.behind[p_.instr(view(v)).in[0]])
      large = large || element_count(p_.type(v).shape) > most_elements;
    return large;
  }

  void plan(std::size_t first, std::size_t n) {
    PlannedStacks stacks(p_);
    FlatWriter writer(stacks);
    gather(first, n);
    load(writer);
    std::vector<ir::ValueId> kept;
    for (const auto i : instrs_)
      for (std::size_t k = 0; k < p_.instr(i).out.size(); ++k)
        if (const auto v = p_.instr(i).out[k]; !is_stack(p_.instr(i), k, true) && last_unit_[v] >= first + n) kept.push_back(v);
    writer.block(scope_, instrs_, kept, {});
    std::uint32_t bytes = 0;
    Flat flat = writer.finish(bytes);
    flat.frame = {p_.temporary(bytes), 0};
    for (const auto v : kept) keep(flat, v);
    flat.instrs = instrs_;
    p_.step(std::move(flat));
    forget();
  }

 private:
  /// Later steps may change the values that they read last where these are: if those have memory of their own.
  void find_changed(const ir::Instr& i, std::uint32_t unit) {
    if (is_flat(p_.program(), i, true)) return;
    for (const auto k : changed_operands(i)) {
      const auto v = scope_.behind[i.in[k]];
      if (element_count(p_.type(v).shape) != element_count(p_.type(i.in[k]).shape)) continue;
      if (changed_by_.empty()) changed_by_.assign(p_.program().types.size(), FlatScope::none);
      changed_by_[v] = unit;
    }
  }
  bool dies_changed(ir::ValueId v) const {
    return !changed_by_.empty() && changed_by_[v] != FlatScope::none && changed_by_[v] == last_unit_[v];
  }
  void gather(std::size_t first, std::size_t n) {
    instrs_.clear();
    for (std::size_t u = first; u < first + n; ++u) {
      const auto& unit = p_.fusion().units[u];
      for (const auto* list : {&unit.members, &unit.reductions})
        for (const auto i : *list) {
          for (std::size_t k = 0; k < p_.instr(i).in.size(); ++k)
            if (!is_stack(p_.instr(i), k, false)) gather_views(p_.instr(i).in[k]);
          append(i);
        }
    }
  }
  void append(std::uint32_t i) {
    for (const auto v : p_.instr(i).out) scope_.node[v] = static_cast<std::uint32_t>(instrs_.size());
    instrs_.push_back(i);
  }
  /// Views of what is computed here that take elements out of their order are computed here.
  void gather_views(ir::ValueId v) {
    std::vector<std::uint32_t> views;
    for (v = scope_.behind[v]; view(v) != no_instr && scope_.node[v] == FlatScope::none; v = scope_.behind[p_.instr(view(v)).in[0]])
      views.push_back(view(v));
    if (scope_.node[v] == FlatScope::none) return;
    for (auto i = views.rbegin(); i != views.rend(); ++i) append(*i);
  }
  std::uint32_t view(ir::ValueId v) const { return view_by_.empty() ? no_instr : view_by_[v]; }

  /// What other steps have computed is read before the program begins.
  void load(FlatWriter& writer) {
    for (const auto i : instrs_) {
      const auto& in = p_.instr(i).in;
      for (std::size_t k = 0; k < in.size(); ++k) {
        const auto v = in[k];
        if (is_stack(p_.instr(i), k, false) || scope_.node[scope_.of(v)] != FlatScope::none) continue;
        if (scope_.slot[v] != FlatScope::none) continue;
        const Location& l = p_.use(v);
        scope_.slot[v] = writer.load(scope_, v, l.ref(), l.strides);
        loaded_.push_back(v);
      }
    }
  }
  void keep(Flat& flat, ir::ValueId v) {
    const auto& t = p_.type(v);
    const auto at = scope_.slot[v];
    if (p_.is_own_result(v) || dies_changed(v))
      flat.stores.push_back({at, p_.define(v, row_major(t.shape)).ref(), static_cast<std::uint32_t>(bytes_of(t))});
    else p_.stand_for(v, {flat.frame.storage, at, row_major(t.shape), true});
  }
  /// The next program has a frame of its own.
  void forget() {
    for (const auto i : instrs_)
      for (const auto v : p_.instr(i).out) scope_.node[v] = scope_.slot[v] = FlatScope::none;
    for (const auto v : loaded_) scope_.slot[v] = FlatScope::none;
    loaded_.clear();
  }

  Planner& p_;
  FlatScope scope_;
  std::vector<std::uint32_t> view_by_;    // by value: the view that takes elements out of their order; empty for none
  std::vector<std::uint32_t> last_unit_;  // by value: the last unit that reads it; none for results
  std::vector<std::uint32_t> changed_by_;  // by value: the last unit that would change it in place; empty for none
  std::vector<std::uint32_t> instrs_;
  std::vector<ir::ValueId> loaded_;
};

FlatUnits::FlatUnits(Planner& p) : p_(p) {}
FlatUnits::~FlatUnits() = default;

std::size_t FlatUnits::plan(std::size_t first) {
  const auto& units = p_.fusion().units;
  std::size_t n = 0;
  std::vector<ir::ValueId> stacks;  // made by the units so far: elements of these are not in the frame
  while (first + n < units.size() && joins(units[first + n], first, stacks)) ++n;
  if (n != 0) state().plan(first, n);
  return n;
}

FlatUnits::State& FlatUnits::state() {
  if (state_ == nullptr) state_ = std::make_unique<State>(p_);
  return *state_;
}

bool FlatUnits::joins(const Unit& u, std::size_t first, std::vector<ir::ValueId>& stacks) {
  // A stack that a scan walks along is memory, not a part of the frame.
  const auto in_frame = [&](ir::ValueId v) {
    const auto source = p_.origins().source[v];
    return source != no_instr && p_.fusion().unit_of[source] >= first && &p_.fusion().units[p_.fusion().unit_of[source]] < &u;
  };
  for (const auto* list : {&u.members, &u.reductions})
    for (const auto m : *list) {
      const auto& i = p_.instr(m);
      if (!is_flat(p_.program(), i, true)) return false;
      for (std::size_t k = 0; k < i.in.size(); ++k)
        if (in_frame(i.in[k]) && (is_stack(i, k, false) || state().through_large_view(i.in[k]))) return false;
      if (!stacks.empty())
        for (const auto v : i.in)
          if (std::find(stacks.begin(), stacks.end(), state().base(v)) != stacks.end()) return false;
    }
  for (const auto m : u.members)
    for (std::size_t k = 0; k < p_.instr(m).out.size(); ++k)
      if (is_stack(p_.instr(m), k, true)) stacks.push_back(p_.instr(m).out[k]);
  return true;
}

}  // namespace fluxion::compiler
