// Which equation is at fault: each is held alone against the check, at the values that it meets.
#include <algorithm>
#include <set>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "testing/explain.hpp"
#include "testing/interpret.hpp"

namespace fluxion::testing {

namespace {

// Its derivative is other than that of its values, as it is meant to be.
constexpr std::string_view kMeant = "stop_gradient";

// Derivatives of these are right for operands that stay symmetric, or orthogonal, as those of a program do. Alone they
// would be blamed for what is another's fault.
bool expects_symmetry(const Eqn& e) {
  const auto name = e.prim->name();
  return name == "cholesky" || name == "eigh" || name == "tridiagonal" || name == "householder_product";
}

bool differentiates(Check c) { return c == Check::grads || c == Check::transpose || c == Check::all; }

// A held program at the values of one trip.
Case body_at(const JaxprPtr& body, Arrays values, const std::vector<char>& moving) {
  Case c{*body, std::move(values)};
  c.program.n_consts = 0;
  return with_moving(c, moving);
}

using Mask = std::vector<char>;
Mask part(const Mask& m, std::size_t first, std::size_t n) {
  const auto at = m.begin() + static_cast<std::ptrdiff_t>(first);
  return {at, at + static_cast<std::ptrdiff_t>(n)};
}
Mask joined(Mask a, const Mask& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
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

std::size_t size(const Fields& f, const char* field) { return static_cast<std::size_t>(f.number(field)); }

Arrays results(const Case& c) { return c.subject().f(c.args()); }

class Locator {
 public:
  Locator(const Probe& probe, bool all_move) : probe_(probe), all_move_(all_move) {}

  std::optional<Located> in(const Case& c) const {
    const auto& j = c.program;
    const auto env = all_values(c);
    Mask moves(j.vars.size(), 0);
    for (std::size_t i = j.n_consts; i < j.in.size(); ++i) moves[j.in[i]] = counts(j.vars[j.in[i]]);
    std::vector<std::pair<const Eqn*, Mask>> first, again, last;  // one of each kind before all others
    std::set<std::string> kinds;
    for (const auto& e : j.eqns) {
      auto moving = moving_operands(j, e, moves);
      if (std::find(moving.begin(), moving.end(), kCarries) == moving.end() || e.prim->name() == kMeant) continue;
      for (auto v : e.out) moves[v] = counts(j.vars[v]);
      auto& list = expects_symmetry(e) ? last : kinds.insert(kind_of(j, e)).second ? first : again;
      list.emplace_back(&e, std::move(moving));
    }
    for (const auto* list : {&first, &again, &last})
      for (const auto& [e, moving] : *list) {
        if (probe_.spent()) return {};
        Arrays operands;
        for (const auto& a : e->in) operands.push_back(a.is_literal() ? a.literal : env[a.var]);
        if (auto found = at(alone(j, *e, operands, moving), *e, operands, moving)) return found;
      }
    return {};
  }

  // One equation of what the case's only equation holds, of which nothing is known yet.
  std::optional<Located> in_held(const Case& c) const {
    const auto& e = c.program.eqns.at(0);
    const auto env = all_values(c);
    Arrays operands;
    for (const auto& a : e.in) operands.push_back(a.is_literal() ? a.literal : env[a.var]);
    const auto found = inside(e, operands, Mask(operands.size(), 1));
    return found && found->one_equation ? found : std::nullopt;
  }

 private:
  static constexpr char kStands = 0, kInert = 1, kCarries = 2;

  bool counts(const Aval& a) const { return !differentiates(probe_.check) || is_inexact(a.dtype); }

  // kCarries for operands that depend on what is examined, kInert for others that need not stand still (integers).
  Mask moving_operands(const Jaxpr& j, const Eqn& e, const Mask& moves) const {
    Mask out;
    for (const auto& a : e.in) {
      if (a.is_literal()) out.push_back(kStands);
      else if (counts(j.vars[a.var])) out.push_back(all_move_ || moves[a.var] ? kCarries : kStands);
      else out.push_back(kInert);
    }
    return out;
  }

  static std::string kind_of(const Jaxpr& j, const Eqn& e) {
    std::string kind = text(e.prim, ' ', e.params.view().hash());
    for (const auto& a : e.in) kind += text(' ', j.aval(a), a.is_literal() ? "l" : "");
    return kind;
  }

  std::optional<Located> at(const Case& one, const Eqn& e, const Arrays& operands, const Mask& moving) const {
    if (!probe_.fails(one)) return {};
    if (auto inner = inside(e, operands, moving)) return inner;
    return Located{one, true};
  }

  // Looks into a held program that fails as a whole.
  std::optional<Located> held(const Case& body) const {
    if (!probe_.fails(body)) return {};
    if (auto found = in(body)) return found;
    return Located{body, body.program.eqns.size() == 1};
  }

  std::optional<Located> inside(const Eqn& e, const Arrays& operands, const Mask& moving) const {
    if (differentiates(probe_.check) && is_custom_derivative(e)) return {};
    if (probe_.check == Check::vmap && e.prim->name() == "custom_vmap_call") return {};
    if (const auto callee = e.prim->callee(e.params.view())) return held(body_at(callee, operands, moving));
    if (!is_known(*e.prim)) return {};
    const Fields fields(e.params.view());
    const auto name = e.prim->name();
    if (name == "scan") return in_scan(fields, operands, moving);
    if (name == "while") return in_while(fields, operands, moving);
    if (name == "repeat") return in_repeat(fields, operands, moving);
    if (name == "cond" || name == "cond_buckets") return in_branch(fields, operands, moving);
    return {};
  }

  std::optional<Located> in_scan(const Fields& f, const Arrays& operands, const Mask& moving) const {
    const auto& body = f.programs.at("jaxpr").at(0);
    const auto n_consts = size(f, "num_consts"), n_carry = size(f, "num_carry");
    const auto length = f.number("length");
    const bool reverse = f.texts.at("reverse") == "True";
    const auto consts = part(operands, 0, n_consts);
    auto carry = part(operands, n_consts, n_carry);
    const auto n_xs = operands.size() - n_consts - n_carry;
    const auto moves =
        joined(joined(part(moving, 0, n_consts), Mask(n_carry, 1)), part(moving, n_consts + n_carry, n_xs));
    for (std::int64_t t = 0; t < length && !probe_.spent(); ++t) {
      auto values = joined(consts, carry);
      for (std::size_t i = n_consts + n_carry; i < operands.size(); ++i)
        values.push_back(element(operands[i], reverse ? length - 1 - t : t));
      const auto c = body_at(body, std::move(values), moves);
      if (auto found = held(c)) return found;
      carry = part(results(c), 0, n_carry);
    }
    return {};
  }

  std::optional<Located> in_while(const Fields& f, const Arrays& operands, const Mask& moving) const {
    const auto &cond = f.programs.at("cond_jaxpr").at(0), &body = f.programs.at("body_jaxpr").at(0);
    const auto n_cond = size(f, "cond_nconsts"), n_body = size(f, "body_nconsts");
    const auto cond_consts = part(operands, 0, n_cond), body_consts = part(operands, n_cond, n_body);
    auto carry = part(operands, n_cond + n_body, operands.size() - n_cond - n_body);
    while (!probe_.spent() && eval_jaxpr(*cond, joined(cond_consts, carry))[0].item<bool>()) {
      const auto c =
          body_at(body, joined(body_consts, carry), joined(part(moving, n_cond, n_body), Mask(carry.size(), 1)));
      if (auto found = held(c)) return found;
      carry = results(c);
    }
    return {};
  }

  std::optional<Located> in_repeat(const Fields& f, const Arrays& operands, const Mask& moving) const {
    const auto& body = f.programs.at("jaxpr").at(0);
    const auto n_consts = size(f, "num_consts");
    const bool reverse = f.texts.at("reverse") == "True";
    const auto n = operands[0].item<std::int64_t>();
    const auto consts = part(operands, 1, n_consts);
    auto carry = part(operands, 1 + n_consts, operands.size() - 1 - n_consts);
    for (std::int64_t t = 0; t < n && !probe_.spent(); ++t) {
      const auto moves = joined(part(moving, 1, n_consts), Mask(1 + carry.size(), 1));
      const auto c = body_at(body, joined(joined(consts, {scalar(reverse ? n - 1 - t : t)}), carry), moves);
      if (auto found = held(c)) return found;
      carry = results(c);
    }
    return {};
  }

  std::optional<Located> in_branch(const Fields& f, const Arrays& operands, const Mask& moving) const {
    const auto& branches = f.programs.at("branches");
    const auto last = static_cast<std::int64_t>(branches.size()) - 1;
    const auto i = std::clamp<std::int64_t>(operands[0].item<std::int32_t>(), 0, last);
    const auto n = operands.size() - 1;
    return held(body_at(branches[static_cast<std::size_t>(i)], part(operands, 1, n), part(moving, 1, n)));
  }

  const Probe& probe_;
  bool all_move_;
};

// --- where no equation fails alone ---------------------------------------------------------------------------------

// The values that equations of a program read or define, by variable.
Mask read_by(const std::vector<Eqn>& eqns, std::size_t n_vars) {
  Mask out(n_vars, 0);
  for (const auto& e : eqns)
    for (const auto& a : e.in)
      if (!a.is_literal()) out[a.var] = 1;
  return out;
}
Mask defined_by(const std::vector<Eqn>& eqns, std::size_t n_vars) {
  Mask out(n_vars, 0);
  for (const auto& e : eqns)
    for (auto v : e.out) out[v] = 1;
  return out;
}

Case with_all_results(const Case& c) {
  std::vector<std::size_t> all(c.program.out.size());
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = k;
  return with_results(c, all);
}

// Without the equations [first, last): what the others need of them are inputs, or stand still; what only they needed
// are results.
std::optional<Case> without(const Case& c, const Arrays& env, std::size_t first, std::size_t last, bool moving) {
  Case out = c;
  auto& j = out.program;
  const auto at = j.eqns.begin();
  const std::vector<Eqn> removed(at + static_cast<std::ptrdiff_t>(first), at + static_cast<std::ptrdiff_t>(last));
  j.eqns.erase(at + static_cast<std::ptrdiff_t>(first), at + static_cast<std::ptrdiff_t>(last));
  if (j.eqns.empty()) return {};
  const auto n = j.vars.size();
  const auto gone = defined_by(removed, n), kept = defined_by(j.eqns, n), needed = read_by(j.eqns, n),
             was_needed = read_by(removed, n);
  std::erase_if(j.out, [&](const Atom& a) { return a.is_literal() || gone[a.var]; });
  for (std::size_t v = 0; v < n; ++v) {
    if (kept[v] && was_needed[v] && !needed[v]) j.out.push_back({static_cast<VarId>(v), {}});
    if (!gone[v] || !needed[v]) continue;
    const auto place = static_cast<std::ptrdiff_t>(moving ? j.in.size() : j.n_consts);
    j.in.insert(j.in.begin() + place, static_cast<VarId>(v));
    out.values.insert(out.values.begin() + place, env[v]);
    j.n_consts += moving ? 0 : 1;
  }
  if (j.out.empty()) return {};
  return with_all_results(out);
}

// The first n equations; what nothing reads of them are the results.
Case beginning(const Case& c, std::size_t n) {
  Case out = c;
  auto& j = out.program;
  j.eqns.erase(j.eqns.begin() + static_cast<std::ptrdiff_t>(n), j.eqns.end());
  const auto read = read_by(j.eqns, j.vars.size()), defined = defined_by(j.eqns, j.vars.size());
  j.out.clear();
  for (std::size_t v = 0; v < j.vars.size(); ++v)
    if (defined[v] && !read[v]) j.out.push_back({static_cast<VarId>(v), {}});
  return with_all_results(out);
}

}  // namespace

std::optional<Located> locate_equation(const Case& c, const Probe& probe) {
  if (auto found = Locator(probe, false).in(c)) return found;
  return probe.check == Check::grads ? Locator(probe, true).in(c) : std::nullopt;
}

std::optional<Located> locate_inside(const Case& c, const Probe& probe) { return Locator(probe, false).in_held(c); }

Case delta_debugged(const Case& c, const Probe& probe) {
  Case best = c;
  const auto take = [&](const Case& candidate) {
    const bool fails = probe.fails(candidate);
    if (fails) best = candidate;
    return fails;
  };
  take({with_calls_inlined(c.program), c.values});
  for (std::size_t n = 1; n < best.program.eqns.size(); n *= 2)  // the shortest beginning
    if (take(beginning(best, n))) break;
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

Located locate(const Case& c, const Probe& probe) {
  const bool plain = c.program.eqns.size() == 1 && Fields(c.program.eqns[0].params.view()).programs.empty();
  if (plain) return {c, true};
  auto found = locate_equation(c, probe);
  if (found && found->one_equation) return *found;
  const auto small = delta_debugged(found ? found->c : c, probe);
  return {small, small.program.eqns.size() == 1};
}

}  // namespace fluxion::testing
