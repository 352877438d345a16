// What a compiled program costs, as counted before it runs.
#pragma once

#include <cstdint>
#include <iosfwd>

namespace fluxion {

/// Counted over the program's instructions. A loop whose number of trips is known counts that often; of the branches of
/// a cond the most expensive counts. Source: jax.stages.Compiled.cost_analysis.
struct CostAnalysis {
  /// Additions, multiplications, comparisons and the like, one per element; 2mnk for a product of matrices.
  double flops = 0;
  /// exp, log, sin and the like, one per element; they are not among the flops.
  double transcendentals = 0;
  /// Read from and written to memory. What stays in registers within a fused loop is neither.
  double bytes_accessed = 0;
  /// Loops whose number of trips depends on values: they count once.
  std::int64_t dynamic_loops = 0;

  friend std::ostream& operator<<(std::ostream& os, const CostAnalysis& c);
};

/// Bytes that a call needs. Source: jax.stages.Compiled.memory_analysis.
struct MemoryAnalysis {
  std::int64_t argument_size_in_bytes = 0;
  std::int64_t output_size_in_bytes = 0;
  /// The arena of intermediate values.
  std::int64_t temp_size_in_bytes = 0;
  /// Of the output, what is, or is written over, memory of arguments: those returned, and those donated.
  std::int64_t alias_size_in_bytes = 0;
  /// Kernels are part of the library: a program is data.
  std::int64_t generated_code_size_in_bytes = 0;

  friend std::ostream& operator<<(std::ostream& os, const MemoryAnalysis& m);
};

}  // namespace fluxion
