#include "transforms/linearity.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "core/ops.hpp"
#include "transforms/jaxpr_transforms.hpp"
#include "transforms/linearize.hpp"

namespace fluxion {

namespace {

// Of each result, whether it depends on an input in `mask`. The rules of vmap know, also of loops and branches: what a
// mapped operand reaches is mapped.
Mask dependence(const JaxprPtr& jaxpr, const Mask& mask) { return batch_jaxpr(jaxpr, {2, {}}, mask)->out; }

// Whether a result can change with the inputs in `mask`. Where an operation holds programs, tangents tell results apart
// that depend on the inputs in vain, as a product with zeros does; they miss steps inside those programs.
bool any_varies(const ClosedJaxpr& f, Mask mask, bool by_tangents) {
  mask.insert(mask.begin(), f.consts.size(), 0);
  const auto depends = dependence(f.jaxpr, mask);
  if (count(depends) == 0) return false;
  const auto tangents = jvp_jaxpr(f.jaxpr, mask)->out;
  const auto out = f.jaxpr->out_avals();
  for (std::size_t i = 0; i < out.size(); ++i)
    if (depends[i] && (!by_tangents || tangents[i] || ops::tangent_aval(out[i]).dtype == DType::float0)) return true;
  return false;
}

// The equation is linearized at unknown values: what its derivative needs of them are its residuals.
bool is_linear(const Eqn& e, const Jaxpr& jaxpr, const Mask& linear, const Mask& used) {
  Avals in;
  for (const auto& a : e.in) in.push_back(jaxpr.aval(a));
  const detail::FlatFn bound = [&](const Arrays& xs) { return e.prim->bind(xs, e.params.view()); };
  Mask nonzero_out;
  const auto residuals = trace_to_jaxpr(
      [&](const Arrays& xs) {
        auto s = linearize_symbolic(bound, xs, linear, "linear_transpose", [] { return std::size_t{0}; });
        nonzero_out = s.nonzero_out;
        return s.linear.consts;
      },
      in, "linear_transpose");
  bool steps = false;
  for (std::size_t i = 0; i < nonzero_out.size(); ++i) steps |= used[i] && !nonzero_out[i];
  if (steps) {  // or no dependence at all
    const auto depends = dependence(trace_to_jaxpr(bound, in, "linear_transpose").jaxpr, linear);
    for (std::size_t i = 0; i < nonzero_out.size(); ++i)
      if (used[i] && !nonzero_out[i] && depends[i]) return false;
  }
  return !any_varies(residuals, linear, holds_jaxprs(e.params.view()));
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

namespace {

bool any_holds_jaxprs(const Jaxpr& jaxpr) {
  return std::any_of(jaxpr.eqns.begin(), jaxpr.eqns.end(), [](const Eqn& e) { return holds_jaxprs(e.params.view()); });
}

}  // namespace

// A linear function is its own derivative, and the derivative of a loop has a transpose where the loop has none.
Arrays LinearTranspose::through_derivative(ArraySpan cotangents) const {
  const auto n_known = consts_.size(), n = jaxpr_.in.size();
  Mask linear(n, 1);
  std::fill_n(linear.begin(), n_known, 0);
  const auto derivative = linearize_jaxpr(std::make_shared<const Jaxpr>(jaxpr_), linear);
  Arrays at = derivative->forward.consts;
  at.insert(at.end(), consts_.begin(), consts_.end());
  for (std::size_t i = n_known; i < n; ++i) at.push_back(ops::zeros_like_aval(jaxpr_.vars[jaxpr_.in[i]]));
  const auto out = eval_jaxpr(*derivative->forward.jaxpr, at);
  Arrays inputs(out.end() - static_cast<std::ptrdiff_t>(derivative->n_residuals), out.end());
  inputs.resize(derivative->linear->in.size());
  Arrays cts;
  for (std::size_t i = 0; i < cotangents.size(); ++i)
    if (derivative->out[i]) cts.push_back(cotangents[i]);
  auto found = backward_pass(*derivative->linear, inputs, cts);
  found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(derivative->n_residuals));
  return found;
}

Arrays LinearTranspose::operator()(ArraySpan cotangents) const {
  if (any_holds_jaxprs(jaxpr_)) return through_derivative(cotangents);
  Arrays inputs = consts_;
  inputs.resize(jaxpr_.in.size());
  auto out = backward_pass(jaxpr_, inputs, cotangents);
  out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(consts_.size()));
  return out;
}

}  // namespace fluxion
