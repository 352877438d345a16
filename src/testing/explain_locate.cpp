// Which equation is at fault: each is held alone against the check, at the values that it meets.
#include <algorithm>
#include <charconv>

#include <fluxion/lax.hpp>

#include "core/node.hpp"
#include "testing/explain.hpp"

namespace fluxion::testing {

namespace {

// Its derivative is other than that of its values, as it is meant to be.
constexpr std::string_view kMeant = "stop_gradient";

bool differentiates(Check c) { return c == Check::grads || c == Check::transpose || c == Check::all; }

// A held program at the values of one trip, all of its inputs moving.
Case body_at(const JaxprPtr& body, Arrays values) {
  Case c{*body, std::move(values)};
  c.program.n_consts = 0;
  return c;
}

Arrays part(const Arrays& xs, std::size_t first, std::size_t n) {
  const auto at = xs.begin() + static_cast<std::ptrdiff_t>(first);
  return {at, at + static_cast<std::ptrdiff_t>(n)};
}

Arrays joined(Arrays a, const Arrays& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Array element(const Array& x, std::int64_t i) {
  Dims start(x.shape().size(), 0), limit = x.shape(), rest;
  start[0] = i;
  limit[0] = i + 1;
  for (std::size_t k = 1; k < x.shape().size(); ++k) rest.push_back(x.shape()[k]);
  return lax::reshape(lax::slice(x, start, limit), rest);
}

class Locator {
 public:
  Locator(const Probe& probe, bool all_move) : probe_(probe), all_move_(all_move) {}

  std::optional<Located> in(const Case& c) const {
    const auto& j = c.program;
    Arrays env(j.vars.size());
    std::vector<char> moves(j.vars.size(), 0);
    for (std::size_t i = 0; i < c.values.size(); ++i) {
      env[j.in[i]] = c.values[i];
      moves[j.in[i]] = i >= j.n_consts && (!differentiates(probe_.check) || is_inexact(c.values[i].dtype()));
    }
    for (const auto& e : j.eqns) {
      if (probe_.spent()) return {};
      Arrays operands;
      for (const auto& a : e.in) operands.push_back(a.is_literal() ? a.literal : env[a.var]);
      const auto out = e.prim->bind(operands, e.params.view());
      const auto moving = moving_operands(e, operands, moves);
      const bool passes_on = std::find(moving.begin(), moving.end(), 2) != moving.end() && e.prim->name() != kMeant;
      if (passes_on)
        if (auto found = at(alone(j, e, operands, moving), e, operands)) return found;
      for (std::size_t k = 0; k < out.size(); ++k) {
        env[e.out[k]] = out[k];
        moves[e.out[k]] = passes_on && (!differentiates(probe_.check) || is_inexact(out[k].dtype()));
      }
    }
    return {};
  }

 private:
  // 2 for operands that carry what is examined, 1 for others that need not stand still (integers), else 0.
  std::vector<char> moving_operands(const Eqn& e, const Arrays& operands, const std::vector<char>& moves) const {
    std::vector<char> out;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const auto& a = e.in[i];
      const bool counts = !differentiates(probe_.check) || is_inexact(operands[i].dtype());
      if (a.is_literal()) out.push_back(0);
      else if (counts) out.push_back(all_move_ || moves[a.var] ? 2 : 0);
      else out.push_back(1);
    }
    return out;
  }

  std::optional<Located> at(const Case& one, const Eqn& e, const Arrays& operands) const {
    if (!probe_.fails(one)) return {};
    if (auto inner = inside(e, operands)) return inner;
    return Located{one, true};
  }

  // Looks into a held program that fails as a whole.
  std::optional<Located> held(const Case& body) const {
    if (!probe_.fails(body)) return {};
    if (auto found = in(body)) return found;
    return Located{body, body.program.eqns.size() == 1};
  }

  std::optional<Located> inside(const Eqn& e, const Arrays& operands) const {
    if (differentiates(probe_.check) && is_custom_derivative(e)) return {};
    if (probe_.check == Check::vmap && e.prim->name() == "custom_vmap_call") return {};
    if (const auto callee = e.prim->callee(e.params.view())) return held(body_at(callee, operands));
    const EqnFields fields(e);
    const auto& name = e.prim->name();
    if (name == "scan") return in_scan(fields, operands);
    if (name == "while") return in_while(fields, operands);
    if (name == "repeat") return in_repeat(fields, operands);
    if (name == "cond" || name == "cond_buckets") return in_branch(fields, operands);
    return {};
  }

  std::optional<Located> in_scan(const EqnFields& f, const Arrays& operands) const {
    const auto& body = f.jaxprs("jaxpr").at(0);
    const auto n_consts = f.number("num_consts"), n_carry = f.number("num_carry");
    const auto length = static_cast<std::int64_t>(f.number("length"));
    const bool reverse = *f.text("reverse") == "True";
    const auto consts = part(operands, 0, n_consts);
    auto carry = part(operands, n_consts, n_carry);
    for (std::int64_t t = 0; t < length && !probe_.spent(); ++t) {
      auto values = joined(consts, carry);
      for (std::size_t i = n_consts + n_carry; i < operands.size(); ++i)
        values.push_back(element(operands[i], reverse ? length - 1 - t : t));
      const auto c = body_at(body, std::move(values));
      if (auto found = held(c)) return found;
      carry = part(eval_jaxpr(*body, c.values), 0, n_carry);
    }
    return {};
  }

  std::optional<Located> in_while(const EqnFields& f, const Arrays& operands) const {
    const auto &cond = f.jaxprs("cond_jaxpr").at(0), &body = f.jaxprs("body_jaxpr").at(0);
    const auto n_cond = f.number("cond_nconsts"), n_body = f.number("body_nconsts");
    const auto cond_consts = part(operands, 0, n_cond), body_consts = part(operands, n_cond, n_body);
    auto carry = part(operands, n_cond + n_body, operands.size() - n_cond - n_body);
    while (!probe_.spent() && eval_jaxpr(*cond, joined(cond_consts, carry))[0].item<bool>()) {
      const auto c = body_at(body, joined(body_consts, carry));
      if (auto found = held(c)) return found;
      carry = eval_jaxpr(*body, c.values);
    }
    return {};
  }

  std::optional<Located> in_repeat(const EqnFields& f, const Arrays& operands) const {
    const auto& body = f.jaxprs("jaxpr").at(0);
    const auto n_consts = f.number("num_consts");
    const bool reverse = *f.text("reverse") == "True";
    const auto n = operands[0].item<std::int64_t>();
    const auto consts = part(operands, 1, n_consts);
    auto carry = part(operands, 1 + n_consts, operands.size() - 1 - n_consts);
    for (std::int64_t t = 0; t < n && !probe_.spent(); ++t) {
      const auto c = body_at(body, joined(joined(consts, {scalar(reverse ? n - 1 - t : t)}), carry));
      if (auto found = held(c)) return found;
      carry = eval_jaxpr(*body, c.values);
    }
    return {};
  }

  std::optional<Located> in_branch(const EqnFields& f, const Arrays& operands) const {
    const auto& branches = f.jaxprs("branches");
    const auto last = static_cast<std::int64_t>(branches.size()) - 1;
    const auto i = std::clamp<std::int64_t>(operands[0].item<std::int32_t>(), 0, last);
    return held(body_at(branches[static_cast<std::size_t>(i)], part(operands, 1, operands.size() - 1)));
  }

  const Probe& probe_;
  bool all_move_;
};

// --- where no equation fails alone ---------------------------------------------------------------------------------

// Without the equations [first, last): what the others need of them are inputs, or stand still.
std::optional<Case> without(const Case& c, const Arrays& env, std::size_t first, std::size_t last, bool moving) {
  Case out = c;
  auto& j = out.program;
  std::vector<char> defined(j.vars.size(), 0), needed(j.vars.size(), 0);
  std::vector<Eqn> left;
  for (std::size_t i = 0; i < j.eqns.size(); ++i) {
    if (i >= first && i < last)
      for (auto v : j.eqns[i].out) defined[v] = 1;
    else
      left.push_back(j.eqns[i]);
  }
  const auto need = [&](const std::vector<Atom>& atoms) {
    for (const auto& a : atoms)
      if (!a.is_literal() && defined[a.var]) needed[a.var] = 1;
  };
  for (const auto& e : left) need(e.in);
  std::vector<Atom> results;
  for (const auto& a : j.out)
    if (a.is_literal() || !defined[a.var]) results.push_back(a);
  if (left.empty() || results.empty()) return {};
  j.eqns = std::move(left);
  j.out = std::move(results);
  for (std::size_t v = 0; v < needed.size(); ++v) {
    if (!needed[v]) continue;
    const auto at = moving ? static_cast<std::ptrdiff_t>(j.in.size()) : static_cast<std::ptrdiff_t>(j.n_consts);
    j.in.insert(j.in.begin() + at, static_cast<VarId>(v));
    out.values.insert(out.values.begin() + at, env[v]);
    j.n_consts += moving ? 0 : 1;
  }
  std::vector<std::size_t> all(j.out.size());
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = k;
  return with_results(out, all);
}

// The results of the program become those of its equations that nothing reads, so that any equation may be left out.
Case with_inner_results(const Case& c, std::size_t n_eqns) {
  Case out = c;
  out.program.eqns.resize(n_eqns, c.program.eqns[0]);
  std::vector<char> read(c.program.vars.size(), 0);
  for (const auto& e : out.program.eqns)
    for (const auto& a : e.in)
      if (!a.is_literal()) read[a.var] = 1;
  out.program.out.clear();
  for (const auto& e : out.program.eqns)
    for (auto v : e.out)
      if (!read[v]) out.program.out.push_back({v, {}});
  std::vector<std::size_t> all(out.program.out.size());
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = k;
  return with_results(out, all);
}

}  // namespace

std::optional<Located> locate_equation(const Case& c, const Probe& probe) {
  if (auto found = Locator(probe, false).in(c)) return found;
  return Locator(probe, true).in(c);
}

Case delta_debugged(const Case& c, const Probe& probe) {
  Case best = c;
  const auto take = [&](const Case& candidate) {
    const bool fails = probe.fails(candidate);
    if (fails) best = candidate;
    return fails;
  };
  take({with_calls_inlined(c.program), c.values});
  for (std::size_t n = 1; n < best.program.eqns.size(); n *= 2)  // the shortest beginning
    if (take(with_inner_results(best, n))) break;
  for (std::size_t k = 0; k < best.program.out.size() && best.program.out.size() > 1; ++k)
    if (take(with_results(best, {k}))) break;
  for (std::size_t chunk = std::max<std::size_t>(best.program.eqns.size() / 2, 1); chunk > 0 && !probe.spent();) {
    bool any = false;
    for (std::size_t first = 0; first < best.program.eqns.size() && best.program.eqns.size() > 1;) {
      const auto env = all_values(best);
      const auto last = std::min(first + chunk, best.program.eqns.size());
      bool removed = false;
      for (const bool moving : {true, false}) {
        const auto candidate = removed ? std::nullopt : without(best, env, first, last, moving);
        removed = removed || (candidate && take(*candidate));
      }
      any = any || removed;
      if (!removed) first = last;
    }
    if (!any || chunk > 1) chunk = chunk == 1 ? 0 : chunk / 2;
  }
  return best;
}

std::optional<Located> locate(const Case& c, const Probe& probe) {
  if (!probe.fails(c)) return {};
  if (c.program.eqns.size() == 1 && !EqnFields(c.program.eqns[0]).holds_programs()) return Located{c, true};
  auto found = locate_equation(c, probe);
  if (found && found->one_equation) return found;
  const auto small = delta_debugged(found ? found->c : c, probe);
  return Located{small, small.program.eqns.size() == 1};
}

}  // namespace fluxion::testing
