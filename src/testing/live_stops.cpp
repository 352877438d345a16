#include "testing/live_stops.hpp"

#include <algorithm>

#include "testing/interpret.hpp"

namespace fluxion::testing {

namespace {

bool uses(const Jaxpr& jaxpr, VarId v) {
  const auto is_v = [v](const Atom& a) { return a.var == v; };
  return std::any_of(jaxpr.out.begin(), jaxpr.out.end(), is_v) ||
         std::any_of(jaxpr.eqns.begin(), jaxpr.eqns.end(),
                     [&](const Eqn& e) { return std::any_of(e.in.begin(), e.in.end(), is_v); });
}

/// Which operands the results depend on as functions.
std::vector<char> decisive_operands(const Eqn& e) {
  std::vector<char> out(e.in.size(), 1);
  const bool root = e.prim->name() == "custom_root";
  if (!is_known(*e.prim) || (!root && e.prim->name() != "custom_linear_solve")) return out;
  const Fields fields(e.params.view());
  const auto n = static_cast<std::size_t>(fields.number("num_consts"));
  const auto& equation = *fields.programs.at(root ? "f" : "matvec")[0];
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = k < n ? uses(equation, equation.in[k]) : !root;
  return out;
}

std::set<const Eqn*> live_stops(const Jaxpr& jaxpr) {
  std::vector<char> decisive(jaxpr.vars.size(), 0);
  const auto mark = [&](const Atom& a) {
    if (!a.is_literal()) decisive[static_cast<std::size_t>(a.var)] = 1;
  };
  for (const auto& a : jaxpr.out) mark(a);
  std::set<const Eqn*> out;
  for (auto e = jaxpr.eqns.rbegin(); e != jaxpr.eqns.rend(); ++e) {
    if (std::none_of(e->out.begin(), e->out.end(),
                     [&](VarId v) { return v >= 0 && decisive[static_cast<std::size_t>(v)] != 0; }))
      continue;
    if (e->prim->name() == "stop_gradient") out.insert(&*e);
    const auto operands = decisive_operands(*e);
    for (std::size_t k = 0; k < operands.size(); ++k)
      if (operands[k] != 0) mark(e->in[k]);
  }
  return out;
}

}  // namespace

bool LiveStops::holds(const Eqn& stop, const Jaxpr& jaxpr) {
  auto [at, fresh] = known_.try_emplace(&jaxpr);
  if (fresh) at->second = live_stops(jaxpr);
  return at->second.contains(&stop);
}

}  // namespace fluxion::testing
