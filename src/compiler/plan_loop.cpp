#include "compiler/plan_loop.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fluxion/error.hpp>
#include "base/text.hpp"
#include "compiler/cost.hpp"

namespace fluxion::compiler {
namespace {

constexpr std::size_t block_bytes = 4096;       // per register
constexpr std::size_t short_block_bytes = 1024;  // the least; blocks are multiples of it, as of every chain's group
constexpr std::size_t registers_bytes = 32768;  // all of them: what stays in the first-level cache
constexpr std::size_t cached_bytes = std::size_t{256} << 10;  // of an array: what is likely to be in a near cache
constexpr std::size_t line = 64;
constexpr std::size_t folded_bytes = Loop::folded_at_once * kernels::accumulators_bytes;
// Registers start at multiples of this, and not all of them in one cache set. Closer together, what a step loads would
// seem to come from what the step before stores: processors compare the addresses' low 12 bits first.
constexpr std::size_t stagger = 1024;
constexpr std::int64_t shortest_row = 64;     // elements; shorter rows are gathered

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

LoopPlanner::LoopPlanner(Planner& p, const Unit& u)
    : p_(p),
      u_(u),
      slots_(2 * u.members.size()),
      streamed_(slots_.size()),
      last_use_(slots_.size(), 0),
      uses_(slots_.size(), 0),
      user_(slots_.size(), 0) {
  const auto first = u.members.empty() ? p.instr(u.reductions[0]).in[0] : p.instr(u.members[0]).out[0];
  logical_ = squeezed(p.type(first).shape);
  for (const auto m : u.members)
    if (squeezed(p.type(p.instr(m).out[0]).shape) != logical_) same_shape_ = false;
  loop_.n = unsign(element_count(logical_));
}

void LoopPlanner::run() {
  if (loop_.n == 0) return define_empty();
  collect_operands();
  choose_order();
  coalesce();
  reach_operands();
  define_results();
  schedule();
  compute();
  for (std::uint32_t k = 0; k < u_.reductions.size(); ++k) sink(k);
  size_blocks();
  bind_arguments();
  fetch_ahead();
  loop_.instrs = u_.members;
  loop_.instrs.insert(loop_.instrs.end(), u_.reductions.begin(), u_.reductions.end());
  p_.step(std::move(loop_));
}

void LoopPlanner::define_empty() {
  for (const auto m : u_.members)
    for (const auto v : p_.instr(m).out)
      if (stored(v)) p_.define(v, row_major(p_.type(v).shape));
}

// --- operands and the order of elements -----------------------------------------------------------------

void LoopPlanner::collect_operands() {
  for (std::size_t m = 0; m < u_.members.size(); ++m)
    for (const auto v : member(m).in)
      if (!inside(v)) add_operand(v, m);
  for (const auto r : u_.reductions)
    if (!inside(p_.instr(r).in[0])) add_operand(p_.instr(r).in[0], u_.members.size());
}

void LoopPlanner::add_operand(ir::ValueId v, std::size_t m) {
  if (is_operand(v)) {
    operand(v).last_use = m;
    return;
  }
  p_.operand_of(v) = static_cast<std::uint32_t>(operands_.size());
  const Location& l = p_.use(v);
  const auto& shape = p_.type(v).shape;
  operands_.push_back({v, l.ref(), squeezed(shape), squeezed(shape, l.strides), m});
}

/// A reduction visits its rows one after the other; else memory decides. Loops over values of several shapes
/// keep to logical order, the only one that they share.
void LoopPlanner::choose_order() {
  const auto rank = logical_.size();
  order_ = Dims(rank, 0);
  for (std::size_t d = 0; d < rank; ++d) order_[d] = static_cast<std::int64_t>(d);
  if (!u_.reductions.empty()) {
    const auto& i = p_.instr(u_.reductions[0]);
    const ReductionShape r(std::get<ir::Reduce>(i.action), p_.type(i.in[0]).shape);
    loop_.fold_rows = unsign(r.rows);
    loop_.fold_width = unsign(r.width);
    loop_.chunk = kernels::chunk_elements(p_.type(i.in[0]).dtype);
    if (same_shape_ && r.shape == logical_ && !u_.members.empty() && folds_columns(r) && logical_order()) {
      loop_.columns = true;
      loop_.fold_outer = unsign(r.outer);
    } else if (same_shape_ && r.shape == logical_) {
      order_ = r.kept;
      for (const auto d : r.reduced) order_.push_back(d);
    }
    return;
  }
  if (!same_shape_ || rank < 2) return;
  std::vector<Dims> strides;  // whole operands first
  for (const bool whole : {true, false})
    for (const auto& o : operands_)
      if (o.shape.size() == rank && whole == (std::find(o.strides.begin(), o.strides.end(), 0) == o.strides.end()))
        strides.push_back(o.strides);
  order_ = visiting_order(rank, strides);
  order_ = sparing_gathers(order_, logical_, strides, shortest_row);
}

/// Whether the operands lie in memory in the order of their logical elements.
bool LoopPlanner::logical_order() const {
  std::vector<Dims> strides;
  for (const auto& o : operands_)
    if (o.shape.size() == logical_.size()) strides.push_back(o.strides);
  const Dims order = visiting_order(logical_.size(), strides);
  return std::is_sorted(order.begin(), order.end());
}

/// The loop's dimensions, outermost first, merged where every operand's memory continues.
void LoopPlanner::coalesce() {
  if (!same_shape_) {
    for (auto& o : operands_) merge_dimensions(o.shape, {&o.strides, 1});
    extents_ = {static_cast<std::int64_t>(loop_.n)};
    loop_.inner = loop_.n;
    return;
  }
  std::vector<Dims> strides;
  for (const auto& o : operands_) {
    Dims permuted;
    if (!repeats(o))
      for (const auto d : order_) permuted.push_back(o.strides[unsign(d)]);
    else permuted = Dims(order_.size(), 0);
    strides.push_back(std::move(permuted));
  }
  for (const auto d : order_) extents_.push_back(logical_[unsign(d)]);
  merge_dimensions(extents_, strides);
  for (std::size_t k = 0; k < operands_.size(); ++k) {
    if (repeats(operands_[k])) continue;
    operands_[k].shape = extents_;
    operands_[k].strides = std::move(strides[k]);
  }
  const auto rank = extents_.size();
  by_rows_ = rank > 1 && extents_.back() >= shortest_row && !all_whole();
  loop_.inner = by_rows_ ? unsign(extents_.back()) : loop_.n;
  if (by_rows_) loop_.outer = Dims(extents_.data(), rank - 1);
}

bool LoopPlanner::all_whole() const {
  return std::all_of(operands_.begin(), operands_.end(),
                     [&](const Operand& o) { return repeats(o) || is_row_major(o.shape, o.strides); });
}

// --- how operands are reached ---------------------------------------------------------------------------

/// What has to be gathered gets its registers in the order of memory, so that fields of one record are in neighbours.
void LoopPlanner::reach_operands() {
  std::vector<Operand*> apart;
  for (auto& o : operands_)
    if (!reach(o)) apart.push_back(&o);
  std::stable_sort(apart.begin(), apart.end(), [](const Operand* a, const Operand* b) {
    return std::pair(a->ref.storage, a->ref.offset) < std::pair(b->ref.storage, b->ref.offset);
  });
  for (auto* o : apart) gather_on_entry(*o);
}

/// False if the operand has to be gathered.
bool LoopPlanner::reach(Operand& o) {
  const auto size = static_cast<std::int64_t>(size_of(o.value));
  const bool still = std::all_of(o.strides.begin(), o.strides.end(), [](auto s) { return s == 0; });
  if (loop_.n == 1) o.slot = {Slot::Kind::fixed, 0, o.ref, false};
  else if (still) o.slot = {Slot::Kind::fixed, 0, o.ref, true};
  else if (is_row_major(o.shape, o.strides)) o.slot = stream(o.ref, size);
  else if (by_rows_ && (o.strides.back() == 1 || o.strides.back() == 0)) o.slot = row(o);
  else if (across_lines(o)) o.slot = stream({p_.packed(o.ref, o.shape, o.strides, unsign(size)), 0}, size);
  else return false;
  return true;
}

/// Whether a block would take one element from each of many cache lines and the next block the neighbours of
/// those: then one copy in square tiles comes first.
bool LoopPlanner::across_lines(const Operand& o) const {
  constexpr std::int64_t line = 64, cached = 32768;
  const auto size = static_cast<std::int64_t>(size_of(o.value));
  const bool dense_elsewhere = std::find(o.strides.begin(), o.strides.end(), 1) != o.strides.end();
  return dense_elsewhere && std::abs(o.strides.back()) * size >= line &&
         static_cast<std::int64_t>(loop_.n) * size > cached;
}

Slot LoopPlanner::stream(Ref base, std::int64_t step, bool tile) {
  loop_.streams.push_back({base, step, tile});
  return {Slot::Kind::stream, static_cast<std::uint32_t>(loop_.streams.size() - 1)};
}

Slot LoopPlanner::row(const Operand& o) {
  const auto size = static_cast<std::int64_t>(size_of(o.value));
  Dims outer;
  for (std::size_t d = 0; d + 1 < o.strides.size(); ++d) outer.push_back(o.strides[d] * size);
  loop_.rows.push_back({o.ref, o.strides.back() * size, std::move(outer)});
  return {Slot::Kind::row, static_cast<std::uint32_t>(loop_.rows.size() - 1), {}, o.strides.back() == 0};
}

void LoopPlanner::gather_on_entry(Operand& o) {
  const bool reduced = o.last_use == u_.members.size();
  o.slot = reduced ? new_tile(size_of(o.value)) : Slot{Slot::Kind::reg, registers_.fresh()};
  gather(o, o.slot);
}

void LoopPlanner::gather(const Operand& o, const Slot& to) {
  const auto size = static_cast<std::int64_t>(size_of(o.value));
  Loop::Gather g{o.ref, o.shape, o.strides, unsign(size), to.index, to.kind == Slot::Kind::tile};
  for (auto& s : g.strides) s *= size;
  if (g.shape.empty()) {
    g.shape = {static_cast<std::int64_t>(loop_.n)};
    g.strides = {0};
  }
  widest_ = std::max(widest_, unsign(size));
  loop_.gathers.push_back(std::move(g));
  loop_.cost += 2 * static_cast<double>(loop_.n);
}

// --- results ----------------------------------------------------------------------------------------------

void LoopPlanner::define_results() {
  const Dims nested = dense(logical_, order_);
  const bool plain = !same_shape_ || is_row_major(logical_, nested);
  for (const auto m : u_.members)
    for (const auto v : p_.instr(m).out) {
      if (!stored(v)) continue;
      const auto& shape = p_.type(v).shape;
      Dims strides = row_major(shape);
      if (!plain)
        for (std::size_t d = 0, k = 0; d < shape.size(); ++d)
          if (shape[d] != 1) strides[d] = nested[k++];
      const Ref to = p_.define(v, std::move(strides)).ref();
      const auto size = static_cast<std::int64_t>(size_of(v));
      const bool streamed = loop_.n != 1 && (size == 4 || size == 8) && exceeds_caches(loop_.n * size_of(v)) &&
                            !p_.read_later(m);
      if (streamed) streamed_[local(v)] = stream(to, size);
      else slots_[local(v)] = loop_.n == 1 ? Slot{Slot::Kind::fixed, 0, to, false} : stream(to, size);
      loop_.streamed = loop_.streamed || streamed;
      loop_.written.push_back(to.storage);
      loop_.in_parts = loop_.in_parts || p_.is_at_home(v);
    }
  for (std::uint32_t k = 0; k < u_.reductions.size(); ++k) {
    const auto& i = p_.instr(u_.reductions[k]);
    const auto v = i.in[0];
    if (!inside(v)) continue;
    auto& slot = slots_[local(v)];
    if (const auto code = fold_code(i)) folds_.push_back({local(v), k, code});
    else if (slot.kind == Slot::Kind::none) slot = new_tile(size_of(v));
  }
  loop_.folds = !folds_.empty();
}

Slot LoopPlanner::new_tile(std::size_t itemsize) {
  tiles_.push_back(itemsize);
  return {Slot::Kind::tile, static_cast<std::uint32_t>(tiles_.size() - 1)};
}

// --- reductions -------------------------------------------------------------------------------------------

void LoopPlanner::sink(std::uint32_t number) {
  const auto& i = p_.instr(u_.reductions[number]);
  const auto op = std::get<ir::Reduce>(i.action).op;
  const auto v = i.in[0];
  const DType t = p_.type(v).dtype;
  const auto size = static_cast<std::int64_t>(itemsize(t));
  Loop::Sink s;
  s.fold = kernels::table().reduce_rows(op, t);
  s.finish = kernels::table().reduce_columns(op, t);
  s.combine = combining_kernel(op, t);
  if (s.fold == nullptr) throw UnsupportedError(text("reduce_", name(op), ": not defined for ", t));
  s.itemsize = unsign(size);
  const auto chained = std::find_if(folds_.begin(), folds_.end(), [&](const Fold& f) { return f.reduction == number; });
  if (chained != folds_.end()) s.place = static_cast<std::uint32_t>(chained - folds_.begin());
  const Slot slot = s.in_chain() ? Slot{} : foldable(v, slot_of(v));
  if (s.in_chain()) {
    s.from = {{scratch_storage, 0}, size, true};  // as that of a tile
    std::byte bits[16];
    identity_bits(op, t, bits);
    if (size == 4) std::memcpy(bits + 4, bits, 4);
    std::memcpy(&s.identity, bits, sizeof s.identity);
  } else if (slot.kind == Slot::Kind::stream) s.from = loop_.streams[slot.index];
  else if (slot.kind == Slot::Kind::fixed) s.from = {slot.ref, 0, false};
  else s.from = {{scratch_storage, slot.index}, size, true};  // the tile's address comes with the block size
  s.to = p_.define(i.out[0], row_major(p_.type(i.out[0]).shape)).ref();
  loop_.in_parts = loop_.in_parts || p_.is_at_home(i.out[0]);
  const std::size_t chunks = (loop_.fold_width + loop_.chunk - 1) / loop_.chunk;
  const std::size_t spare = loop_.columns ? 0 : chunks;
  if (chunks > 1) s.partials = {p_.temporary((loop_.fold_rows * chunks + spare) * unsign(size)), 0};
  loop_.cost += 2 * static_cast<double>(loop_.n);
  loop_.sinks.push_back(s);
}

/// Rows and repeated scalars are folded from a tile, as they would be from memory.
Slot LoopPlanner::foldable(ir::ValueId v, Slot slot) {
  if (slot.kind != Slot::Kind::row && !slot.scalar) return slot;
  slot = new_tile(size_of(v));
  gather(operand(v), slot);
  return slot;
}

// --- addresses --------------------------------------------------------------------------------------------

void LoopPlanner::size_blocks() {
  const std::size_t registers = registers_.count() + tiles_.size();
  std::size_t bytes = block_bytes;
  if (registers * bytes > registers_bytes)
    bytes = std::max(short_block_bytes, registers_bytes / registers / short_block_bytes * short_block_bytes);
  if (registers == 0) bytes = registers_bytes * widest_;  // nothing has to stay in a cache
  loop_.block = std::max<std::size_t>(1, bytes / widest_);
  if (loop_.block < loop_.inner && by_rows_) {  // equal blocks
    const std::size_t pieces = (loop_.inner + loop_.block - 1) / loop_.block;
    loop_.block = std::min(loop_.block, ((loop_.inner + pieces - 1) / pieces + 127) / 128 * 128);
  }
  register_step_ = bytes % block_bytes == 0 ? bytes + stagger : bytes;
  loop_.straight = loop_.n == 1 && loop_.gathers.empty() && loop_.sinks.empty() && !loop_.counts &&
                   (registers_.count() + 1) * line <= straight_bytes;
  if (loop_.straight) register_step_ = line;
  registers_begin_ = loop_.straight ? line : stagger;
  tiles_begin_ = registers_begin_ + registers_.count() * register_step_;
  loop_.scratch_bytes = folds_begin() + (loop_.columns ? 0 : folds_.size() * folded_bytes);
}

/// Inputs that are not in a near cache are asked for in advance.
void LoopPlanner::fetch_ahead() {
  if (loop_.n * widest_ <= cached_bytes) return;
  for (std::uint32_t k = 0; k < loop_.streams.size(); ++k) {
    const auto& s = loop_.streams[k];
    const auto& w = loop_.written;
    if (!s.tile && std::find(w.begin(), w.end(), s.base.storage) == w.end()) loop_.fetched.push_back(k);
  }
}

std::int64_t LoopPlanner::register_at(std::uint32_t r) const { return static_cast<std::int64_t>(registers_begin_ + r * register_step_); }
std::int64_t LoopPlanner::tile_at(std::uint32_t t) const {
  return static_cast<std::int64_t>(tiles_begin_ + t * (block_bytes + stagger));
}

/// Behind the tiles.
std::size_t LoopPlanner::folds_begin() const { return tiles_begin_ + tiles_.size() * (block_bytes + stagger); }

void LoopPlanner::bind_arguments() {
  for (auto& g : loop_.gathers) {
    const auto index = static_cast<std::uint32_t>(g.to);
    g.to = g.tile ? tile_at(index) : register_at(index);
  }
  join_fields();
  for (auto& s : loop_.sinks)
    if (s.in_chain()) s.from.base.offset = static_cast<std::int64_t>(folds_begin() + s.place * folded_bytes);
    else if (s.from.tile) s.from.base.offset = tile_at(static_cast<std::uint32_t>(s.from.base.offset));
  bind_tiles();
  for (std::uint32_t a = 0; a < arguments_.size(); ++a) {
    const Slot& slot = arguments_[a];
    Ref ref;
    switch (slot.kind) {
      case Slot::Kind::reg: ref = {scratch_storage, register_at(slot.index)}; break;
      case Slot::Kind::start: ref = {scratch_storage, 0}; break;
      case Slot::Kind::fixed: ref = slot.ref; break;
      case Slot::Kind::stream: loop_.stream_uses.push_back({a, slot.index}); break;
      case Slot::Kind::row: loop_.row_uses.push_back({a, slot.index}); break;
      default: throw InternalError("compiler: a value of a loop has no place");
    }
    loop_.args.push_back(ref);
  }
}

/// Neighbouring fields of records are read together: a record's cache lines are visited once.
void LoopPlanner::join_fields() {
  auto& all = loop_.gathers;
  std::size_t kept = 0;
  for (std::size_t k = 1; k < all.size(); ++k) {
    auto& g = all[kept];
    const auto size = static_cast<std::int64_t>(g.itemsize), step = all[k].to - g.to - (g.fields - 1) * g.field_step;
    const bool follows = !g.tile && !all[k].tile && all[k].itemsize == g.itemsize && all[k].shape == g.shape &&
                         all[k].strides == g.strides && all[k].from.storage == g.from.storage &&
                         all[k].from.offset == g.from.offset + g.fields * size && step > 0 &&
                         (g.fields == 1 || step == g.field_step);
    if (follows) {
      g.field_step = step;
      ++g.fields;
    } else if (++kept != k) {
      all[kept] = std::move(all[k]);
    }
  }
  if (!all.empty()) all.resize(kept + 1);
}

/// Values computed into tiles are written there block by block.
void LoopPlanner::bind_tiles() {
  std::vector<Slot> streams(tiles_.size());
  for (auto& slot : arguments_) {
    if (slot.kind != Slot::Kind::tile) continue;
    auto& s = streams[slot.index];
    if (s.kind == Slot::Kind::none)
      s = stream({scratch_storage, tile_at(slot.index)}, static_cast<std::int64_t>(tiles_[slot.index]), true);
    slot = s;
  }
}

void plan_loop(Planner& p, const Unit& u) { LoopPlanner(p, u).run(); }

}  // namespace fluxion::compiler
