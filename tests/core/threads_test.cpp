// Many threads at once: one jit object, and different traces.
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include <fluxion/numpy.hpp>
#include <fluxion/transforms.hpp>

#include "core/trace.hpp"
#include "support/text.hpp"

namespace fluxion::test {

namespace {

constexpr int kThreads = 8;

// Runs f(thread) on every thread and returns the first difference or error that one reports.
template <class F>
std::string on_threads(const F& f) {
  std::vector<std::string> results(kThreads);
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      ++ready;
      while (ready < kThreads) std::this_thread::yield();
      try {
        results[static_cast<std::size_t>(t)] = f(t);
      } catch (const std::exception& e) {
        results[static_cast<std::size_t>(t)] = e.what();
      }
    });
  for (auto& t : threads) t.join();
  for (const auto& r : results)
    if (!r.empty()) return r;
  return "";
}

Array program(const Array& x, const Array& y) { return sum(sin(x) * exp(-y)) + logsumexp(x * y); }

}  // namespace

TEST_CASE("eight threads share one jit object, and every result is the same bits") {
  const auto x = linspace(0.0, 3.0, 1000), y = linspace(-1.0, 1.0, 1000);
  const auto want = program(x, y), gradient = grad(program)(x, y);
  const auto f = jit(program);
  const auto g = jit(grad(program));
  CHECK(on_threads([&](int) -> std::string {
    for (int i = 0; i < 50; ++i) {
      if (auto d = differs(f(x, y), want); !d.empty()) return d;
      if (auto d = differs(g(x, y), gradient); !d.empty()) return d;
    }
    return "";
  }) == "");
}

TEST_CASE("threads that need different programs of one jit object do not disturb each other") {
  const auto f = jit(vmap(grad([](const Array& x) { return sum(tanh(x) * x); })));
  CHECK(on_threads([&](int t) -> std::string {
    for (int n = 1; n <= 12; ++n) {
      const auto x = linspace(-1.0, 1.0 + t, (t % 4 + 1) * n).reshape({n, t % 4 + 1});
      const auto want = grad([](const Array& v) { return sum(tanh(v) * v); })(x);
      if (auto d = differs(f(x), want); !d.empty()) return d;
    }
    return "";
  }) == "");
}

TEST_CASE("each thread has its own trace") {
  CHECK(on_threads([](int t) -> std::string {
    for (int i = 0; i < 40; ++i) {
      const double at = 0.1 * (t + 1);
      const auto f = [&](const Array& x) {
        if (t % 2 == 0) return jit([](const Array& z) { return sin(z) * z; })(x);
        return grad([&](const Array& z) { return sin(z) * x; })(x);
      };
      const auto d = grad(f)(at).item<double>();
      const auto want = t % 2 == 0 ? std::cos(at) * at + std::sin(at) : std::cos(at) - at * std::sin(at);
      if (std::fabs(d - want) > 1e-14) return "derivative " + std::to_string(d) + ", expected " + std::to_string(want);
      if (current_trace() != nullptr) return "a trace is left over";
    }
    return "";
  }) == "");
}

TEST_CASE("arrays made on one thread are read and freed on others") {
  std::vector<Array> made(kThreads);
  CHECK(on_threads([&](int t) -> std::string {
    made[static_cast<std::size_t>(t)] = exp(linspace(0.0, 1.0, 5000 + t));
    return "";
  }) == "");
  CHECK(on_threads([&](int t) -> std::string {
    auto& mine = made[static_cast<std::size_t>((t + 3) % kThreads)];
    const auto n = mine.size();
    const auto d = differs(mine, exp(linspace(0.0, 1.0, n)));
    mine = Array();
    return d;
  }) == "");
}

}  // namespace fluxion::test
