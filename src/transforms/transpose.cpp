// Reverse mode, second half: a linear jaxpr is walked backwards, each equation replaced by its transpose.
#include <algorithm>

#include "core/ops.hpp"
#include "core/rule_checks.hpp"
#include "transforms/cotangent.hpp"
#include "transforms/linearize.hpp"

namespace fluxion {

namespace {

/// Whether a cotangent that arrives at an input of a linear jaxpr may have been limited by a select in it.
bool exposes_choice(const Jaxpr& jaxpr) {
  std::vector<char> near(jaxpr.vars.size(), 0);  // from an input by operations on single elements
  for (auto v : jaxpr.in) near[v] = 1;
  for (const auto& e : jaxpr.eqns) {
    const auto is_near = [&](const Atom& a) { return !a.is_literal() && near[a.var]; };
    const bool any = std::any_of(e.in.begin(), e.in.end(), is_near);
    const auto called = e.prim->callee(e.params.view());
    if (any && (e.prim->locality() == Locality::chosen || (called != nullptr && exposes_choice(*called)))) return true;
    if (any && (e.prim->locality() != Locality::whole || called != nullptr))
      for (auto v : e.out) near[v] = 1;
  }
  return false;
}

/// What the way from a variable back to the inputs multiplies by known values, so that it matters where zeros are.
enum Scaling : char {
  kNothing = 0,
  kElements = 1,  // single elements, up to the first operation that brings elements together
  kAnything = 2,
};

bool has_known_operand(const Eqn& e, const std::vector<char>& linear) {
  return std::any_of(e.in.begin(), e.in.end(), [&](const Atom& a) { return a.is_literal() || !linear[a.var]; });
}

/// The scaling of each variable, from what is linear and scaled among the inputs.
std::vector<char> scaling(const Jaxpr& jaxpr, const std::vector<char>& linear_in, const std::vector<char>& scaled_in) {
  std::vector<char> linear(jaxpr.vars.size(), 0), scaled(jaxpr.vars.size(), 0);
  for (std::size_t i = 0; i < jaxpr.in.size(); ++i) linear[jaxpr.in[i]] = linear_in[i], scaled[jaxpr.in[i]] = scaled_in[i];
  const auto of = [](const Atom& a, const std::vector<char>& flags) { return a.is_literal() ? char{0} : flags[a.var]; };
  for (const auto& e : jaxpr.eqns) {
    if (std::none_of(e.in.begin(), e.in.end(), [&](const Atom& a) { return of(a, linear); })) continue;
    char s = kNothing;
    for (const auto& a : e.in) s |= of(a, scaled);
    if (e.prim->locality() == Locality::whole) s = kAnything;
    if (e.prim->locality() == Locality::elementwise && has_known_operand(e, linear)) s |= kElements | kAnything;
    for (auto v : e.out) linear[v] = 1, scaled[v] = s;
    if (const auto called = e.prim->callee(e.params.view())) {
      std::vector<char> l, t;
      for (const auto& a : e.in) l.push_back(of(a, linear)), t.push_back(of(a, scaled));
      const auto inside = scaling(*called, l, t);
      for (std::size_t i = 0; i < e.out.size(); ++i) scaled[e.out[i]] = kAnything | of(called->out[i], inside);
    }
  }
  return scaled;
}

class BackwardPass {
 public:
  /// `scaled`: what is outside of a jaxpr that is called multiplies by.
  BackwardPass(const Jaxpr& jaxpr, ArraySpan inputs, std::vector<char> scaled = {})
      : jaxpr_(jaxpr), known_(jaxpr.vars.size()), cotangent_(jaxpr.vars.size()), linear_(jaxpr.vars.size(), 0) {
    std::vector<char> linear_in;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      known_[jaxpr.in[i]] = inputs[i];
      linear_[jaxpr.in[i]] = inputs[i].is_empty_handle();
      linear_in.push_back(linear_[jaxpr.in[i]]);
    }
    scaled.resize(inputs.size(), kNothing);
    scaled_ = scaling(jaxpr, linear_in, scaled);
    evaluate_known();
  }

