#include "lax/implicit/implicit.hpp"

#include "core/ops.hpp"

namespace fluxion::lax {

Arrays pushed_forward(const JaxprPtr& jaxpr, ArraySpan primals, ArraySpan tangents, bool recorded) {
  const auto n_out = jaxpr->out.size();
  const auto nonzero = present(tangents);
  if (count(nonzero) == 0) return Arrays(n_out);
  if (!recorded) {
    const auto t = jvp_jaxpr(jaxpr, nonzero);
    auto in = joined({t->closed.consts, primals});
    append_present(in, tangents);
    const auto out = eval_jaxpr(*t->closed.jaxpr, in);
    return spread(ArraySpan(out).subspan(n_out), t->out);
  }
  const auto t = linearize_jaxpr(jaxpr, nonzero);
  const auto out = eval_jaxpr(*t->forward.jaxpr, joined({t->forward.consts, primals}));
  auto in = part(out, n_out, t->n_residuals);
  append_present(in, tangents);
  return spread(eval_jaxpr(*t->linear, in), t->out);
}

BatchedCall all_mapped(const BatchArgs& args, std::size_t n_consts) {
  BatchedCall call{{args.operands.begin(), args.operands.end()}, {args.mapped.begin(), args.mapped.end()}};
  for (std::size_t i = n_consts; i < call.operands.size(); ++i)
    if (!args.mapped[i]) call.operands[i] = ops::repeat_along_new_axis(call.operands[i], args.size, 0);
  call.mapped.resize(n_consts);
  return call;
}

JaxprPtr batched(const JaxprPtr& jaxpr, BatchAxis axis, const Mask& consts, const char* op) {
  const Mask arguments(jaxpr->in.size() - consts.size(), 1), results(jaxpr->out.size(), 1);
  return without_consts(batch_jaxpr(jaxpr, axis, joined({consts, arguments}), results)->closed, op);
}

}  // namespace fluxion::lax
