#include <fluxion/timeit.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ostream>
#include <vector>

#include <fluxion/error.hpp>
#include "base/text.hpp"

namespace fluxion {

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSample = 100e-6;  // seconds that a sample takes at least: the clock's error is then a thousandth
constexpr std::int64_t kFewest = 5, kMost = 200;

double seconds_of(const std::function<void()>& call, std::int64_t n) {
  const auto begin = Clock::now();
  for (std::int64_t i = 0; i < n; ++i) call();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string shown(double seconds) {
  const char* unit = "s";
  for (const char* smaller : {"ms", "us", "ns"}) {
    if (seconds >= 1 || seconds == 0) break;
    seconds *= 1e3;
    unit = smaller;
  }
  char out[32];
  std::snprintf(out, sizeof out, "%.3g %s", seconds, unit);
  return out;
}

}  // namespace

std::ostream& operator<<(std::ostream& os, const Timing& t) {
  return os << shown(t.median) << " (min " << shown(t.min) << ", iqr " << shown(t.iqr) << ", " << t.samples << " x "
            << t.calls_per_sample << " calls; first call " << shown(t.first) << ')';
}

namespace detail {

Timing time_calls(const std::function<void()>& call, const TimeOptions& options) {
  if (!(options.seconds > 0))
    throw ValueError(text("timeit: seconds must be positive, got ", options.seconds, "; leave it out for 0.2"));
  Timing t{};
  t.first = seconds_of(call, 1);
  t.calls_per_sample = 1;
  double sample = seconds_of(call, 1);
  while (sample < kSample && t.calls_per_sample < (std::int64_t{1} << 30))
    sample = seconds_of(call, t.calls_per_sample *= 2);
  t.samples = std::clamp(static_cast<std::int64_t>(std::min(options.seconds / sample, 1e6)), kFewest, kMost);
  std::vector<double> each;
  for (std::int64_t i = 0; i < t.samples; ++i)
    each.push_back(seconds_of(call, t.calls_per_sample) / static_cast<double>(t.calls_per_sample));
  std::sort(each.begin(), each.end());
  const auto n = each.size();
  t.min = each[0];
  t.median = (each[n / 2] + each[(n - 1) / 2]) / 2;
  t.iqr = each[3 * (n - 1) / 4] - each[(n - 1) / 4];
  return t;
}

}  // namespace detail
}  // namespace fluxion