  std::vector<Cotangent> run(std::span<const Cotangent> cotangents) {
    for (std::size_t i = 0; i < jaxpr_.out.size(); ++i) accumulate(jaxpr_.out[i], cotangents[i]);
    for (std::size_t i = jaxpr_.eqns.size(); i-- > 0;) transpose_eqn(jaxpr_.eqns[i]);
    std::vector<Cotangent> out;
    for (auto v : jaxpr_.in) out.push_back(std::move(cotangent_[v]));
    return out;
  }

 private:
  bool is_linear(const Atom& a) const { return !a.is_literal() && linear_[a.var]; }
  bool is_linear(const Eqn& e) const {
    return std::any_of(e.in.begin(), e.in.end(), [&](const Atom& a) { return is_linear(a); });
  }
  char scaled(const Atom& a) const { return a.is_literal() ? char{kNothing} : scaled_[a.var]; }
  // Whether it matters to a variable's cotangent where that is zero.
  bool tracks(const Atom& a, const Array& pred) const {
    return (scaled(a) & (pred.ndim() == 0 ? kAnything : kElements)) != 0;
  }
  bool tracks(const Atom& a, const Cotangent& ct) const { return ct.limited() && tracks(a, ct.pred); }
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

  std::vector<TransposeArg> operands_of(const Eqn& e) const {
    std::vector<TransposeArg> out;
    for (const auto& a : e.in) out.push_back({is_linear(a) ? Array() : value(a), jaxpr_.aval(a)});
    return out;
  }

  void accumulate(const Atom& a, const Cotangent& ct) {
    if (ct.is_zero() || !is_linear(a)) return;
    cotangent_[a.var] = sum(cotangent_[a.var], ct, tracks(a, ct));
  }

  void transpose_eqn(const Eqn& e) {
    if (!is_linear(e)) return;
    std::vector<Cotangent> cts;
    bool any = false, limited = false;  // by an array
    for (auto v : e.out) {
      cts.push_back(std::exchange(cotangent_[v], {}));
      any |= !cts.back().is_zero();
      limited |= cts.back().limited() && !cts.back().limited_as_a_whole();
    }
    if (!any && effect_of(e) == Effect::none) return;
    const auto operands = operands_of(e);
    if (!any) return static_cast<void>(transposed(e, operands, Arrays(cts.size())));  // an effect has no reverse: its rule says so
    const auto locality = e.prim->locality();
    if (const auto called = e.prim->callee(e.params.view()); called != nullptr && opens(e, *called, limited))
      return through_call(e, *called, operands, cts);
    if (locality == Locality::chosen) return through_choice(e, operands, cts[0]);
    if (cts[0].limited() && locality == Locality::elementwise) return through_elements(e, operands, cts[0]);
    if (limited && locality == Locality::moved) return through_moves(e, operands, cts[0]);
    through_rule(e, operands, cts);
  }

  Arrays transposed(const Eqn& e, std::span<const TransposeArg> operands, ArraySpan cts) const {
    auto out = e.prim->transpose({cts, operands}, e.params.view());
    check_transpose_rule(*e.prim, operands, out);
    return out;
  }

  // Any operation. Only a limit that is one for all its results passes it.
  void through_rule(const Eqn& e, std::span<const TransposeArg> operands, std::span<const Cotangent> cts) {
    const auto first = std::find_if(cts.begin(), cts.end(), [](const auto& c) { return !c.is_zero(); });
    Cotangent limit{{}, first->pred, first->when, first->applied};
    for (const auto& c : cts)
      if (!c.is_zero() && !(c.limited_as_a_whole() && c.limited_like(*first))) limit = {};
    Arrays values;
    for (const auto& c : cts) values.push_back(limit.limited() ? c.value : settled(c));
    if (e.prim->locality() == Locality::whole) limit.applied = !limit.limited();
    const auto found = transposed(e, operands, values);
    for (std::size_t i = 0; i < e.in.size(); ++i) {
      limit.value = found[i];
      accumulate(e.in[i], limit);
    }
  }

