// What a loop would compute again in every round, of nothing but its constants, is computed once before it. Views stay
// (they cost nothing), but for small pieces of larger constants, without which the loop may be a flat program. Cheap
// elementwise work on large arrays stays, too: reading them again would cost more. So does work that may not end, or
// that others see.
#include <algorithm>
#include <map>

#include "compiler/cost.hpp"
#include "compiler/flat_code.hpp"
#include "compiler/fusion.hpp"
#include "compiler/passes/rewriting.hpp"

namespace fluxion::compiler {
namespace {

using ir::ProgramPtr;
using ir::ValueId;

/// A held program, and what has left it: instructions to be carried out before the loop, and those of their results
/// that are now further constants, behind those of the `consts` that there were which are still `kept`.
struct Split {
  ProgramPtr rest;
  std::vector<ir::Instr> before;
  ir::Values results;
  std::vector<char> kept;
};

bool is_worth(const ir::Program& p, const ir::Instr& i) {
  constexpr std::size_t large = 262144;  // bytes
  if (is_view(i.action) || std::holds_alternative<ir::Iota>(i.action)) return false;
  if (!is_elementwise(i.action)) return true;
  const auto& t = p.types[i.out[0]];
  const auto bytes = static_cast<std::size_t>(element_count(t.shape)) * itemsize(t.dtype);
  return bytes < large || cost_of(i.action, t.dtype) >= cost_of(ir::Map{ir::Op::exp}, t.dtype);
}

/// A view of few elements of an array, itself no view, of more: a flat program would pick them in every round.
bool is_small_piece(const ir::Program& p, const ir::Instr& i, const std::vector<ValueId>& whole) {
  return is_view(i.action) && element_count(p.types[i.out[0]].shape) <= most_elements &&
         element_count(p.types[i.out[0]].shape) < element_count(p.types[whole[i.in[0]]].shape);
}

bool may_move(const ir::Program& p, const ir::Instr& i) {
  if (holds_programs(i.action) || std::holds_alternative<ir::HostCall>(i.action)) return false;
  if (std::holds_alternative<ir::Tape>(i.action)) return false;
  for (const auto v : i.out)
    if (is_tape(p.types[v].dtype)) return false;
  return true;
}

/// Leaves those values from `first` on out that are not kept.
void drop(ir::Values& values, std::size_t first, const std::vector<char>& kept) {
  for (std::size_t k = kept.size(); k-- > 0;)
    if (kept[k] == 0) values.erase(values.begin() + static_cast<std::ptrdiff_t>(first + k));
}

Split split(const ProgramPtr& held, std::size_t consts) {
  const auto& p = *held;
  std::vector<char> invariant(p.types.size(), 0), moved(p.instrs.size(), 0), needed(p.types.size(), 0);
  std::vector<ValueId> whole(p.types.size());  // what a view is a view of
  for (ValueId v = 0; v < whole.size(); ++v) whole[v] = v;
  for (std::size_t k = 0; k < consts; ++k) invariant[p.inputs[k]] = 1;
  for (const auto& c : p.constants) invariant[c.value] = 1;
  bool any = false;
  for (std::size_t k = 0; k < p.instrs.size(); ++k) {
    const auto& i = p.instrs[k];
    bool all = may_move(p, i);
    for (const auto v : i.in) all = all && invariant[v] != 0;
    if (!all) continue;
    for (const auto v : i.out) invariant[v] = 1;
    if (is_view(i.action)) whole[i.out[0]] = whole[i.in[0]];
    moved[k] = is_worth(p, i) || is_small_piece(p, i, whole);
    any = any || moved[k] != 0;
  }
  Split s{held, {}, {}, std::vector<char>(consts, 1)};
  if (!any) return s;
  ir::Program rest = p;
  rest.instrs.clear();
  std::vector<char> crosses(p.types.size(), 0);
  for (const auto v : p.outputs) crosses[v] = 1;
  for (std::size_t k = p.instrs.size(); k-- > 0;)
    for (const auto v : p.instrs[k].in) (moved[k] != 0 ? needed : crosses)[v] = 1;
  for (std::size_t k = p.instrs.size(); k-- > 0;) {  // what moves needs views that stay
    const auto& i = p.instrs[k];
    bool copied = moved[k] != 0;
    for (const auto v : i.out) copied = copied || needed[v] != 0;
    if (copied) {
      for (const auto v : i.in) needed[v] = 1;
      s.before.push_back(i);
    }
  }
  std::reverse(s.before.begin(), s.before.end());
  for (std::size_t k = 0; k < p.instrs.size(); ++k) {
    const auto& i = p.instrs[k];
    if (moved[k] == 0) {
      rest.instrs.push_back(i);
      continue;
    }
    for (const auto v : i.out)
      if (crosses[v] != 0) s.results.push_back(v);
  }
  rest.inputs.insert(rest.inputs.begin() + static_cast<std::ptrdiff_t>(consts), s.results.begin(), s.results.end());
  rest = without_dead_code(std::move(rest));
  std::vector<char> read(p.types.size(), 0);
  for (const auto v : rest.outputs) read[v] = 1;
  for (const auto& i : rest.instrs)
    for (const auto v : i.in) read[v] = 1;
  for (std::size_t k = 0; k < consts; ++k) s.kept[k] = read[p.inputs[k]];
  drop(rest.inputs, 0, s.kept);
  s.rest = std::make_shared<const ir::Program>(std::move(rest));
  return s;
}

class Hoister {
 public:
  explicit Hoister(ir::Program p) : r_(std::move(p)) {}

  ir::Program run() {
    return r_.run([this](ir::Instr& i) {
      if (auto* scan = std::get_if<ir::Scan>(&i.action)) scan->consts = hoist(scan->body, scan->consts, i.in, 0);
      if (auto* loop = std::get_if<ir::While>(&i.action)) {
        loop->cond_consts = hoist(loop->cond, loop->cond_consts, i.in, 0);
        loop->body_consts = hoist(loop->body, loop->body_consts, i.in, loop->cond_consts);
      }
      r_.put(std::move(i));
    });
  }

 private:
  /// `first` is the first of the constants among the operands. Returns how many there are now.
  std::size_t hoist(ProgramPtr& held, std::size_t consts, ir::Values& in, std::size_t first) {
    auto [known, is_new] = splits_.try_emplace({held, consts});
    if (is_new) known->second = split(held, consts);
    const Split& s = known->second;
    if (s.results.empty()) return consts;
    const ir::Program& p = *held;
    std::vector<ValueId> here(p.types.size(), 0);
    for (std::size_t k = 0; k < consts; ++k) here[p.inputs[k]] = in[first + k];
    for (const auto& c : p.constants) here[c.value] = r_.put_constant(p.types[c.value].dtype, c.bits);
    for (ir::Instr i : s.before) {
      for (auto& v : i.in) v = here[v];
      for (auto& v : i.out) v = here[v] = r_.add(p.types[v]);
      r_.put(std::move(i));
    }
    ir::Values results;
    for (const auto v : s.results) results.push_back(here[v]);
    in.insert(in.begin() + static_cast<std::ptrdiff_t>(first + consts), results.begin(), results.end());
    drop(in, first, s.kept);
    held = s.rest;
    return results.size() + static_cast<std::size_t>(std::count(s.kept.begin(), s.kept.end(), 1));
  }

  Rewriting r_;
  std::map<std::pair<ProgramPtr, std::size_t>, Split> splits_;
};

}  // namespace

ir::Program with_hoisted_invariants(ir::Program p) { return Hoister(std::move(p)).run(); }

}  // namespace fluxion::compiler
