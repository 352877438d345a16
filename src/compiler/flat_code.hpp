// Writes flat programs (kernels/flat.hpp) for instructions on single elements, with the loops and branches around them.
// A value has a place in the frame from where it is computed to where it is last read.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "compiler/plan.hpp"
#include "ir/program.hpp"

namespace fluxion::compiler {

/// Whether the instruction can be part of a flat program: it computes single elements of single elements, or is a loop
/// or a branch over such. At the top, scans may walk along stacks of elements.
bool is_flat(const ir::Program& p, const ir::Instr& i, bool top);
/// Whether operand or result k of a scan is a stack.
bool is_stack(const ir::Instr& i, std::size_t k, bool result);

/// What a block knows of the values of its program. The program of a plan has many blocks, one after the other; a
/// held program is one.
struct FlatScope {
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  FlatScope(const ir::Program& p, bool top);
  /// The value without views around it, if its element has a place of its own here; else the value itself.
  ir::ValueId of(ir::ValueId v) const { return top && node[behind[v]] == none ? v : behind[v]; }

  const ir::Program& program;
  bool top;
  // By value:
  std::vector<ir::ValueId> behind;      // without views
  std::vector<std::uint32_t> slot;      // where it is in the frame
  std::vector<std::uint32_t> node;      // the instruction that computes it, counted in the block
  std::vector<std::uint32_t> last;      // where it is last read, the same
  std::vector<std::uint32_t> uses;
};

class FlatWriter {
 public:
  /// Where a value of a block should end up. It may be computed there if `until`, whose place it is, is read no later.
  struct Target {
    ir::ValueId value, until;
    std::uint32_t slot;
    bool placed = false;
  };
  struct Stack {
    Ref first;
    std::int64_t step;
  };
  /// Finds the memory of stacks, which lie outside of the frame.
  struct Stacks {
    virtual Stack operand(const ir::Instr& i, std::size_t k) = 0;
    virtual Stack result(const ir::Instr& i, std::size_t k) = 0;
    virtual bool is_wanted(const ir::Instr& i, std::size_t k) const = 0;

   protected:
    ~Stacks() = default;
  };

  explicit FlatWriter(Stacks& stacks) : stacks_(stacks) {}

  /// A place for an element that is read before the program begins.
  std::uint32_t load(Ref from, std::size_t bytes);
  /// The instructions of a block; `kept` values have a place when it ends.
  void block(FlatScope& s, std::span<const std::uint32_t> instrs, std::span<const ir::ValueId> kept,
             std::span<Target> targets);
  /// The end. The frame is the caller's to place.
  Flat finish(std::uint32_t& frame_bytes);

 private:
  /// An instruction with those before it that are computed on the way.
  struct Node {
    std::uint8_t size = 0;  // arithmetic instructions; 0 for what is in no chain
    bool absorbed = false, join = false;
    std::array<kernels::flat::Fold, 3> folds{};
    std::array<ir::ValueId, 4> leaves{};
  };
  struct Block {
    FlatScope& s;
    std::span<const std::uint32_t> instrs;
    std::vector<Node> nodes;
    const ir::Instr& instr(std::uint32_t k) const { return s.program.instrs[instrs[k]]; }
  };

  void count_uses(Block& b, std::span<const ir::ValueId> kept, std::span<const Target> targets) const;
  void find_chains(Block& b) const;
  Node chained(const Block& b, const ir::Instr& i) const;
  const Node* on_the_way(const Block& b, ir::ValueId v, DType t) const;
  void place_targets(Block& b, std::span<Target> targets) const;
  /// Moves what was not computed where it should be, all at once.
  void settle(FlatScope& s, std::span<const Target> targets);

  void compute(Block& b, std::uint32_t k);
  void chain(Block& b, const Node& n, std::uint32_t k);
  void single(Block& b, std::uint32_t k);
  void cond(Block& b, const ir::Instr& i);
  void loop(Block& b, const ir::Instr& i);
  void scan(Block& b, const ir::Instr& i);
  void branch(FlatScope& outer, const ir::Instr& i, const ir::Program& p);
  FlatScope held(const ir::Program& p);
  void whole(FlatScope& s, std::span<const ir::ValueId> kept, std::span<Target> targets);
  std::vector<std::uint32_t> carries(FlatScope& outer, const ir::Instr& i, std::size_t first, std::size_t n);
  std::vector<Target> turns(const FlatScope& body, std::size_t first, std::span<const std::uint32_t> slots) const;

  std::uint32_t slot(const FlatScope& s, ir::ValueId v) const { return s.slot[s.of(v)]; }
  std::uint32_t result(FlatScope& s, ir::ValueId v);
  void release(Block& b, std::uint32_t k, std::span<const ir::ValueId> read);
  std::uint32_t take(std::size_t bytes);
  std::uint32_t fresh(std::size_t bytes);
  void give(std::uint32_t slot, std::size_t bytes) { free_[bytes > 8].push_back(slot); }
  std::uint32_t constant(DType t, const ir::Constant& c);

  kernels::flat::Instr& put(kernels::flat::Handler h);
  void move(std::uint32_t to, std::uint32_t from, std::size_t bytes);
  std::int64_t here() const { return static_cast<std::int64_t>(flat_.code.size()); }
  /// The jump at `from` leads to what comes next.
  void land(std::int64_t from) { flat_.code[static_cast<std::size_t>(from)].value = here() - from; }

  Stacks& stacks_;
  Flat flat_;
  std::vector<std::uint32_t> free_[2];  // slots of 8 and 16 bytes
  std::uint32_t end_ = kernels::flat::reserved_bytes;
  ir::ConstantIndex constants_;  // the "values" are slots
};

}  // namespace fluxion::compiler
