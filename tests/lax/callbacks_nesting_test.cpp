// Callbacks inside loops and branches: order, exceptions, reentrancy, threads.
#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>

#include <fluxion/fluxion.hpp>

#include "support/text.hpp"

namespace fluxion::test {

namespace {

using Catch::Contains;
using Seen = std::vector<double>;
using Function = std::function<Array(const Array&)>;

struct Boom : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Log {
  Seen seen;
  void note(const Array& x, double tag = 0, bool ordered = true) {
    debug::callback({.ordered = ordered}, [this, tag](const Array& v) { seen.push_back(v.item<double>() + tag); }, x);
  }
  Seen take() { return std::exchange(seen, {}); }
};

}  // namespace

TEST_CASE("ordered effects keep program order across loops, branches and calls, under jit and derivatives") {
  Log log;
  const auto f = [&](const Array& x) {
    log.note(x, 1000);
    auto v = fori_loop(0, 3, [&](const Array& i, const Array& c) {
      log.note(i.astype(float64), 100);
      const Array d = cond(i == 1, [&](const Array& a) { return log.note(a, 200), a * 2.0; },
                           [&](const Array& a) { return log.note(a, 300), a + 1.0; }, c);
      return jit([&](const Array& a) { return log.note(a, 400), a; })(d);
    }, x);
    log.note(v, 2000);
    v = while_loop([](const Array& a) { return a < 20.0; }, [&](const Array& a) { return log.note(a, 500), a * 2.0; }, v);
    static_cast<void>(map([&](const Array& a) { return log.note(a, 600), a; }, array({1.0, 2.0})));
    log.note(v, 3000);
    return v;
  };
  const Seen want{1001, 100, 301, 402, 101, 202, 404, 102, 304, 405, 2005, 505, 510, 601, 602, 3020};
  f(1.0);
  CHECK(log.take() == want);
  const auto jitted = jit(f);
  jitted(1.0), log.take(), jitted(1.0);
  CHECK(log.take() == want);
  jvp(f, Array(1.0), Array(1.0));
  CHECK(log.take() == want);
  jit([&](const Array& x) { return jvp(jit(f), x, Array(1.0)).second; })(1.0);
  CHECK(log.take() == want);
  {
    const disable_jit guard;
    jitted(1.0);
    CHECK(log.take() == want);
  }
  {
    const debug_nans guard;
    jit([&](const Array& x) { return f(x); })(1.0);
    CHECK(log.take() == want);
  }
}

TEST_CASE("reverse mode runs the effects of loops once, forwards") {
  Log log;
  const auto f = [&](const Array& x) {
    return fori_loop(0, 3, [&](const Array&, const Array& c) {
      log.note(c);
      return cond(c > 1.5, [&](const Array& a) { return log.note(a, 10), a * a; }, [&](const Array& a) { return a + 1.0; }, c);
    }, x);
  };
  const Seen want{1, 2, 12, 4, 14};
  CHECK(differs(grad(f)(1.0), Array(32.0)) == "");
  CHECK(log.take() == want);
  CHECK(differs(jit(grad(jit(f)))(1.0), Array(32.0)) == "");
  CHECK(log.take() == want);
  CHECK(differs(grad(grad(f))(1.0), jacfwd(grad(f))(1.0)) == "");
  log.take();
}

TEST_CASE("reverse mode through loops whose trips are counted runs effects once, and takes what they say as new every trip") {
  Log log;
  const auto grows = [&](const Array& x) {
    return while_loop([](const Array& c) { return c < 10.0; },
                      [&](const Array& c) {
                        log.note(c);
                        log.note(2.0, 100);  // of what no trip changes
                        return c * c;
                      },
                      x);
  };
  const Seen want{2, 102, 4, 102};
  for (const auto& g : {Function(grad(grows)), Function(jit(grad(grows))), Function(grad(jit(grows)))}) {
    CHECK(differs(g(2.0), Array(32.0)) == "");
    CHECK(log.take() == want);
  }
  int n = 0;
  const auto scaled = [&](const Array& trips, const Array& x) {
    return fori_loop(0, trips, [&](const Array&, const Array& c) {
      return c * io_callback([&] { return Array(static_cast<double>(++n)); }, ShapeDtypeStruct{{}, float64});
    }, x);
  };
  CHECK(differs(grad(scaled, argnums<1>)(4, 1.0), Array(24.0)) == "");
  n = 0;
  CHECK(differs(jit(grad(scaled, argnums<1>))(4, 1.0), Array(24.0)) == "");
  const auto counted = [&](const Array& x) {
    return fori_loop(0, 4, [&](const Array&, const Array& c) {
      return c * io_callback([&] { return Array(static_cast<double>(++n)); }, ShapeDtypeStruct{{}, float64});
    }, x);
  };
  n = 0;
  CHECK(differs(jit(grad(counted))(1.0), Array(24.0)) == "");
  CHECK(n == 4);
}

TEST_CASE("trips that are run again within a budget must have no effects") {
  Log log;
  const auto f = [&](const Array& x) {
    return while_loop([](const Array& c) { return c < 1000.0; }, [&](const Array& c) { return log.note(c), c * c; }, x,
                      {.max_residual_bytes = 1000});
  };
  CHECK(f(2.0).item<double>() == 65536);
  CHECK(log.take() == Seen{2, 4, 16, 256});
  CHECK_THAT(thrown<ValueError>([&] { grad(f)(2.0); }), Contains("while_loop: ") && Contains("max_residual_bytes"));
  CHECK_THAT(thrown<ValueError>([&] { jit(grad(f))(2.0); }), Contains("while_loop: ") && Contains("max_residual_bytes"));
  CHECK(log.take().empty());
}

TEST_CASE("loops under vmap call once per lane and trip") {
  Log log;
  const auto f = [&](const Array& x) {
    return fori_loop(0, 2, [&](const Array&, const Array& c) { return log.note(c, 0, false), c * 10.0; }, x);
  };
  CHECK(differs(jit(vmap(f))(array({1.0, 2.0})), array({100.0, 200.0})) == "");
  CHECK(log.take() == Seen{1, 2, 10, 20});
  CHECK(differs(vmap(grad(f))(array({1.0, 2.0})), array({100.0, 100.0})) == "");
  CHECK(log.take() == Seen{1, 2, 10, 20});
}

TEST_CASE("lanes that go different ways have no order") {
  Log log;
  const auto branches = [&](const Array& x) {
    return cond(x > 0.0, [&](const Array& a) { return log.note(a), a; }, [](const Array& a) { return -a; }, x);
  };
  const auto trips = [&](const Array& x) {
    return while_loop([](const Array& v) { return v < 3.0; }, [&](const Array& v) { return log.note(v), v + 1.0; }, x);
  };
  const auto xs = array({-1.0, 1.0});
  CHECK_THAT(thrown<ValueError>([&] { vmap(branches)(xs); }), Contains("cond: ordered effects") && Contains("fx::map"));
  CHECK_THAT(thrown<ValueError>([&] { jit(vmap(trips))(xs); }), Contains("while_loop: ordered effects") && Contains("fx::map"));
  CHECK(differs(map(branches, xs), array({1.0, 1.0})) == "");
  CHECK(log.take() == Seen{1});
}

TEST_CASE("what a callback throws reaches the caller as it was thrown, and the program can be run again") {
  const auto picky = [](const Array& x) {
    debug::callback([](const Array& v) {
      if (v.item<double>() > 2) throw Boom("too large");
    }, x);
    return x * 2.0;
  };
  const auto in_loop = [&](const Array& x) {
    return fori_loop(0, 4, [&](const Array&, const Array& c) { return cond(c > -1.0, picky, picky, c); }, x);
  };
  const std::pair<Function, double> programs[] = {
      {picky, 2}, {jit(picky), 2}, {in_loop, 16}, {jit(in_loop), 16}, {jit(grad(jit(in_loop))), 16},
      {[f = jit(vmap(picky))](const Array& x) { return f(stack({Array(0.0), x}))[1]; }, 2},
  };
  for (const auto& program : programs) {
    const auto& f = program.first;
    const double factor = program.second;
    for (int i = 0; i < 3; ++i) {
      CHECK(f(0.125).item<double>() == Approx(factor == 16 && f(0.0).item<double>() == 16 ? 16 : factor * 0.125));
      CHECK(thrown<Boom>([&] { f(100.0); }) == "too large");
    }
  }
  const auto not_an_exception = jit([](const Array& x) {
    debug::callback([](const Array&) { throw 7; }, x);
    return x;
  });
  CHECK_THROWS_AS(not_an_exception(1.0), int);
}

TEST_CASE("a throwing callback stops a program where it is, and frees what the program held") {
  Log log;
  auto kept = std::make_shared<int>(0);
  {
    const auto f = jit([&log, kept](const Array& x) {
      const Array big = x * ones({1000}) + arange(1000).astype(float64);
      log.note(x);
      debug::callback([kept](const Array&) { throw Boom("stop"); }, big);
      log.note(x, 1);
      return sum(big);
    });
    for (int i = 0; i < 20; ++i) CHECK(thrown<Boom>([&] { f(1.0); }) == "stop");
    CHECK(kept.use_count() > 1);
  }
  clear_caches();
  CHECK(kept.use_count() == 1);
  CHECK(log.take() == Seen(20, 1.0));
}

TEST_CASE("callbacks may run compiled functions, the one that called them too, and nothing of it is recorded") {
  static const auto inner = jit([](const Array& x) { return sum(sin(x) * x); });
  const auto want = inner(linspace(0.0, 1.0, 300));
  const auto f = [](const Array& x) {
    return pure_callback([](const Array& v) { return inner(v) + grad(inner)(v)[0] * 0.0; }, ShapeDtypeStruct{{}, float64}, x);
  };
  const auto xs = linspace(0.0, 1.0, 300);
  CHECK(differs(jit(f)(xs), want) == "");
  CHECK(differs(jit([&](const Array& x) { return f(x) + sum(x) * 0.0; })(xs), want) == "");
  CHECK(differs(jit(vmap(f))(stack({xs, xs}))[1], want) == "");
  static Function factorial;
  factorial = jit([](const Array& n) {
    return pure_callback([](const Array& v) { return v.item<double>() <= 1 ? Array(1.0) : v * factorial(v - 1.0); },
                         ShapeDtypeStruct{{}, float64}, n);
  });
  CHECK(factorial(6.0).item<double>() == 720);
  factorial = nullptr;
  std::string jaxpr;
  std::ostringstream os;
  os << make_jaxpr(f)(xs);
  CHECK_THAT(os.str(), Contains("pure_callback") && !Contains("sin"));
}

TEST_CASE("clearing the caches from a callback is safe") {
  const auto f = jit([](const Array& x) {
    debug::callback([](const Array&) { clear_caches(); }, x);
    return x + 1.0;
  });
  for (int i = 0; i < 5; ++i) CHECK(f(1.0).item<double>() == 2);
}

TEST_CASE("threads share an executable with callbacks, each with its own calls in order") {
  std::atomic<int> calls{0};
  const auto f = jit([&](const Array& x) {
    return fori_loop(0, 50, [&](const Array&, const Array& c) {
      return io_callback({.ordered = true}, [&](const Array& v) { return ++calls, v + 1.0; }, c, c);
    }, x);
  });
  f(0.0);
  calls = 0;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) wrong += f(static_cast<double>(t)).item<double>() != t + 50;
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(calls == 4 * 20 * 50);
}

TEST_CASE("lines of several threads stay whole, and a thread's output goes where it says") {
  const auto f = jit([](const Array& x) {
    debug::print("value {} and {}", x, x);
    return x;
  });
  std::ostringstream texts[2];
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&, t] {
      const debug::output_to here(texts[t]);
      for (int i = 0; i < 10; ++i) f(static_cast<double>(t));
    });
  for (auto& t : threads) t.join();
  std::string want;
  for (int i = 0; i < 10; ++i) want += "value 1.0 and 1.0\n";
  CHECK(texts[1].str() == want);
}

}  // namespace fluxion::test
