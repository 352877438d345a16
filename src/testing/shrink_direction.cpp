// A disagreement along a direction of one entry, if one shows it.
#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "testing/explain.hpp"
#include "testing/grads.hpp"

namespace fluxion::testing {

namespace {

constexpr std::size_t kMostEntries = 64;
constexpr double kReferenceFactor = 16;  // as where it was found

Arrays inexact(const Arrays& xs) {
  Arrays out;
  for (const auto& x : xs)
    if (is_inexact(x.dtype())) out.push_back(x);
  return out;
}

Vec basis(std::size_t n, std::size_t i) {
  Vec v(n, 0);
  v[i] = 1;
  return v;
}

class OneEntry {
 public:
  OneEntry(const FlatFn& f, const Arrays& args, double slack, bool stops)
      : f_(f),
        args_(args),
        slack_(slack),
        eps_(coarsest_eps(program_of(f, args).jaxpr->vars)),
        reference_(program_of(f, args), args, stops),
        results_(f(args)),
        forward_(jvp_of(f, active_of(args)), args, inexact(args), results_, eps_) {}

  // One number of J e_i that is not what it must be.
  bool in_jvp(Disagreement& d) const {
    for (std::size_t i = 0; i < std::min(reference_.in().size(), kMostEntries); ++i) {
      const auto v = basis(reference_.in().size(), i);
      const auto e = reference_.along(v);
      const auto got = forward_(v), noise = forward_.noise(v, got);
      for (std::size_t k = 0; k < got.size(); ++k) {
        if (e.kind[k] != Kind::smooth || !differs({e.value[k], kReferenceFactor * e.error[k], got[k], noise[k], 0}))
          continue;
        d.what = "tangent of result " + reference_.out().place(k);
        d.direction = forward_.in().tangents(v);
        d.expected = e.value[k];
        d.expected_error = kReferenceFactor * e.error[k];
        d.got = got[k];
        return true;
      }
    }
    return false;
  }

  // One number of J^T e_k that is another one in J e_i.
  bool in_vjp(Disagreement& d) const {
    const DerivativeMap reverse(vjp_of(f_, active_of(args_)), args_, inexact(results_), args_, eps_);
    for (std::size_t k = 0; k < std::min(reference_.out().size(), kMostEntries); ++k) {
      const auto ct = basis(reference_.out().size(), k);
      const auto pulled = reverse(ct), pulled_noise = reverse.noise(ct, pulled);
      for (std::size_t i = 0; i < std::min(reference_.in().size(), kMostEntries); ++i) {
        const auto v = basis(reference_.in().size(), i);
        const auto pushed = forward_(v), noise = forward_.noise(v, pushed);
        if (!differs({pushed[k], noise[k], pulled[i], pulled_noise[i], 0})) continue;
        d.what = text("cotangent of argument ", reference_.in().place(i), ", of result ", reference_.out().place(k));
        d.direction = forward_.in().tangents(v);
        d.expected = pushed[k];
        d.expected_error = noise[k];
        d.got = pulled[i];
        return true;
      }
    }
    return false;
  }

 private:
  bool differs(const Comparison& c) const { return verdict(c, slack_) == Verdict::disagree; }

  FlatFn f_;
  Arrays args_;
  double slack_, eps_;
  Reference reference_;
  Arrays results_;
  DerivativeMap forward_;
};

}  // namespace

namespace {

struct Differentiated {
  FlatFn f;
  std::size_t arguments;
};

Differentiated level_of(const std::string& law, FlatFn f, Arrays args, const Arrays& point) {
  std::vector<bool> forward;
  auto at = law.find("(of ");
  for (at = at == std::string::npos ? at : at + 4; at != std::string::npos && law.compare(at + 1, 6, "vp of ") == 0;
       at += 7)
    forward.push_back(law[at] == 'j');
  for (auto i = forward.size(); i-- > 0;) {
    const auto more = inexact(forward[i] ? args : f(args)).size();
    f = forward[i] ? jvp_of(f, active_of(args)) : vjp_of(f, active_of(args));
    const auto n = static_cast<std::ptrdiff_t>(std::min(args.size() + more, point.size()));
    args.assign(point.begin(), point.begin() + n);
  }
  return {f, args.size()};
}

}  // namespace

FlatFn function_at(const std::string& law, FlatFn f, Arrays args, const Arrays& point) {
  return level_of(law, std::move(f), std::move(args), point).f;
}
std::size_t level_arguments(const std::string& law, const Subject& s, const Arrays& point) {
  return level_of(law, s.f, s.args, point).arguments;
}

Disagreement with_one_entry(const Case& c, const Disagreement& d, double slack) {
  if (!d.numbers || d.direction.empty() || d.point.empty()) return d;
  auto simple = d;
  try {
    const auto s = c.subject();
    const OneEntry look(function_at(d.law, s.f, s.args, d.point), d.point, slack,
                        has_stops(*program_of(s.f, s.args).jaxpr));
    if (d.transposed ? look.in_vjp(simple) : look.in_jvp(simple)) return simple;
  } catch (const Error&) {  // what cannot be run again stays as it was found
  }
  return d;
}

}  // namespace fluxion::testing
