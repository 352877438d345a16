// From a check to its report.
#include <algorithm>
#include <cmath>
#include <random>

#include <fluxion/random.hpp>
#include "base/text.hpp"
#include "core/evaluate.hpp"
#include "testing/grads.hpp"
#include "testing/values.hpp"

namespace fluxion::testing {

std::uint64_t seed_of(const CheckOptions& options) {
  if (!options.key) return 0;
  const auto words = random::key_data(*options.key);
  const auto* data = reinterpret_cast<const std::uint32_t*>(concrete(packed(words))->data);
  return (static_cast<std::uint64_t>(data[0]) << 32) | data[1];
}

namespace {

// Linear in all its inexact arguments, as far as numbers and rules can tell.
bool is_linear(const Subject& subject, const CheckOptions& options) {
  try {
    const auto findings = examine_transpose(subject, options);
    return std::none_of(findings.disagreements.begin(), findings.disagreements.end(),
                        [](const Disagreement& d) { return d.law == "f is linear"; });
  } catch (const Error&) {
    return false;
  }
}

bool has_inexact(const Arrays& xs) {
  return std::any_of(xs.begin(), xs.end(), [](const Array& x) { return is_inexact(x.dtype()); });
}

Findings examine_all(const Subject& subject, const CheckOptions& options) {
  auto findings = examine_pure(subject, options);
  const auto also = [&](const char* law, Findings (*check)(const Subject&, const CheckOptions&)) {
    if (findings.failed()) return;
    try {
      findings.merge(check(subject, options));
    } catch (const ConcretizationError&) {
      findings.tally(text(law, ": does not apply, for f looks at values"));
    }
  };
  also("jit", examine_jit);
  also("vmap", examine_vmap);
  if (findings.failed() || !has_inexact(subject.args)) return findings;
  findings.merge(examine_grads(subject, options));
  if (!findings.failed() && is_linear(subject, options)) findings.merge(examine_transpose(subject, options));
  return findings;
}

}  // namespace

Findings examine(Check check, const Subject& subject, const CheckOptions& options) {
  switch (check) {
    case Check::grads: return examine_grads(subject, options);
    case Check::vmap: return examine_vmap(subject, options);
    case Check::jit: return examine_jit(subject, options);
    case Check::pure: return examine_pure(subject, options);
    case Check::transpose: return examine_transpose(subject, options);
    case Check::all: return examine_all(subject, options);
  }
  throw InternalError("check: an unknown check");
}

namespace {

const char* name_of(Check check) {
  switch (check) {
    case Check::grads: return "check_grads";
    case Check::vmap: return "check_vmap";
    case Check::jit: return "check_jit";
    case Check::pure: return "check_pure";
    case Check::transpose: return "check_transpose";
    case Check::all: return "check_all";
  }
  return "check";
}

// NaN has no sign.
double printed(double v) { return std::isnan(v) ? std::fabs(v) : v; }

std::string in_words(const Disagreement& d) {
  if (!d.numbers) return text(d.law, ": ", d.what);
  return text(d.law, ": ", d.what, ": expected ", printed(d.expected), " +- ", d.expected_error, ", got ",
              printed(d.got),
              " (tolerance ", d.tolerance, ")");
}

// Comparisons with a reference, which are what a check of derivatives is about: transformations may agree
// with each other where the function itself is NaN.
Tally of_references(const Report& report) {
  Tally sum;
  for (const auto& l : report.laws)
    if (l.law.starts_with("jvp equals differences")) sum += l.tally;
  return sum;
}

std::string vacuous(const Tally& all, double least) {
  const auto total = all.decided() + all.undecidable();
  if (total == 0)
    return "vacuous: nothing could be decided; the function has no result that is differentiable, or arrays "
           "without elements";
  if (static_cast<double>(all.decided()) >= least * static_cast<double>(total)) return {};
  return text("vacuous: only ", all.decided(), " of ", total, " comparisons could be decided (", all.kink,
              " at kinks, ", all.non_finite, " not finite, ", all.ill_conditioned, " ill-conditioned), ",
              least, " of them are required; choose another point, or lower .min_decided");
}

}  // namespace

namespace detail {

Report run_check(Check check, const Subject& subject, const CheckOptions& given) {
  CheckOptions options = given;
  if (options.key && !(is_key(options.key->dtype()) && options.key->ndim() == 0))
    throw TypeError(text(name_of(check), ": .key must be a single key, got ", options.key->aval(),
                         "; make one with fx::random::key(seed)"));
  Report report{name_of(check), {}, {}, {}};
  if (!options.key) {
    const auto seed = static_cast<std::int64_t>(std::random_device{}());
    options.key = random::key(seed);
    report.key = text("fx::random::key(", seed, ")");
  }
  const auto findings = examine(check, subject, options);
  report.laws = findings.laws;
  if (findings.failed()) {
    report.failure = in_words(findings.disagreements[0]);
    if (options.explain) report.explanation = explain(check, subject, findings, options);
  } else {
    report.failure = vacuous(report.total(), options.min_decided);
    const auto references = of_references(report);
    if (report.passed() && references.undecidable() > 0) report.failure = vacuous(references, options.min_decided);
  }
  return report;
}

Report passed_or_throw(Report report) {
  if (!report.passed()) throw CheckError(std::move(report));
  return report;
}

}  // namespace detail
}  // namespace fluxion::testing
