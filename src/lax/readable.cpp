#include "lax/readable.hpp"

#include "ir/op.hpp"
#include "lax/elementwise.hpp"

namespace fluxion::lax {

Readables readable_primitives() {
  Readables all;
  for (std::size_t i = 0; i < static_cast<std::size_t>(ir::Op::count_); ++i) {
    const auto op = static_cast<ir::Op>(i);
    const auto n = static_cast<std::size_t>(ir::arity(op));
    all.push_back({&elementwise(op), n, n, [](ValueParser&) { return Params(ParamsView::of(NoParams{})); }, nullptr});
  }
  for (const auto list : {list_callbacks, list_collective_reductions, list_conds, list_conversions,
                          list_convolutions, list_cumulatives, list_dynamic_slices, list_exchanges, list_gathers,
                          list_linear_solves, list_other_reductions, list_products, list_random_bits,
                          list_reductions, list_repeats, list_roots, list_roundings, list_rows,
                          list_scans, list_scatters, list_shapes, list_slices, list_sorts, list_special,
                          list_tapes, list_whiles, list_window_choices, list_windows, linalg::list_cholesky,
                          linalg::list_eig, linalg::list_eigh, linalg::list_lu, linalg::list_qr,
                          linalg::list_reduced, linalg::list_svd, linalg::list_triangular_solve,
                          linalg::list_tridiagonal_solve})
    list(all);
  return all;
}

}  // namespace fluxion::lax
