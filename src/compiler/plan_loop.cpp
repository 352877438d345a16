// Loops: the order in which elements are visited, how each operand is reached, and the registers of a block.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <queue>

#include <fluxion/error.hpp>
#include "base/text.hpp"
#include "compiler/cost.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

constexpr std::size_t block_bytes = 4096;     // per register
constexpr std::size_t registers_bytes = 32768;  // all of them: what stays in the first-level cache
constexpr std::size_t stagger = 64;           // registers start in different cache sets
constexpr std::int64_t shortest_row = 64;     // elements; shorter rows are gathered

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

/// How a kernel reaches a value.
struct Slot {
  enum class Kind : std::uint8_t { none, reg, tile, start, fixed, stream, row } kind = Kind::none;
  std::uint32_t index = 0;  // register, tile, or cursor
  Ref ref{};                // fixed
  bool scalar = false;      // one element for the whole block
};

/// A value that the loop reads from memory.
struct Operand {
  ir::ValueId value;
  Ref ref;
  Shape shape;   // what it is visited as: the loop's, or its own when shapes differ by more than 1s
  Dims strides;  // elements
  std::size_t last_use;
  Slot slot{};
};

/// Registers of a block; indices, addresses come when the block size is known.
class Registers {
 public:
  /// The first one that is free.
  std::uint32_t take() {
    if (free_.empty()) return fresh();
    const auto r = free_.top();
    free_.pop();
    return r;
  }
  /// One that nothing has been in: it may be filled before the block begins.
  std::uint32_t fresh() { return count_++; }
  void give(std::uint32_t r) { free_.push(r); }
  std::size_t count() const { return count_; }

 private:
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free_;
  std::uint32_t count_ = 0;
};

class LoopPlanner {
 public:
  LoopPlanner(Planner& p, const Unit& u) : p_(p), u_(u), slots_(2 * u.members.size()), last_use_(slots_.size(), 0) {
    const auto first = u.members.empty() ? p.instr(u.reductions[0]).in[0] : p.instr(u.members[0]).out[0];
    logical_ = squeezed(p.type(first).shape);
    for (const auto m : u.members)
      if (squeezed(p.type(p.instr(m).out[0]).shape) != logical_) same_shape_ = false;
    loop_.n = unsign(element_count(logical_));
  }

  void run() {
    if (loop_.n == 0) return define_empty();
    collect_operands();
    choose_order();
    coalesce();
    for (auto& o : operands_) reach(o);
    define_results();
    for (std::size_t m = 0; m < u_.members.size(); ++m) call(m);
    for (const auto r : u_.reductions) sink(p_.instr(r));
    size_blocks();
    bind_arguments();
    loop_.instrs = u_.members;
    loop_.instrs.insert(loop_.instrs.end(), u_.reductions.begin(), u_.reductions.end());
    p_.step(std::move(loop_));
  }

 private:
  const ir::Instr& member(std::size_t m) const { return p_.instr(u_.members[m]); }
  std::size_t size_of(ir::ValueId v) const { return itemsize(p_.type(v).dtype); }
  bool stored(ir::ValueId v) const { return p_.fusion().stored[v] != 0; }
  bool inside(ir::ValueId v) const {
    const auto i = p_.origins().producer[v];
    if (i == no_instr || !is_elementwise(p_.instr(i).action)) return false;
    return p_.fusion().unit_of[i] == p_.fusion().unit_of[unit_instr()];
  }
  /// The place of a value computed here (through Reshapes and Bitcasts) in slots_ and last_use_.
  std::size_t local(ir::ValueId v) const {
    const auto i = p_.origins().producer[v];
    return 2 * p_.fusion().position_of[i] + (p_.instr(i).out[0] == p_.origins().root[v] ? 0 : 1);
  }
  std::uint32_t unit_instr() const { return u_.members.empty() ? u_.reductions[0] : u_.members[0]; }

  void define_empty() {
    for (const auto m : u_.members)
      for (const auto v : p_.instr(m).out)
        if (stored(v)) p_.define(v, row_major(p_.type(v).shape));
  }

