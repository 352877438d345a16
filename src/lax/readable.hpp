// The primitives of this layer as readers of jaxprs need them: each family lists its own.
#pragma once

#include "core/parse.hpp"

namespace fluxion::lax {

using Readables = std::vector<ReadablePrimitive>;

void list_callbacks(Readables& to);
void list_collective_reductions(Readables& to);
void list_conds(Readables& to);
void list_conversions(Readables& to);
void list_cumulatives(Readables& to);
void list_exchanges(Readables& to);
void list_linear_solves(Readables& to);
void list_other_reductions(Readables& to);
void list_products(Readables& to);
void list_random_bits(Readables& to);
void list_reductions(Readables& to);
void list_repeats(Readables& to);
void list_roots(Readables& to);
void list_rows(Readables& to);
void list_scans(Readables& to);
void list_shapes(Readables& to);
void list_slices(Readables& to);
void list_sorts(Readables& to);
void list_tapes(Readables& to);
void list_whiles(Readables& to);
void list_window_choices(Readables& to);
void list_windows(Readables& to);

/// All of them, and the rows of the elementwise table.
Readables readable_primitives();

}  // namespace fluxion::lax
