#include "transforms/linearize.hpp"

#include "base/text.hpp"
#include "core/ops.hpp"
#include "core/rule_checks.hpp"

namespace fluxion {

namespace {

/// Current while a jvp rule runs inside linearize: operations on tangents are recorded, others go to the parent.
class SplitTrace final : public Trace {
 public:
  SplitTrace(TracePtr parent, std::shared_ptr<JaxprTrace> tangents)
      : Trace(std::move(parent)), tangents_(std::move(tangents)) {}
  const char* name() const override { return "linearize"; }
  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override {
    for (const auto& x : args)
      if (tangents_->owns(x)) return tangents_->process(p, args, params);
    const SetTrace outer(parent());
    return p.bind(args, params);
  }

 private:
  std::shared_ptr<JaxprTrace> tangents_;
};

}  // namespace

LinearizeTrace::LinearizeTrace(TracePtr parent, const char* name)
    : Trace(parent), tangents_(std::make_shared<JaxprTrace>(nullptr, name)),
      split_(std::make_shared<SplitTrace>(std::move(parent), tangents_)), name_(name) {}

Array LinearizeTrace::wrap(const Array& primal, const Array& tangent) {
  if (tangent.is_empty_handle()) return primal;
  return make_tracer<LinearizeTracer>(primal.aval(), shared_from_this(), primal, tangent);
}

Arrays LinearizeTrace::process(const Primitive& p, ArraySpan args, ParamsView params) {
  Arrays primals, tangents;
  bool any_tangent = false;
  for (const auto& x : args) {
    const auto* t = owns(x) ? static_cast<const LinearizeTracer*>(tracer(x)) : nullptr;
    primals.push_back(t != nullptr ? t->value : x);
    tangents.push_back(t != nullptr ? t->tangent : Array());
    any_tangent |= t != nullptr;
  }
  if (!any_tangent) {
    const SetTrace outer(parent());
    return p.bind(primals, params);
  }
  const SetTrace split(split_);
  auto out = p.linearize({primals, tangents}, params);
  check_jvp_rule(p, args, params, out);
  for (std::size_t i = 0; i < out.primals.size(); ++i) out.primals[i] = wrap(out.primals[i], out.tangents[i]);
  return std::move(out.primals);
}

SymbolicLinearization linearize_symbolic(const detail::FlatFn& f, ArraySpan primals, std::span<const char> nonzero_in,
                                         const char* name, const std::function<std::size_t()>& n_aux,
                                         const std::vector<char>& force) {
  NewTrace<LinearizeTrace> trace(name);
  Arrays args;
  for (std::size_t i = 0; i < primals.size(); ++i)
    args.push_back(nonzero_in[i] ? trace->wrap(primals[i], trace->tangents().new_input(primals[i].aval())) : primals[i]);
  SymbolicLinearization result;
  const auto out = f(args);
  check_results(out, name);
  const auto differentiated = out.size() - n_aux();
  Arrays tangents;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto* t = trace->owns(out[i]) ? static_cast<const LinearizeTracer*>(tracer(out[i])) : nullptr;
    result.primals_out.push_back(t != nullptr ? t->value : out[i]);
    if (i >= differentiated) continue;
    const bool zero_wanted = t == nullptr && i < force.size() && force[i];
    result.nonzero_out.push_back(t != nullptr || zero_wanted);
    if (t != nullptr) tangents.push_back(t->tangent);
    if (!zero_wanted) continue;
    const SetTrace recording(trace->tangents_ptr());
    tangents.push_back(ops::zeros_like_aval(ops::tangent_aval(out[i].aval())));
  }
  auto closed = trace->tangents().finish_jaxpr(tangents);
  trace->tangents().finish();
  result.linear = {std::make_shared<const Jaxpr>(dead_code_eliminated(*closed.jaxpr)), std::move(closed.consts)};
#ifdef FLUXION_DEBUG_CHECKS
  typecheck(*result.linear.jaxpr);
#endif
  return result;
}

namespace detail {

Linearized linearize_flat(const FlatFn& f, const Arrays& primals, const char* transform,
                          const std::function<std::size_t()>& n_aux) {
  std::vector<char> nonzero;
  Avals in;
  for (const auto& x : primals) {
    in.push_back(ops::tangent_aval(x.aval()));
    nonzero.push_back(in.back().dtype != DType::float0);
  }
  auto s = linearize_symbolic(f, primals, nonzero, transform, n_aux);
  Avals out;
  for (std::size_t i = 0; i < s.nonzero_out.size(); ++i) out.push_back(ops::tangent_aval(s.primals_out[i].aval()));
  return {std::move(s.primals_out), LinearMap(std::move(s.linear), std::move(in), std::move(out), std::move(s.nonzero_out))};
}

Linearized linearize_flat(const FlatFn& f, const Arrays& primals, const char* transform, std::size_t n_aux) {
  return linearize_flat(f, primals, transform, [n_aux] { return n_aux; });
}

Arrays LinearMap::forward(const Arrays& tangents) const {
  Arrays args = linear_.consts;
  for (std::size_t i = 0; i < in_.size(); ++i)
    if (in_[i].dtype != DType::float0) args.push_back(ops::instantiate(tangents[i], in_[i]));
  const auto results = eval_jaxpr(*linear_.jaxpr, args);
  Arrays out;
  for (std::size_t i = 0, next = 0; i < out_.size(); ++i)
    out.push_back(nonzero_out_[i] ? results[next++] : zeros_like_aval(out_[i]));
  return out;
}

Arrays LinearMap::backward(const Arrays& cotangents) const {
  Arrays inputs = linear_.consts;
  inputs.resize(linear_.jaxpr->in.size());
  Arrays cts;
  for (std::size_t i = 0; i < out_.size(); ++i)
    if (nonzero_out_[i]) cts.push_back(cotangents[i]);
  const auto results = backward_pass(*linear_.jaxpr, inputs, cts);
  Arrays out;
  for (std::size_t i = 0, next = linear_.consts.size(); i < in_.size(); ++i)
    out.push_back(in_[i].dtype == DType::float0 ? zeros_like_aval(in_[i]) : ops::instantiate(results[next++], in_[i]));
  return out;
}

void check_grad_output(const Array& out, const char* transform) {
  const auto& a = out.aval();
  if (!a.shape.empty())
    throw TypeError(text(transform, ": the output must be a scalar, got ", a,
                         "; reduce it with fx::sum or fx::mean, or use fx::jacrev for a Jacobian"));
  if (!is_floating(a.dtype))
    throw TypeError(text(transform, ": the output must be a real floating scalar, got ", a,
                         "; convert it with astype(fx::float64)"));
}

void check_grad_input(const Array& in, const std::string& path, const char* transform) {
  if (is_floating(in.dtype())) return;
  throw TypeError(text(transform, ": differentiated inputs must be floating, got ", in.aval(), " for ", path,
                       "; convert it with astype(fx::float64), choose other argnums, or pass {.allow_int = true}"));
}

}  // namespace detail
}  // namespace fluxion
