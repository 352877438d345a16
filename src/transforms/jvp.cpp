// Forward mode: each value carries a tangent. Wengert's dual numbers as a trace; jax.jvp.
#include "transforms/jvp.hpp"

#include "core/ops.hpp"
#include "core/rule_checks.hpp"

namespace fluxion {

Arrays JvpTrace::process(const Primitive& p, ArraySpan args, ParamsView params) {
  Arrays primals, tangents;
  bool any_tangent = false;
  for (const auto& x : args) {
    const auto* t = owns(x) ? static_cast<const JvpTracer*>(tracer(x)) : nullptr;
    primals.push_back(t != nullptr ? t->value : x);
    tangents.push_back(t != nullptr ? t->tangent : Array());
    any_tangent |= t != nullptr;
  }
  const SetTrace outer(parent());
  if (!any_tangent) return p.bind(primals, params);
  auto out = p.jvp({primals, tangents}, params);
  check_jvp_rule(p, args, params, out);
  for (std::size_t i = 0; i < out.primals.size(); ++i) out.primals[i] = wrap(out.primals[i], out.tangents[i]);
  return std::move(out.primals);
}

Arrays JvpTrace::process_custom(const CustomCall& call, ArraySpan args) {
  Arrays primals, tangents;
  bool any_tangent = false;
  for (const auto& x : args) {
    auto [primal, tangent] = unwrap(x);
    any_tangent |= !tangent.is_empty_handle();
    primals.push_back(std::move(primal));
    tangents.push_back(std::move(tangent));
  }
  const Suspend captured(*this, call.name());
  const SetTrace outer(parent());
  if (!any_tangent) return call_custom(call, primals);
  auto out = call.jvp({primals, tangents});
  for (std::size_t i = 0; i < out.primals.size(); ++i) out.primals[i] = wrap(out.primals[i], out.tangents[i]);
  return std::move(out.primals);
}

Array JvpTrace::wrap(const Array& primal, const Array& tangent) {
  if (tangent.is_empty_handle()) return primal;
  return make_tracer<JvpTracer>(primal.aval(), shared_from_this(), primal, tangent);
}

std::pair<Array, Array> JvpTrace::unwrap(const Array& x) const {
  if (!owns(x)) return {x, {}};
  const auto* t = static_cast<const JvpTracer*>(tracer(x));
  return {t->value, t->tangent};
}

JvpOut jvp_symbolic(const detail::FlatFn& f, ArraySpan primals, ArraySpan tangents) {
  JvpOut result;
  NewTrace<JvpTrace> trace;
  Arrays args;
  for (std::size_t i = 0; i < primals.size(); ++i) args.push_back(trace->wrap(primals[i], tangents[i]));
  const auto results = f(args);
  check_results(results, "jvp");
  for (const auto& x : results) {
    auto [primal, tangent] = trace->unwrap(x);
    result.primals.push_back(std::move(primal));
    result.tangents.push_back(std::move(tangent));
  }
  return result;
}

namespace detail {

PrimalsTangents jvp_flat(const FlatFn& f, const Arrays& primals, const Arrays& tangents) {
  Arrays seeds = tangents;
  for (auto& t : seeds)
    if (!t.is_empty_handle() && t.dtype() == DType::float0) t = Array();
  auto out = jvp_symbolic(f, primals, seeds);
  for (std::size_t i = 0; i < out.primals.size(); ++i)
    out.tangents[i] = ops::instantiate(out.tangents[i], ops::tangent_aval(out.primals[i].aval()));
  return {std::move(out.primals), std::move(out.tangents)};
}

}  // namespace detail
}  // namespace fluxion