  // --- operands and the order of elements -----------------------------------------------------------------

  void collect_operands() {
    for (std::size_t m = 0; m < u_.members.size(); ++m)
      for (const auto v : member(m).in) {
        if (inside(v)) last_use_[local(v)] = m;
        else add_operand(v, m);
      }
    for (const auto r : u_.reductions)
      if (!inside(p_.instr(r).in[0])) add_operand(p_.instr(r).in[0], u_.members.size());
  }
  void add_operand(ir::ValueId v, std::size_t m) {
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
  void choose_order() {
    const auto rank = logical_.size();
    order_ = Dims(rank, 0);
    for (std::size_t d = 0; d < rank; ++d) order_[d] = static_cast<std::int64_t>(d);
    if (!u_.reductions.empty()) {
      const auto& i = p_.instr(u_.reductions[0]);
      const ReductionShape r(std::get<ir::Reduce>(i.action), p_.type(i.in[0]).shape);
      loop_.fold_rows = unsign(r.rows);
      loop_.fold_width = unsign(r.width);
      loop_.chunk = kernels::chunk_elements(p_.type(i.in[0]).dtype);
      if (same_shape_ && r.shape == logical_) {
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

  bool repeats(const Operand& o) const { return o.shape.empty() && loop_.n != 1; }

  /// The loop's dimensions, outermost first, merged where every operand's memory continues.
  void coalesce() {
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
  bool all_whole() const {
    return std::all_of(operands_.begin(), operands_.end(),
                       [&](const Operand& o) { return repeats(o) || is_row_major(o.shape, o.strides); });
  }

  // --- how operands are reached ---------------------------------------------------------------------------

  void reach(Operand& o) {
    const auto size = static_cast<std::int64_t>(size_of(o.value));
    const bool still = std::all_of(o.strides.begin(), o.strides.end(), [](auto s) { return s == 0; });
    if (loop_.n == 1) o.slot = {Slot::Kind::fixed, 0, o.ref, false};
    else if (still) o.slot = {Slot::Kind::fixed, 0, o.ref, true};
    else if (is_row_major(o.shape, o.strides)) o.slot = stream(o.ref, size);
    else if (by_rows_ && (o.strides.back() == 1 || o.strides.back() == 0)) o.slot = row(o);
    else if (across_lines(o)) o.slot = stream({p_.packed(o.ref, o.shape, o.strides, unsign(size)), 0}, size);
    else gather_on_entry(o);
  }
  /// Whether a block would take one element from each of many cache lines and the next block the neighbours of
  /// those: then one copy in square tiles comes first.
  bool across_lines(const Operand& o) const {
    constexpr std::int64_t line = 64, cached = 32768;
    const auto size = static_cast<std::int64_t>(size_of(o.value));
    const bool dense_elsewhere = std::find(o.strides.begin(), o.strides.end(), 1) != o.strides.end();
    return dense_elsewhere && std::abs(o.strides.back()) * size >= line &&
           static_cast<std::int64_t>(loop_.n) * size > cached;
  }
  Slot stream(Ref base, std::int64_t step, bool tile = false) {
    loop_.streams.push_back({base, step, tile});
    return {Slot::Kind::stream, static_cast<std::uint32_t>(loop_.streams.size() - 1)};
  }
  Slot row(const Operand& o) {
    const auto size = static_cast<std::int64_t>(size_of(o.value));
    Dims outer;
    for (std::size_t d = 0; d + 1 < o.strides.size(); ++d) outer.push_back(o.strides[d] * size);
    loop_.rows.push_back({o.ref, o.strides.back() * size, std::move(outer)});
    return {Slot::Kind::row, static_cast<std::uint32_t>(loop_.rows.size() - 1), {}, o.strides.back() == 0};
  }
  void gather_on_entry(Operand& o) {
    const bool reduced = o.last_use == u_.members.size();
    o.slot = {reduced ? Slot::Kind::tile : Slot::Kind::reg, reduced ? tiles_++ : registers_.fresh()};
    gather(o, o.slot);
  }
  void gather(const Operand& o, const Slot& to) {
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

  void define_results() {
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
        slots_[local(v)] = loop_.n == 1 ? Slot{Slot::Kind::fixed, 0, to, false}
                                 : stream(to, static_cast<std::int64_t>(size_of(v)));
      }
    for (const auto r : u_.reductions) {
      const auto v = p_.instr(r).in[0];
      if (!inside(v)) continue;
      auto& slot = slots_[local(v)];
      if (slot.kind == Slot::Kind::none) slot = {Slot::Kind::tile, tiles_++};
    }
  }

  // --- calls ------------------------------------------------------------------------------------------------

  bool is_operand(ir::ValueId v) const {
    const auto k = p_.operand_of(v);
    return k < operands_.size() && operands_[k].value == v;
  }
  Operand& operand(ir::ValueId v) { return operands_[p_.operand_of(v)]; }
  const Slot& slot_of(ir::ValueId v) { return inside(v) ? slots_[local(v)] : operand(v).slot; }

  void call(std::size_t m) {
    const auto& i = member(m);
    std::vector<Slot> in;
    for (const auto v : i.in) in.push_back(slot_of(v));
    const auto kernel = kernel_for(i, in);
    release(m, /*same_size=*/true);
    const bool keep_apart = std::holds_alternative<ir::Threefry>(i.action);
    if (!keep_apart) release_now();
    for (const auto v : i.out) result_slot(v);
    release(m, /*same_size=*/false);
    release_now();
    loop_.calls.push_back({kernel, static_cast<std::uint32_t>(arguments_.size())});
    for (const auto v : i.out) arguments_.push_back(slots_[local(v)]);
    if (std::holds_alternative<ir::Iota>(i.action)) {
      arguments_.push_back({Slot::Kind::start});
      loop_.counts = true;
    }
    arguments_.insert(arguments_.end(), in.begin(), in.end());
    for (const auto v : i.out) drop_if_unused(v, m);
    loop_.cost += static_cast<double>(loop_.n) * cost_of(i.action, p_.type(i.out[0]).dtype);
  }
  void result_slot(ir::ValueId v) {
    widest_ = std::max(widest_, size_of(v));
    auto& slot = slots_[local(v)];
    if (slot.kind == Slot::Kind::none) slot = {Slot::Kind::reg, registers_.take()};
  }
  void drop_if_unused(ir::ValueId v, std::size_t m) {
    const auto& slot = slots_[local(v)];
    if (slot.kind == Slot::Kind::reg && last_use_[local(v)] <= m) registers_.give(slot.index);
  }

  /// Registers whose last use is member m. A result may take the place of an operand of its own size.
  void release(std::size_t m, bool same_size) {
    const auto& i = member(m);
    const auto size = size_of(i.out[0]);
    for (std::size_t k = 0; k < i.in.size(); ++k) {
      const auto v = i.in[k];
      if (std::find(i.in.begin(), i.in.begin() + static_cast<std::ptrdiff_t>(k), v) !=
          i.in.begin() + static_cast<std::ptrdiff_t>(k))
        continue;
      if ((size_of(v) == size) != same_size) continue;
      const bool own = inside(v);
      const auto& slot = slot_of(v);
      if (slot.kind != Slot::Kind::reg || (own ? last_use_[local(v)] : operand(v).last_use) != m) continue;
      if (std::find(released_.begin(), released_.end(), slot.index) == released_.end()) released_.push_back(slot.index);
    }
  }
  void release_now() {
    for (const auto r : released_) registers_.give(r);
    released_.clear();
  }

  kernels::Kernel kernel_for(const ir::Instr& i, std::vector<Slot>& in) {
    const auto& table = kernels::table();
    const DType result = p_.type(i.out[0]).dtype;
    kernels::Kernel k = nullptr;
    if (const auto* map = std::get_if<ir::Map>(&i.action)) return map_kernel(map->op, i, in);
    if (std::holds_alternative<ir::Iota>(i.action)) k = table.iota(result);
    if (std::holds_alternative<ir::Convert>(i.action)) {
      splat(i, in, 0);
      k = table.convert(p_.type(i.in[0]).dtype, result);
    }
    if (std::holds_alternative<ir::Threefry>(i.action)) {
      const bool scalar_key = in[0].scalar && in[1].scalar;
      for (std::size_t j = scalar_key ? 2 : 0; j < 4; ++j) splat(i, in, j);
      k = table.threefry2x32(scalar_key ? 3 : 0);
    }
    return required(k, i);
  }
  kernels::Kernel map_kernel(ir::Op op, const ir::Instr& i, std::vector<Slot>& in) {
    DType t = p_.type(i.in[op == ir::Op::select ? 1 : 0]).dtype;
    if (is_key(t) || is_tape(t)) t = DType::uint64;  // moved, never looked at
    if (op == ir::Op::select) splat(i, in, 0);
    unsigned mask = 0, all = 0;
    for (std::size_t j = 0; j < in.size(); ++j) {
      mask |= in[j].scalar ? 1U << j : 0U;
      all |= 1U << j;
    }
    if (mask == all) {
      splat(i, in, 0);
      mask &= ~1U;
    }
    if (const auto k = kernels::table().elementwise(op, t, mask)) return k;
    for (std::size_t j = 0; j < in.size(); ++j) splat(i, in, j);
    return required(kernels::table().elementwise(op, t, 0), i);
  }
  kernels::Kernel required(kernels::Kernel k, const ir::Instr& i) const {
    if (k != nullptr) return k;
    const auto* map = std::get_if<ir::Map>(&i.action);
    const DType t = p_.type(i.in.empty() ? i.out[0] : i.in.back()).dtype;
    if (std::holds_alternative<ir::Convert>(i.action))
      throw UnsupportedError(
          text("convert_element_type: there is no conversion from ", t, " to ", p_.type(i.out[0]).dtype));
    throw UnsupportedError(text(map != nullptr ? name(map->op) : "iota", ": not defined for ", t));
  }
  /// A scalar where the kernel wants a block of it.
  void splat(const ir::Instr& i, std::vector<Slot>& in, std::size_t j) {
    if (!in[j].scalar) return;
    in[j] = {Slot::Kind::reg, registers_.fresh()};
    gather(operand(i.in[j]), in[j]);
  }

  // --- reductions -------------------------------------------------------------------------------------------

  void sink(const ir::Instr& i) {
    const auto op = std::get<ir::Reduce>(i.action).op;
    const auto v = i.in[0];
    const DType t = p_.type(v).dtype;
    const auto size = static_cast<std::int64_t>(itemsize(t));
    Loop::Sink s;
    s.fold = kernels::table().reduce_rows(op, t);
    s.combine = combining_kernel(op, t);
    if (s.fold == nullptr) throw UnsupportedError(text("reduce_", name(op), ": not defined for ", t));
    s.itemsize = unsign(size);
    const Slot slot = foldable(v, slot_of(v));
    if (slot.kind == Slot::Kind::stream) s.from = loop_.streams[slot.index];
    else if (slot.kind == Slot::Kind::fixed) s.from = {slot.ref, 0, false};
    else s.from = {{scratch_storage, slot.index}, size, true};  // the tile's address comes with the block size
    s.to = p_.define(i.out[0], row_major(p_.type(i.out[0]).shape)).ref();
    const std::size_t chunks = (loop_.fold_width + loop_.chunk - 1) / loop_.chunk;
    if (chunks > 1) s.partials = {p_.temporary((loop_.fold_rows + 1) * chunks * unsign(size)), 0};
    loop_.cost += 2 * static_cast<double>(loop_.n);
    loop_.sinks.push_back(s);
  }
  /// Rows and repeated scalars are folded from a tile, as they would be from memory.
  Slot foldable(ir::ValueId v, Slot slot) {
    if (slot.kind != Slot::Kind::row && !slot.scalar) return slot;
    slot = {Slot::Kind::tile, tiles_++};
    gather(operand(v), slot);
    return slot;
  }

  // --- addresses --------------------------------------------------------------------------------------------

  void size_blocks() {
    std::size_t bytes = block_bytes;
    const std::size_t registers = registers_.count() + tiles_;
    if (registers * bytes > registers_bytes)
      bytes = std::max<std::size_t>(512, registers_bytes / registers / stagger * stagger);
    if (registers == 0) bytes = registers_bytes * widest_;  // nothing has to stay in a cache
    loop_.block = std::max<std::size_t>(1, bytes / widest_);
    if (loop_.block < loop_.inner && by_rows_) {  // equal blocks
      const std::size_t pieces = (loop_.inner + loop_.block - 1) / loop_.block;
      loop_.block = std::min(loop_.block, ((loop_.inner + pieces - 1) / pieces + 63) / 64 * 64);
    }
    register_step_ = bytes + stagger;
    loop_.straight = loop_.n == 1 && loop_.gathers.empty() && loop_.sinks.empty() && !loop_.counts &&
                     (registers_.count() + 1) * stagger <= straight_bytes;
    if (loop_.straight) register_step_ = stagger;
    tiles_begin_ = stagger + (registers_.count() == 0 ? 0 : registers_.count() * register_step_);
    loop_.scratch_bytes = tiles_begin_ + tiles_ * (block_bytes + stagger);
  }
  std::int64_t register_at(std::uint32_t r) const { return static_cast<std::int64_t>(stagger + r * register_step_); }
  std::int64_t tile_at(std::uint32_t t) const {
    return static_cast<std::int64_t>(tiles_begin_ + t * (block_bytes + stagger));
  }

  void bind_arguments() {
    for (auto& g : loop_.gathers) {
      const auto index = static_cast<std::uint32_t>(g.to);
      g.to = g.tile ? tile_at(index) : register_at(index);
    }
    for (auto& s : loop_.sinks)
      if (s.from.tile) s.from.base.offset = tile_at(static_cast<std::uint32_t>(s.from.base.offset));
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
  /// Values computed into tiles are written there block by block.
  void bind_tiles() {
    std::vector<Slot> streams(tiles_);
    for (std::size_t a = 0, c = 0; c < loop_.calls.size(); ++c) {
      const std::size_t end = c + 1 < loop_.calls.size() ? loop_.calls[c + 1].args : arguments_.size();
      const auto& i = member(c);
      for (; a < end; ++a) {
        auto& slot = arguments_[a];
        if (slot.kind != Slot::Kind::tile) continue;
        auto& s = streams[slot.index];
        const bool result = a - loop_.calls[c].args < i.out.size();
        const auto v = result ? i.out[a - loop_.calls[c].args] : i.in[a - loop_.calls[c].args - i.out.size()];
        if (s.kind == Slot::Kind::none)
          s = stream({scratch_storage, tile_at(slot.index)}, static_cast<std::int64_t>(size_of(v)), true);
        slot = s;
      }
    }
  }

  Planner& p_;
  const Unit& u_;
  Loop loop_;
  Shape logical_;            // extents of the loop, without 1s
  bool same_shape_ = true;   // for all members
  Dims order_;               // of the logical dimensions, outermost first
  Dims extents_;             // in that order, merged
  bool by_rows_ = false;
  std::vector<Operand> operands_;
  std::vector<Slot> slots_;            // by place of a value
  std::vector<std::size_t> last_use_;  // the same: member
  std::vector<std::uint32_t> released_;
  Registers registers_;
  std::uint32_t tiles_ = 0;
  std::vector<Slot> arguments_;
  std::size_t widest_ = 1, register_step_ = 0, tiles_begin_ = 0;
};

}  // namespace

void plan_loop(Planner& p, const Unit& u) { LoopPlanner(p, u).run(); }

}  // namespace fluxion::compiler
