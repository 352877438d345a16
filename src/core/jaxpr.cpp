#include "core/jaxpr.hpp"

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "core/rule_checks.hpp"

namespace fluxion {

Avals Jaxpr::in_avals() const {
  Avals out;
  for (auto v : in) out.push_back(vars[v]);
  return out;
}

Avals Jaxpr::out_avals() const {
  Avals avals;
  for (const auto& a : out) avals.push_back(aval(a));
  return avals;
}

VarId JaxprTrace::new_var(const Aval& aval) {
  jaxpr_.vars.push_back(aval);
  return static_cast<VarId>(jaxpr_.vars.size()) - 1;
}

Array JaxprTrace::new_input(const Aval& aval) {
  const auto v = new_var(aval);
  jaxpr_.in.push_back(v);
  return make_tracer<JaxprTracer>(aval, shared_from_this(), v);
}

namespace {

// A tape with records is not: what it points to must be kept alive.
bool can_be_literal(const ConcreteNode& c) {
  if (!c.aval.shape.empty() || is_key(c.aval.dtype) || c.aval.dtype == DType::float0) return false;
  std::uint64_t handle = 0;
  if (is_tape(c.aval.dtype)) std::memcpy(&handle, c.data, sizeof handle);
  return handle <= 1;  // the one that keeps no records, too
}

}  // namespace

// Concrete scalars become literals, everything else that is not ours a captured constant.
Atom JaxprTrace::atom(const Array& x) {
  if (owns(x)) return {static_cast<const JaxprTracer*>(tracer(x))->var, {}};
  const auto* c = concrete(x);
  if (c != nullptr && can_be_literal(*c)) return {-1, x};
  const auto [it, inserted] = const_of_.try_emplace(x.node_or_null(), -1);
  if (inserted) {
    it->second = new_var(x.aval());
    const_vars_.push_back(it->second);
    consts_.push_back(x);
  }
  return {it->second, {}};
}

Arrays JaxprTrace::process(const Primitive& p, ArraySpan args, ParamsView params) {
  Avals avals;
  for (const auto& x : args) avals.push_back(x.aval());
  const auto out_avals = p.abstract_eval(avals, params);
  Eqn eqn{&p, {}, Params(params), {}};
  for (const auto& x : args) eqn.in.push_back(atom(x));
  Arrays out;
  for (const auto& a : out_avals) {
    eqn.out.push_back(new_var(a));
    out.push_back(make_tracer<JaxprTracer>(a, shared_from_this(), eqn.out.back()));
  }
  jaxpr_.eqns.push_back(std::move(eqn));
  return out;
}

ClosedJaxpr JaxprTrace::finish_jaxpr(ArraySpan out) {
  for (const auto& x : out) jaxpr_.out.push_back(atom(x));
  jaxpr_.n_consts = const_vars_.size();
  jaxpr_.in.insert(jaxpr_.in.begin(), const_vars_.begin(), const_vars_.end());
  return {std::make_shared<const Jaxpr>(std::move(jaxpr_)), std::move(consts_)};
}

ClosedJaxpr trace_to_jaxpr(const detail::FlatFn& f, AvalSpan in, const char* name) {
  NewTrace<JaxprTrace> trace(name);
  Arrays args;
  for (const auto& a : in) args.push_back(trace->new_input(a));
  const auto out = f(args);
  check_results(out, name);
  auto closed = trace->finish_jaxpr(out);
#ifdef FLUXION_DEBUG_CHECKS
  typecheck(*closed.jaxpr);
#endif
  return closed;
}

Effect effect_of(const Jaxpr& jaxpr) {
  return jaxpr.effect.get([&] {
    Effect all = Effect::none;
    for (const auto& e : jaxpr.eqns) all = std::max(all, effect_of(e));
    return all;
  });
}

namespace {

// For each equation, the variables that nothing after it reads.
std::vector<std::vector<VarId>> last_uses(const Jaxpr& jaxpr) {
  std::vector<char> used(jaxpr.vars.size(), 0);
  for (const auto& a : jaxpr.out)
    if (!a.is_literal()) used[a.var] = 1;
  std::vector<std::vector<VarId>> dying(jaxpr.eqns.size());
  for (std::size_t i = jaxpr.eqns.size(); i-- > 0;)
    for (const auto& a : jaxpr.eqns[i].in)
      if (!a.is_literal() && !std::exchange(used[a.var], 1)) dying[i].push_back(a.var);
  return dying;
}

}  // namespace

Arrays eval_jaxpr(const Jaxpr& jaxpr, ArraySpan args) {
  if (args.size() != jaxpr.in.size())
    throw InternalError(text("eval_jaxpr: ", jaxpr.in.size(), " inputs are required, got ", args.size()));
  Arrays env(jaxpr.vars.size());
  for (std::size_t i = 0; i < args.size(); ++i) env[jaxpr.in[i]] = args[i];
  const auto read = [&](const Atom& a) { return a.is_literal() ? a.literal : env[a.var]; };
  const auto dying = last_uses(jaxpr);
  Arrays in;
  for (std::size_t i = 0; i < jaxpr.eqns.size(); ++i) {
    const auto& e = jaxpr.eqns[i];
    in.clear();
    for (const auto& a : e.in) in.push_back(read(a));
    auto out = e.prim->bind(in, e.params.view());
    for (std::size_t k = 0; k < out.size(); ++k) env[e.out[k]] = std::move(out[k]);
    for (auto v : dying[i]) env[v] = Array();
  }
  Arrays results;
  for (const auto& a : jaxpr.out) results.push_back(read(a));
  return results;
}

ir::Values lower_jaxpr(const Jaxpr& jaxpr, ir::Builder& b, std::span<const ir::ValueId> in) {
  ir::Values env(jaxpr.vars.size(), 0);
  for (std::size_t i = 0; i < in.size(); ++i) env[jaxpr.in[i]] = in[i];
  const auto read = [&](const Atom& a) {
    return a.is_literal() ? b.constant(a.literal.dtype(), concrete(a.literal)->data) : env[a.var];
  };
  ir::Values args;
  for (const auto& e : jaxpr.eqns) {
    args.clear();
    for (const auto& a : e.in) args.push_back(read(a));
    const auto out = e.prim->lower(b, args, e.params.view());
    if (out.size() != e.out.size()) throw_wrong_lowering(*e.prim, out.size(), e.out.size());
    for (std::size_t k = 0; k < out.size(); ++k) {
      check_lowered(*e.prim, b.type(out[k]), jaxpr.vars[e.out[k]]);
      env[e.out[k]] = out[k];
    }
  }
  ir::Values results;
  for (const auto& a : jaxpr.out) results.push_back(read(a));
  return results;
}

std::shared_ptr<const ir::Program> lower_to_program(const Jaxpr& jaxpr) {
  ir::Builder b;
  ir::Values in;
  for (const auto& a : jaxpr.in_avals()) in.push_back(b.input({a.dtype, a.shape}));
  auto out = lower_jaxpr(jaxpr, b, in);
  return std::make_shared<const ir::Program>(b.finish(std::move(out)));
}

Jaxpr dead_code_eliminated(const Jaxpr& jaxpr) {
  std::vector<char> live(jaxpr.vars.size(), 0);
  const auto mark = [&](const std::vector<Atom>& atoms) {
    for (const auto& a : atoms)
      if (!a.is_literal()) live[a.var] = 1;
  };
  mark(jaxpr.out);
  Jaxpr out{jaxpr.vars, jaxpr.in, jaxpr.n_consts, {}, jaxpr.out, {}};
  for (std::size_t i = jaxpr.eqns.size(); i-- > 0;) {
    const auto& e = jaxpr.eqns[i];
    const bool used = std::any_of(e.out.begin(), e.out.end(), [&](VarId v) { return live[v] != 0; });
    if (!used && effect_of(e) == Effect::none) continue;
    mark(e.in);
    out.eqns.push_back(e);
  }
  std::reverse(out.eqns.begin(), out.eqns.end());
  return out;
}

void typecheck(const Jaxpr& jaxpr) {
  std::vector<char> defined(jaxpr.vars.size(), 0);
  for (auto v : jaxpr.in) defined[v] = 1;
  const auto check_atom = [&](const Atom& a, std::string_view where) {
    if (!a.is_literal() && !defined[a.var])
      throw InternalError(text("typecheck: ", where, " reads a variable before it is defined"));
  };
  for (const auto& e : jaxpr.eqns) {
    Avals in;
    for (const auto& a : e.in) {
      check_atom(a, e.prim->name());
      in.push_back(jaxpr.aval(a));
    }
    const auto want = e.prim->abstract_eval(in, e.params.view());
    if (want.size() != e.out.size()) throw InternalError(text("typecheck: ", e.prim->name(), " has the wrong number of results"));
    for (std::size_t k = 0; k < want.size(); ++k) {
      if (!same_type(want[k], jaxpr.vars[e.out[k]]))
        throw InternalError(text("typecheck: ", e.prim->name(), " gives ", want[k], ", recorded as ", jaxpr.vars[e.out[k]]));
      if (std::exchange(defined[e.out[k]], 1)) throw InternalError(text("typecheck: ", e.prim->name(), " defines a variable twice"));
    }
  }
  for (const auto& a : jaxpr.out) check_atom(a, "the result");
}

namespace detail {

Effect effect_of(const JaxprPtr& held) { return fluxion::effect_of(*held); }
Effect effect_of(const std::vector<JaxprPtr>& held) {
  Effect all = Effect::none;
  for (const auto& j : held) all = std::max(all, effect_of(j));
  return all;
}

std::vector<Aval> out_avals(const Jaxpr& jaxpr) { return jaxpr.out_avals(); }

ClosedJaxpr make_jaxpr_flat(const FlatFn& f, const std::vector<Aval>& in, const char* transform) {
  return trace_to_jaxpr(f, in, transform);
}

std::string to_string(const ClosedJaxpr& closed) { return fluxion::to_string(*closed.jaxpr); }

}  // namespace detail
}  // namespace fluxion
