// Tapes while programs run: what they hold, that old handles stay as they were, and that nothing is left behind.
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include <fluxion/fluxion.hpp>

#include "compiler/tapes.hpp"
#include "support/allocations.hpp"

namespace fluxion::test {

namespace {

namespace tapes = compiler::tapes;
using tapes::Handle;

constexpr tapes::Field kFields[] = {{DType::float64, 16}, {DType::int32, 4}};

Handle pushed(Handle h, std::int64_t index, double a, std::int32_t tag) {
  const double pair[] = {a, -a};
  const std::byte* values[] = {reinterpret_cast<const std::byte*>(pair), reinterpret_cast<const std::byte*>(&tag)};
  return tapes::push(h, index, kFields, values);
}
std::pair<double, int> at(Handle h, std::int64_t index) {
  double pair[2] = {9, 9};
  std::int32_t tag = 9;
  std::byte* to[] = {reinterpret_cast<std::byte*>(pair), reinterpret_cast<std::byte*>(&tag)};
  tapes::read(h, index, kFields, to);
  CHECK(pair[1] == -pair[0]);
  return {pair[0], tag};
}

struct Running {
  tapes::Region region{nullptr};
  tapes::Region* before = tapes::Region::exchange_current(&region);
  ~Running() { tapes::Region::exchange_current(before); }
};

const auto growing = [](const Array& x) {
  return while_loop([](const Array& v) { return v < 1000.0; }, [&](const Array& v) { return v * 1.1 + 1.0 + 0.5 * sin(v * x); }, x);
};

}  // namespace

TEST_CASE("records are found whatever the order of their indices") {
  const Running run;
  for (const std::int64_t step : {1, -1, 3, -5}) {
    Handle h = nullptr;
    for (int k = 0; k < 1000; ++k) h = pushed(h, 7 + step * k, k + 1.0, k);
    CHECK(tapes::size(h) == 1000);
    for (int k = 0; k < 1000; ++k) CHECK(at(h, 7 + step * k) == std::pair(k + 1.0, k));
    CHECK(at(h, 7 - step) == std::pair(0.0, 0));
    CHECK(at(h, 7 + 1000 * step) == std::pair(0.0, 0));
    if (step * step != 1) CHECK(at(h, 8) == std::pair(0.0, 0));
  }
  Handle h = nullptr;
  for (const int i : {5, 2, 9, 2, 5, 2}) h = pushed(h, i, i, i);
  CHECK(at(h, 2) == std::pair(6.0, 2));
  CHECK(at(h, 5) == std::pair(10.0, 5));
  CHECK(at(h, 9) == std::pair(9.0, 9));
  CHECK(at(nullptr, 0) == std::pair(0.0, 0));
}

TEST_CASE("an old handle still sees what it saw, and pushing on it leaves the newer one alone") {
  const Running run;
  Handle h = nullptr, old = nullptr;
  for (int k = 0; k < 100; ++k) {
    h = pushed(h, k, k, k);
    if (k == 40) old = h;
  }
  const auto logs = tapes::live_logs();
  const auto other = pushed(old, 41, -1.0, -1);
  CHECK(tapes::live_logs() == logs + 1);
  CHECK(at(other, 41) == std::pair(-1.0, -1));
  CHECK(at(h, 41) == std::pair(41.0, 41));
  CHECK(at(old, 41) == std::pair(0.0, 0));
  CHECK(at(other, 40) == std::pair(40.0, 40));
  CHECK(tapes::size(old) == 41);
  CHECK(at(pushed(old, 3, 1.0, 1), 3) == std::pair(4.0, 1));  // a second record under one index
}

TEST_CASE("the tape that discards takes records and has none") {
  const Running run;
  const auto h = reinterpret_cast<Handle>(std::uintptr_t{1});
  CHECK(pushed(h, 3, 1.0, 1) == h);
  CHECK(at(h, 3) == std::pair(0.0, 0));
  CHECK(tapes::size(h) == 0);
  const auto one = pushed(nullptr, 3, 1.0, 1);
  CHECK(tapes::sum(h, one) == one);
  CHECK(tapes::sum(one, h) == one);
  CHECK(tapes::sum(h, h) == nullptr);
}

TEST_CASE("lanes that are done write to no tape") {
  const auto bytes = [](const auto& f, const Array& x) {
    tapes::peak_bytes();
    f(x);
    return tapes::peak_bytes();
  };
  // One lane makes many trips, the others few.
  const auto slowly = [](const Array& x) { return while_loop([](const Array& v) { return v < 1.0; }, [](const Array& v) { return v + v * v * 1e-3; }, x); };
  const auto one = bytes(jit(grad(slowly)), Array(0.3)), few = bytes(jit(grad(slowly)), Array(0.99));
  CHECK(one > 20 * few);
  CHECK(bytes(jit(vmap(grad(slowly))), array({0.99, 0.3, 0.99, 2.0})) <= one + 3 * few);
}

TEST_CASE("sums have the records of both") {
  const Running run;
  Handle a = nullptr, b = nullptr;
  for (int k = 0; k < 10; ++k) a = pushed(a, k, k, 1);
  for (int k = 15; k >= 5; --k) b = pushed(b, k, 100.0 * k, 2);
  const auto c = tapes::sum(a, b);
  for (int k = 0; k < 16; ++k) CHECK(at(c, k).first == (k < 10 ? k : 0) + (k >= 5 ? 100.0 * k : 0));
  CHECK(tapes::size(c) == 16);
  const auto one = pushed(nullptr, 16, 5.0, 3);
  CHECK(at(tapes::sum(c, one), 16) == std::pair(5.0, 3));
  CHECK(at(tapes::sum(one, a), 16) == std::pair(5.0, 3));
  CHECK(at(tapes::sum(pushed(nullptr, 1, 1.0, 1), pushed(nullptr, 1, 2.0, 1)), 1).first == 3.0);
  CHECK(tapes::sum(a, nullptr) == a);
  CHECK(tapes::sum(nullptr, b) == b);
  CHECK(tapes::sum(nullptr, nullptr) == nullptr);
}

TEST_CASE("a tape of another run is copied, never written to") {
  const Running first;
  Handle h = pushed(nullptr, 0, 1.0, 1);
  {
    const Running second;
    CHECK(at(pushed(h, 1, 2.0, 2), 1) == std::pair(2.0, 2));
  }
  CHECK(at(pushed(h, 1, 3.0, 3), 1) == std::pair(3.0, 3));
  CHECK_THROWS_AS(tapes::push(h, 1, std::span(kFields).first(1), nullptr), InternalError);
}

TEST_CASE("tapes live as long as a pullback that needs them, and no longer") {
  const auto before = tapes::live_logs();
  for (int i = 0; i < 3; ++i) {
    const auto [y, back] = vjp(growing, Array(1.5));
    CHECK(tapes::live_logs() == before + 1);
    back(1.0);
    back(2.0);
    CHECK(tapes::live_logs() == before + 1);
  }
  CHECK(tapes::live_logs() == before);
  grad(growing)(1.5);
  const auto compiled = jit(grad(grad(growing)));
  compiled(1.5);
  vmap(grad(grad(growing)))(array({1.5, 2.5}));
  CHECK(tapes::live_logs() == before);
  {
    const auto [y, back] = vjp(vmap(growing), array({1.5, 2.5, 3.5}));
    const auto again = jit([&back = back](const Array& ct) { return back(ct)[0]; });
    again(ones({3}));
  }
  clear_caches();
  CHECK(tapes::live_logs() == before);
}

TEST_CASE("an exception leaves no tape behind") {
  const auto before = tapes::live_logs();
  const debug_nans guard;
  const auto bad = [](const Array& x) {
    return while_loop([](const Array& v) { return v > -5.0; }, [&](const Array& v) { return log(v) * x - 1.0; }, x);
  };
  CHECK_THROWS(grad(bad)(2.0));
  CHECK(tapes::live_logs() == before);
}

TEST_CASE("rounds of a loop give back the tapes that they do not return") {
  // A thousand gradient steps through a while_loop inside one program: memory for one step's tape, not a thousand's.
  const auto descent = jit([](const Array& x, const Array& n) {
    return fori_loop(0, n, [](const Array&, const Array& v) { return v - 1e-9 * grad(growing)(v); }, x);
  });
  tapes::peak_bytes();
  descent(1.5, 1);
  const auto one = tapes::peak_bytes();
  descent(1.5, 1000);
  CHECK(tapes::peak_bytes() <= 2 * one);
}

TEST_CASE("memory follows the number of trips, or the budget") {
  const auto trips = [](std::optional<std::int64_t> budget) {
    return [=](const Array& n, const Array& x) {
      return fori_loop(0, n, [&](const Array&, const Array& v) { return sin(v) * x + v * v * 0.1; }, x, {.max_residual_bytes = budget});
    };
  };
  const auto peak = [&](std::optional<std::int64_t> budget, int n) {
    tapes::peak_bytes();
    const auto [y, back] = vjp([&](const Array& x) { return trips(budget)(n, x); }, Array(0.3));
    back(1.0);
    return tapes::peak_bytes();
  };
  const auto small = peak({}, 1000), large = peak({}, 100000);
  CHECK(large > 50 * small);
  CHECK(large <= 2 * 100000 * (16 + 8 * 6));  // at most six residuals of eight bytes, and a factor of two
  for (const std::int64_t budget : {400, 4000, 40000}) {
    INFO(budget);
    CHECK(peak(budget, 20000) <= budget + 2 * 1024);  // and what the first chunks of two tapes take
  }
}

TEST_CASE("second derivatives take as little memory for a trip as first ones, times what they record") {
  const auto slowly = [](const Array& x) { return while_loop([](const Array& v) { return v < 1.0; }, [](const Array& v) { return v + v * v * 1e-4; }, x); };
  const auto bytes = [](const auto& f, const Array& x) {
    tapes::peak_bytes();
    f(x);
    return tapes::peak_bytes();
  };
  const auto first = bytes(jit(grad(slowly)), Array(0.3)), second = bytes(jit(grad(grad(slowly))), Array(0.3));
  CHECK(second <= 8 * first);
}

TEST_CASE("a trip that records allocates nothing but the tape's growth") {
  const auto f = jit(grad([](const Array& x, const Array& n) {
    return fori_loop(0, n, [&](const Array&, const Array& v) { return sin(v) * x; }, x);
  }));
  f(0.3, 10);
  f(0.3, 100000);
  const auto start = heap_allocations();
  f(0.3, 10);
  const auto few = heap_allocations() - start;
  f(0.3, 100000);
  const auto many = heap_allocations() - start - few;
  CHECK(many <= few + 64);
}

}  // namespace fluxion::test
