#include "compiler/flat_code.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "compiler/fusion.hpp"

namespace fluxion::compiler {
namespace {

namespace isa = kernels::isa_baseline;
using kernels::flat::Fold;
using kernels::flat::Handler;

std::size_t bytes_of(const ir::Program& p, ir::ValueId v) { return itemsize(p.types[v].dtype); }

/// What a kernel is looked up with. Keys are moved, never looked at.
DType kernel_dtype(const ir::Program& p, const ir::Instr& i) {
  const auto* map = std::get_if<ir::Map>(&i.action);
  const DType t = p.types[i.in[map != nullptr && map->op == ir::Op::select ? 1 : 0]].dtype;
  return is_key(t) ? DType::uint64 : t;
}
kernels::Kernel kernel_of(const ir::Program& p, const ir::Instr& i) {
  const auto& table = kernels::table();
  if (const auto* map = std::get_if<ir::Map>(&i.action)) return table.elementwise(map->op, kernel_dtype(p, i), 0);
  if (std::holds_alternative<ir::Convert>(i.action)) return table.convert(kernel_dtype(p, i), p.types[i.out[0]].dtype);
  return std::holds_alternative<ir::Threefry>(i.action) ? table.threefry2x32(0) : nullptr;
}
Handler handler_of(const ir::Program& p, const ir::Instr& i) {
  if (const auto* map = std::get_if<ir::Map>(&i.action)) return isa::flat_map(map->op, kernel_dtype(p, i));
  if (std::holds_alternative<ir::Convert>(i.action)) return isa::flat_convert(kernel_dtype(p, i), p.types[i.out[0]].dtype);
  return nullptr;
}

bool is_single(const ir::Type& t) {
  return !is_tape(t.dtype) && itemsize(t.dtype) != 0 && element_count(t.shape) == 1;
}
bool holds_flat(const ir::Program& p) {
  return std::all_of(p.types.begin(), p.types.end(), is_single) &&
         std::all_of(p.instrs.begin(), p.instrs.end(), [&](const ir::Instr& i) { return is_flat(p, i, false); });
}

/// The arithmetic that chains are made of.
std::optional<Fold> fold_of(const ir::Instr& i) {
  const auto* map = std::get_if<ir::Map>(&i.action);
  if (map == nullptr) return std::nullopt;
  switch (map->op) {
    case ir::Op::add: return Fold::add;
    case ir::Op::sub: return Fold::sub;
    case ir::Op::mul: case ir::Op::square: return Fold::mul;
    case ir::Op::div: return Fold::div;
    default: return std::nullopt;
  }
}
/// The fold with its operands exchanged.
Fold turned(Fold f) { return f == Fold::sub ? Fold::from : f == Fold::div ? Fold::under : f; }

}  // namespace

bool is_stack(const ir::Instr& i, std::size_t k, bool result) {
  const auto* scan = std::get_if<ir::Scan>(&i.action);
  return scan != nullptr && k >= (result ? scan->carry : scan->consts + scan->carry);
}

bool is_flat(const ir::Program& p, const ir::Instr& i, bool top) {
  if (is_view(i.action)) return !top;
  const auto singles = [&](const ir::Values& values, bool result) {
    for (std::size_t k = 0; k < values.size(); ++k)
      if (is_stack(i, k, result) ? !top : !is_single(p.types[values[k]])) return false;
    return true;
  };
  if (!singles(i.in, false) || !singles(i.out, true)) return false;
  if (const auto* cond = std::get_if<ir::Cond>(&i.action))
    return std::all_of(cond->branches.begin(), cond->branches.end(), [](const auto& b) { return holds_flat(*b); });
  if (const auto* loop = std::get_if<ir::While>(&i.action)) return holds_flat(*loop->cond) && holds_flat(*loop->body);
  if (const auto* scan = std::get_if<ir::Scan>(&i.action)) return scan->length > 0 && holds_flat(*scan->body);
  return kernel_of(p, i) != nullptr;
}

FlatScope::FlatScope(const ir::Program& p, bool is_top)
    : program(p), top(is_top), behind(p.types.size()), slot(p.types.size(), none), node(slot), last(slot),
      uses(p.types.size(), 0) {
  for (std::size_t v = 0; v < behind.size(); ++v) behind[v] = static_cast<ir::ValueId>(v);
  for (const auto& i : p.instrs)
    if (is_view(i.action)) behind[i.out[0]] = behind[i.in[0]];
}

// --- places ----------------------------------------------------------------------------------------------------------

std::uint32_t FlatWriter::fresh(std::size_t bytes) {
  const auto at = end_;
  end_ += bytes > 8 ? 16 : 8;
  return at;
}
std::uint32_t FlatWriter::take(std::size_t bytes) {
  auto& list = free_[bytes > 8];
  if (list.empty()) return fresh(bytes);
  const auto slot = list.back();
  list.pop_back();
  return slot;
}
std::uint32_t FlatWriter::load(Ref from, std::size_t bytes) {
  const auto at = fresh(bytes);
  flat_.loads.push_back({at, from, static_cast<std::uint32_t>(bytes)});
  return at;
}
std::uint32_t FlatWriter::constant(DType t, const ir::Constant& c) {
  const auto next = end_;
  const auto at = constants_.first_equal(t, {next, c.bits});
  if (at != next) return at;
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), c.bits.data(), sizeof words);
  flat_.constants.push_back({fresh(itemsize(t)), words[0]});
  if (itemsize(t) > 8) flat_.constants.push_back({at + 8, words[1]});
  return at;
}
std::uint32_t FlatWriter::result(FlatScope& s, ir::ValueId v) {
  auto& at = s.slot[v];
  if (at == FlatScope::none) at = take(bytes_of(s.program, v));
  return at;
}

