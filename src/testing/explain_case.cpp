#include "testing/explain_case.hpp"

#include <algorithm>

namespace fluxion::testing {

namespace {

VarId add_var(Jaxpr& j, const Aval& a) {
  j.vars.push_back(a);
  return static_cast<VarId>(j.vars.size()) - 1;
}

// Inputs reordered so that those which move come last.
void partition_inputs(Case& c, const std::vector<char>& moving) {
  std::vector<VarId> in;
  Arrays values;
  for (const bool wanted : {false, true})
    for (std::size_t i = 0; i < moving.size(); ++i)
      if ((moving[i] != 0) == wanted) {
        in.push_back(c.program.in[i]);
        values.push_back(c.values[i]);
      }
  c.program.n_consts = static_cast<std::size_t>(std::count(moving.begin(), moving.end(), 0));
  c.program.in = std::move(in);
  c.values = std::move(values);
}

void drop_unused_inputs(Case& c) {
  std::vector<char> used(c.program.vars.size(), 0);
  const auto mark = [&](const std::vector<Atom>& atoms) {
    for (const auto& a : atoms)
      if (!a.is_literal()) used[a.var] = 1;
  };
  for (const auto& e : c.program.eqns) mark(e.in);
  mark(c.program.out);
  std::vector<VarId> in;
  Arrays values;
  std::size_t n_consts = 0;
  for (std::size_t i = 0; i < c.program.in.size(); ++i) {
    if (!used[c.program.in[i]]) continue;
    n_consts += i < c.program.n_consts ? 1 : 0;
    in.push_back(c.program.in[i]);
    values.push_back(c.values[i]);
  }
  if (n_consts == in.size()) return;  // something must be left to move
  c.program.in = std::move(in);
  c.program.n_consts = n_consts;
  c.values = std::move(values);
}

Arrays eval_inlined(const Jaxpr& j, const Arrays& args) {
  Arrays env(j.vars.size());
  for (std::size_t i = 0; i < args.size(); ++i) env[j.in[i]] = args[i];
  const auto read = [&](const Atom& a) { return a.is_literal() ? a.literal : env[a.var]; };
  for (const auto& e : j.eqns) {
    Arrays in;
    for (const auto& a : e.in) in.push_back(read(a));
    const auto callee = is_custom_derivative(e) ? nullptr : e.prim->callee(e.params.view());
    const auto out = callee != nullptr ? eval_inlined(*callee, in) : e.prim->bind(in, e.params.view());
    for (std::size_t k = 0; k < out.size(); ++k) env[e.out[k]] = out[k];
  }
  Arrays out;
  for (const auto& a : j.out) out.push_back(read(a));
  return out;
}

}  // namespace

Arrays Case::consts() const { return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(program.n_consts)}; }
Arrays Case::args() const { return {values.begin() + static_cast<std::ptrdiff_t>(program.n_consts), values.end()}; }

Subject Case::subject() const {
  Subject s{function_of({std::make_shared<const Jaxpr>(program), consts()}), args(), {}};
  for (std::size_t i = 0; i < s.args.size(); ++i) s.paths.push_back("arg" + std::to_string(i));
  return s;
}

Case case_of(const ClosedJaxpr& program, const Arrays& args) {
  Case c{*program.jaxpr, program.consts};
  c.program.n_consts = program.consts.size();
  c.values.insert(c.values.end(), args.begin(), args.end());
  return c;
}

Case alone(const Jaxpr& holder, const Eqn& e, const Arrays& operands, const std::vector<char>& moving) {
  Case c;
  Eqn own = e;
  std::vector<char> moves;
  for (std::size_t i = 0; i < e.in.size(); ++i) {
    if (e.in[i].is_literal()) continue;
    own.in[i].var = add_var(c.program, holder.vars[e.in[i].var]);
    c.program.in.push_back(own.in[i].var);
    c.values.push_back(operands[i]);
    moves.push_back(moving[i]);
  }
  for (auto& v : own.out) {
    v = add_var(c.program, holder.vars[v]);
    c.program.out.push_back({v, {}});
  }
  c.program.eqns.push_back(std::move(own));
  partition_inputs(c, moves);
  return c;
}

Case with_moving(const Case& c, const std::vector<char>& moving) {
  Case out = c;
  partition_inputs(out, moving);
  return out;
}

Case with_results(const Case& c, const std::vector<std::size_t>& keep) {
  Case out = c;
  out.program.out.clear();
  for (auto k : keep) out.program.out.push_back(c.program.out[k]);
  out.program = dead_code_eliminated(out.program);
  drop_unused_inputs(out);
  return out;
}

std::optional<Case> with_values(const Case& c, const Arrays& values) {
  Case out = c;
  out.values = values;
  auto& j = out.program;
  try {
    for (std::size_t i = 0; i < values.size(); ++i) j.vars[j.in[i]] = values[i].aval();
    for (const auto& e : j.eqns) {
      Avals in;
      for (const auto& a : e.in) in.push_back(j.aval(a));
      const auto avals = e.prim->abstract_eval(in, e.params.view());
      if (avals.size() != e.out.size()) return {};
      for (std::size_t k = 0; k < avals.size(); ++k) j.vars[e.out[k]] = avals[k];
    }
  } catch (const std::exception&) {
    return {};
  }
  return out;
}

Arrays all_values(const Case& c) {
  Arrays env(c.program.vars.size());
  for (std::size_t i = 0; i < c.values.size(); ++i) env[c.program.in[i]] = c.values[i];
  for (const auto& e : c.program.eqns) {
    Arrays in;
    for (const auto& a : e.in) in.push_back(a.is_literal() ? a.literal : env[a.var]);
    const auto out = e.prim->bind(in, e.params.view());
    for (std::size_t k = 0; k < out.size(); ++k) env[e.out[k]] = out[k];
  }
  return env;
}

bool is_custom_derivative(const Eqn& e) {
  return e.prim->name() == "custom_jvp_call" || e.prim->name() == "custom_vjp_call";
}

Jaxpr with_calls_inlined(const Jaxpr& program) {
  const auto closed =
      trace_to_jaxpr([&](const Arrays& xs) { return eval_inlined(program, xs); }, program.in_avals(), "check");
  if (!closed.consts.empty()) return program;
  Jaxpr out = *closed.jaxpr;
  out.n_consts = program.n_consts;
  return out;
}

}  // namespace fluxion::testing
