// timeit: how long a call takes.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <type_traits>

namespace fluxion {

/// Seconds per call. Prints as `12.3 us (min 11.9 us, iqr 0.4 us, 50 x 100 calls; first call 1.2 ms)`.
struct Timing {
  double first;  ///< The first call: of a jitted function with tracing and compilation, unless they were done.
  double median, min, iqr; ///< Over the samples; iqr is the distance of the quartiles.
  std::int64_t samples, calls_per_sample;

  /// What the first call took more than a later one.
  double compile() const { return first > median ? first - median : 0; }
};
std::ostream& operator<<(std::ostream& os, const Timing& t);

struct TimeOptions {
  /// For all samples together, about.
  double seconds = 0.2;
};

namespace detail {
Timing time_calls(const std::function<void()>& call, const TimeOptions& options);
}

/// Calls f(args...) once, then as often as it takes to know the time: each sample is of so many calls that the clock
/// does not matter. Results are thrown away; they are complete when the call returns. ValueError unless `seconds` is
/// positive.
template <class F, class... A>
Timing timeit(const TimeOptions& options, F&& f, const A&... args) {
  return detail::time_calls([&] { static_cast<void>(f(args...)); }, options);
}
template <class F, class... A> requires std::is_invocable_v<F&, const A&...>
Timing timeit(F&& f, const A&... args) { return timeit(TimeOptions{}, f, args...); }

}  // namespace fluxion
