// Flat programs as a whole: what can be in one, where values are in the frame, and blocks of instructions. Single
// instructions are in flat_instrs.cpp, loops and branches in flat_control.cpp.
#include <algorithm>
#include <cstring>

#include "compiler/flat_internal.hpp"
#include "compiler/fusion.hpp"

namespace fluxion::compiler {
namespace {

namespace isa = kernels::isa_baseline;

bool is_small(const ir::Type& t) {
  const auto n = element_count(t.shape);
  return !is_tape(t.dtype) && itemsize(t.dtype) != 0 && n >= 1 && n <= most_elements;
}
bool holds_flat(const ir::Program& p) {
  const auto small = [&](ir::ValueId v) { return is_small(p.types[v]); };
  return std::all_of(p.inputs.begin(), p.inputs.end(), small) &&
         std::all_of(p.instrs.begin(), p.instrs.end(), [&](const ir::Instr& i) {
           return std::all_of(i.out.begin(), i.out.end(), small) && is_flat(p, i, false);
         });
}

}  // namespace

bool is_stack(const ir::Instr& i, std::size_t k, bool result) {
  const auto* scan = std::get_if<ir::Scan>(&i.action);
  return scan != nullptr && k >= (result ? scan->carry : scan->consts + scan->carry);
}

bool is_flat(const ir::Program& p, const ir::Instr& i, bool top) {
  if (is_view(i.action)) return !top;
  const auto small = [&](const ir::Values& values, bool result) {
    for (std::size_t k = 0; k < values.size(); ++k)
      if (is_stack(i, k, result) ? !top : !is_small(p.types[values[k]])) return false;
    return true;
  };
  if (!small(i.in, false) || !small(i.out, true)) return false;
  if (const auto* cond = std::get_if<ir::Cond>(&i.action))
    return std::all_of(cond->branches.begin(), cond->branches.end(), [](const auto& b) { return holds_flat(*b); });
  if (const auto* loop = std::get_if<ir::While>(&i.action)) return holds_flat(*loop->cond) && holds_flat(*loop->body);
  if (const auto* scan = std::get_if<ir::Scan>(&i.action)) return scan->length > 0 && holds_flat(*scan->body);
  if (std::holds_alternative<ir::Assemble>(i.action)) return true;
  if (const auto* r = std::get_if<ir::Reduce>(&i.action))
    return kernels::table().reduce_rows(r->op, p.types[i.in[0]].dtype) != nullptr;
  if (std::holds_alternative<ir::Threefry>(i.action) && element_count(p.types[i.out[0]].shape) != 1) return false;
  return kernel_of(p, i) != nullptr;
}

FlatScope::FlatScope(const ir::Program& p, bool is_top)
    : program(p), top(is_top), behind(p.types.size()), offset(p.types.size(), 0), repeated(p.types.size(), 0),
      slot(p.types.size(), none), node(slot), last(slot), uses(p.types.size(), 0) {
  for (std::size_t v = 0; v < behind.size(); ++v) behind[v] = static_cast<ir::ValueId>(v);
  for (const auto& i : p.instrs)
    if (is_view(i.action)) see_through(i);
}

/// The same elements in the same order, one element, or one element repeated are where the operand has them.
void FlatScope::see_through(const ir::Instr& i) {
  const auto in = i.in[0], out = i.out[0];
  const auto n = element_count(type(out).shape);
  if (n == 0 || element_count(type(in).shape) == 0) return;
  const bool one = repeats(in) || single(in);
  bool same = one || std::holds_alternative<ir::Reshape>(i.action) || std::holds_alternative<ir::Bitcast>(i.action);
  std::int64_t first = 0;
  bool repeat = one && n != 1;
  if (!same) {
    const auto view = view_of(i.action, type(in), row_major(type(in).shape), type(out));
    first = view->offset;
    repeat = n != 1 && std::all_of(view->strides.begin(), view->strides.end(), [](auto s) { return s == 0; });
    same = n == 1 || repeat ||
           (first == 0 && n == element_count(type(in).shape) && is_row_major(type(out).shape, view->strides));
  }
  if (!same) return;
  behind[out] = behind[in];
  offset[out] = offset[in] + first;
  repeated[out] = repeat;
}

std::size_t FlatScope::bytes(ir::ValueId v) const {
  if (single(v)) return item(v) > 8 ? 16 : 8;
  return whole_vectors(unsign(element_count(type(v).shape)) * item(v));
}

// --- places ----------------------------------------------------------------------------------------------------------

std::uint32_t FlatWriter::fresh(std::size_t bytes) {
  if (bytes >= 64) end_ = static_cast<std::uint32_t>(whole_vectors(end_));
  const auto at = end_;
  end_ += static_cast<std::uint32_t>(bytes);
  return at;
}
std::uint32_t FlatWriter::take(std::size_t bytes) {
  auto& list = free_[pool(bytes)];
  if (list.empty()) return fresh(bytes);
  const auto slot = list.back();
  list.pop_back();
  return slot;
}
std::uint32_t FlatWriter::load(const FlatScope& s, ir::ValueId v, Ref from, const Dims& strides) {
  const auto item = static_cast<std::uint32_t>(s.item(v));
  if (s.single(v) || s.repeats(v)) {
    const auto at = fresh(item > 8 ? 16 : 8);
    flat_.loads.push_back({at, from, item, item, item});
    return at;
  }
  const auto& shape = s.type(v).shape;
  const auto n = static_cast<std::uint32_t>(element_count(shape)), end = static_cast<std::uint32_t>(s.bytes(v));
  const auto at = fresh(end);
  if (is_row_major(shape, strides)) {
    flat_.loads.push_back({at, from, n * item, end, item});
    return at;
  }
  Flat::Gather g{at, from, item, {}};
  for_each_offset(shape, strides, [&](std::int64_t o) { g.from.push_back(o * static_cast<std::int64_t>(item)); });
  while (g.from.size() < end / item) g.from.push_back(g.from.back());
  flat_.gathers.push_back(std::move(g));
  return at;
}
std::uint32_t FlatWriter::constant(DType t, const ir::Constant& c) {
  const auto next = end_;
  const auto at = constants_.first_equal(t, {next, c.bits});
  if (at != next) return at;
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), c.bits.data(), sizeof words);
  flat_.constants.push_back({fresh(itemsize(t) > 8 ? 16 : 8), words[0]});
  if (itemsize(t) > 8) flat_.constants.push_back({at + 8, words[1]});
  return at;
}
std::uint32_t FlatWriter::result(FlatScope& s, ir::ValueId v) {
  auto& at = s.slot[v];
  if (at == FlatScope::none) at = take(s.bytes(v));
  return at;
}

