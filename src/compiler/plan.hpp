// A plan: what an executable does for one layout of its inputs, as flat lists of prepared steps. Immutable,
// shared by all threads; everything that varies from run to run is behind a table of base pointers.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include <fluxion/aval.hpp>
#include <fluxion/extend/host.hpp>
#include "ir/program.hpp"
#include "kernels/flat.hpp"
#include "kernels/kernels.hpp"
#include "kernels/rows.hpp"

namespace fluxion::compiler {

/// A place in one of a run's memory blocks.
struct Ref {
  std::uint32_t storage = 0;
  std::int64_t offset = 0;  // bytes
};
/// Not in the table: each thread's own registers.
constexpr std::uint32_t scratch_storage = ~std::uint32_t{0};
/// The most of those that a loop over one element has.
constexpr std::size_t straight_bytes = 2048;

struct Storage {
  enum class Kind : std::uint8_t { input, constants, arena, output } kind;
  std::size_t bytes = 0;
  std::size_t at = 0;              // input or output number, or offset in the arena
  std::uint32_t first = 0, last = 0;  // steps between which an arena storage is alive
  std::uint32_t over = none;          // the arena storage whose memory this one takes over
  static constexpr std::uint32_t none = ~std::uint32_t{0};
};

/// Copies a strided block; all strides in bytes. With `from` strides 0 it fills.
struct Copy {
  Ref to, from;
  Dims shape, to_strides, from_strides;
  std::size_t itemsize = 0;
};

/// Copies of pieces that lie beside each other in each row of their result, some rows at a time: every cache line of the
/// result is visited once, not once per piece.
struct Weave {
  std::vector<Copy> pieces;  // the first extent is `rows`
  std::int64_t rows = 0, block = 1;
};

/// Lines in memory that become the columns of a row-major result: some elements of each are collected, then turned.
struct Interleave {
  struct Line {
    Ref from;
    bool repeated;  // one element instead of a line
  };
  /// Of what is collected at a time.
  static constexpr std::size_t bytes = std::size_t{1} << 14;
  Ref to;
  std::vector<Line> lines;
  std::size_t rows = 0, block = 1, itemsize = 0;
};

/// Elementwise instructions over a linear sequence of elements, block by block, and reductions on the way.
/// Element s has the coordinates (row, s % inner) where row enumerates `outer`; blocks do not cross rows.
struct Loop {
  struct Call {
    kernels::Kernel kernel;
    std::uint32_t args;  // first of its pointers
  };
  /// A pointer to element s: base + s * step. In a tile: relative to the tile's first element.
  struct Stream {
    Ref base;
    std::int64_t step = 0;
    bool tile = false;
    std::uint32_t fold = no_fold;  // a tile: where that fold of a chain goes
  };
  static constexpr std::uint32_t no_fold = ~std::uint32_t{0};
  /// A word in scratch for chains that fold, and how many rows, or chunks of rows, each of them has accumulators for:
  /// folding those of one alone is waiting.
  static constexpr std::size_t fold_word_at = 8, most_folds = 3, folded_at_once = 16;
  /// A pointer to column j of a row: base + row offset + j * step.
  struct Row {
    Ref base;
    std::int64_t step = 0;
    Dims outer_strides;  // bytes
  };
  struct Use {
    std::uint32_t arg, cursor;
  };
  /// Elements copied into a register before a block is computed; `fields` that follow one another in memory into as many
  /// registers, `field_step` bytes apart.
  struct Gather {
    Ref from;
    Dims shape, strides;  // bytes
    std::size_t itemsize = 0;
    std::int64_t to = 0;  // in scratch
    bool tile = false;
    std::int64_t fields = 1, field_step = 0;
  };
  struct Sink {
    void (*fold)(void* out, const void* in, std::size_t n, std::size_t width) = nullptr;
    kernels::Kernel combine = nullptr;  // two partial results
    void (*finish)(void* out, const void* in, std::size_t rows, std::ptrdiff_t row_stride, std::size_t n) = nullptr;
    Stream from;  // if a chain folds it: the accumulators
    std::size_t itemsize = 0;
    Ref to, partials;
    std::uint32_t place = no_fold;  // number among those in chains
    std::uint64_t identity = 0;     // elements of such a one
    // If no elements are folded, but a function of them and of partners.
    kernels::FoldedReductions::Kernel function = nullptr;
    Ref partners;
    std::int64_t partner_row = 0, partner_step = 0;  // bytes, from row to row and from element to element

    bool in_chain() const { return place != no_fold; }
  };