/// Gives back what instruction k of the block is the last one to read.
void FlatWriter::release(Block& b, std::uint32_t k, std::span<const ir::ValueId> read) {
  for (const auto operand : read) {
    const auto v = b.s.of(operand);
    if (b.s.node[v] == FlatScope::none || b.s.last[v] != k || b.s.slot[v] == FlatScope::none) continue;
    give(b.s.slot[v], bytes_of(b.s.program, v));
    b.s.slot[v] = FlatScope::none;
  }
}

// --- chains ------------------------------------------------------------------------------------------------------------

void FlatWriter::count_uses(Block& b, std::span<const ir::ValueId> kept, std::span<const Target> targets) const {
  auto& s = b.s;
  const auto end = static_cast<std::uint32_t>(b.instrs.size());
  for (std::uint32_t k = 0; k < end; ++k)
    for (const auto v : b.instr(k).out) {
      s.node[v] = k;
      s.last[v] = FlatScope::none;
      s.uses[v] = 0;
    }
  const auto used = [&](ir::ValueId v, std::uint32_t k) {
    ++s.uses[s.of(v)];
    s.last[s.of(v)] = k;
  };
  for (std::uint32_t k = 0; k < end; ++k)
    for (std::size_t j = 0; j < b.instr(k).in.size(); ++j)
      if (!is_stack(b.instr(k), j, false)) used(b.instr(k).in[j], k);
  for (const auto v : kept) used(v, end);
  for (const auto& t : targets) used(t.value, end);
}

/// The chain that ends in v, if v is read only once.
const FlatWriter::Node* FlatWriter::on_the_way(const Block& b, ir::ValueId v, DType t) const {
  const auto root = b.s.of(v);
  const auto k = b.s.node[root];
  if (k == FlatScope::none || b.s.uses[root] != 1 || b.nodes[k].size == 0) return nullptr;
  return b.s.program.types[root].dtype == t ? &b.nodes[k] : nullptr;
}

FlatWriter::Node FlatWriter::chained(const Block& b, const ir::Instr& i) const {
  const auto fold = fold_of(i);
  const DType t = b.s.program.types[i.out[0]].dtype;
  if (!fold || (t != DType::float32 && t != DType::float64)) return {};
  const auto left = i.in[0], right = i.in.back();
  Node n{1, false, false, {*fold}, {left, right}};
  if (left == right) return n;  // a square reads its operand twice
  const Node* const l = on_the_way(b, left, t);
  const Node* const r = on_the_way(b, right, t);
  const auto extended = [&](const Node& inner, Fold f, ir::ValueId other) {
    n = inner;
    n.folds[inner.size] = f;
    n.leaves[inner.size + 1U] = other;
    ++n.size;
  };
  if (l != nullptr && r != nullptr && l->size == 1 && r->size == 1)
    n = {3, false, true, {l->folds[0], r->folds[0], *fold}, {l->leaves[0], l->leaves[1], r->leaves[0], r->leaves[1]}};
  else if (l != nullptr && l->size <= 2 && (r == nullptr || r->size > 2 || l->size >= r->size)) extended(*l, *fold, right);
  else if (r != nullptr && r->size <= 2) extended(*r, turned(*fold), left);
  return n;
}

