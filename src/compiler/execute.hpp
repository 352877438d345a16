// Carries out the steps of a plan on a run's memory. Re-entrant: nothing is kept between calls but each
// thread's registers.
#pragma once

#include <cstddef>

#include "compiler/plan.hpp"

namespace fluxion::compiler {

/// Where a run's storages begin.
using Bases = std::byte* const*;

inline std::byte* resolve(Bases bases, const Ref& r) { return bases[r.storage] + r.offset; }

void execute(const Loop& s, Bases bases);
void execute(const Band& s, Bases bases);
void execute(const Columns& s, Bases bases);
void execute(const ArgMax& s, Bases bases);
void execute(const Dot& s, Bases bases);
void execute(const Copy& s, Bases bases);
void execute(const Weave& s, Bases bases);
void execute(const Interleave& s, Bases bases);
/// The same between other places.
void execute(const Copy& s, std::byte* to, const std::byte* from);

/// Rows [first, last) of a band's `rows`: as many products of the batch each, or as many rows of the one product.
void execute_rows(const Dot& s, Bases bases, std::size_t rows, std::size_t first, std::size_t last);
/// The same: each is as many of the step's own rows.
void execute_rows(const Rows& s, Bases bases, std::size_t rows, std::size_t first, std::size_t last);
void execute_rows(const Weave& s, Bases bases, std::size_t rows, std::size_t first, std::size_t last);
void execute_rows(const Interleave& s, Bases bases, std::size_t rows, std::size_t first, std::size_t last);
void execute(const HostCall& s, Bases bases);
void execute(const TruePositions& s, Bases bases);
void execute(const Rows& s, Bases bases);
void execute(const Window& s, Bases bases);
void execute(const Tape& s, Bases bases);
void execute(const Flat& s, Bases bases);
void execute(const Cond& s, Bases bases);
void execute(const While& s, Bases bases);
void execute(const Scan& s, Bases bases);

/// All steps of a plan, in order.
void execute(const Plan& plan, Bases bases);

/// Folds `count` partial results of each of `rows` rows to one each, pairwise. Partials are elements
/// [row][count]; behind them is room for another row.
void fold_partials(const Loop::Sink& s, std::byte* partials, std::byte* out, std::size_t rows, std::size_t count);

/// Folds rows [count][columns] of partial results to one in `out`, pairwise and in place.
void fold_panel(kernels::Kernel combine, std::size_t columns, std::size_t itemsize, std::byte* panel, std::byte* out,
                std::size_t count);

}  // namespace fluxion::compiler