/// Gives back what instruction k of the block is the last one to read.
void FlatWriter::release(Block& b, std::uint32_t k, std::span<const ir::ValueId> read) {
  for (const auto operand : read) {
    const auto v = b.s.of(operand);
    if (b.s.node[v] == FlatScope::none || b.s.last[v] != k || b.s.slot[v] == FlatScope::none) continue;
    give(b.s.slot[v], b.s.bytes(v));
    b.s.slot[v] = FlatScope::none;
  }
}

// --- blocks ---------------------------------------------------------------------------------------------------------

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

void FlatWriter::place_targets(Block& b, std::span<Target> targets) const {
  auto& s = b.s;
  for (auto& t : targets) {
    const auto v = s.of(t.value);
    const auto k = s.node[v];
    if (k == FlatScope::none || s.slot[v] != FlatScope::none) continue;
    const auto& i = b.instr(k);
    if (i.out.size() != 1 || holds_programs(i.action) || s.repeats(t.value)) continue;
    if (element_count(s.type(v).shape) != element_count(s.type(t.value).shape)) continue;
    // What takes elements out of their order, or folds them, or has an element for all, must not write where it reads.
    const bool in_place = is_elementwise(i.action) && std::all_of(i.in.begin(), i.in.end(), [&](ir::ValueId in) {
      return s.single(v) || !(s.repeats(in) || s.single(in)) || s.single(s.of(in));
    });
    const auto until = t.until == FlatScope::none ? FlatScope::none : s.last[t.until];
    if (until != FlatScope::none && (in_place ? until > k : until >= k)) continue;
    s.slot[v] = t.slot;
    t.placed = true;
  }
}

