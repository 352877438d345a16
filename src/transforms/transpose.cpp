// Reverse mode, second half: a linear jaxpr is walked backwards, each equation replaced by its transpose.
#include "core/ops.hpp"
#include "core/rule_checks.hpp"
#include "transforms/linearize.hpp"

namespace fluxion {

namespace {

class BackwardPass {
 public:
  BackwardPass(const Jaxpr& jaxpr, ArraySpan inputs)
      : jaxpr_(jaxpr), known_(jaxpr.vars.size()), cotangent_(jaxpr.vars.size()), linear_(jaxpr.vars.size(), 0) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      known_[jaxpr.in[i]] = inputs[i];
      linear_[jaxpr.in[i]] = inputs[i].is_empty_handle();
    }
    evaluate_known();
  }

  Arrays run(ArraySpan cotangents) {
    for (std::size_t i = 0; i < jaxpr_.out.size(); ++i) accumulate(jaxpr_.out[i], cotangents[i]);
    for (std::size_t i = jaxpr_.eqns.size(); i-- > 0;) transpose_eqn(jaxpr_.eqns[i]);
    Arrays out;
    for (auto v : jaxpr_.in) out.push_back(std::move(cotangent_[v]));
    return out;
  }

 private:
  bool is_linear(const Atom& a) const { return !a.is_literal() && linear_[a.var]; }
  bool is_linear(const Eqn& e) const {
    for (const auto& a : e.in)
      if (is_linear(a)) return true;
    return false;
  }
  Array value(const Atom& a) const { return a.is_literal() ? a.literal : known_[a.var]; }

  // Equations that do not depend on a linear input are simply evaluated.
  void evaluate_known() {
    for (const auto& e : jaxpr_.eqns) {
      if (is_linear(e)) {
        for (auto v : e.out) linear_[v] = 1;
        continue;
      }
      Arrays in;
      for (const auto& a : e.in) in.push_back(value(a));
      auto out = e.prim->bind(in, e.params.view());
      for (std::size_t k = 0; k < out.size(); ++k) known_[e.out[k]] = std::move(out[k]);
    }
  }

  void accumulate(const Atom& a, const Array& ct) {
    if (ct.is_empty_handle() || !is_linear(a)) return;
    cotangent_[a.var] = ops::add_tangents(cotangent_[a.var], ct);
  }

  void transpose_eqn(const Eqn& e) {
    if (!is_linear(e)) return;
    Arrays cts;
    bool any = false;
    for (auto v : e.out) {
      cts.push_back(std::exchange(cotangent_[v], Array()));
      any |= !cts.back().is_empty_handle();
    }
    if (!any && effect_of(e) == Effect::none) return;  // an effect on tangents has no reverse: its rule says so
    std::vector<TransposeArg> operands;
    for (const auto& a : e.in) operands.push_back({is_linear(a) ? Array() : value(a), jaxpr_.aval(a)});
    const auto in_cts = e.prim->transpose({cts, operands}, e.params.view());
    check_transpose_rule(*e.prim, operands, in_cts);
    for (std::size_t i = 0; i < e.in.size(); ++i) accumulate(e.in[i], in_cts[i]);
  }

  const Jaxpr& jaxpr_;
  Arrays known_, cotangent_;
  std::vector<char> linear_;
};

}  // namespace

Arrays backward_pass(const Jaxpr& jaxpr, ArraySpan inputs, ArraySpan cotangents) {
  return BackwardPass(jaxpr, inputs).run(cotangents);
}

}  // namespace fluxion
