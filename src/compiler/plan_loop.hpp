// Loops: the order in which elements are visited, how each operand is reached, and the registers of a block.
#pragma once

#include <array>
#include <functional>
#include <queue>

#include "compiler/planner.hpp"

namespace fluxion::compiler {

/// How a kernel reaches a value.
struct Slot {
  enum class Kind : std::uint8_t { none, reg, tile, start, fixed, stream, row } kind = Kind::none;
  std::uint32_t index = 0;  // register, tile, or cursor
  Ref ref{};                // fixed
  bool scalar = false;      // one element for the whole block

  friend bool same_place(const Slot& a, const Slot& b) { return a.kind == b.kind && a.index == b.index; }
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

/// A chain while its steps are put together.
class ChainBuilder {
 public:
  explicit ChainBuilder(std::size_t width) : width_(width) {}

  std::size_t width() const { return width_; }
  bool empty() const { return steps_.empty(); }
  /// Whether so many more arguments fit.
  bool has_room(std::size_t args) const { return slots_.size() + args <= kernels::most_chain_args && steps_.size() < most_steps; }
  /// A step whose operands are the arguments added next.
  void step(kernels::ChainCode code) { steps_.push_back({code, slots_.size()}); }
  void step(kernels::ChainMove move) { step(kernels::table().chain_move(move, width_)); }
  kernels::ChainArg& arg(const Slot& slot, std::size_t bytes, bool written = false);

  /// Head, arguments and steps, as the kernel reads them.
  std::vector<std::byte> bytes() const;
  const std::vector<Slot>& slots() const { return slots_; }
  /// By argument: twice its step, and one more if it is written.
  const std::vector<std::uint32_t>& order() const { return order_; }
  std::uint32_t steps() const { return static_cast<std::uint32_t>(steps_.size()); }

 private:
  static constexpr std::size_t most_steps = 128;
  std::size_t width_;
  std::vector<kernels::ChainStep> steps_;
  std::vector<kernels::ChainArg> args_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> order_;
};

class LoopPlanner {
 public:
  LoopPlanner(Planner& p, const Unit& u);
  void run();

 private:
  /// A value that the loop reads from memory.
  struct Operand {
    ir::ValueId value;
    Ref ref;
    Shape shape;   // what it is visited as: the loop's, or its own when shapes differ by more than 1s
    Dims strides;  // elements
    std::size_t last_use;
    Slot slot{};
  };
  /// Members one after the other: each with a kernel of its own, or all in a chain for elements of `width` bytes.
  struct Run {
    std::size_t begin, end;
    std::size_t width;
  };

  const ir::Instr& member(std::size_t m) const { return p_.instr(u_.members[m]); }
  std::size_t size_of(ir::ValueId v) const { return itemsize(p_.type(v).dtype); }
  /// A reduction that the chain which computes its operand carries out.
  struct Fold {
    std::size_t from;         // place of the operand in slots_
    std::uint32_t reduction;  // number in u_.reductions
    kernels::ChainCode code;
  };

  bool stored(ir::ValueId v) const { return p_.fusion().stored[v] != 0; }
  bool inside(ir::ValueId v) const {
    const auto i = p_.origins().producer[v];
    if (i == no_instr || !is_elementwise(p_.instr(i).action)) return false;
    return p_.fusion().unit_of[i] == p_.fusion().unit_of[unit_instr()];
  }
  /// The place of a value computed here (through Reshapes and Bitcasts) in slots_, last_use_ and uses_.
  std::size_t local(ir::ValueId v) const {
    const auto i = p_.origins().producer[v];
    return 2 * p_.fusion().position_of[i] + (p_.instr(i).out[0] == p_.origins().root[v] ? 0 : 1);
  }
  std::uint32_t unit_instr() const { return u_.members.empty() ? u_.reductions[0] : u_.members[0]; }
  void define_empty();

