// Which rule of an equation is at fault: the same check with less and less of it.
#include <algorithm>
#include <cmath>

#include <fluxion/creation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "testing/explain.hpp"
#include "testing/interpret.hpp"
#include "testing/layout.hpp"

namespace fluxion::testing {

namespace {

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::string ordinal(int order) { return order == 1 ? "" : order == 2 ? ", second order" : ", third order"; }

Probe derivative_probe(const Probe& probe, int order, bool forward, bool reverse, bool laws) {
  auto o = probe.options;
  o.order = order;
  o.forward = forward;
  o.reverse = reverse;
  o.laws = laws;
  return probe.with(Check::grads, o);
}

std::vector<std::size_t> floating_args(const Case& c) {
  std::vector<std::size_t> out;
  for (std::size_t i = c.program.n_consts; i < c.values.size(); ++i)
    if (is_inexact(c.values[i].dtype())) out.push_back(i);
  return out;
}

// The operand of the only equation that input i is.
std::size_t operand_of(const Case& c, std::size_t i) {
  const auto& in = c.program.eqns[0].in;
  for (std::size_t k = 0; k < in.size(); ++k)
    if (in[k].var == c.program.in[i]) return k;
  return i;
}

std::string guilty_arguments(const Case& c, const Probe& probe) {
  std::vector<std::string> guilty;
  const auto args = floating_args(c);
  for (auto i : args) {
    std::vector<char> moving(c.values.size(), 0);
    moving[i] = 1;
    if (args.size() == 1 || probe.fails(with_moving(c, moving))) guilty.push_back(std::to_string(operand_of(c, i)));
  }
  if (guilty.empty()) return "jvp";
  if (guilty.size() == 1) return "jvp of argument " + guilty[0];
  std::string list;
  for (std::size_t k = 0; k < guilty.size(); ++k)
    list += (k == 0 ? "" : k + 1 == guilty.size() ? " and " : ", ") + guilty[k];
  return "jvp of arguments " + list;
}

// --- programs that rules make --------------------------------------------------------------------------------------

// Numbers that are neither equal nor zero.
Array some_values(const Aval& a, int seed) {
  const auto n = static_cast<std::size_t>(a.size());
  std::vector<double> v(n);
  for (std::size_t k = 0; k < n; ++k)
    v[k] = (((k + static_cast<std::size_t>(seed)) % 2) != 0 ? -1.0 : 1.0) *
           (1.0 + 0.5 * static_cast<double>((k + static_cast<std::size_t>(seed)) % 3));
  return array(v).reshape(a.shape).astype(a.dtype);
}

Arrays some_tangents(const Arrays& args) {
  Arrays out;
  for (std::size_t i = 0; i < args.size(); ++i)
    if (is_inexact(args[i].dtype())) out.push_back(some_values(args[i].aval(), static_cast<int>(i)));
  return out;
}

// The linear program of reverse mode, whose transposes are suspect.
Case linear_program(const Case& c) {
  std::vector<char> moving(c.values.size(), 0);
  for (auto i : floating_args(c)) moving[i] = 1;
  const auto s = with_moving(c, moving).subject();
  const auto linear = fluxion::detail::linearize_flat(s.f, s.args, "vjp").map.jaxpr();
  return case_of(linear, some_tangents(s.args));
}

// The program of the derivative, whose rules are suspect at orders above the first.
Case jvp_program(const Case& c) {
  const auto s = c.subject();
  Arrays args = s.args;
  for (const auto& t : some_tangents(s.args)) args.push_back(t);
  return case_of(program_of(jvp_of(s.f, active_of(s.args)), args), args);
}

// An equation of a program that a rule made, if it fails alone and is another primitive than those known to be right
// at lower orders.
std::optional<Suspicion> suspect_within(Case (*make)(const Case&), const Case& c, const Probe& probe,
                                        const Primitive* not_this) {
  try {
    if (auto found = locate_equation(make(c), probe);
        found && found->one_equation && found->c.program.eqns[0].prim != not_this)
      return suspect(*found, probe);
  } catch (const Error&) {  // the rule cannot be run so: then it is not what is wrong
  }
  return {};
}

// --- naming --------------------------------------------------------------------------------------------------------

std::string rule_of_law(const std::string& law) {
  if (has(law, "twice")) return "evaluation, which is not the same every time";
  if (has(law, "vmap") || has(law, "batch")) return "batch";
  if (has(law, "checkpoint")) return "checkpoint";
  if (has(law, "jit") || has(law, "interpret")) return "lowering";
  if (has(law, "inner product") || has(law, "transpose") || has(law, "vjp") || has(law, "reverse")) return "transpose";
  if (has(law, "linearize")) return "linearize";
  if (has(law, "symmetr")) return "jvp, second order";
  if (has(law, "linear")) return "jvp: not linear in the tangent";
  if (has(law, "dtype") || has(law, "shape")) return "jvp: dtype or shape of the tangent";
  return law;
}

std::string unquoted(std::string s) {
  if (s.size() >= 2 && (s.front() == '\'' || s.front() == '"') && s.back() == s.front()) s = s.substr(1, s.size() - 2);
  return s;
}

// Whether the values change when the function is differentiated.
bool fwd_is_another_function(const Case& c) {
  const auto s = c.subject();
  const auto want = s.f(s.args);
  Arrays args = s.args;
  for (const auto& x : want)
    if (is_inexact(x.dtype())) args.push_back(fluxion::detail::zeros_like_aval(x.aval()));
  auto got = vjp_of(s.f, active_of(s.args))(args);
  got.resize(want.size());
  const Layout layout(want);
  const auto a = layout.read(got), b = layout.read(want);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::fabs(a[i] - b[i]) > 1e-3 * std::max(std::fabs(a[i]), std::fabs(b[i]))) return true;
  return false;
}

// A call of a function with rules of its own has the function's name, and names the rule so.
void name_custom_rule(Suspicion& s) {
  const auto& e = s.at.c.program.eqns[0];
  const auto kind = e.prim->name();
  if (!is_custom_derivative(e) && kind != "custom_vmap_call") return;
  const auto name = unquoted(Fields(e.params.view()).texts["name"]);
  s.primitive = text(kind.substr(0, kind.rfind('_')), " of ", name);
  const auto at = s.rule.find(", ");
  const std::string rest = at == std::string::npos ? "" : s.rule.substr(at);
  if (s.rule == "lowering" || (s.rule == "batch" && kind != "custom_vmap_call")) return;
  if (kind == "custom_vmap_call") s.rule = "rule of custom_vmap";
  else if (kind == "custom_jvp_call") s.rule = "jvp rule of custom_jvp" + rest;
  else s.rule = (fwd_is_another_function(s.at.c) ? "fwd of custom_vjp" : "fwd or bwd of custom_vjp") + rest;
}

// Says so if the same in double precision is right.
void name_dtype(Suspicion& s) {
  Arrays values;
  std::optional<DType> narrow;
  for (const auto& x : s.at.c.values) {
    values.push_back(x.astype(wide(x.dtype())));
    if (values.back().dtype() != x.dtype()) narrow = x.dtype();
  }
  if (!narrow || !s.at.one_equation) return;
  for (const auto& a : s.at.c.program.eqns[0].in)
    if (a.is_literal() && wide(a.literal.dtype()) != a.literal.dtype()) return;
  const auto c = with_values(s.at.c, values);
  if (!c || s.probe(s.at.c).laws.empty()) return;
  const auto wide_findings = s.probe(*c);
  if (!wide_findings.failed() && !wide_findings.laws.empty()) s.rule += text(", ", *narrow, " only");
}

std::string names_of_primitives(const Jaxpr& j) {
  std::vector<std::string> names;
  for (const auto& e : j.eqns)
    if (std::find(names.begin(), names.end(), e.prim->name()) == names.end()) names.emplace_back(e.prim->name());
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < 4; ++i) list += (i == 0 ? "" : ", ") + names[i];
  return list + (names.size() > 4 ? ", ..." : "");
}

