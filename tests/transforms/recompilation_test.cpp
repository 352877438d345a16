// log_compiles says why a function is traced again.
#include <functional>
#include <iostream>
#include <sstream>

#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {

/// What is written to stderr meanwhile.
template <class F>
std::string logged(const F& f) {
  std::ostringstream os;
  auto* const old = std::cerr.rdbuf(os.rdbuf());
  const log_compiles on;
  f();
  std::cerr.rdbuf(old);
  return os.str();
}

Array loss(const Layer& p, const Array& x) { return fluxion::sum(p.w) * x + p.b; }
Array multiple(const Array& x, int n) { return x * n; }

struct Case {
  const char* what;
  std::function<void()> first, again;
  std::string why;
};

}  // namespace

TEST_CASE("a recompilation names what changed, as against the closest program") {
  const Layer p{array({1.0, 2.0}), 0.5};
  const auto f = [](const auto&... args) { jit(loss, {.name = "loss"})(args...); };
  const auto g = [](int n) { jit(multiple, static_argnums<1>, {.name = "multiple"})(Array(1.0), n); };
  const auto with = [](auto guard, const auto& call) {
    const auto in_force = guard();
    call();
  };
  const Case cases[] = {
      {"a shape", [&] { f(p, 1.0); }, [&] { f(Layer{ones({3}), 0.5}, 1.0); }, "arg0.w is f64[3], was f64[2]"},
      {"a dtype", [&] { f(p, 1.0); }, [&] { f(Layer{ones<float>({2}), 0.5}, 1.0); }, "arg0.w is f32[2], was f64[2]"},
      {"a weak type", [&] { f(p, 1.0); }, [&] { f(p, fluxion::scalar(1.0)); }, "arg1 is f64[], was weak f64[]"},
      {"two leaves", [&] { f(p, 1.0); }, [&] { f(Layer{ones({3}), 0.5}, 1); }, "arg0.w is f64[3], was f64[2]; arg1 is weak i64[], was weak f64[]"},
      {"a static value", [&] { g(2); }, [&] { g(3); }, "static arg1 is 3, was 2"},
      {"a guard", [&] { f(p, 1.0); }, [&] { with([] { return default_dtype(float32); }, [&] { f(p, 1.0); }); },
       "default_dtype is float32, was float64"},
      {"promotion", [&] { f(p, 1.0); }, [&] { with([] { return promotion(strict); }, [&] { f(p, 1.0); }); }, "promotion is strict, was standard"},
      {"debug_nans", [&] { f(p, 1.0); }, [&] { with([] { return debug_nans(); }, [&] { f(p, 1.0); }); }, "debug_nans is on, was off"},
      {"the closest", [&] { f(p, 1.0); f(Layer{ones({5}), 0.5}, fluxion::scalar(1.0F)); }, [&] { f(Layer{ones({4}), 0.5}, 1.0); },
       "arg0.w is f64[4], was f64[2] (closest of 2 programs)"},
  };
  for (const auto& c : cases) {
    INFO(c.what);
    clear_caches();
    CHECK_THAT(logged(c.first), Catch::Contains("jit: compiling ") && !Catch::Contains(c.why));
    const auto log = logged(c.again);
    CHECK_THAT(log, Catch::Contains("is traced again: " + c.why + "\n"));
    CHECK(logged(c.again).empty());
  }
}

TEST_CASE("a recompilation tells structures, axes, function objects and texts apart") {
  clear_caches();
  const auto total = jit([](const std::vector<Array>& xs) { Array s = 0.0; for (const auto& x : xs) s = s + x; return s; });
  CHECK_THAT(logged([&] { total(std::vector<Array>{1.0, 2.0}); }), !Catch::Contains("again"));
  CHECK_THAT(logged([&] { total(std::vector<Array>{1.0, 2.0, 3.0}); }), Catch::Contains("the arguments are [*, *, *], were [*, *]\n"));

  const auto deep = jit([](const Net& n) { return n.scale * *n.depth; });
  auto other = net();
  other.depth = 8;
  CHECK_THAT(logged([&] { deep(net()); }), !Catch::Contains("again"));
  CHECK_THAT(logged([&] { deep(other); }), Catch::Contains("8") && Catch::Contains(", were ") && Catch::Contains("7"));

  const auto summed = jit([](const Array& x) { return psum(x, "i"); });
  const auto over = [&](std::int64_t n) { vmap(summed, {.axis_name = "i"})(zeros({n})); };
  CHECK_THAT(logged([&] { over(2); }), !Catch::Contains("again"));
  CHECK_THAT(logged([&] { over(3); }), Catch::Contains("the named axes in scope are 'i' of size 3, were 'i' of size 2\n"));

  const auto make = [](double k) { return jit([k](const Array& x) { return x * k; }); };
  const auto first = make(1.0), second = make(2.0);
  CHECK_THAT(logged([&] { first(1.0); }), !Catch::Contains("again"));
  CHECK_THAT(logged([&] { second(1.0); }), Catch::Contains("is traced again: the function object is another of the same type") && Catch::Contains("keep what jit returns"));

  const auto named = jit([](const Array& x, const char* name) { return x * static_cast<double>(std::string(name).size()); }, static_argnums<1>);
  CHECK_THAT(logged([&] { named(1.0, "a"); }), !Catch::Contains("again"));
  CHECK_THAT(logged([&] { named(1.0, "ab"); }), Catch::Contains("a type or a text among the arguments is another"));
}
