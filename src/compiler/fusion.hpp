// Which instructions are carried out together: elementwise ones over the same elements, and the
// reductions that fold their results, become one loop; a sum with a product, or a multiple of it, becomes part of the
// product.
//
// Every instruction has a level, and an edge either fuses (both ends elementwise over as many elements, in
// the same order) or is a barrier. Levels do not decrease along fusing edges and increase along barriers,
// and only ends of one level are fused; so a path that leaves a loop never comes back to it.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "compiler/layout.hpp"
#include "kernels/kernels.hpp"

namespace fluxion::compiler {

constexpr std::uint32_t no_instr = ~std::uint32_t{0};

constexpr bool is_elementwise(const ir::Action& a) { return a.index() <= 3; }
constexpr bool is_view(const ir::Action& a) { return a.index() >= 4 && a.index() <= 8; }
constexpr bool holds_programs(const ir::Action& a) {
  return std::holds_alternative<ir::Cond>(a) || std::holds_alternative<ir::While>(a) || std::holds_alternative<ir::Scan>(a);
}

/// What each value is made of.
struct Origins {
  explicit Origins(const ir::Program& p);

  /// The value without the Reshapes and Bitcasts around it: the same elements in the same order.
  std::vector<ir::ValueId> root;
  /// The instruction that computes the root; none for inputs and constants.
  std::vector<std::uint32_t> producer;
  /// The instruction that computes the memory behind the value, through every view.
  std::vector<std::uint32_t> source;
};

/// Instructions that become one step: a loop (elementwise instructions in order, and reductions folded on
/// the way), or a single instruction of another kind.
struct Unit {
  std::vector<std::uint32_t> members;
  std::vector<std::uint32_t> reductions;
  bool is_loop = true;
};

/// How a product's elements are changed before they are left, where nothing else needs them: `scale` times them, then
/// the sum or the difference with `other`.
struct Finish {
  using Kind = kernels::GemmFinish::Kind;
  std::uint32_t product;                  // instruction
  std::optional<ir::ValueId> scale, other;
  Kind kind = Kind::none;
};

struct Fusion {
  std::vector<Unit> units;            // in an order in which they can be carried out
  std::vector<std::uint32_t> unit_of; // by instruction; none for views
  std::vector<std::uint32_t> position_of;  // by instruction: among the members of its unit
  std::vector<char> stored;           // by value: whether it is needed in memory
  std::unordered_map<std::uint32_t, Finish> finishes;  // by the last instruction of the product's unit
};

/// How a reduction sees its operand: extents of 1 dropped.
struct ReductionShape {
  Shape shape;
  Dims reduced;  // ascending
  Dims kept;
  std::int64_t rows = 1;   // product of kept extents
  std::int64_t width = 1;  // product of reduced extents
  std::int64_t outer = 1;  // product of the kept extents before all reduced ones

  ReductionShape(const ir::Reduce& action, const Shape& operand);
  /// Whether the reduced dimensions come last.
  bool innermost() const;
};

/// Whether a reduction is better done on columns of stored memory: its operand's elements follow one another
/// along a kept dimension.
bool prefers_columns(const ReductionShape& r, const Dims& squeezed_strides);

/// Whether columns can be folded while rows of them are computed: the reduced dimensions follow one another, and there
/// is enough of those behind them.
bool folds_columns(const ReductionShape& r);

/// `strides` are those of the program's inputs.
Fusion fused(const ir::Program& p, const Origins& origins, std::span<const Dims> input_strides);

}  // namespace fluxion::compiler