  std::size_t n = 0, inner = 1, block = 1;
  Dims outer;
  std::vector<Call> calls;
  std::vector<Ref> args;
  std::vector<std::uint32_t> order;  // by argument: when its element is read or written, in the computation of a group
  std::vector<Stream> streams;
  std::vector<Use> stream_uses;
  std::vector<std::uint32_t> fetched;  // streams of which the next block is asked for while one is computed
  std::vector<Row> rows;
  std::vector<Use> row_uses;
  std::vector<Gather> gathers;
  bool streamed = false;  // some results go past the caches
  bool counts = false;  // an Iota reads the index of the block's first element from the start of scratch
  std::size_t scratch_bytes = 0;
  std::vector<std::uint32_t> written;  // storages of results, whole and row-major in the loop's order
  bool in_parts = false;               // a result is only a part of its storage: other steps write the rest
  double cost = 0;  // of all elements; 1 is about 0.05 ns
  bool straight = false;  // one element, and nothing but calls

  // Reductions fold `fold_width` elements to each of `fold_rows` results, in chunks.
  // Of columns, `fold_width` are the rows, folded while they are computed, `fold_outer` times one after the other.
  std::vector<Sink> sinks;
  bool columns = false;
  bool folds = false;  // some of the sinks in a chain
  std::size_t fold_rows = 0, fold_width = 0, fold_outer = 1, chunk = 0;

