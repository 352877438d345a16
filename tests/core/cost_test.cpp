// What small operations cost, in executed instructions: unlike time they do not depend on the machine's load.
// A child process runs the operation while its parent steps it, which works where there are no hardware counters.
#include <catch2/catch.hpp>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fluxion/array.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/transforms/grad.hpp>
#include <fluxion/transforms/jit.hpp>

namespace {

struct Twenty {
  fluxion::Array a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t;
};

}  // namespace
BOOST_HANA_ADAPT_STRUCT(Twenty, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);

namespace fluxion::test {

namespace {

constexpr int kFew = 1, kMany = 6;

// Stops for the parent before and after each run of calls.
template <class F>
[[noreturn]] void run_child(const F& f) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
  for (int i = 0; i < 200; ++i) f();  // caches are warm
  raise(SIGSTOP);
  for (int i = 0; i < kFew; ++i) f();
  raise(SIGSTOP);
  for (int i = 0; i < kMany; ++i) f();
  raise(SIGSTOP);
  _exit(0);
}

// Instructions until the child stops itself; nothing if it does anything else. A repeated string instruction
// stops at every round and counts once.
std::optional<std::int64_t> steps_to_stop(pid_t child) {
  std::int64_t n = 0;
  for (long at = 0, before = 0;; before = at) {
    int status = 0;
    if (ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0 || waitpid(child, &status, 0) != child) return {};
    if (!WIFSTOPPED(status)) return {};
    if (WSTOPSIG(status) == SIGSTOP) return n;
    if (WSTOPSIG(status) != SIGTRAP) return {};
    at = ptrace(PTRACE_PEEKUSER, child, offsetof(user, regs.rip), nullptr);
    n += at != before;
  }
}

/// Instructions of one call; nothing, with a warning, where the system forbids tracing a child.
template <class F>
std::optional<double> instructions(const F& f) {
  const pid_t child = fork();
  if (child == 0) run_child(f);
  int status = 0;
  std::optional<std::int64_t> few, many;
  if (child > 0 && waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    few = steps_to_stop(child);
    if (few) many = steps_to_stop(child);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
  }
  if (few && many) return static_cast<double>(*many - *few) / (kMany - kFew);
  WARN("skipped: this system does not let a process step its child, so instructions cannot be counted");
  return {};
}

#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr bool kOptimised = true;
#else
constexpr bool kOptimised = false;
#endif

template <class F>
void costs_at_most(double bound, const char* what, const F& f) {
  if (!kOptimised) return;
  const auto n = instructions(f);
  if (!n) return;
  INFO(what << ": " << *n << " instructions");
  CHECK(*n > 10);
  CHECK(*n <= bound);
}

}  // namespace

TEST_CASE("the counter counts instructions") {
  if (!kOptimised) return;
  volatile int x = 0;
  const auto n = instructions([&] { for (int i = 0; i < 100; ++i) x = x + 1; });
  if (!n) return;
  CHECK(*n >= 300);
  CHECK(*n <= 1500);
}

TEST_CASE("eager scalar operations cost few instructions") {
  const Array x(1.5), y(2.5);
  const auto v = array({1.0, 2.0, 3.0, 4.0});
  costs_at_most(750, "lax::add of scalars", [&] { lax::add(x, y); });
  costs_at_most(850, "operator+ of scalars", [&] { x + y; });
  costs_at_most(1100, "operator+ with a C++ number", [&] { x + 2.0; });
  costs_at_most(1500, "operator+ of vectors", [&] { v + v; });
}

TEST_CASE("a jitted call of one scalar costs few instructions") {
  const auto f = jit([](const Array& x) { return x * 2.0 + 1.0; });
  const auto g = jit(grad([](const Array& x) { return x * x; }));
  const Array x(1.5);
  costs_at_most(2000, "jit of two operations", [&] { f(x); });
  costs_at_most(2000, "jit of a gradient", [&] { g(x); });
}

TEST_CASE("a jitted call of a struct of twenty leaves costs few instructions") {
  const auto f = jit([](const Twenty& x) { return x.a * x.b + x.t; });
  const Twenty x{1.0,  2.0,  3.0,  4.0,  5.0,  6.0,  7.0,  8.0,  9.0,  10.0,
                 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0};
  costs_at_most(5200, "jit of twenty leaves", [&] { f(x); });
}

}  // namespace fluxion::test
