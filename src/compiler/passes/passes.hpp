// Rewrites of programs. None changes the bits of a result; each is one file.
#pragma once

#include "ir/program.hpp"

namespace fluxion::compiler {

/// Removes instructions and constants whose results are not used.
ir::Program without_dead_code(ir::Program p);
/// Computes equal instructions on equal operands once, and keeps equal constants once.
ir::Program without_common_subexpressions(ir::Program p);
/// Composes and removes views, and turns what only moves extents of 1 into Reshape.
ir::Program with_simple_views(ir::Program p);
/// Computes on operands before they are repeated, not after: map(broadcast a, broadcast b) becomes
/// broadcast(map(a, b)); and counts along one dimension only: an n-d Iota becomes a broadcast 1-d one.
ir::Program with_late_broadcasts(ir::Program p);
/// Computes what depends on constants only, with the kernels that would have; chooses where the choice is known.
ir::Program with_folded_constants(ir::Program p);
/// Uses identities that hold for every bit pattern: x * 1, x - 0, -(-x), x / 2^k, not(a == b), ...
ir::Program with_simple_arithmetic(ir::Program p);
/// Takes slices and transposes of operands instead of results, where the result is not needed otherwise, and slices of
/// pieces instead of what is assembled of them.
ir::Program with_early_views(ir::Program p);
/// Computes on the pieces of assembled arrays, and assembles what comes out.
ir::Program with_late_assembly(ir::Program p);
/// Drops carries, stacks and operands of loops and branches that nothing needs; carries that do not change become
/// constants. Changes held programs.
ir::Program with_lean_loops(ir::Program p);
/// Computes before a loop what its rounds would compute of its constants alone. Changes held programs.
ir::Program with_hoisted_invariants(ir::Program p);
/// Carries what a scan's rounds assemble, and take apart again, in pieces. Changes held programs.
ir::Program with_parted_carries(ir::Program p);
/// Sums of arrays that are zero but for a piece, which derivatives of slices are, become one Assemble of the pieces.
ir::Program with_joined_pads(ir::Program p);
/// A product of which only the transpose is used becomes the product of the transposed operands in the other order, which
/// are views: transpose(a b) is transpose(b) transpose(a), to the bit.
ir::Program with_turned_products(ir::Program p);
/// Factors of small systems that only the solutions need, and those, become one call.
ir::Program with_joined_solves(ir::Program p);
/// Reductions over extents of 1 become Reshape; a sum adds the 0 that it begins with.
ir::Program without_single_sums(ir::Program p);

/// Lets gathers and scatters of rows convert, wrap and clamp their indices themselves.
ir::Program with_direct_indices(ir::Program p);

/// All of them, in order, on held programs too; verified after each in debug builds, printed under
/// FLUXION_DEBUG=passes.
ir::Program optimised(ir::Program p);

/// For passes that rewrite front to back: what stands for a value of the old program.
class Renaming {
 public:
  explicit Renaming(std::size_t values) : to_(values) {
    for (std::size_t v = 0; v < values; ++v) to_[v] = static_cast<ir::ValueId>(v);
  }
  void replace(ir::ValueId old, ir::ValueId by) { to_[old] = by; }
  void apply(ir::Values& values) const {
    for (auto& v : values)
      while (v < to_.size() && to_[v] != v) v = to_[v];
  }

 private:
  std::vector<ir::ValueId> to_;
};

}  // namespace fluxion::compiler
