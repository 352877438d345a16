// Anomalies in a stream, as it flows: each number that arrives on standard input, one per line, goes through a compiled
// filter at once, and what does not fit is reported. Without input, a million samples are made up, with anomalies at
// known places, and the exit code is 1 unless these are found.
//
// The filter is Kalman's for a local level (a random walk seen through noise) whose two variances are learned on the way
// from the innovations, and the score of a sample is its squared innovation over its variance. It is one program, called
// with memory of the caller: after the first calls nothing is allocated, which is counted and checked.
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <fluxion/fluxion.hpp>
#include <fluxion/memory.hpp>

namespace fx = fluxion;
using fx::Array;

// --- every allocation is counted -------------------------------------------------------------------------------

std::atomic<std::uint64_t> news{0};

void* operator new(std::size_t bytes) {
  news.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(bytes != 0 ? bytes : 1)) return p;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

std::uint64_t allocations() { return news.load(std::memory_order_relaxed) + fx::system_allocations(); }

// --- the filter --------------------------------------------------------------------------------------------------

/// What is known of the level before the next sample, and of how samples scatter.
struct Filter {
  Array level, variance;    // the level's mean and variance
  Array noise;              // of a sample around its level: a variance
  Array seen;               // samples so far
};
BOOST_HANA_ADAPT_STRUCT(Filter, level, variance, noise, seen);

constexpr double walk = 1e-3;        // the level's variance per step, as a share of the noise
constexpr double memory = 2000;      // samples after which the estimate of the noise forgets
constexpr double alarm_level = 25;   // five standard deviations, squared
constexpr double young = 50;         // samples before the first alarm

/// The filter after one sample, and the sample's score. A sample that does not fit moves nothing: one outlier must not
/// spoil what is known of the others.
std::pair<Filter, Array> step(const Filter& f, const Array& sample) {
  const Array predicted = f.variance + walk * f.noise, expected = predicted + f.noise;
  const Array innovation = sample - f.level, score = fx::square(innovation) / expected;
  const Array gain = predicted / expected, rate = fx::maximum(1.0 / memory, 1.0 / (f.seen + 2.0));
  const Array fits = (score < alarm_level) | (f.seen < young);
  const auto next = [&](const Array& updated, const Array& old) { return fx::where(fits, updated, old); };
  return {{next(f.level + gain * innovation, f.level),
           next((1.0 - gain) * predicted, predicted),
           // The innovation's variance is the noise's, but for the share that the level's takes.
           next(f.noise + rate * (fx::square(innovation) * f.noise / expected - f.noise), f.noise),
           f.seen + 1.0},
          score};
}

/// The compiled filter, its state in numbers of our own.
class Detector {
 public:
  /// The score of a sample, and the filter's state after it.
  double operator()(double sample) {
    const auto in = [&](std::size_t k) { return fx::ConstSpan(std::span<const double, 1>(&state_[k], 1)); };
    const auto out = [&](std::size_t k) { return fx::MutableSpan(std::span<double, 1>(&next_[k], 1)); };
    const std::array<double, 1> arrived{sample};
    std::array<double, 1> score{};
    program_.call_into({out(0), out(1), out(2), out(3), score}, {in(0), in(1), in(2), in(3), arrived});
    std::swap(state_, next_);
    return score[0];
  }
  double level() const { return state_[0]; }
  double seen() const { return state_[3]; }

 private:
  using Program = decltype(fx::jit(step).trace(Filter{}, Array()).lower().compile());
  Program program_ = fx::jit(step).trace(Filter{0.0, 1e6, 1.0, 0.0}, Array(0.0)).lower().compile();
  std::array<double, 4> state_{0, 1e6, 1, 0}, next_{};
};

// --- how long it took ----------------------------------------------------------------------------------------------