void FlatWriter::settle(FlatScope& s, std::span<const Target> targets) {
  std::vector<Target> moves;
  for (const auto& t : targets)
    if (!t.placed && (s.repeats(t.value) || slot(s, t.value) != t.slot)) moves.push_back(t);
  Spare aside;
  std::vector<std::pair<std::uint32_t, const Target*>> late;  // what another move would overwrite goes aside first
  for (const auto& t : moves) {
    const auto from = s.slot[s.of(t.value)];
    if (std::none_of(moves.begin(), moves.end(), [&](const Target& o) { return o.slot == from; })) continue;
    const auto bytes = s.bytes(t.value);
    late.emplace_back(take(bytes), &t);
    aside.slots.emplace_back(late.back().first, bytes);
    copy(s, t.value, late.back().first);
  }
  for (const auto& t : moves)
    if (std::none_of(late.begin(), late.end(), [&](const auto& l) { return l.second == &t; })) copy(s, t.value, t.slot);
  for (const auto& [from, t] : late) move(t->slot, from, s.bytes(t->value));
  give(aside);
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

// --- moves ----------------------------------------------------------------------------------------------------------

kernels::flat::Instr& FlatWriter::put(kernels::flat::Handler h) {
  auto& i = flat_.code.emplace_back();
  i.run = h;
  return i;
}
void FlatWriter::move(std::uint32_t to, std::uint32_t from, std::size_t bytes) {
  auto& i = put(bytes <= 16 ? isa::flat_move(bytes) : isa::flat_move_many());
  i.to = to;
  i.in[0] = from;
  i.count = static_cast<std::uint32_t>(bytes);
}
void FlatWriter::shuffle(std::uint32_t to, std::span<const std::uint32_t> from, std::size_t item) {
  const auto n = whole_vectors(from.size() * item) / item;
  auto& list = flat_.lists.emplace_back(new std::uint32_t[n]);
  for (std::size_t k = 0; k < n; ++k) list[k] = from[std::min(k, from.size() - 1)];
  auto& i = put(isa::flat_shuffle(item));
  i.to = to;
  i.count = static_cast<std::uint32_t>(n);
  i.value = reinterpret_cast<std::int64_t>(list.get());
}
void FlatWriter::copy(const FlatScope& s, ir::ValueId v, std::uint32_t to) {
  if (!s.repeats(v)) return move(to, slot(s, v), s.single(v) ? s.item(v) : s.bytes(v));
  shuffle(to, std::vector<std::uint32_t>(unsign(element_count(s.type(v).shape)), slot(s, v)), s.item(v));
}

std::uint32_t FlatWriter::slot(const FlatScope& s, ir::ValueId v) const {
  const auto root = s.of(v);
  const auto elements = root == v ? 0 : static_cast<std::uint32_t>(s.offset[v]);
  return s.slot[root] + elements * static_cast<std::uint32_t>(s.item(v));
}
std::uint32_t FlatWriter::whole_array(const FlatScope& s, ir::ValueId v, Spare& spare) {
  if (!s.repeats(v)) return slot(s, v);
  const auto bytes = s.bytes(v);
  spare.slots.emplace_back(take(bytes), bytes);
  copy(s, v, spare.slots.back().first);
  return spare.slots.back().first;
}
void FlatWriter::give(Spare& spare) {
  for (const auto& [at, bytes] : spare.slots) give(at, bytes);
}

Flat FlatWriter::finish(std::uint32_t& frame_bytes) {
  put(isa::flat_done());
  frame_bytes = end_;
  return std::move(flat_);
}

}  // namespace fluxion::compiler
