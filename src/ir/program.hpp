// Programs over dense values: what primitives lower to and the compiler plans. Static single assignment,
// static shapes; control flow is instructions that hold programs. Knows no array, no primitive and no kernel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>
#include <unordered_map>
#include <variant>
#include <vector>

#include <fluxion/aval.hpp>
#include <fluxion/extend/effect.hpp>
#include <fluxion/extend/host.hpp>
#include "ir/op.hpp"

namespace fluxion::ir {

using ValueId = std::uint32_t;
using Values = std::vector<ValueId>;

struct Type {
  DType dtype;
  Shape shape;
  friend bool operator==(const Type&, const Type&) = default;
};

// --- computed element by element; operands have the result's shape or rank 0 -------------------------
struct Map { Op op; };
/// lax.convert_element_type.
struct Convert {};
/// Counts along one dimension.
struct Iota { std::int64_t dimension; };
/// (key0, key1, count0, count1) -> (out0, out1), all uint32.
struct Threefry {};

// --- the same elements seen otherwise; never computed, copied only where a layout forces it ------------
/// Operand dimension i becomes result dimension dims[i]; the others are repeated.
struct Broadcast { Dims dims; };
/// Result dimension i is operand dimension permutation[i].
struct Transpose { Dims permutation; };
struct Reshape {};
/// Result element i is operand element start + i*stride per dimension; strides may be negative.
struct Slice { Dims start, stride; };
/// The same bytes as another dtype of the same size.
struct Bitcast {};

// --- materialised ---------------------------------------------------------------------------------------
/// Folds over `axes`, in the order that the reproducibility contract fixes.
struct Reduce { ReduceOp op; Dims axes; };
/// Index (int64) of the first maximum along an axis.
struct ArgMax { std::int64_t axis; };
/// Batched matrix product (.., m, k) x (.., k, n) -> (.., m, n).
struct Dot {};
/// A new array written piece by piece: operand 0 is a rank-0 fill value, operand i+1 is written to the
/// elements start + index*stride (stride positive) of the result. Pieces do not overlap.
/// `covers` says that the pieces leave nothing of the fill value (concatenate).
struct Assemble {
  struct Piece { Dims start, stride; };
  std::vector<Piece> pieces;
  bool covers;
};

/// A function of the host's, called with its operands in row-major memory. Results as it says when it is built.
struct HostCall {
  HostFunctionPtr function;
  Effect effect;
};
/// Positions (int64) along the last dimension of the first elements of a mask that are true, as many as the result's
/// last extent, ascending; the mask's extent where there are no more.
struct TruePositions {};
/// Operands: x (b.., n, row..), indices (b.., m) of int64 or int32, `batch` dimensions b, and perhaps a rank-0 value.
/// Result (b.., m, row..): the rows of x at the indices, which are clamped into range; if there is a value, it fills
/// the rows out of range instead. If `wraps`, negative indices count from the end first.
struct TakeRows {
  std::size_t batch;
  bool wraps = false;
};
/// Operands: x, indices and rows (b.., m, row..). Result: x, with the rows written (or added) at the indices one after
/// the other; indices out of range are skipped, or clamped if `clips`.
struct PutRows {
  std::size_t batch;
  bool add;
  bool wraps = false, clips = false;
};
/// Operands: x, then for each dimension where a window of the result's shape starts (int64, rank 0), clamped so that it
/// fits. Result: the window.
struct TakeWindow {};
/// Operands: x, a window, its starts. Result: x with the window in its place.
struct PutWindow {};
/// Tapes: records of values under int64 indices, added where an index is met again, zeros where there is none.
/// `push`: (tape[S], index i64[S], values [S, ...] ...) -> tape[S] with one record more per element;
/// `read`: (tape[S], index i64[S]) -> values [S, ...] ...; `add`: (tape[S], tape[S]) -> tape[S], all records of both;
/// `fold`: tape[n, S] -> tape[S], all records along the first axis.
struct Tape {
  enum class Kind : std::uint8_t { push, read, add, fold } kind;
};

// --- control flow: instructions that hold programs --------------------------------------------------------
struct Program;
using ProgramPtr = std::shared_ptr<const Program>;

/// Operands: index (int32, rank 0), then the operands of every branch. Results: those of the branch that the
/// index, clamped into range, names. All branches have the same input and output types.
struct Cond { std::vector<ProgramPtr> branches; };
/// Operands: cond's constants, body's constants, carry. While cond(constants, carry) is true, the carry becomes
/// body(constants, carry). Results: carry. The carry's types do not change.
struct While {
  ProgramPtr cond, body;
  std::size_t cond_consts, body_consts;
};
/// Operands: constants, carry, xs (leading extent `length`). body(constants, carry, x[i]) gives carry and y[i],
/// i ascending, or descending if `reverse`. Results: carry, ys (stacked at the index they were made from).
struct Scan {
  ProgramPtr body;
  std::size_t consts, carry;
  std::int64_t length;
  bool reverse;
};

using Action = std::variant<Map, Convert, Iota, Threefry, Broadcast, Transpose, Reshape, Slice, Bitcast, Reduce,
                            ArgMax, Dot, Assemble, TruePositions, TakeRows, PutRows,
                            TakeWindow, PutWindow, HostCall, Tape, Cond, While, Scan>;

struct Instr {
  Action action;
  Values in, out;
};

/// A rank-0 value known when the program is built.
struct Constant {
  ValueId value;
  alignas(16) std::array<std::byte, 16> bits;
};

/// Finds the first of equal constants: dtype and bits.
class ConstantIndex {
 public:
  /// The value of the equal constant seen before; `c.value` if there is none, which is remembered.
  ValueId first_equal(DType t, const Constant& c) { return seen_.try_emplace({t, c.bits}, c.value).first->second; }
  void clear() { seen_.clear(); }

