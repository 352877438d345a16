#include "testing/findings.hpp"

namespace fluxion::testing {

namespace {
constexpr std::size_t kMostKept = 8;
}

Tally& Findings::tally(const std::string& law) {
  for (auto& l : laws)
    if (l.law == law) return l.tally;
  laws.push_back({law, {}});
  return laws.back().tally;
}

void Findings::add(Disagreement d) {
  ++tally(d.law).disagree;
  if (disagreements.size() < kMostKept) disagreements.push_back(std::move(d));
}

void Findings::merge(Findings other) {
  for (const auto& l : other.laws) tally(l.law) += l.tally;
  for (auto& d : other.disagreements)
    if (disagreements.size() < kMostKept) disagreements.push_back(std::move(d));
}

}  // namespace fluxion::testing
