// From a program and the layouts of its inputs to a plan: places values in memory and prepares the steps.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>

#include "compiler/fusion.hpp"
#include "compiler/in_place.hpp"
#include "compiler/plan.hpp"

namespace fluxion::compiler {

/// Plans a program (verified, optimised) for inputs with these strides (in elements).
std::unique_ptr<const Plan> planned(const ir::Program& p, std::span<const Dims> input_strides,
                                    std::span<const Aval> results);

/// Plans a held program: it writes those results that are wanted, row-major, where its holder says. The
/// storage of input k is k. An input that is `owned` may be overwritten, if the result of its number among the owned
/// is then there: the storage of that result is the input's.
struct Owned {
  std::size_t first = 0;    // input that result 0 may overwrite, and so on
  std::vector<char> of = {};  // by result
};
std::shared_ptr<const Plan> planned_held(const ir::Program& p, std::span<const Dims> input_strides,
                                         const std::vector<char>& wanted, const Owned& owned = {});

/// Where a value is.
struct Location {
  std::uint32_t storage = 0;
  std::int64_t offset = 0;  // bytes
  Dims strides;             // elements
  bool known = false;

  Ref ref() const { return {storage, offset}; }
};

/// The state of planning: locations are found on demand, steps are appended in execution order.
class Planner {
 public:
  Planner(const ir::Program& p, std::span<const Dims> input_strides);
  std::unique_ptr<Plan> run(std::span<const Aval> results);
  std::unique_ptr<Plan> run_held(const std::vector<char>& wanted, const Owned& owned);

  const ir::Program& program() const { return p_; }
  const ir::Type& type(ir::ValueId v) const { return p_.types[v]; }
  const ir::Instr& instr(std::uint32_t i) const { return p_.instrs[i]; }
  const Origins& origins() const { return origins_; }
  const Fusion& fusion() const { return fusion_; }
  /// Whether another unit than its own reads what instruction i computes.
  bool read_later(std::uint32_t i) const { return read_later_[i] != 0; }
  Plan& plan() { return *plan_; }
  /// By value, for the loop being planned: where the value is among its operands. Never cleared, so what is
  /// there must be checked against the operand found.
  std::uint32_t& operand_of(ir::ValueId v) { return operand_of_[v]; }

  bool is_known(ir::ValueId v) const { return locations_[v].known; }
  /// Where `v` is, as an operand of the next step; may append a copy (a Reshape that strides cannot express).
  const Location& use(ir::ValueId v);
  /// New memory for `v`, written by the next step.
  const Location& define(ir::ValueId v, Dims strides);
  /// Where the pieces of an assembled array lie in it: those that are computed there need not be copied.
  bool is_at_home(ir::ValueId piece) const;
  /// `v` is what is there already, under another name too.
  void stand_for(ir::ValueId v, Location l) {
    shared_[l.storage] = 1;
    locations_[v] = std::move(l);
  }
  /// Memory in which to make `v` of operand 0 of the unit being planned (or another `operand`): that of the operand if
  /// nobody else reads it, else a copy, made before the next step.
  Location remade(ir::ValueId v, const ir::Instr& i, std::size_t operand);
  /// New memory for the next step only.
  std::uint32_t temporary(std::size_t bytes);
  /// Gapless row-major elements of a strided block, copied before the next step.
  std::uint32_t packed(Ref from, const Shape& shape, const Dims& strides, std::size_t itemsize);
  /// Memory that the next step needs too.
  void touch(std::uint32_t storage) { pending_.push_back(storage); }
  /// A constant in the plan's memory.
  Ref constant(const void* bits, std::size_t bytes);
  /// Appends a step of its own between what the next step needs: it needs these two storages.
  void step_between(Step s, std::uint32_t to, std::uint32_t from);
  /// Where `v` will be, as a result that has memory of its own; else none is needed.
  bool is_own_result(ir::ValueId v) const { return own_result_[v] != 0; }
  Ref constants(std::span<const std::byte> bytes);
  /// Appends a step that needs everything used, defined or touched since the last one.
  void step(Step s);

