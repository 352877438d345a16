// The checker is run against deliberately wrong rules. It must catch each of them and name the rule, and must pass the
// same function with the right one.
#include <catch2/catch.hpp>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "testing/mutants.hpp"

namespace fluxion::test {
namespace {

testing::CheckOptions options_for(const Mutant& m) {
  testing::CheckOptions options{.key = random::key(7)};
  options.order = std::max(options.order, m.order);
  return options;
}

testing::Report report_of(const FlatFn& f, const Mutant& m) {
  return testing::report_all(f, m.args(random::key(11)), options_for(m));
}

std::string culprit(const testing::Report& r) {
  if (r.passed()) return "MISSED";
  if (r.explanation.empty()) return r.failure.substr(0, r.failure.find('\n'));
  return r.explanation[0].primitive + ": " + r.explanation[0].rule;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("there are at least forty mutants, and no two have one name") {
  CHECK(mutants().size() >= 40);
  std::vector<std::string> names;
  for (const auto& m : mutants()) names.push_back(m.name);
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("every mutant is caught by check_all with default options, and the rule is named") {
  std::ostringstream table;
  table << std::left;
  for (const auto& m : mutants()) {
    INFO(m.name);
    const auto r = report_of(m.wrong, m);
    table << std::setw(52) << m.name << culprit(r) << '\n';
    INFO(r);
    CHECK(!r.passed());
    if (r.passed() || m.primitive.empty()) continue;
    CHECK(r.explanation.size() == 1);
    if (r.explanation.empty()) continue;
    CHECK(contains(culprit(r), m.primitive));
    CHECK(contains(culprit(r), m.rule));
    CHECK(contains(to_string(r), m.primitive));
  }
  std::cout << "Mutants, and what the checker says of them\n" << table.str() << std::flush;
}

TEST_CASE("every mutant's twin with the right rule passes") {
  for (const auto& m : mutants()) {
    INFO(m.name);
    const auto r = report_of(m.right, m);
    INFO(r);
    CHECK(r.passed());
    CHECK(r.total().agree > 0);
  }
}

}  // namespace fluxion::test
