#include "transforms/linearize.hpp"

#include "base/text.hpp"
#include "core/matrix_product.hpp"
#include "core/ops.hpp"
#include "core/rule_checks.hpp"
#include "transforms/masks.hpp"

namespace fluxion {

bool holds_jaxprs(ParamsView params) {
  struct Find final : FieldVisitor {
    bool found = false;
    void text(const char*, const std::string&) override {}
    void jaxpr(const char*, const JaxprPtr&) override { found = true; }
    void jaxprs(const char*, const std::vector<JaxprPtr>&) override { found = true; }
  } v;
  params.fields(v);
  return v.found;
}

namespace {

SplitTrace& current_split() { return static_cast<SplitTrace&>(*current_trace()); }

}  // namespace

Arrays SplitTrace::process(const Primitive& p, ArraySpan args, ParamsView params) {
  for (const auto& x : args) {
    if (!tangents_->owns(x)) continue;
    if (strict_ && holds_jaxprs(params)) throw NotSplit{};
    if (auto product = product_before_repetition(p, args, params)) return {std::move(*product)};
    auto out = tangents_->process(p, args, params);
    remember(p, args, params, out);
    return out;
  }
  const SetTrace outer(parent());
  return p.bind(args, params);
}

void SplitTrace::remember(const Primitive& p, ArraySpan args, ParamsView params, const Arrays& out) {
  if (args.size() != 1 || out.size() != 1) return;
  if (p.locality() == Locality::elementwise || ops::repetition(p, params) != nullptr)
    origins_.try_emplace(out[0].node_or_null(), Origin{&p, Params(params), args[0], out[0]});
}

std::optional<Array> SplitTrace::product_before_repetition(const Primitive& p, ArraySpan args, ParamsView params) {
  if (args.size() != 2 || ops::matrix_product(p, params) == ops::MatrixProduct::none) return std::nullopt;
  const std::size_t which = tangents_->owns(args[0]) ? 0 : 1;
  if (tangents_->owns(args[1 - which])) return std::nullopt;
  std::vector<const Origin*> after;  // elementwise operations on what was repeated, the last one first
  auto found = origins_.find(args[which].node_or_null());
  for (; found != origins_.end(); found = origins_.find(found->second.in.node_or_null())) {
    const Origin& o = found->second;
    const auto* dims = ops::repetition(*o.prim, o.params.view());
    if (dims == nullptr) {
      after.push_back(&o);
      continue;
    }
    Array source = o.in;
    const Dims repeated = *dims;
    for (auto it = after.rbegin(); it != after.rend(); ++it)
      source = tangents_->process(*(*it)->prim, {&source, 1}, (*it)->params.view())[0];
    return ops::product_before_repetition(params, args, which, source, repeated);
  }
  return std::nullopt;
}

Arrays SplitTrace::process_custom(const CustomCall& call, ArraySpan args) {
  for (const auto& x : args)
    if (tangents_->owns(x)) return call.record(args);
  const SetTrace outer(parent());
  return call_custom(call, args);
}

JvpOut linearize_by_tracing(const detail::FlatFn& f, const JvpArgs& args) {
  SymbolicLinearization s;
  {
    const SetTrace outer(current_split().parent());
    s = linearize_symbolic(f, args.primals, present(args.tangents), "grad", [] { return std::size_t{0}; });
  }
  Arrays in = s.linear.consts;
  append_present(in, args.tangents);
  return {std::move(s.primals_out), spread(eval_jaxpr(*s.linear.jaxpr, in), s.nonzero_out)};
}

namespace {

void check_primals_are_fixed(const JvpOut& out, const char* op, const std::function<bool(std::size_t)>& varies) {
  for (std::size_t i = 0; i < out.primals.size(); ++i)
    if (varies(i))
      throw TypeError(text(op, ": the rule's primal result must not depend on tangents, got ", out.primals[i].aval(),
                           " that does (result ", i, "); compute it from the primals alone"));
}

}  // namespace

// The derivative of a map that is linear in its tangents is that map, at any tangents: zeros, say.
JvpOut linearize_by_rule(const std::function<JvpOut(ArraySpan)>& rule, ArraySpan tangents, const char* op) {
  auto& split = current_split();
  try {
    const SplitTrace::Strict strict(split);
    auto out = rule(tangents);
    check_primals_are_fixed(out, op, [&](std::size_t i) { return split.owns_tangent(out.primals[i]); });
    return out;
  } catch (const SplitTrace::NotSplit&) {}
  Arrays zeros;
  for (const auto& t : tangents)
    if (!t.is_empty_handle()) zeros.push_back(ops::zeros_like_aval(t.aval()));
  const auto mask = present(tangents);
  Mask nonzero;
  std::size_t n = 0;
  const auto flat = [&](const Arrays& ts) {
    auto out = rule(spread(ts, mask));
    n = out.primals.size();
    nonzero = present(out.tangents);
    append_present(out.primals, out.tangents);
    return std::move(out.primals);
  };
  Arrays given;
  append_present(given, tangents);
  auto out = linearize_by_tracing(flat, {zeros, given});
  const Arrays derivatives(out.tangents.begin() + static_cast<std::ptrdiff_t>(n), out.tangents.end());
  out.primals.resize(n);
  check_primals_are_fixed(out, op, [&](std::size_t i) { return !out.tangents[i].is_empty_handle(); });
  return {std::move(out.primals), spread(derivatives, nonzero)};
}

LinearizeTrace::LinearizeTrace(TracePtr parent, const char* name)
    : Trace(parent), tangents_(std::make_shared<JaxprTrace>(nullptr, name)),
      split_(std::make_shared<SplitTrace>(std::move(parent), tangents_)), name_(name) {}

Array LinearizeTrace::wrap(const Array& primal, const Array& tangent) {
  if (tangent.is_empty_handle()) return primal;
  return make_tracer<LinearizeTracer>(primal.aval(), shared_from_this(), primal, tangent);
}

bool LinearizeTrace::unwrap(ArraySpan args, Arrays& primals, Arrays& tangents) const {
  bool any_tangent = false;
  for (const auto& x : args) {
    const auto* t = owns(x) ? static_cast<const LinearizeTracer*>(tracer(x)) : nullptr;
    primals.push_back(t != nullptr ? t->value : x);
    tangents.push_back(t != nullptr ? t->tangent : Array());
    any_tangent |= t != nullptr;
  }
  return any_tangent;
}

Arrays LinearizeTrace::wrapped(JvpOut out) {
  for (std::size_t i = 0; i < out.primals.size(); ++i) out.primals[i] = wrap(out.primals[i], out.tangents[i]);
  return std::move(out.primals);
}

Arrays LinearizeTrace::process(const Primitive& p, ArraySpan args, ParamsView params) {
  Arrays primals, tangents;
  if (!unwrap(args, primals, tangents)) {
    const SetTrace outer(parent());
    return p.bind(primals, params);
  }
  const SetTrace split(split_);
  auto out = p.linearize({primals, tangents}, params);
  check_jvp_rule(p, args, params, out);
  return wrapped(std::move(out));
}

Arrays LinearizeTrace::process_custom(const CustomCall& call, ArraySpan args) {
  Arrays primals, tangents;
  const bool any_tangent = unwrap(args, primals, tangents);
  const Suspend captured(*this, call.name());
  const SetTrace inner(any_tangent ? split_ : parent());
  return any_tangent ? wrapped(call.linearize({primals, tangents})) : call_custom(call, primals);
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

void check_grad_output(const Array& out, const char* transform, bool holomorphic) {
  const auto& a = out.aval();
  if (!a.shape.empty())
    throw TypeError(text(transform, ": the output must be a scalar, got ", a,
                         "; reduce it with fx::sum or fx::mean, or use fx::jacrev for a Jacobian"));
  if (holomorphic && !is_complex(a.dtype))
    throw TypeError(text(transform, ": with holomorphic = true the output must be complex, got ", a,
                         "; leave the option out for real-valued functions"));
  if (holomorphic || is_floating(a.dtype)) return;
  throw TypeError(text(transform, ": the output must be a real floating scalar, got ", a,
                       is_complex(a.dtype) ? "; pass {.holomorphic = true} if the function is holomorphic, or use fx::vjp"
                                           : "; convert it with astype(fx::float64)"));
}

void check_grad_input(const Array& in, const std::string& path, const char* transform) {
  if (is_inexact(in.dtype())) return;
  throw TypeError(text(transform, ": differentiated inputs must be floating or complex, got ", in.aval(), " for ", path,
                       "; convert it with astype(fx::float64), choose other argnums, or pass {.allow_int = true}"));
}

}  // namespace detail
}  // namespace fluxion