  // A call is opened, instead of transposed as a call, where a limit passes its boundary and matters beyond.
  bool opens(const Eqn& e, const Jaxpr& called, bool limited) const {
    if (limited) return true;
    return std::any_of(e.in.begin(), e.in.end(), [&](const Atom& a) { return is_linear(a) && scaled(a) != kNothing; }) &&
           exposes_choice(called);
  }
  void through_call(const Eqn& e, const Jaxpr& called, std::span<const TransposeArg> operands, std::span<const Cotangent> cts) {
    Arrays in;
    std::vector<char> outside;
    for (const auto& x : operands) in.push_back(x.value);
    for (const auto& a : e.in) outside.push_back(scaled(a));
    const auto found = BackwardPass(called, in, outside).run(cts);
    for (std::size_t i = 0; i < e.in.size(); ++i) accumulate(e.in[i], found[i]);
  }

  // A select limits the cotangents of its cases; they are made zero elsewhere when that can wait no longer.
  void through_choice(const Eqn& e, std::span<const TransposeArg> operands, const Cotangent& ct) {
    for (std::size_t i = 1; i < e.in.size(); ++i) {
      if (!operands[i].linear()) continue;
      const auto limited = limited_to(ct, operands[0].value, i == 2);
      const bool track = tracks(e.in[i], operands[0].value) || tracks(e.in[i], ct);
      accumulate(e.in[i], to_operand(track ? limited : Cotangent{settled(limited)}, operands[i].aval, track));
    }
  }

  // Elementwise operations leave a limit as it is. What they multiply by may be infinite where the cotangent is 0.
  void through_elements(const Eqn& e, std::span<const TransposeArg> operands, const Cotangent& ct) {
    std::vector<TransposeArg> wide(operands.begin(), operands.end());
    for (auto& x : wide)
      if (x.linear()) x.aval.shape = ct.value.shape();  // operands of rank 0 are summed below, once the zeros are zero
    const auto found = transposed(e, wide, {&ct.value, 1});
    const bool applied = ct.applied && !has_known_operand(e, linear_);
    for (std::size_t i = 0; i < e.in.size(); ++i) {
      if (!operands[i].linear() || found[i].is_empty_handle()) continue;
      accumulate(e.in[i], to_operand({found[i], ct.pred, ct.when, applied}, operands[i].aval, tracks(e.in[i], ct)));
    }
  }

  // The cotangent of an operand that may have had rank 0 beside arrays.
  static Cotangent to_operand(const Cotangent& ct, const Aval& aval, bool track) {
    if (ct.value.shape() == aval.shape) return ct;
    Cotangent out{ops::sum_to(settled(ct), aval)};
    if (!track || !ct.limited()) return out;
    if (ct.limited_as_a_whole()) return {out.value, ct.pred, ct.when};
    out.pred = ops::nonzero(ops::sum_to(ops::indicator(ct.pred, ct.when, ct.value.aval()), aval));
    return out;
  }

  // What moves elements moves the limit: where ones arrive, cotangents do.
  void through_moves(const Eqn& e, std::span<const TransposeArg> operands, const Cotangent& ct) {
    const auto value = settled(ct);
    const auto found = transposed(e, operands, {&value, 1});
    bool track = false;
    for (const auto& a : e.in) track |= is_linear(a) && tracks(a, ct);
    Arrays ones(e.in.size());
    if (track) {
      const auto limit = ops::indicator(ct.pred, ct.when, value.aval());
      ones = transposed(e, operands, {&limit, 1});
    }
    for (std::size_t i = 0; i < e.in.size(); ++i)
      accumulate(e.in[i], {found[i], ones[i].is_empty_handle() ? Array() : ops::nonzero(ones[i])});
  }

  const Jaxpr& jaxpr_;
  Arrays known_;
  std::vector<Cotangent> cotangent_;
  std::vector<char> linear_, scaled_;
};

}  // namespace

Arrays backward_pass(const Jaxpr& jaxpr, ArraySpan inputs, ArraySpan cotangents) {
  std::vector<Cotangent> cts;
  for (const auto& c : cotangents) cts.push_back({c});
  Arrays out;
  for (const auto& c : BackwardPass(jaxpr, inputs).run(cts)) out.push_back(settled(c));
  return out;
}

}  // namespace fluxion