// --- derivatives ---------------------------------------------------------------------------------------------------

std::string jvp_rule(const Located& at, const Probe& forward) {
  const auto found = forward(at.c);
  if (found.failed() && has(found.disagreements.front().law, "value")) return "jvp, which changes the value";
  return at.one_equation ? guilty_arguments(at.c, forward) : "jvp";
}

std::optional<Suspicion> suspect_at_order(const Located& at, const Probe& probe, int order) {
  const auto& c = at.c;
  const auto* prim = at.one_equation ? c.program.eqns[0].prim : nullptr;
  const auto name = names_of_primitives(c.program);
  // Forward mode of a custom_vjp transposes its bwd rule: that is shown by reverse mode in fewer steps.
  const bool backward_rule = prim != nullptr && prim->name() == "custom_vjp_call";
  const auto forward = derivative_probe(probe, order, true, false, false),
             reverse = derivative_probe(probe, order, false, true, false);
  if (backward_rule && reverse.fails(c)) return Suspicion{at, reverse, name, "transpose" + ordinal(order)};
  if (forward.fails(c)) {
    if (order > 1)
      if (auto inner = suspect_within(&jvp_program, c, derivative_probe(probe, order - 1, true, true, false), prim))
        return inner;
    return Suspicion{at, forward, name, jvp_rule(at, forward) + ordinal(order)};
  }
  if (const auto found = reverse(c); found.failed()) {
    // What is wrong in reverse mode otherwise than by the transpose may be seen in forward mode by more laws.
    const auto more = derivative_probe(probe, order, true, false, true);
    if (!found.disagreements.front().transposed && more.fails(c))
      return Suspicion{at, more, name, jvp_rule(at, more) + ordinal(order)};
    const auto make = order == 1 ? &linear_program : &jvp_program;
    const int below = order == 1 ? 1 : order - 1;
    if (auto inner = suspect_within(make, c, derivative_probe(probe, below, false, true, false), prim)) return inner;
    return Suspicion{at, reverse, name, "transpose" + ordinal(order)};
  }
  const auto laws = derivative_probe(probe, order, true, true, true);
  const auto found = laws(c);
  if (!found.failed()) return {};
  return Suspicion{at, laws, name, rule_of_law(found.disagreements.front().law)};
}

}  // namespace

Suspicion suspect(const Located& at, const Probe& probe) {
  std::optional<Suspicion> s;
  if (probe.check == Check::grads)
    for (int order = 1; order <= probe.options.order && !s; ++order) s = suspect_at_order(at, probe, order);
  if (!s) {
    const auto found = probe(at.c);
    const auto rule = probe.check == Check::vmap        ? "batch"
                      : probe.check == Check::jit       ? "lowering"
                      : probe.check == Check::transpose ? "transpose"
                      : probe.check == Check::pure      ? "evaluation, which is not the same every time"
                      : found.failed()                  ? rule_of_law(found.disagreements.front().law)
                                                        : std::string();
    s = Suspicion{at, probe, names_of_primitives(at.c.program), rule};
  }
  if (s->at.one_equation && s->at.c.program.eqns[0].prim == at.c.program.eqns[0].prim) {
    name_custom_rule(*s);
    if (s->rule.find(" only") == std::string::npos) name_dtype(*s);
  }
  return *s;
}

}  // namespace fluxion::testing
