// What small operations cost, in retired instructions: unlike time they do not depend on the machine's load.
#include <catch2/catch.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <optional>

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fluxion/array.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/transforms/jit.hpp>

namespace fluxion::test {

namespace {

/// Counts this thread's instructions in user mode.
class Counter {
 public:
  Counter() {
    perf_event_attr attr{};
    attr.type = PERF_TYPE_HARDWARE;
    attr.size = sizeof attr;
    attr.config = PERF_COUNT_HW_INSTRUCTIONS;
    attr.disabled = 1;
    attr.exclude_kernel = 1;
    attr.exclude_hv = 1;
    fd_ = static_cast<int>(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
    if (fd_ < 0) reason_ = std::strerror(errno);
  }
  ~Counter() { if (fd_ >= 0) close(fd_); }
  Counter(const Counter&) = delete;

  bool works() const { return fd_ >= 0; }
  const std::string& reason() const { return reason_; }

  template <class F>
  std::uint64_t instructions(const F& f) {
    ioctl(fd_, PERF_EVENT_IOC_RESET, 0);
    ioctl(fd_, PERF_EVENT_IOC_ENABLE, 0);
    f();
    ioctl(fd_, PERF_EVENT_IOC_DISABLE, 0);
    std::uint64_t n = 0;
    if (read(fd_, &n, sizeof n) != sizeof n) return 0;
    return n;
  }

 private:
  int fd_;
  std::string reason_;
};

/// Instructions per call of f once caches are warm; nothing where the machine does not let us count.
template <class F>
std::optional<double> cost_of(const F& f) {
  Counter counter;
  if (!counter.works()) {
    WARN("instructions cannot be counted here: " << counter.reason());
    return {};
  }
  constexpr int kCalls = 1000;
  const auto many = [&] { for (int i = 0; i < kCalls; ++i) f(); };
  many();
  const auto n = counter.instructions(many);
  if (n == 0) {
    WARN("instructions cannot be counted here: the counter stays at 0");
    return {};
  }
  return static_cast<double>(n) / kCalls;
}

#ifdef NDEBUG
constexpr bool kOptimised = true;
#else
constexpr bool kOptimised = false;
#endif

}  // namespace

TEST_CASE("an eager scalar addition costs few instructions") {
  const Array x(1.5), y(2.5);
  const auto cost = cost_of([&] { const auto z = lax::add(x, y); (void)z; });
  const auto through_operator = cost_of([&] { const auto z = x + y; (void)z; });
  if (!cost || !kOptimised) return;
  UNSCOPED_INFO("lax::add " << *cost << ", operator+ " << *through_operator);
  CHECK(*cost < 600);
  CHECK(*through_operator < 700);
}

TEST_CASE("a jitted call of one scalar costs few instructions") {
  const auto f = jit([](const Array& x) { return x * 2.0 + 1.0; });
  const Array x(1.5);
  const auto cost = cost_of([&] { const auto z = f(x); (void)z; });
  if (!cost || !kOptimised) return;
  UNSCOPED_INFO("jit " << *cost);
  CHECK(*cost < 2500);
}

}  // namespace fluxion::test
