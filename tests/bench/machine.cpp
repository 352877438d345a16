#include "machine.hpp"

#include <sched.h>
#include <time.h>

#include <fstream>
#include <xsimd/xsimd.hpp>

#include "bench.hpp"

namespace fluxion::bench {
namespace {

constexpr int attempts = 7;

template <class F> double least_seconds(F f) {
  double least = 1e9;
  for (int i = 0; i < attempts; ++i) {
    const double start = thread_seconds();
    f();
    least = std::min(least, thread_seconds() - start);
  }
  return least;
}

/// Independent chains of fused multiply-adds, enough to hide their latency.
template <class T> double fma_peak() {
  using B = xsimd::batch<T>;
  constexpr std::size_t chains = 12, rounds = 2'000'000;
  B sum[chains];
  const double seconds = least_seconds([&] {
    for (std::size_t c = 0; c < chains; ++c) sum[c] = B(T(c));
    const B x(T(0.999)), y(T(0.001));
    for (std::size_t i = 0; i < rounds; ++i)
      for (auto& s : sum) s = xsimd::fma(s, x, y);
    for (auto& s : sum) keep(s);
  });
  return 2.0 * rounds * chains * B::size / seconds;
}

double triad_bandwidth() {
  using B = xsimd::batch<double>;
  constexpr std::size_t n = std::size_t{1} << 23;
  Memory<double> a(n), b(n), c(n);
  const double seconds = least_seconds([&] {
    const B s(3.0);
    for (std::size_t i = 0; i < n; i += B::size) {
      const B sum = xsimd::fma(s, B::load_aligned(&c[i]), B::load_aligned(&b[i]));
#ifdef __AVX512F__
      if constexpr (sizeof(B) == 64) _mm512_stream_pd(&a[i], sum);
      else sum.store_aligned(&a[i]);
#else
      sum.store_aligned(&a[i]);
#endif
    }
    keep(a.data());
  });
  return 3.0 * n * sizeof(double) / seconds;
}

}  // namespace

double thread_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void stay_on_this_core() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

Machine measured_machine() { return {fma_peak<float>(), fma_peak<double>(), triad_bandwidth()}; }

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

}  // namespace fluxion::bench
