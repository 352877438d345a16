// timeit: what it counts and prints. Times themselves are not tested, but how they compare.
#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

#include <fluxion/fluxion.hpp>
#include <fluxion/timeit.hpp>

#include "support/text.hpp"

namespace fluxion::test {

TEST_CASE("a slow first call is told apart from the others") {
  int calls = 0;
  const auto t = timeit({.seconds = 0.01}, [&](int) {
    if (calls++ == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }, 1);
  CHECK(t.first >= 0.02);
  CHECK(t.compile() > 0.015);
  CHECK(t.median < t.first);
  CHECK(t.min <= t.median);
  CHECK(t.iqr >= 0);
  CHECK(t.samples >= 5);
  CHECK(t.calls_per_sample > 1);
  CHECK(calls >= t.samples * t.calls_per_sample);
}

TEST_CASE("jitted functions, their arguments and results of any type can be timed") {
  int traced = 0;
  const auto f = jit([&](const Array& x) {
    ++traced;
    return sin(x);
  });
  const auto t = timeit(f, ones({10}));
  CHECK(traced == 1);
  CHECK(t.first > t.min);
  timeit({.seconds = 0.001}, [] {});
  timeit({.seconds = 0.001}, [](const std::vector<Array>& xs) { return xs.size(); }, std::vector<Array>{1.0});
}

TEST_CASE("timings print with units") {
  CHECK(str(Timing{1.5e-3, 12.34e-6, 11e-6, 0.5e-6, 50, 100}) ==
        "12.3 us (min 11 us, iqr 500 ns, 50 x 100 calls; first call 1.5 ms)");
  CHECK(str(Timing{2.5, 1, 1, 0, 5, 1}) == "1 s (min 1 s, iqr 0 s, 5 x 1 calls; first call 2.5 s)");
  CHECK(thrown<ValueError>([] { timeit({.seconds = 0}, [] {}); }) ==
        "timeit: seconds must be positive, got 0; leave it out for 0.2");
}

}  // namespace fluxion::test
