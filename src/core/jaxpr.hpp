// Jaxprs: closed first-order programs over avals, recorded by tracing.
#pragma once

#include <atomic>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <fluxion/detail/flat.hpp>
#include "core/primitive.hpp"
#include "core/trace.hpp"

namespace fluxion {

using VarId = std::int32_t;  // dense: an environment is a vector

/// An operand: a variable, or a rank-0 literal.
struct Atom {
  VarId var = -1;
  Array literal;
  bool is_literal() const { return var < 0; }
};

struct Eqn {
  const Primitive* prim;
  std::vector<Atom> in;
  Params params;
  std::vector<VarId> out;
};

/// An effect once it has been found out; a copy, which may be changed, finds out again.
class KnownEffect {
 public:
  KnownEffect() = default;
  KnownEffect(const KnownEffect&) {}
  KnownEffect& operator=(const KnownEffect&) {
    value_ = -1;
    return *this;
  }
  template <class Find>
  Effect get(const Find& find) const {
    if (value_ < 0) value_ = static_cast<int>(find());
    return static_cast<Effect>(value_.load());
  }

 private:
  mutable std::atomic<int> value_{-1};
};

/// `in` begins with `n_consts` variables for captured values; all else is an argument.
struct Jaxpr {
  std::vector<Aval> vars;  // by VarId
  std::vector<VarId> in;
  std::size_t n_consts = 0;
  std::vector<Eqn> eqns;
  std::vector<Atom> out;
  KnownEffect effect{};  // see effect_of

  const Aval& aval(const Atom& a) const { return a.is_literal() ? a.literal.aval() : vars[a.var]; }
  Avals in_avals() const;
  Avals out_avals() const;
};

/// The greatest effect of its equations, and of what they hold. Found once: ask only for what is complete.
Effect effect_of(const Jaxpr& jaxpr);
/// Whether equations must not be dropped, merged or repeated although their results allow it.
inline bool has_effects(const Jaxpr& jaxpr) { return effect_of(jaxpr) != Effect::none; }
/// Whether equations must keep their order.
inline bool has_ordered_effects(const Jaxpr& jaxpr) { return effect_of(jaxpr) == Effect::ordered; }
inline Effect effect_of(const Eqn& e) { return e.prim->effect(e.params.view()); }

using detail::ClosedJaxpr;

/// Records operations as equations.
class JaxprTrace final : public Trace {
 public:
  JaxprTrace(TracePtr parent, const char* name) : Trace(std::move(parent)), name_(name) {}
  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override;
  const char* name() const override { return name_; }

  /// A new argument.
  Array new_input(const Aval& aval);
  /// The recorded program; captured values become its leading inputs and the returned consts.
  ClosedJaxpr finish_jaxpr(ArraySpan out);

 private:
  Atom atom(const Array& x);
  VarId new_var(const Aval& aval);
  Jaxpr jaxpr_;
  std::vector<VarId> const_vars_;
  Arrays consts_;
  std::unordered_map<const detail::Node*, VarId> const_of_;
  const char* name_;
};

struct JaxprTracer final : Tracer {
  VarId var;
  JaxprTracer(Aval a, TracePtr t, VarId v) : Tracer(std::move(a), std::move(t)), var(v) {}
};

/// Traces f; captured values become consts.
ClosedJaxpr trace_to_jaxpr(const detail::FlatFn& f, AvalSpan in, const char* name);
/// Evaluates a jaxpr by binding each equation in the current trace. `args` = consts then arguments.
Arrays eval_jaxpr(const Jaxpr& jaxpr, ArraySpan args);
/// Lowers each equation in turn.
ir::Values lower_jaxpr(const Jaxpr& jaxpr, ir::Builder& b, std::span<const ir::ValueId> in);
/// The same as a program of its own, for instructions that hold programs.
std::shared_ptr<const ir::Program> lower_to_program(const Jaxpr& jaxpr);
/// Without equations whose results are unused, unless they have effects. Inputs are kept.
Jaxpr dead_code_eliminated(const Jaxpr& jaxpr);
/// Throws InternalError if an equation's avals are not what its abstract_eval says, or a variable is used
/// before it is defined.
void typecheck(const Jaxpr& jaxpr);

/// As jax prints: { lambda a:f64[3] ; b:f64[]. let c:f64[3] = mul a b in (c,) }
std::string to_string(const Jaxpr& jaxpr);
std::ostream& operator<<(std::ostream& os, const Jaxpr& jaxpr);

}  // namespace fluxion
