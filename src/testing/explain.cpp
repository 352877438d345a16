#include "testing/explain.hpp"

#include <fluxion/random.hpp>

#include "base/text.hpp"

namespace fluxion::testing {

// --- asking --------------------------------------------------------------------------------------------------------

Probe::Probe(Examine examine, Check c, CheckOptions o, const ExplainLimits& limits)
    : check(c), options(std::move(o)), examine_(std::move(examine)), budget_(std::make_shared<Budget>()) {
  budget_->all = limits.examinations;
  renew(limits.seconds_to_locate);
}

Findings Probe::operator()(const Subject& s) const {
  if (spent()) return {};
  --budget_->left;
  try {
    return examine_(check, s, options);
  } catch (const std::exception&) {  // a candidate that cannot be run, not the fault that is being reduced
    return {};
  }
}

Findings Probe::operator()(const Case& c) const {
  return spent() || c.program.in.size() == c.program.n_consts ? Findings{} : (*this)(c.subject());
}

bool Probe::fails(const Case& c) const {
  const auto found = (*this)(c);
  return law.empty() ? found.failed() : simplest(found, law) != nullptr;
}

Probe Probe::with(Check other, const CheckOptions& o) const {
  Probe p = *this;
  p.check = other;
  p.options = o;
  p.law.clear();
  return p;
}

void Probe::renew(double seconds) const {
  using std::chrono::steady_clock;
  budget_->end = steady_clock::now() +
                 std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(seconds));
  budget_->left = budget_->all;
}

bool Probe::spent() const { return budget_->left == 0 || std::chrono::steady_clock::now() > budget_->end; }

namespace {

// Fewer entries first, then those that are one.
std::size_t complexity(const Disagreement& d) {
  std::size_t n = 0;
  for (const auto& x : d.direction)
    if (!x.is_empty_handle() && is_inexact(x.dtype()))
      for (const auto& z : x.astype(DType::complex128).to_vector<std::complex<double>>())
        n += z == 0.0 ? 0 : z == 1.0 || z == -1.0 ? 10 : 11;
  return n;
}

}  // namespace

const Disagreement* simplest(const Findings& findings, const std::string& law) {
  const Disagreement* best = nullptr;
  for (const auto& d : findings.disagreements) {
    if (!law.empty() && d.law != law) continue;
    if (best == nullptr || complexity(d) < complexity(*best)) best = &d;
  }
  return best;
}

// --- reducing ------------------------------------------------------------------------------------------------------

