#include "transforms/remat.hpp"

#include <algorithm>

#include "transforms/jaxpr_transforms.hpp"
#include "transforms/jit.hpp"

namespace fluxion {

namespace {

Arrays eval_inlined(const Jaxpr& jaxpr, ArraySpan args) {
  Arrays env(jaxpr.vars.size());
  for (std::size_t i = 0; i < args.size(); ++i) env[jaxpr.in[i]] = args[i];
  const auto read = [&](const Atom& a) { return a.is_literal() ? a.literal : env[a.var]; };
  for (const auto& e : jaxpr.eqns) {
    Arrays in;
    for (const auto& a : e.in) in.push_back(read(a));
    const auto jitted = jitted_jaxpr(e);
    auto out = jitted != nullptr ? eval_inlined(*jitted, in) : e.prim->bind(in, e.params.view());
    for (std::size_t k = 0; k < out.size(); ++k) env[e.out[k]] = std::move(out[k]);
  }
  Arrays results;
  for (const auto& a : jaxpr.out) results.push_back(read(a));
  return results;
}

JaxprPtr inlined(const JaxprPtr& jaxpr) {
  const bool calls = std::any_of(jaxpr->eqns.begin(), jaxpr->eqns.end(), [](const Eqn& e) { return jitted_jaxpr(e) != nullptr; });
  if (!calls) return jaxpr;
  const SetTrace none(nullptr);
  return trace_to_jaxpr([&](const Arrays& xs) { return eval_inlined(*jaxpr, xs); }, jaxpr->in_avals(), "checkpoint").jaxpr;
}

/// What it takes to compute some values again: equations, and values that are there already.
class Slice {
 public:
  Slice(const Jaxpr& jaxpr, const std::function<bool(const Eqn&)>& saves)
      : jaxpr_(jaxpr), producer_(jaxpr.vars.size(), -1), seen_(jaxpr.vars.size(), 0), needed_(jaxpr.eqns.size(), 0) {
    for (std::size_t i = 0; i < jaxpr.eqns.size(); ++i) {
      saved_.push_back(saves(jaxpr.eqns[i]));
      for (auto v : jaxpr.eqns[i].out) producer_[v] = static_cast<std::int64_t>(i);
    }
  }

  void need(std::span<const Atom> atoms) {
    std::vector<VarId> stack;
    const auto push = [&](const Atom& a) {
      if (!a.is_literal() && !std::exchange(seen_[a.var], 1)) stack.push_back(a.var);
    };
    for (const auto& a : atoms) push(a);
    while (!stack.empty()) {
      const auto v = stack.back();
      stack.pop_back();
      const auto from = producer_[v];
      if (from < 0) {
        inputs.push_back(static_cast<std::size_t>(std::find(jaxpr_.in.begin(), jaxpr_.in.end(), v) - jaxpr_.in.begin()));
      } else if (saved_[static_cast<std::size_t>(from)]) {
        saved.push_back(v);
      } else if (!std::exchange(needed_[static_cast<std::size_t>(from)], 1)) {
        for (const auto& a : jaxpr_.eqns[static_cast<std::size_t>(from)].in) push(a);
      }
    }
    std::sort(inputs.begin(), inputs.end());
    std::sort(saved.begin(), saved.end());
  }

  /// inputs ++ saved -> atoms
  Jaxpr program(std::span<const Atom> atoms) const {
    Jaxpr out{jaxpr_.vars, {}, 0, {}, {atoms.begin(), atoms.end()}};
    for (auto i : inputs) out.in.push_back(jaxpr_.in[i]);
    out.in.insert(out.in.end(), saved.begin(), saved.end());
    for (std::size_t i = 0; i < jaxpr_.eqns.size(); ++i)
      if (needed_[i]) out.eqns.push_back(jaxpr_.eqns[i]);
    return out;
  }

  std::vector<std::size_t> inputs;
  std::vector<VarId> saved;

 private:
  const Jaxpr& jaxpr_;
  std::vector<std::int64_t> producer_;
  std::vector<char> saved_, seen_, needed_;
};

}  // namespace

Rematerialized rematerialized(const JaxprPtr& jaxpr, const Mask& nonzero, const std::function<bool(const Eqn&)>& saves) {
  const auto t = linearize_jaxpr(inlined(jaxpr), nonzero);
  const auto& f = *t->forward.jaxpr;
  const auto n_out = f.out.size() - t->n_residuals;
  const std::vector<Atom> residuals(f.out.begin() + static_cast<std::ptrdiff_t>(n_out), f.out.end());
  Slice slice(f, saves);
  slice.need(residuals);
  Rematerialized r{t->forward.consts, nullptr, slice.inputs, nullptr, t->out};
  Jaxpr forward = f;
  forward.n_consts = 0;
  forward.out.resize(n_out);
  for (auto v : slice.saved) forward.out.push_back({v, {}});
  r.forward = std::make_shared<const Jaxpr>(dead_code_eliminated(forward));
  const auto again = slice.program(residuals);
  auto avals = again.in_avals();
  const auto n_known = avals.size();
  const auto linear_in = t->linear->in_avals();
  avals.insert(avals.end(), linear_in.begin() + static_cast<std::ptrdiff_t>(t->n_residuals), linear_in.end());
  const SetTrace none(nullptr);
  r.linear = trace_to_jaxpr(
                 [&](const Arrays& xs) {
                   Arrays in = eval_jaxpr(again, ArraySpan(xs).first(n_known));
                   in.insert(in.end(), xs.begin() + static_cast<std::ptrdiff_t>(n_known), xs.end());
                   return eval_jaxpr(*t->linear, in);
                 },
                 avals, "checkpoint")
                 .jaxpr;
  return r;
}

}  // namespace fluxion