  // Operands and the order of elements; how operands are reached; results.
  void collect_operands();
  void add_operand(ir::ValueId v, std::size_t m);
  void choose_order();
  bool logical_order() const;
  bool repeats(const Operand& o) const { return o.shape.empty() && loop_.n != 1; }
  void coalesce();
  bool all_whole() const;
  void reach_operands();
  bool reach(Operand& o);
  bool across_lines(const Operand& o) const;
  Slot stream(Ref base, std::int64_t step, bool tile = false);
  Slot row(const Operand& o);
  void gather_on_entry(Operand& o);
  void gather(const Operand& o, const Slot& to);
  void join_fields();
  void define_results();
  Slot new_tile(std::size_t itemsize);
  bool is_operand(ir::ValueId v) const {
    const auto k = p_.operand_of(v);
    return k < operands_.size() && operands_[k].value == v;
  }
  Operand& operand(ir::ValueId v) { return operands_[p_.operand_of(v)]; }
  const Slot& slot_of(ir::ValueId v) { return inside(v) ? slots_[local(v)] : operand(v).slot; }

  // The order of members, and calls of one kernel per member (plan_calls.cpp). `at` counts in sequence_.
  void schedule();
  void count_uses();
  DType operand_dtype(const ir::Instr& i, ir::Op op) const;
  std::size_t chain_width(std::size_t m);
  bool fused_words(std::size_t m) const;
  void follow(std::size_t begin, std::size_t end);
  bool ready(std::size_t m) const;
  void find_last_uses();
  void compute();
  void call(std::size_t at);
  void argument(const Slot& slot, std::uint32_t order);
  void result_slot(ir::ValueId v);
  void drop_if_unused(ir::ValueId v, std::size_t at);
  std::vector<std::uint32_t> last_used(std::size_t at, std::size_t size, bool same_size);
  void release(const std::vector<std::uint32_t>& registers);
  kernels::Kernel kernel_for(const ir::Instr& i, std::vector<Slot>& in);
  kernels::Kernel map_kernel(ir::Op op, const ir::Instr& i, std::vector<Slot>& in);
  kernels::Kernel required(kernels::Kernel k, const ir::Instr& i) const;
  void splat(const ir::Instr& i, std::vector<Slot>& in, std::size_t j);

  // Chains (plan_chain.cpp).
  void chain(const Run& r);
  void close(ChainBuilder& c);
  void chain_member(ChainBuilder& c, std::size_t at, bool last);
  void chain_map(ChainBuilder& c, const ir::Instr& i, ir::Op op, std::size_t at);
  kernels::ChainForm chain_form(ChainBuilder& c, ir::ValueId a, ir::ValueId b, bool apart);
  void other_argument(ChainBuilder& c, ir::ValueId a, ir::ValueId b, kernels::ChainForm form);
  void load(ChainBuilder& c, ir::ValueId v);
  bool in_acc(ir::ValueId v) const { return acc_ != no_value && inside(v) && local(v) == acc_; }
  bool takes_words(const ir::Instr& i) const;
  bool only_in_acc(ir::ValueId v, std::size_t at, bool last) const;
  Slot chain_result(ir::ValueId v);
  void chain_release(std::size_t at);
  void stream_out(ir::ValueId v);
  kernels::ChainCode fold_code(const ir::Instr& i);
  bool folds_from_multiples(std::size_t size) const;
  bool folds(const Run& r) const;
  void fold(ChainBuilder& c, std::size_t k);

  void sink(std::uint32_t number);
  Slot foldable(ir::ValueId v, Slot slot);
  void size_blocks();
  void fetch_ahead();
  std::size_t folds_begin() const;
  std::int64_t register_at(std::uint32_t r) const;
  std::int64_t tile_at(std::uint32_t t) const;
  void bind_arguments();
  void bind_tiles();

  static constexpr std::size_t no_value = ~std::size_t{0};

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
  std::vector<Slot> streamed_;         // the same: where it goes past the caches, besides
  std::vector<std::size_t> last_use_;  // the same: where in sequence_
  std::vector<std::uint32_t> uses_;    // the same: operands that it is
  std::vector<std::uint32_t> user_;    // the same: a member that uses it
  std::vector<std::uint32_t> sequence_;  // members in the order in which they are computed
  std::vector<char> done_;               // by member, while that order is found
  std::vector<Run> runs_;
  Registers registers_;
  std::size_t acc_ = no_value;         // place of the value that a chain's step has left
  std::array<std::vector<std::uint32_t>, 2> chain_free_;  // registers of bools, and of others
  std::vector<std::size_t> tiles_;     // bytes of an element
  std::vector<Fold> folds_;
  std::vector<Slot> arguments_;
  std::uint32_t clock_ = 0;            // steps so far, for the order of arguments
  std::size_t widest_ = 1, register_step_ = 0, registers_begin_ = 0, tiles_begin_ = 0;
};

}  // namespace fluxion::compiler