namespace {

/// What may show a disagreement.
struct Attempt {
  Subject subject;
  Check check;
  CheckOptions options;
};

CheckOptions reduced(const CheckOptions& options) {
  CheckOptions o = options;
  o.directions = std::min(o.directions, 8);
  o.key = random::key(0);
  o.explain = false;
  o.min_decided = 0;
  return o;
}

// The cheapest first. Laws of other forms of a derivative, "vmap of jvp equals the loop", are tried on the derivative.
std::vector<Attempt> attempts(Check check, const Subject& s, const Disagreement& d, const CheckOptions& options) {
  const auto o = reduced(options);
  const auto names = [&](const char* word) { return d.law.find(word) != std::string::npos; };
  if (names("twice") || names("tracer") || names("says all")) return {{s, Check::pure, o}};
  std::vector<Attempt> out;
  const bool mapped = names("vmap"), compiled = names("jit") || names("interpret");
  if (mapped || compiled) {
    const auto kind = mapped ? Check::vmap : Check::jit;
    out.push_back({s, kind, o});
    if (names("of jvp equals") || names("of vjp equals")) {
      const auto f = function_at(d.law, s.f, s.args, d.point);
      const Arrays args(d.point.begin(), d.point.end());
      const auto n = level_arguments(d.law, s, d.point);
      const auto active = active_of({args.begin(), args.begin() + static_cast<std::ptrdiff_t>(n)});
      out.push_back({{names("of jvp equals") ? jvp_of(f, active) : vjp_of(f, active), args, {}}, kind, o});
    }
  }
  if (check == Check::grads || check == Check::all) {
    auto few = o;
    few.laws = false;
    few.order = std::clamp(d.order, 1, o.order);
    out.push_back({s, Check::grads, few});
    few.laws = true;
    out.push_back({s, Check::grads, few});
    out.push_back({s, Check::grads, o});
  }
  if (check == Check::all) out.insert(out.end(), {{s, Check::vmap, o}, {s, Check::jit, o}});
  if (check == Check::all && (names("f is linear") || names("f^T"))) out.push_back({s, Check::transpose, o});
  out.push_back({s, check, o});
  auto as_given = options;
  as_given.explain = false;
  out.push_back({s, check, as_given});
  return out;
}

Case traced(const Subject& s) { return case_of(program_of(s.f, s.args), s.args); }

// The same fault by the check as a user would write it, with few options: that is what will be printed.
Probe presentable(const Case& c, const Probe& probe, const CheckOptions& given) {
  auto o = CheckOptions{};
  o.order = probe.options.order;
  o.key = probe.options.key;
  o.slack = given.slack;
  o.explain = false;
  auto plain = probe.with(probe.check, o);
  plain.law = probe.law;
  if (plain.fails(c)) return plain;
  o.forward = probe.options.forward;
  o.reverse = probe.options.reverse;
  auto narrow = probe.with(probe.check, o);
  narrow.law = probe.law;
  return narrow.fails(c) ? narrow : probe;
}

// A loop or branch whose derivatives or batches are wrong although no equation in it is: what it is compiled to may be.
Suspicion suspected(const Located& at, const Probe& probe) {
  if (at.one_equation && (probe.check == Check::grads || probe.check == Check::vmap)) {
    const auto compiled = probe.with(Check::jit, probe.options);
    if (const auto inner = locate_inside(at.c, compiled)) return suspect(*inner, compiled);
  }
  return suspect(at, probe);
}

Explanation explained(const Case& whole, const Probe& probe, const Subject& subject, const CheckOptions& options,
                      const ExplainLimits& limits) {
  auto s = suspected(locate(whole, probe), probe);
  s.probe.renew(limits.seconds_to_shrink);
  const auto first = s.probe(s.at.c);
  if (first.failed()) s.probe.law = first.disagreements.front().law;
  s.at.c = shrunk(s.at.c, s.probe);
  s.probe.renew(limits.seconds_to_shrink);
  s.probe = presentable(s.at.c, s.probe, options);
  const auto last = s.probe(s.at.c);
  const auto* d = simplest(last, s.probe.law);
  return in_words(s, d != nullptr ? with_one_entry(s.at.c, *d, options.slack) : Disagreement{}, subject);
}

}  // namespace

std::vector<Explanation> explain_by(const Examine& examine, Check check, const Subject& subject,
                                    const Findings& findings, const CheckOptions& options,
                                    const ExplainLimits& limits) {
  if (!findings.failed()) return {};
  const Probe base(examine, check, options, limits);
  for (const auto& attempt : attempts(check, subject, findings.disagreements.front(), options)) {
    const auto probe = base.with(attempt.check, attempt.options);
    probe.renew(limits.seconds_to_locate);
    try {
      if (!probe.fails(traced(attempt.subject))) continue;
      probe.renew(limits.seconds_to_locate / 4);
      const auto small = with_small_arguments(attempt.subject, probe);
      probe.renew(limits.seconds_to_locate);
      return {explained(traced(small), probe, small, options, limits)};
    } catch (const std::exception&) {  // it cannot be traced, or not be evaluated equation by equation
    }
  }
  return {};
}

std::vector<Explanation> explain(Check check, const Subject& subject, const Findings& findings,
                                 const CheckOptions& options) {
  return explain_by(&examine, check, subject, findings, options);
}

}  // namespace fluxion::testing
