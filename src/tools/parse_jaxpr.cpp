// parse_jaxpr: the parser together with all primitives of the library.
#include "tools/parse_jaxpr.hpp"

#include <fluxion/parse.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/parse.hpp"
#include "lax/readable.hpp"
#include "transforms/readable.hpp"

namespace fluxion {

const std::vector<ReadablePrimitive>& library_primitives() {
  static const auto& all = *new std::vector<ReadablePrimitive>([] {
    auto list = lax::readable_primitives();
    for (const auto add :
         {list_checkpoints, list_custom_jvp, list_custom_vjp, list_custom_vmap, list_jit, list_linear_call})
      add(list);
    return list;
  }());
  return all;
}

namespace {

void check_values(const Arrays& got, AvalSpan want, const char* op, const char* what) {
  if (got.size() != want.size())
    throw ValueError(
        text(op, ": the jaxpr has ", want.size(), ' ', what, "s, got ", got.size(), "; pass one array for each"));
  for (std::size_t i = 0; i < got.size(); ++i) {
    require_value(op, got[i]);
    if (!same_type(got[i].aval(), want[i]))
      throw ValueError(text(op, ": ", what, ' ', i, " must be ", want[i], ", got ", got[i].aval(),
                            "; convert with astype and reshape"));
  }
}

}  // namespace

ClosedJaxpr parse_jaxpr(std::string_view text) { return parse_jaxpr(text, {}); }

ClosedJaxpr parse_jaxpr(std::string_view text, const ParseOptions& options) {
  auto primitives = options.primitives;  // a user's primitive may have the name of one of the library's
  primitives.insert(primitives.end(), library_primitives().begin(), library_primitives().end());
  ClosedJaxpr closed{parse(text, primitives), options.consts};
  if (!closed.consts.empty())
    check_values(closed.consts, AvalSpan(closed.jaxpr->in_avals()).first(closed.jaxpr->n_consts), "parse_jaxpr",
                 "constant");
  return closed;
}

Arrays eval_jaxpr(const ClosedJaxpr& closed, const Arrays& args) {
  const auto& j = *closed.jaxpr;
  const auto avals = j.in_avals();
  if (closed.consts.size() != j.n_consts)
    throw ValueError(text("eval_jaxpr: the jaxpr has ", j.n_consts, " constants, got ", closed.consts.size(),
                          " values for them; pass them to parse_jaxpr in ParseOptions::consts"));
  check_values(args, AvalSpan(avals).subspan(j.n_consts), "eval_jaxpr", "argument");
  Arrays all = closed.consts;
  all.insert(all.end(), args.begin(), args.end());
  return eval_jaxpr(j, ArraySpan(all));
}

}  // namespace fluxion
