#include "transforms/linearity.hpp"

#include "base/text.hpp"
#include "core/ops.hpp"
#include "transforms/jaxpr_transforms.hpp"
#include "transforms/linearize.hpp"

namespace fluxion {

namespace {

// Of each output, whether it depends on an input in `mask`.
Mask dependence(const Jaxpr& jaxpr, const Mask& mask) {
  Mask depends(jaxpr.vars.size(), 0);
  for (std::size_t i = 0; i < mask.size(); ++i) depends[jaxpr.in[i]] = mask[i];
  const auto any = [&](const std::vector<Atom>& atoms) {
    for (const auto& a : atoms)
      if (!a.is_literal() && depends[a.var]) return true;
    return false;
  };
  for (const auto& e : jaxpr.eqns)
    if (any(e.in))
      for (auto v : e.out) depends[v] = 1;
  Mask out;
  for (const auto& a : jaxpr.out) out.push_back(!a.is_literal() && depends[a.var]);
  return out;
}

// Whether a result can change with the inputs in `mask`. Where an operation holds programs, tangents tell its results
// apart, which otherwise would all depend on all of its operands; they miss steps inside those programs.
bool any_varies(const ClosedJaxpr& f, Mask mask, bool by_tangents) {
  mask.insert(mask.begin(), f.consts.size(), 0);
  const auto tangents = jvp_jaxpr(f.jaxpr, mask)->out;
  const auto depends = dependence(*f.jaxpr, mask);
  const auto out = f.jaxpr->out_avals();
  for (std::size_t i = 0; i < out.size(); ++i)
    if (by_tangents && ops::tangent_aval(out[i]).dtype != DType::float0 ? tangents[i] : depends[i]) return true;
  return false;
}

// The equation is linearized at unknown values: what its derivative needs of them are its residuals.
bool is_linear(const Eqn& e, const Jaxpr& jaxpr, const Mask& linear, const Mask& used) {
  Avals in;
  for (const auto& a : e.in) in.push_back(jaxpr.aval(a));
  Mask nonzero_out;
  const auto closed = trace_to_jaxpr(
      [&](const Arrays& xs) {
        auto s = linearize_symbolic([&](const Arrays& ys) { return e.prim->bind(ys, e.params.view()); }, xs, linear, "linear_transpose",
                                    [] { return std::size_t{0}; });
        nonzero_out = s.nonzero_out;
        return s.linear.consts;
      },
      in, "linear_transpose");
  for (std::size_t i = 0; i < nonzero_out.size(); ++i)
    if (used[i] && !nonzero_out[i]) return false;  // a step, or a cast to integers
  return !any_varies(closed, linear, holds_jaxprs(e.params.view()));
}

}  // namespace

std::string_view first_nonlinear(const Jaxpr& jaxpr, const Mask& linear) {
  Mask is(jaxpr.vars.size(), 0), used(jaxpr.vars.size(), 0);
  for (std::size_t i = 0; i < linear.size(); ++i) is[jaxpr.in[i]] = linear[i];
  const auto mark_used = [&](const std::vector<Atom>& atoms) {
    for (const auto& a : atoms)
      if (!a.is_literal()) used[a.var] = 1;
  };
  for (const auto& e : jaxpr.eqns) mark_used(e.in);
  mark_used(jaxpr.out);
  for (const auto& e : jaxpr.eqns) {
    Mask operands, results;
    for (const auto& a : e.in) operands.push_back(!a.is_literal() && is[a.var]);
    if (count(operands) == 0) continue;
    for (auto v : e.out) results.push_back(used[v]);
    const auto callee = e.prim->callee(e.params.view());
    if (callee != nullptr) {
      if (const auto name = first_nonlinear(*callee, operands); !name.empty()) return name;
    } else if (!is_linear(e, jaxpr, operands, results)) {
      return e.prim->name();
    }
    for (auto v : e.out) is[v] = 1;
  }
  return {};
}

LinearTranspose::LinearTranspose(const detail::FlatFn& f, AvalSpan in, const char* op, std::string_view what) {
  auto closed = trace_to_jaxpr(f, in, op);
  jaxpr_ = dead_code_eliminated(*closed.jaxpr);
  consts_ = std::move(closed.consts);
  Mask linear(jaxpr_.in.size(), 1);
  std::fill_n(linear.begin(), consts_.size(), 0);
  if (const auto name = first_nonlinear(jaxpr_, linear); !name.empty())
    throw TypeError(text(op, ": ", what, " must be linear, got one that applies ", name,
                         ", which is not linear in what it is applied to; transpose its derivative instead, by fx::vjp"));
}

Arrays LinearTranspose::operator()(ArraySpan cotangents) const {
  Arrays inputs = consts_;
  inputs.resize(jaxpr_.in.size());
  auto out = backward_pass(jaxpr_, inputs, cotangents);
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(consts_.size()));
  return out;
}

}  // namespace fluxion