 private:
  void find_homes();
  /// The place of `v` in what it is a piece of, if it can be computed there.
  const Location* at_home(ir::ValueId v, const Dims& strides);
  std::uint32_t add_storage(Storage::Kind kind, std::size_t bytes, std::size_t at);
  void alive(std::uint32_t storage, std::uint32_t step);
  const Location& locate(ir::ValueId v);
  void locate_view(const ir::Instr& i);
  /// Row-major elements of `from` in new memory, as a step of its own between those of the caller.
  std::uint32_t copied(Storage::Kind kind, Ref from, const Shape& shape, const Dims& strides, std::size_t itemsize);
  void units();
  void unit(const Unit& u);
  Output output(ir::ValueId v, const Aval& result);
  std::unique_ptr<Plan> finished();
  std::uint32_t held_result(ir::ValueId v, std::size_t number);
  std::uint32_t result_in_place(ir::ValueId v, std::uint32_t input);
  bool may_overwrite(const Location& l, const ir::Type& t) const;

  const ir::Program& p_;
  Origins origins_;
  Fusion fusion_;
  std::unique_ptr<Plan> plan_;
  std::optional<LastUses> last_uses_;    // once they are asked for
  std::uint32_t unit_ = 0;               // being planned
  std::vector<char> owned_, shared_, overwritten_;  // by storage
  std::vector<Location> locations_;
  std::vector<std::uint32_t> view_by_;  // by value: the view instruction that makes it
  std::vector<std::uint32_t> operand_of_;
  std::vector<char> own_result_;        // by value
  std::vector<char> read_later_;
  std::vector<std::uint32_t> views_;    // on the way back in locate
  /// By value: the instruction that assembles it with others, and its number there.
  struct Home {
    std::uint32_t instr;
    std::uint32_t piece;
    bool taken = false;
  };
  std::unordered_map<ir::ValueId, Home> homes_;
  std::vector<std::uint32_t> pending_;  // storages of the next step
  struct Packed {
    Shape shape;
    Dims strides;
    std::uint32_t at;
  };
  std::unordered_map<std::uint64_t, std::vector<Packed>> packed_;  // by where it was packed from
};

/// Plans units of single elements, as many in a row as there are, as one flat program.
class FlatUnits {
 public:
  explicit FlatUnits(Planner& p);
  ~FlatUnits();
  /// From unit `first` on; returns how many have been planned.
  std::size_t plan(std::size_t first);

 private:
  class State;
  State& state();
  /// Whether the unit goes with those from `first` on, whose stacks are listed; then its own are, too.
  bool joins(const Unit& u, std::size_t first, std::vector<ir::ValueId>& stacks);

  Planner& p_;
  std::unique_ptr<State> state_;  // made for the first such unit
};

// One kind of step each.
void plan_loop(Planner& p, const Unit& u);
void plan_reduction(Planner& p, const Unit& u);  // a unit of one reduction
bool plan_folded(Planner& p, const Unit& u);     // a loop that one kernel folds whole; false if it is none
void plan_argmax(Planner& p, const ir::Instr& i);
void plan_dot(Planner& p, const Unit& u);
/// Memory for an assembled array, filled where its pieces leave something.
const Location& define_assembled(Planner& p, const ir::Instr& i);
void plan_assemble(Planner& p, const ir::Instr& i);
void plan_host_call(Planner& p, const ir::Instr& i);
void plan_true_positions(Planner& p, const ir::Instr& i);
void plan_take_rows(Planner& p, const ir::Instr& i);
void plan_put_rows(Planner& p, const ir::Instr& i);
void plan_take_window(Planner& p, const ir::Instr& i);
void plan_put_window(Planner& p, const ir::Instr& i);
void plan_tape(Planner& p, const ir::Instr& i);
void plan_control(Planner& p, std::uint32_t instr);  // Cond, While, Scan

/// The bits of the result of folding nothing.
void identity_bits(ir::ReduceOp op, DType t, std::byte bits[16]);
/// The elementwise kernel with the bits of the reduction's own folding.
kernels::Kernel combining_kernel(ir::ReduceOp op, DType t);
/// A copy with neighbouring dimensions merged where strides (in bytes) allow.
Copy coalesced(Copy c);
/// Writes one element everywhere.
Copy fill(const Location& to, const Shape& shape, std::size_t itemsize, Ref element);
/// Which results may be written over which inputs; an input may be named for several, and the other way round.
std::vector<Reuse> reuses(const ir::Program& p, const Plan& plan);
/// Which results of a held program may be written over the input that they replace in the next round: result k over
/// input first + k, for k < carries.
std::vector<Reuse> carry_reuses(const ir::Program& p, const Plan& plan, std::size_t first, std::size_t carries);
/// Lets loops write results over what they read for the last time.
void overlay(Plan& plan);
/// Joins loops over the same rows into bands.
void form_bands(Plan& plan);
/// Gives every arena storage its offset, reusing what is dead; returns the arena's size.
std::size_t place_in_arena(std::vector<Storage>& storages);

}  // namespace fluxion::compiler
