// Loops and branches in flat programs, with the programs they hold.
#include <algorithm>
#include <cstring>

#include "compiler/flat_internal.hpp"
#include "compiler/fusion.hpp"

namespace fluxion::compiler {
namespace {

namespace isa = kernels::isa_baseline;

}  // namespace

FlatScope FlatWriter::held(const ir::Program& p) {
  FlatScope s(p, false);
  for (const auto& c : p.constants) s.slot[c.value] = constant(p.types[c.value].dtype, c);
  return s;
}

/// All of a held program, and what its targets need in the end.
void FlatWriter::whole(FlatScope& s, std::span<const ir::ValueId> kept, std::span<Target> targets) {
  std::vector<std::uint32_t> instrs;
  for (std::uint32_t i = 0; i < s.program.instrs.size(); ++i)
    if (const auto& instr = s.program.instrs[i]; !is_view(instr.action) || s.behind[instr.out[0]] == instr.out[0])
      instrs.push_back(i);
  block(s, instrs, kept, targets);
}

void FlatWriter::branch(FlatScope& outer, const ir::Instr& i, const ir::Program& p) {
  auto s = held(p);
  Spare spare;
  for (std::size_t k = 0; k < p.inputs.size(); ++k) s.slot[p.inputs[k]] = whole_array(outer, i.in[k + 1], spare);
  std::vector<Target> targets;
  for (std::size_t k = 0; k < i.out.size(); ++k)
    if (outer.uses[i.out[k]] != 0) targets.push_back({p.outputs[k], FlatScope::none, outer.slot[i.out[k]]});
  whole(s, {}, targets);
  settle(s, targets);
  for (const auto& t : targets) {
    const auto v = s.of(t.value);
    const auto is_here = [&](const Target& o) { return o.slot == s.slot[v]; };
    const bool in_place = std::any_of(targets.begin(), targets.end(), is_here);
    if (in_place || s.node[v] == FlatScope::none || s.slot[v] == FlatScope::none) continue;
    give(s.slot[v], s.bytes(v));
    s.slot[v] = FlatScope::none;
  }
  give(spare);
}

void FlatWriter::cond(Block& b, const ir::Instr& i) {
  const auto& branches = std::get<ir::Cond>(i.action).branches;
  for (const auto v : i.out)
    if (b.s.uses[v] != 0) result(b.s, v);
  const auto n = branches.size();
  const auto first = here();
  if (n == 2) {  // the common case: one jump
    put(isa::flat_jump_unless_positive()).in[0] = slot(b.s, i.in[0]);
  } else if (n > 2) {
    auto& choose = put(isa::flat_choose());
    choose.in[0] = slot(b.s, i.in[0]);
    choose.count = static_cast<std::uint32_t>(n - 1);
    for (std::size_t k = 0; k < n; ++k) put(isa::flat_jump());
  }
  std::vector<std::int64_t> ends;
  for (std::size_t k = n; k-- > 0;) {
    if (n == 2 && k == 0) land(first);
    if (n > 2) land(first + 1 + static_cast<std::int64_t>(k));
    branch(b.s, i, *branches[k]);
    if (k == 0) break;
    ends.push_back(here());
    put(isa::flat_jump());
  }
  for (const auto end : ends) land(end);
}

/// Places for carried values, with the initial ones there.
std::vector<std::uint32_t> FlatWriter::carries(FlatScope& outer, const ir::Instr& i, std::size_t first, std::size_t n) {
  std::vector<std::uint32_t> slots;
  for (std::size_t k = 0; k < n; ++k) {
    slots.push_back(take(outer.bytes(i.out[k])));
    copy(outer, i.in[first + k], slots.back());
    outer.slot[i.out[k]] = slots.back();
  }
  return slots;
}
/// What a round leaves for the next.
std::vector<FlatWriter::Target> FlatWriter::turns(const FlatScope& body, std::size_t first,
                                                  std::span<const std::uint32_t> slots) const {
  std::vector<Target> targets;
  for (std::size_t k = 0; k < slots.size(); ++k)
    targets.push_back({body.program.outputs[k], body.program.inputs[first + k], slots[k]});
  return targets;
}

void FlatWriter::loop(Block& b, const ir::Instr& i) {
  const auto& action = std::get<ir::While>(i.action);
  const auto consts = action.cond_consts + action.body_consts;
  const auto slots = carries(b.s, i, consts, i.out.size());
  auto cond = held(*action.cond), body = held(*action.body);
  Spare spare;
  for (std::size_t k = 0; k < action.cond_consts; ++k)
    cond.slot[action.cond->inputs[k]] = whole_array(b.s, i.in[k], spare);
  for (std::size_t k = 0; k < action.body_consts; ++k)
    body.slot[action.body->inputs[k]] = whole_array(b.s, i.in[action.cond_consts + k], spare);
  for (std::size_t k = 0; k < slots.size(); ++k) {
    cond.slot[action.cond->inputs[action.cond_consts + k]] = slots[k];
    body.slot[action.body->inputs[action.body_consts + k]] = slots[k];
  }
  const auto to_cond = here();
  put(isa::flat_jump());
  const auto again = here();
  auto targets = turns(body, action.body_consts, slots);
  whole(body, {}, targets);
  settle(body, targets);
  land(to_cond);
  Target flag{action.cond->outputs[0], FlatScope::none, take(8)};
  whole(cond, {}, {&flag, 1});
  settle(cond, {&flag, 1});
  const auto end = here();
  auto& jump = put(isa::flat_jump_if());
  jump.in[0] = flag.slot;
  jump.value = again - end;
  give(flag.slot, 8);
  give(spare);
}

void FlatWriter::scan(Block& b, const ir::Instr& i) {
  const auto& action = std::get<ir::Scan>(i.action);
  const auto& p = *action.body;
  const auto counter = take(8);
  ir::Constant length{0, {}};
  std::memcpy(length.bits.data(), &action.length, sizeof action.length);
  move(counter, constant(DType::int64, length), 8);
  const auto slots = carries(b.s, i, action.consts, action.carry);
  auto body = held(p);
  Spare spare;
  for (std::size_t k = 0; k < action.consts; ++k) body.slot[p.inputs[k]] = whole_array(b.s, i.in[k], spare);
  for (std::size_t k = 0; k < slots.size(); ++k) body.slot[p.inputs[action.consts + k]] = slots[k];
  const auto again = here();
  for (std::size_t k = action.consts + action.carry; k < p.inputs.size(); ++k) {
    const auto stack = stacks_.operand(i, k);
    const auto v = p.inputs[k];
    flat_.pointers.push_back({fresh(8), stack.first, 0});
    auto& read = put(body.single(v) ? isa::flat_read(body.item(v)) : isa::flat_read_many());
    read.in[0] = flat_.pointers.back().at;
    read.in[1] = static_cast<std::uint32_t>(body.bytes(v));
    read.in[2] = static_cast<std::uint32_t>(body.item(v));
    read.count = static_cast<std::uint32_t>(unsign(element_count(body.type(v).shape)) * body.item(v));
    read.to = body.slot[v] = take(body.bytes(v));
    read.value = stack.step;
  }
  std::vector<ir::ValueId> kept;
  for (std::size_t k = action.carry; k < p.outputs.size(); ++k)
    if (stacks_.is_wanted(i, k)) kept.push_back(p.outputs[k]);
  auto targets = turns(body, action.consts, slots);
  whole(body, kept, targets);
  for (std::size_t k = action.carry; k < p.outputs.size(); ++k) {
    if (!stacks_.is_wanted(i, k)) continue;
    const auto stack = stacks_.result(i, k);
    const auto v = p.outputs[k];
    flat_.pointers.push_back({fresh(8), stack.first, 0});
    Spare written;
    const auto from = whole_array(body, v, written);
    auto& write = put(body.single(v) ? isa::flat_write(body.item(v)) : isa::flat_write_many());
    write.to = flat_.pointers.back().at;
    write.in[0] = from;
    write.count = static_cast<std::uint32_t>(unsign(element_count(body.type(v).shape)) * body.item(v));
    write.value = stack.step;
    give(written);
  }
  settle(body, targets);
  const auto end = here();
  auto& repeat = put(isa::flat_repeat());
  repeat.in[0] = counter;
  repeat.value = again - end;
  give(counter, 8);
  give(spare);
}

}  // namespace fluxion::compiler
