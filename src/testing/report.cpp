#include <fluxion/testing/report.hpp>

#include <ostream>
#include <sstream>

namespace fluxion::testing {

Tally& Tally::operator+=(const Tally& o) {
  agree += o.agree;
  at_kink += o.at_kink;
  disagree += o.disagree;
  kink += o.kink;
  non_finite += o.non_finite;
  ill_conditioned += o.ill_conditioned;
  return *this;
}

Tally Report::total() const {
  Tally all;
  for (const auto& l : laws) all += l.tally;
  return all;
}

std::string to_string(const Report& report) {
  std::ostringstream text;
  const auto all = report.total();
  text << report.check << ": " << (report.passed() ? "passed" : "failed") << ", " << all.agree << " agree, " << all.disagree
       << " disagree, " << all.undecidable() << " undecidable";
  if (!report.passed()) text << "\n" << report.failure;
  return text.str();
}

std::ostream& operator<<(std::ostream& os, const Report& report) { return os << to_string(report); }

CheckError::CheckError(Report r) : Error(to_string(r)), report_(std::make_shared<const Report>(std::move(r))) {}

}  // namespace fluxion::testing