  std::vector<std::uint32_t> instrs;  // of the program, for listings
};

/// Rows moved between a table and where they are taken or come from. The batch is walked row-major.
struct RowsOperand {
  Ref base;
  Dims batch_strides;     // bytes
  std::int64_t step = 0;  // bytes, from row to row (or index to index)
};
struct Rows {
  using Operand = RowsOperand;
  enum class Kind : std::uint8_t { take, put, add } kind = Kind::take;
  Operand table, indices, rows;
  Dims batch;
  std::int64_t extent = 0, count = 0;  // rows of the table; indices
  std::size_t row_elements = 0, itemsize = 0;
  bool narrow = false, wraps = false, clips = false;  // as in kernels::Rows
  Ref fill;                                           // if a take does not clip
  kernels::RowsKernel move = nullptr;
  kernels::Kernel combine = nullptr;  // of a table's row and what is added, where no kernel moves rows
};

struct Dot {
  kernels::Gemm multiply = nullptr;
  Ref a, b, c;
  std::size_t itemsize = 0;
  kernels::GemmArgs shape{};  // without pointers; its batch is the innermost dimension of all batches
  Dims outer, a_outer, b_outer;  // the others: extents; elements
  bool parallel = false;
  kernels::GemmFinish finish = {};  // without pointers
  Ref scale, other;
  bool finishes = false, scaled = false;
  std::vector<std::uint32_t> instrs;  // of the program that finish it, for listings
};

/// Reduces along rows of stored memory whose elements follow one another across them.
struct Columns {
  void (*fold)(void*, const void*, std::size_t, std::ptrdiff_t, std::size_t) = nullptr;
  kernels::FoldedReductions::Kernel function = nullptr;  // instead, of elements and partners
  kernels::Kernel combine = nullptr;
  Ref from, to, partials, partners;
  std::int64_t partner_row = 0;       // bytes
  double cost = 2;                    // of an element
  std::vector<std::uint32_t> instrs;  // of the program that are folded too, for listings
  Dims outer, outer_strides;  // extents; bytes
  std::size_t rows = 0, columns = 0, chunk = 0, itemsize = 0;
  std::int64_t row_stride = 0;  // bytes
};

struct ArgMax {
  kernels::ArgMax find = nullptr;
  Ref from, to;
  std::size_t outer = 1, n = 1, inner = 1;
  std::int64_t outer_stride = 0, n_stride = 0, inner_stride = 0;  // bytes
};

/// A call into the host. The lists of what it sees are made in the holder's memory, so that a call allocates nothing.
struct HostCall {
  struct Place {
    Aval aval;
    Ref at;
  };
  HostFunctionPtr function;
  std::vector<Place> in, out;
  Ref lists;
};

/// Positions of the first `size` elements of each mask that are true. The batch is walked row-major.
struct TruePositions {
  RowsOperand mask;
  Ref to;
  Dims batch;
  std::int64_t extent = 0, size = 0;
};

/// Steps over the same rows, some rows at a time: a row's elements, and the results of its folding, come from that row of
/// what earlier parts have left. Those of products are whole products, or rows of one. What comes out in the end may be
/// put into a table.
struct Band {
  using Part = std::variant<Loop, Dot, Rows, Weave, Interleave>;
  /// A storage that only these parts use: there is memory for one tile.
  struct Local {
    std::uint32_t storage;
    std::int64_t row_bytes;
    std::size_t at = 0;  // in each thread's memory
  };
  std::vector<Part> parts;
  std::vector<Rows> puts;  // at most one, of a table that nothing else here reads
  std::vector<Local> locals;
  std::size_t rows = 1, tile = 1;  // all, and of a tile
  std::size_t local_bytes = 0, storages = 0;
  double cost = 0;
};

/// A copy of a window out of an array or into one, which starts where numbers say that are known when it is made.
struct Window {
  struct Axis {
    Ref start;          // int64
    std::int64_t last;  // where the window can start
    std::int64_t step;  // bytes
  };
  Copy copy;  // as if all starts were 0
  bool put = false;
  std::vector<Axis> axes;
};

/// An ir::Tape on row-major operands: `n` tapes, each with its index and values.
struct Tape {
  /// A value of the records: `bytes` per tape.
  struct Value {
    Ref at;
    std::size_t bytes;
    DType dtype;
  };
  ir::Tape::Kind kind;
  Ref tape, other, out;  // other: the indices, or the tapes to add
  std::size_t n = 1, folded = 1;
  std::vector<Value> values;
};

/// A flat program over single elements and small arrays, with its loops and branches. What it reads is copied into the frame before it
/// begins; what it computes stays there, or is copied to where it is wanted.
struct Flat {
  /// An element in the frame, and memory outside of it.
  struct Place {
    std::uint32_t at;
    Ref ref;
    std::uint32_t bytes;
    std::uint32_t end = 0, item = 0;  // of a small array that is loaded: its last item is repeated up to there
  };
  /// Elements that lie apart, at these bytes from the base.
  struct Gather {
    std::uint32_t at;
    Ref ref;
    std::uint32_t item;
    std::vector<std::int64_t> from;
  };
  struct Constant {
    std::uint32_t at;
    std::uint64_t word;
  };
  std::vector<kernels::flat::Instr> code;
  std::vector<Constant> constants;
  std::vector<Place> loads, stores;
  std::vector<Gather> gathers;
  std::vector<std::shared_ptr<std::uint32_t[]>> lists;  // of shuffles
  std::vector<Place> pointers;  // not the element is in the frame, but its address
  Ref frame;
  std::vector<std::uint32_t> instrs;  // of the program, for listings
};

// --- control flow: steps that carry out the plans of held programs --------------------------------------------

struct Plan;

/// A held program's plan. It reads its inputs and writes its results where its own table of bases says; the
/// table, and behind it the arena, are part of the holder's memory. The table is filled once per step, then
/// only what moves from round to round is changed.
struct Nested {
  struct Binding {
    std::uint32_t storage;  // of the nested plan
    Ref to;                 // of the holder's
  };
  std::shared_ptr<const Plan> plan;
  Ref memory;
  bool own_tapes = false;  // tapes are made in a round, and none comes out of it
  std::vector<Binding> bindings;  // of inputs and results, in the first round
};

struct Cond {
  Ref index;  // int32
  std::vector<Nested> branches;
  std::uint32_t instr = 0;  // of the program, for listings
};

/// A value that each round reads where the last one wrote it: rounds write by turns to two places.
struct Carry {
  std::uint32_t input, output;  // storages of the body
  Ref second;                   // where the second round writes; the first is bound
  std::size_t bytes = 0;
};

struct While {
  Nested cond, body;
  std::vector<Carry> carries;
  std::vector<std::uint32_t> cond_inputs;  // by carry: storages of cond
  std::vector<Ref> results;                // by carry: where the first round writes
  std::uint32_t instr = 0;
};

struct Scan {
  /// An element of a stack: the next round's is `step` bytes further.
  struct Walk {
    std::uint32_t storage;
    std::int64_t step;
  };
  Nested body;
  std::int64_t length = 0;
  std::vector<Carry> carries;
  std::vector<Walk> walks;
  std::uint32_t instr = 0;
};

using Step = std::variant<Loop, Band, Columns, ArgMax, Dot, Copy, Weave, Interleave, TruePositions, Rows, Window,
                          HostCall, Tape, Flat, Cond, While, Scan>;

/// How a result array is made.
struct Output {
  enum class Kind : std::uint8_t {
    same,    // the input array itself
    view,    // of an input or output storage
    scalar,  // read from memory
  } kind;
  Ref from;
  Dims strides;  // elements
};

/// A result that may be written where an input is, once nobody else needs that.
struct Reuse {
  std::uint32_t result, input;  // storages; that of input k is k
};

struct Plan {
  std::vector<Dims> input_strides;
  std::vector<char> input_row_major;
  std::vector<Storage> storages;
  std::vector<std::byte> constants;
  std::vector<Step> steps;
  std::vector<Output> outputs;
  std::size_t arena_bytes = 0, output_count = 0;
  bool makes_tapes = false;            // here or in a held program
  std::vector<Reuse> reuses;           // the best first
  std::vector<std::uint32_t> results;  // of a held program: the output storage of each wanted one

  static constexpr std::uint32_t unwanted = ~std::uint32_t{0};
};

/// Of a nested plan's table of bases, so that an arena may follow.
inline std::size_t table_bytes(const Plan& p) { return (p.storages.size() * sizeof(void*) + 63) / 64 * 64; }

}  // namespace fluxion::compiler
