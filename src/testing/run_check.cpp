// From a check to its report.
#include <random>

#include <fluxion/random.hpp>
#include "base/text.hpp"
#include "core/evaluate.hpp"
#include "testing/grads.hpp"

namespace fluxion::testing {

std::uint64_t seed_of(const CheckOptions& options) {
  if (!options.key) return 0;
  const auto words = random::key_data(*options.key);
  const auto* data = reinterpret_cast<const std::uint32_t*>(concrete(packed(words))->data);
  return (static_cast<std::uint64_t>(data[0]) << 32) | data[1];
}

Findings examine(Check check, const Subject& subject, const CheckOptions& options) {
  switch (check) {
    case Check::grads: return examine_grads(subject, options);
    default: throw UnsupportedError("check: not yet");
  }
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

std::string in_words(const Disagreement& d) {
  if (!d.numbers) return text(d.law, ": ", d.what);
  return text(d.law, ": ", d.what, ": expected ", d.expected, " +- ", d.expected_error, ", got ", d.got, " (tolerance ", d.tolerance, ")");
}

std::string vacuous(const Tally& all, double least) {
  const auto total = all.decided() + all.undecidable();
  if (total == 0) return "vacuous: nothing could be decided; the function has no result that is differentiable, or arrays without elements";
  if (static_cast<double>(all.decided()) >= least * static_cast<double>(total)) return {};
  return text("vacuous: only ", all.decided(), " of ", total, " comparisons could be decided (", all.kink, " at kinks, ", all.non_finite,
              " not finite, ", all.ill_conditioned, " ill-conditioned), ", least, " of them are required; choose another point, or lower .min_decided");
}

}  // namespace

namespace detail {

Report run_check(Check check, const Subject& subject, const CheckOptions& given) {
  CheckOptions options = given;
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
  } else {
    report.failure = vacuous(report.total(), options.min_decided);
  }
  return report;
}

Report passed_or_throw(Report report) {
  if (!report.passed()) throw CheckError(std::move(report));
  return report;
}

}  // namespace detail
}  // namespace fluxion::testing