/// Arithmetic whose result is read once, by other arithmetic, is done there: one instruction for up to three.
void FlatWriter::find_chains(Block& b) const {
  b.nodes.resize(b.instrs.size());
  for (std::uint32_t k = 0; k < b.nodes.size(); ++k) {
    auto& n = b.nodes[k] = chained(b, b.instr(k));
    if (n.size <= 1) continue;
    for (const auto operand : b.instr(k).in) {
      const auto v = b.s.of(operand);
      const bool leaf = std::find(n.leaves.begin(), n.leaves.begin() + n.size + 1, operand) != n.leaves.begin() + n.size + 1;
      if (!leaf) b.nodes[b.s.node[v]].absorbed = true;
    }
  }
  for (std::uint32_t k = 0; k < b.nodes.size(); ++k) {
    const auto& n = b.nodes[k];
    if (n.absorbed || n.size <= 1) continue;
    for (std::size_t j = 0; j <= n.size; ++j) {
      auto& last = b.s.last[b.s.of(n.leaves[j])];
      last = std::max(last, k);
    }
  }
}

void FlatWriter::place_targets(Block& b, std::span<Target> targets) const {
  auto& s = b.s;
  for (auto& t : targets) {
    const auto v = s.of(t.value);
    const auto k = s.node[v];
    if (k == FlatScope::none || s.slot[v] != FlatScope::none) continue;
    const auto& i = b.instr(k);
    if (i.out.size() != 1 || holds_programs(i.action)) continue;
    const auto until = t.until == FlatScope::none ? FlatScope::none : s.last[t.until];
    if (until != FlatScope::none && until > k) continue;
    s.slot[v] = t.slot;
    t.placed = true;
  }
}

void FlatWriter::settle(FlatScope& s, std::span<const Target> targets) {
  struct Move {
    std::uint32_t from, to;
    std::size_t bytes;
  };
  std::vector<Move> moves, back;
  for (const auto& t : targets)
    if (!t.placed && slot(s, t.value) != t.slot) moves.push_back({slot(s, t.value), t.slot, bytes_of(s.program, t.value)});
  for (auto& m : moves) {  // what another move would overwrite goes aside first
    const bool overwritten = std::any_of(moves.begin(), moves.end(), [&](const Move& o) { return o.to == m.from; });
    if (!overwritten) continue;
    const auto aside = take(m.bytes);
    move(aside, m.from, m.bytes);
    back.push_back({aside, 0, m.bytes});
    m.from = aside;
  }
  for (const auto& m : moves) move(m.to, m.from, m.bytes);
  for (const auto& m : back) give(m.from, m.bytes);
}

// --- instructions --------------------------------------------------------------------------------------------------------

kernels::flat::Instr& FlatWriter::put(Handler h) {
  auto& i = flat_.code.emplace_back();
  i.run = h;
  return i;
}
void FlatWriter::move(std::uint32_t to, std::uint32_t from, std::size_t bytes) {
  auto& i = put(isa::flat_move(bytes));
  i.to = to;
  i.in[0] = from;
}

void FlatWriter::block(FlatScope& s, std::span<const std::uint32_t> instrs, std::span<const ir::ValueId> kept,
                       std::span<Target> targets) {
  Block b{s, instrs, {}};
  count_uses(b, kept, targets);
  find_chains(b);
  place_targets(b, targets);
  for (std::uint32_t k = 0; k < instrs.size(); ++k)
    if (!b.nodes[k].absorbed) compute(b, k);
}

void FlatWriter::compute(Block& b, std::uint32_t k) {
  const auto& i = b.instr(k);
  if (b.nodes[k].size > 1) {
    chain(b, b.nodes[k], k);
  } else if (holds_programs(i.action)) {
    if (std::holds_alternative<ir::Cond>(i.action)) cond(b, i);
    else if (std::holds_alternative<ir::While>(i.action)) loop(b, i);
    else scan(b, i);
    release(b, k, i.in);
  } else {
    single(b, k);
  }
  for (std::size_t j = 0; j < i.out.size(); ++j) {
    const auto v = i.out[j];
    if (b.s.last[v] != FlatScope::none || b.s.slot[v] == FlatScope::none) continue;
    give(b.s.slot[v], bytes_of(b.s.program, v));
  }
}

void FlatWriter::chain(Block& b, const Node& n, std::uint32_t k) {
  const auto v = b.instr(k).out[0];
  const DType t = b.s.program.types[v].dtype;
  const auto& f = n.folds;
  kernels::flat::Instr i;
  i.run = n.join ? isa::flat_join(t, f[0], f[1], f[2])
          : n.size == 3 ? isa::flat_chain(t, f[0], f[1], f[2]) : isa::flat_chain(t, f[0], f[1]);
  for (std::size_t j = 0; j <= n.size; ++j) i.in[j] = slot(b.s, n.leaves[j]);
  release(b, k, {n.leaves.data(), n.size + 1U});
  i.to = result(b.s, v);
  flat_.code.push_back(i);
}