/// Counts of latencies by nanosecond, up to a tenth of a millisecond: percentiles without keeping samples.
class Latencies {
 public:
  void add(std::int64_t ns) {
    ++counts_[static_cast<std::size_t>(std::min<std::int64_t>(ns, longest))];
    worst_ = std::max(worst_, ns);
    ++n_;
  }
  std::int64_t percentile(double share) const {
    auto left = static_cast<std::int64_t>(std::ceil(share * static_cast<double>(n_)));
    for (std::size_t ns = 0; ns < counts_.size(); ++ns)
      if ((left -= counts_[ns]) <= 0) return static_cast<std::int64_t>(ns);
    return worst_;
  }
  std::int64_t worst() const { return worst_; }

 private:
  static constexpr std::int64_t longest = 100'000;
  std::vector<std::int64_t> counts_ = std::vector<std::int64_t>(longest + 1);
  std::int64_t worst_ = 0, n_ = 0;
};

/// A detector, timed, with the allocations of all but its first samples.
class Monitor {
 public:
  double operator()(double sample) {
    if (detector_.seen() == warm_up) allocated_before_ = allocations();
    const auto before = std::chrono::steady_clock::now();
    const double score = detector_(sample);
    const auto took = std::chrono::steady_clock::now() - before;
    if (detector_.seen() > warm_up) latencies_.add(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
    return score;
  }
  bool is_warm() const { return detector_.seen() > warm_up; }
  bool may_alarm() const { return detector_.seen() > young; }
  double level() const { return detector_.level(); }
  std::uint64_t allocated() const { return is_warm() ? allocations() - allocated_before_ : 0; }
  void report() const {
    if (!is_warm()) return;
    std::printf("latency: p50 %lld ns, p99 %lld ns, worst %lld ns\n", static_cast<long long>(latencies_.percentile(0.5)),
                static_cast<long long>(latencies_.percentile(0.99)), static_cast<long long>(latencies_.worst()));
  }

 private:
  static constexpr double warm_up = 100;
  Detector detector_;
  Latencies latencies_;
  std::uint64_t allocated_before_ = 0;
};

// --- two streams -------------------------------------------------------------------------------------------------------

/// Numbers from standard input until it ends; false if there were none. Lines that are no numbers are named and skipped.
bool watch(Monitor& monitor) {
  char line[256];
  long long number = 0, anomalies = 0;
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    ++number;
    char* end = line;
    const double sample = std::strtod(line, &end);
    if (end == line || !std::isfinite(sample)) {
      std::fprintf(stderr, "line %lld: a number is required, got %s", number, line);
      continue;
    }
    const double score = monitor(sample);
    if (!monitor.may_alarm() || score < alarm_level) continue;
    ++anomalies;
    std::printf("line %lld: %g scores %.1f, the level is %g\n", number, sample, score, monitor.level());
  }
  if (number != 0) std::printf("%lld lines, %lld anomalies\n", number, anomalies);
  return number != 0;
}

/// A random walk in noise, with a far outlier every so often: all of these, and next to nothing else, must be found.
bool watch_made_up(Monitor& monitor) {
  constexpr int samples = 1'000'000, every = 9973;
  const auto drawn = fx::random::normal(fx::random::key(8), {2, samples}).to_vector<double>();
  double level = 20;
  int made = 0, found = 0, false_alarms = 0;
  for (int i = 0; i < samples; ++i) {
    const auto k = static_cast<std::size_t>(i);
    level += 0.015 * drawn[k];
    const bool outlier = i % every == every - 1;
    const double score = monitor(level + 0.5 * drawn[k + samples] + (outlier ? (made % 2 == 0 ? 6 : -6) : 0));
    const bool alarm = monitor.may_alarm() && score > alarm_level;
    made += outlier;
    found += alarm && outlier;
    false_alarms += alarm && !outlier;
  }
  std::printf("%d samples made up, %d of %d outliers found, %d false alarms\n", samples, found, made, false_alarms);
  return found == made && false_alarms <= 10;
}

int main() {
  Monitor monitor;
  const bool given = isatty(STDIN_FILENO) == 0 && watch(monitor);
  const bool right = given || watch_made_up(monitor);
  const auto allocated = monitor.allocated();
  monitor.report();
  if (monitor.is_warm()) std::printf("allocations after the first 100 samples: %llu\n", static_cast<unsigned long long>(allocated));
  return right && allocated == 0 ? 0 : 1;
}
