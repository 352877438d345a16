// Correct but tricky functions pass: a few random points each here, a thousand in the soak run.
#include <catch2/catch.hpp>

#include <iomanip>
#include <iostream>

#include "testing/soak.hpp"
#include "testing/tricky.hpp"

namespace fluxion::test {

TEST_CASE("there are at least forty tricky functions") { CHECK(tricky().size() >= 40); }

TEST_CASE("no tricky function raises a false alarm") {
  testing::Tally all;
  for (const auto& t : tricky()) {
    testing::Tally of;
    const auto n = static_cast<int>(seeds(2, 1000));
    for (int seed = 0; seed < n; ++seed) {
      INFO(t.name << ", seed " << seed);
      const auto report = checked(t, random::key(seed), {});
      INFO(report);
      CHECK(report.passed());
      of += report.total();
    }
    INFO(t.name);
    if (t.undecided.empty()) CHECK(of.agree > of.undecidable());
    all += of;
  }
  std::cout << tricky().size() << " tricky functions: " << all.agree << " agree (" << all.at_kink << " at kinks), "
            << all.disagree << " disagree, " << all.undecidable() << " undecidable (" << all.kink << " kinks, "
            << all.non_finite << " not finite, " << all.ill_conditioned << " ill-conditioned)\n";
}

}  // namespace fluxion::test