void FlatWriter::single(Block& b, std::uint32_t k) {
  const auto& i = b.instr(k);
  kernels::flat::Instr to;
  to.run = handler_of(b.s.program, i);
  if (to.run == nullptr) {
    to.run = isa::flat_call(i.in.size(), i.out.size());
    to.value = reinterpret_cast<std::int64_t>(kernel_of(b.s.program, i));
  }
  for (std::size_t j = 0; j < i.in.size(); ++j) to.in[j] = slot(b.s, i.in[j]);
  if (i.out.size() == 1) release(b, k, i.in);  // two results: one may be written before all is read
  to.to = result(b.s, i.out[0]);
  if (i.out.size() == 2) to.count = result(b.s, i.out[1]);
  flat_.code.push_back(to);
  if (i.out.size() == 2) release(b, k, i.in);
}

// --- control flow ----------------------------------------------------------------------------------------------------------

FlatScope FlatWriter::held(const ir::Program& p) {
  FlatScope s(p, false);
  for (const auto& c : p.constants) s.slot[c.value] = constant(p.types[c.value].dtype, c);
  return s;
}

/// All of a held program, and what its targets need in the end.
void FlatWriter::whole(FlatScope& s, std::span<const ir::ValueId> kept, std::span<Target> targets) {
  std::vector<std::uint32_t> instrs;
  for (std::uint32_t i = 0; i < s.program.instrs.size(); ++i)
    if (!is_view(s.program.instrs[i].action)) instrs.push_back(i);
  block(s, instrs, kept, targets);
}

void FlatWriter::branch(FlatScope& outer, const ir::Instr& i, const ir::Program& p) {
  auto s = held(p);
  for (std::size_t k = 0; k < p.inputs.size(); ++k) s.slot[p.inputs[k]] = slot(outer, i.in[k + 1]);
  std::vector<Target> targets;
  for (std::size_t k = 0; k < i.out.size(); ++k)
    if (outer.uses[i.out[k]] != 0) targets.push_back({p.outputs[k], FlatScope::none, outer.slot[i.out[k]]});
  whole(s, {}, targets);
  settle(s, targets);
  for (const auto& t : targets) {
    const auto v = s.of(t.value);
    const bool in_place = std::any_of(targets.begin(), targets.end(), [&](const Target& o) { return o.slot == s.slot[v]; });
    if (in_place || s.node[v] == FlatScope::none || s.slot[v] == FlatScope::none) continue;
    give(s.slot[v], bytes_of(p, v));
    s.slot[v] = FlatScope::none;
  }
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
    const auto bytes = bytes_of(outer.program, i.out[k]);
    slots.push_back(take(bytes));
    move(slots.back(), slot(outer, i.in[first + k]), bytes);
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
  for (std::size_t k = 0; k < action.cond_consts; ++k) cond.slot[action.cond->inputs[k]] = slot(b.s, i.in[k]);
  for (std::size_t k = 0; k < action.body_consts; ++k)
    body.slot[action.body->inputs[k]] = slot(b.s, i.in[action.cond_consts + k]);
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
  Target flag{action.cond->outputs[0], FlatScope::none, take(1)};
  whole(cond, {}, {&flag, 1});
  settle(cond, {&flag, 1});
  const auto end = here();
  auto& jump = put(isa::flat_jump_if());
  jump.in[0] = flag.slot;
  jump.value = again - end;
  give(flag.slot, 1);
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
  for (std::size_t k = 0; k < action.consts; ++k) body.slot[p.inputs[k]] = slot(b.s, i.in[k]);
  for (std::size_t k = 0; k < slots.size(); ++k) body.slot[p.inputs[action.consts + k]] = slots[k];
  const auto again = here();
  for (std::size_t k = action.consts + action.carry; k < p.inputs.size(); ++k) {
    const auto bytes = bytes_of(p, p.inputs[k]);
    const auto stack = stacks_.operand(i, k);
    flat_.pointers.push_back({fresh(8), stack.first, 0});
    auto& read = put(isa::flat_read(bytes));
    read.in[0] = flat_.pointers.back().at;
    read.to = body.slot[p.inputs[k]] = take(bytes);
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
    flat_.pointers.push_back({fresh(8), stack.first, 0});
    auto& write = put(isa::flat_write(bytes_of(p, p.outputs[k])));
    write.to = flat_.pointers.back().at;
    write.in[0] = slot(body, p.outputs[k]);
    write.value = stack.step;
  }
  settle(body, targets);
  const auto end = here();
  auto& repeat = put(isa::flat_repeat());
  repeat.in[0] = counter;
  repeat.value = again - end;
  give(counter, 8);
}

Flat FlatWriter::finish(std::uint32_t& frame_bytes) {
  put(isa::flat_done());
  frame_bytes = end_;
  return std::move(flat_);
}

}  // namespace fluxion::compiler