 private:
  struct Key {
    DType dtype;
    std::array<std::byte, 16> bits;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& k) const noexcept;
  };
  std::unordered_map<Key, ValueId, Hash> seen_;
};

struct Program {
  std::vector<Type> types;  // by ValueId
  Values inputs;
  std::vector<Constant> constants;
  std::vector<Instr> instrs;  // in an order in which operands come before uses
  Values outputs;             // may repeat values and name inputs
  Effect effect = Effect::none;  // the greatest of its instructions
};

/// What an action does besides computing its results; that of the programs that it holds.
Effect effect_of(const Action& a);
/// The programs that an action holds, in a fixed order.
std::vector<const ProgramPtr*> held_programs(const Action& a);

std::ostream& operator<<(std::ostream& os, const Instr& i);
/// One line per instruction: `%3:f64[8] = map.mul %1 %2`; held programs follow, indented.
std::ostream& operator<<(std::ostream& os, const Program& p);
/// Throws InternalError naming the instruction whose types, shapes or order are wrong, here or in a held program.
void verify(const Program& p);

/// Appends instructions, deducing result types; operands are checked by verify. Reductions and products of narrow
/// integers and halves become conversions around those of 32 bits, and sums and products of complex numbers those of
/// their parts: no kernel sees them.
class Builder {
 public:
  ValueId input(Type t);
  /// Bits of the dtype's size are read from `bits`. Equal constants share one value.
  ValueId constant(DType t, const void* bits);
  /// A rank-0 constant `v` converted to dtype `t` (exact small numbers only: 0, 1, 0.5 ...).
  ValueId constant(DType t, double v);

  ValueId map(Op op, std::span<const ValueId> in);
  ValueId map(Op op, std::initializer_list<ValueId> in) { return map(op, std::span(in.begin(), in.size())); }
  ValueId convert(ValueId x, DType to);
  ValueId iota(Type t, std::int64_t dimension);
  std::array<ValueId, 2> threefry(ValueId key0, ValueId key1, ValueId count0, ValueId count1);
  ValueId broadcast(ValueId x, Shape shape, Dims dims);
  ValueId transpose(ValueId x, Dims permutation);
  ValueId reshape(ValueId x, Shape shape);
  ValueId slice(ValueId x, Dims start, Dims stride, Shape shape);
  ValueId bitcast(ValueId x, DType to);
  ValueId reduce(ReduceOp op, ValueId x, Dims axes);
  ValueId argmax(ValueId x, std::int64_t axis);
  ValueId dot(ValueId a, ValueId b);
  ValueId assemble(Shape shape, ValueId fill, std::span<const ValueId> pieces, std::vector<Assemble::Piece> places,
                   bool covers);

  Values host_call(std::span<const ValueId> in, std::vector<Type> results, HostFunctionPtr function, Effect effect);
  ValueId true_positions(ValueId mask, std::int64_t size);
  ValueId take_rows(ValueId x, ValueId indices, std::size_t batch);
  ValueId take_rows(ValueId x, ValueId indices, ValueId fill, std::size_t batch);
  ValueId put_rows(ValueId x, ValueId indices, ValueId rows, PutRows how);
  ValueId take_window(ValueId x, std::span<const ValueId> starts, Shape shape);
  ValueId put_window(ValueId x, ValueId window, std::span<const ValueId> starts);
  ValueId tape_push(std::span<const ValueId> in);
  /// `types` are those of the values.
  Values tape_read(ValueId tape, ValueId index, std::vector<Type> types);
  ValueId tape_add(ValueId a, ValueId b);
  ValueId tape_fold(ValueId x);

  const Type& type(ValueId v) const { return program_.types[v]; }
  /// Result types are deduced from the held programs.
  Values cond(ValueId index, std::span<const ValueId> operands, std::vector<ProgramPtr> branches);
  Values while_loop(std::span<const ValueId> operands, While loop);
  Values scan(std::span<const ValueId> operands, Scan loop);
  Program finish(Values outputs);

 private:
  ValueId add(Type t);
  ValueId complex_dot(ValueId a, ValueId b);
  const Instr* producer(ValueId v) const;
  bool is_empty_tape(ValueId v) const;
  ValueId emit(Action a, std::span<const ValueId> in, Type t);
  Values emit_several(Action a, Values in, std::vector<Type> types);
  Program program_;
  ConstantIndex constants_;
};

}  // namespace fluxion::ir
