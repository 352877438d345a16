// The primitives of this layer as readers of jaxprs need them: each family lists its own.
#pragma once

#include <initializer_list>

#include "core/parse.hpp"

namespace fluxion::lax {

using Readables = std::vector<ReadablePrimitive>;

void list_callbacks(Readables& to);
void list_collective_reductions(Readables& to);
void list_conds(Readables& to);
void list_conversions(Readables& to);
void list_convolutions(Readables& to);
void list_cumulatives(Readables& to);
void list_dynamic_slices(Readables& to);
void list_exchanges(Readables& to);
void list_gathers(Readables& to);
void list_linear_solves(Readables& to);
void list_other_reductions(Readables& to);
void list_products(Readables& to);
void list_random_bits(Readables& to);
void list_reductions(Readables& to);
void list_repeats(Readables& to);
void list_roots(Readables& to);
void list_roundings(Readables& to);
void list_rows(Readables& to);
void list_scans(Readables& to);
void list_scatters(Readables& to);
void list_shapes(Readables& to);
void list_slices(Readables& to);
void list_sorts(Readables& to);
void list_special(Readables& to);
void list_tapes(Readables& to);
void list_whiles(Readables& to);
void list_window_choices(Readables& to);
void list_windows(Readables& to);

namespace linalg {
void list_cholesky(Readables& to);
void list_eig(Readables& to);
void list_eigh(Readables& to);
void list_lu(Readables& to);
void list_qr(Readables& to);
void list_reduced(Readables& to);
void list_svd(Readables& to);
void list_triangular_solve(Readables& to);
void list_tridiagonal_solve(Readables& to);
}

/// All of them, and the rows of the elementwise table.
Readables readable_primitives();

/// One of `all`, as it is shown.
template <class E>
E parse_choice(ValueParser& p, std::initializer_list<E> all) {
  for (const auto e : all)
    if (p.accept(show(e))) return e;
  p.fail("one of the values of this parameter");
}
/// `label=(0, 1)`
inline Dims parse_labelled(ValueParser& p, const char* label) {
  p.expect(label);
  p.expect("=");
  auto d = parse_value(p, ParseAs<Dims>{});
  p.accept(",");
  return d;
}
/// ((0, 1), (2, 3)): `n` numbers each.
template <class F>
void parse_tuples(ValueParser& p, std::size_t n, const F& each) {
  p.expect("(");
  while (!p.accept(")")) {
    const auto c = parse_value(p, ParseAs<Dims>{});
    if (c.size() != n) p.fail(std::to_string(n) + " numbers in each of the parameter's parentheses, before");
    each(c);
    if (!p.accept(",") && p.peek() != ')') p.fail("',' or ')'");
  }
}

}  // namespace fluxion::lax
