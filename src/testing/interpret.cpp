#include "testing/interpret.hpp"

#include <set>

#include <fluxion/detail/flat_control.hpp>
#include "base/text.hpp"
#include "lax/readable.hpp"
#include "transforms/readable.hpp"

namespace fluxion::testing {

using fluxion::detail::FlatFn;

namespace {


Arrays part(ArraySpan xs, std::size_t first, std::size_t n) {
  const auto some = xs.subspan(first, n);
  return {some.begin(), some.end()};
}
Arrays joined(Arrays a, const Arrays& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
std::string leaf(std::size_t i) { return text("value ", i); }

}  // namespace

bool is_known(const Primitive& p) {
  static const auto& known = *new std::set<const Primitive*>([] {
    std::set<const Primitive*> all;
    for (const auto& r : lax::readable_primitives()) all.insert(r.primitive);
    return all;
  }());
  return known.contains(&p);
}

Arrays Interpreter::run(const Jaxpr& jaxpr, ArraySpan args) {
  Arrays env(jaxpr.vars.size());
  for (std::size_t i = 0; i < args.size(); ++i) env[jaxpr.in[i]] = args[i];
  const auto read = [&](const Atom& a) { return a.is_literal() ? given(a.literal) : env[a.var]; };
  for (const auto& e : jaxpr.eqns) {
    Arrays operands;
    for (const auto& a : e.in) operands.push_back(read(a));
    auto out = equation(e, jaxpr, operands);
    for (std::size_t k = 0; k < out.size(); ++k) env[e.out[k]] = std::move(out[k]);
  }
  Arrays results;
  for (const auto& a : jaxpr.out) results.push_back(read(a));
  return results;
}

ClosedJaxpr Interpreter::traced(const ClosedJaxpr& program, const Arrays& args) {
  Arrays consts;
  for (const auto& c : program.consts) consts.push_back(given(c));
  Avals in;
  for (const auto& x : args) in.push_back(x.aval());
  return trace_to_jaxpr([&](const Arrays& xs) { return run(*program.jaxpr, joined(consts, xs)); }, in, "check");
}

Arrays Interpreter::equation(const Eqn& e, const Jaxpr& in, ArraySpan operands) {
  if (e.out.empty()) return {};  // for its effect only, which need not be repeated
  if (const auto callee = e.prim->callee(e.params.view())) return run(*callee, operands);
  if (!is_known(*e.prim)) return primitive(e, in, operands);
  const auto name = e.prim->name();
  if (name == "custom_linear_solve" || name == "custom_root")
    return run(*Fields(e.params.view()).programs.at("solve")[0], operands);
  if (name == "cond" || name == "cond_buckets" || name == "while" || name == "scan" || name == "repeat")
    return loop(e, operands);
  return primitive(e, in, operands);
}

Arrays Interpreter::loop(const Eqn& e, ArraySpan operands) {
  const Fields fields(e.params.view());
  const auto carries = [this](Arrays xs) {
    for (auto& x : xs) x = carry(x);
    return xs;
  };
  const auto called = [&](JaxprPtr body, Arrays before) -> FlatFn {
    return [this, body, before = std::move(before), &carries](const Arrays& xs) {
      return carries(run(*body, joined(before, xs)));
    };
  };
  const auto name = e.prim->name();
  if (name == "cond" || name == "cond_buckets") {
    std::vector<FlatFn> branches;
    for (const auto& b : fields.programs.at("branches")) branches.push_back(called(b, {}));
    return fluxion::detail::cond_flat("cond", operands[0], branches, part(operands, 1, operands.size() - 1), leaf);
  }
  if (name == "while") {
    const auto n = static_cast<std::size_t>(fields.number("cond_nconsts")),
               m = static_cast<std::size_t>(fields.number("body_nconsts"));
    const auto& test = fields.programs.at("cond_jaxpr")[0];
    const FlatFn cond = [this, test, consts = part(operands, 0, n)](const Arrays& xs) {
      return run(*test, joined(consts, xs));
    };
    return fluxion::detail::while_flat(cond, called(fields.programs.at("body_jaxpr")[0], part(operands, n, m)),
                                       carries(part(operands, n + m, operands.size() - n - m)), {}, leaf);
  }
  const auto& body = fields.programs.at("jaxpr")[0];
  const auto n = static_cast<std::size_t>(fields.number("num_consts"));
  if (name == "repeat") {
    const Array trips = operands[0], zero = Array(std::int64_t{0});
    const bool reverse = fields.texts.at("reverse") == "True";
    const auto f = called(body, part(operands, 1, n));
    const FlatFn step = [&](const Arrays& xs) {
      auto at = xs;
      if (reverse) at[0] = trips - 1 - at[0];
      return f(at);
    };
    return fluxion::detail::fori_flat(zero, trips, step,
                                      carries(part(operands, 1 + n, operands.size() - 1 - n)), {}, leaf);
  }
  const auto m = static_cast<std::size_t>(fields.number("num_carry"));
  fluxion::detail::ScanOptions options{fields.number("length"), fields.texts.at("reverse") == "True"};
  return fluxion::detail::scan_flat("scan", called(body, part(operands, 0, n)), carries(part(operands, n, m)),
                                    part(operands, n + m, operands.size() - n - m), options, leaf, leaf);
}

}  // namespace fluxion::testing
