// Runs of units on single elements become one flat program: its frame is memory of the plan's, where later steps find
// what they read.
#include <algorithm>

#include "compiler/flat_code.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

std::size_t bytes_of(const ir::Type& t) { return itemsize(t.dtype); }

/// The stacks that scans walk along.
class PlannedStacks final : public FlatWriter::Stacks {
 public:
  explicit PlannedStacks(Planner& p) : p_(p) {}

  FlatWriter::Stack operand(const ir::Instr& i, std::size_t k) override {
    const Location& l = p_.use(i.in[k]);
    return turned(i, l.ref(), l.strides[0] * static_cast<std::int64_t>(bytes_of(p_.type(i.in[k]))));
  }
  FlatWriter::Stack result(const ir::Instr& i, std::size_t k) override {
    const auto& t = p_.type(i.out[k]);
    return turned(i, p_.define(i.out[k], row_major(t.shape)).ref(), static_cast<std::int64_t>(bytes_of(t)));
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
    for (const auto v : p.program().outputs) last_unit_[scope_.behind[v]] = FlatScope::none;
  }

  ir::ValueId behind(ir::ValueId v) const { return scope_.behind[v]; }

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
  void gather(std::size_t first, std::size_t n) {
    instrs_.clear();
    for (std::size_t u = first; u < first + n; ++u) {
      const auto& members = p_.fusion().units[u].members;
      instrs_.insert(instrs_.end(), members.begin(), members.end());
    }
    for (std::uint32_t k = 0; k < instrs_.size(); ++k)
      for (const auto v : p_.instr(instrs_[k]).out) scope_.node[v] = k;
  }
  /// What other steps have computed is read before the program begins.
  void load(FlatWriter& writer) {
    for (const auto i : instrs_) {
      const auto& in = p_.instr(i).in;
      for (std::size_t k = 0; k < in.size(); ++k) {
        const auto v = in[k];
        if (is_stack(p_.instr(i), k, false) || scope_.node[scope_.of(v)] != FlatScope::none) continue;
        if (scope_.slot[v] != FlatScope::none) continue;
        scope_.slot[v] = writer.load(p_.use(v).ref(), bytes_of(p_.type(v)));
        loaded_.push_back(v);
      }
    }
  }
  void keep(Flat& flat, ir::ValueId v) {
    const auto& t = p_.type(v);
    const auto at = scope_.slot[v];
    if (p_.is_own_result(v))
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
  std::vector<std::uint32_t> last_unit_;  // by value: the last unit that reads it; none for results
  std::vector<std::uint32_t> instrs_;
  std::vector<ir::ValueId> loaded_;
};

FlatUnits::FlatUnits(Planner& p) : p_(p) {}
FlatUnits::~FlatUnits() = default;

std::size_t FlatUnits::plan(std::size_t first) {
  const auto& units = p_.fusion().units;
  std::size_t n = 0;
  std::vector<ir::ValueId> stacks;  // made by the units so far: elements of these are not in the frame
  while (first + n < units.size() && joins(units[first + n], stacks)) ++n;
  if (n != 0) state().plan(first, n);
  return n;
}

FlatUnits::State& FlatUnits::state() {
  if (state_ == nullptr) state_ = std::make_unique<State>(p_);
  return *state_;
}

bool FlatUnits::joins(const Unit& u, std::vector<ir::ValueId>& stacks) {
  if (!u.reductions.empty()) return false;
  for (const auto m : u.members) {
    const auto& i = p_.instr(m);
    if (!is_flat(p_.program(), i, true)) return false;
    if (!stacks.empty())
      for (const auto v : i.in)
        if (std::find(stacks.begin(), stacks.end(), state().behind(v)) != stacks.end()) return false;
  }
  for (const auto m : u.members)
    for (std::size_t k = 0; k < p_.instr(m).out.size(); ++k)
      if (is_stack(p_.instr(m), k, true)) stacks.push_back(p_.instr(m).out[k]);
  return true;
}

}  // namespace fluxion::compiler
