#include <atomic>
#include <thread>

#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {

int traces = 0;

Array square_plus(const Array& x, const Array& y) {
  ++traces;
  return x * x + y;
}

/// How often square_plus and what counts in `traces` is traced while f runs.
template <class F>
int traces_during(const F& f) {
  const int before = traces;
  f();
  return traces - before;
}

enum class Mode { doubled, squared };

struct Config {
  BOOST_HANA_DEFINE_STRUCT(Config, (int, n), (std::string, name));
};

}  // namespace

TEST_CASE("a signature is traced once") {
  clear_caches();
  const auto f = jit(square_plus);
  CHECK(traces_during([&] {
    CHECK(f(3.0, 1.0).item<double>() == 10);
    CHECK(f(4.0, 1.0).item<double>() == 17);
  }) == 1);
  CHECK(traces_during([&] { f(array({1.0, 2.0}), 1.0); }) == 1);
  CHECK(traces_during([&] { f(array({3.0, 4.0}), 2.0); }) == 0);
  CHECK(traces_during([&] { f(array({3.0F, 4.0F}), 2.0); }) == 1);
  CHECK(traces_during([&] { f(fluxion::scalar(3.0), 1.0); }) == 1);
}

TEST_CASE("equal functions share programs, also through wrappers") {
  clear_caches();
  CHECK(traces_during([] { for (int i = 0; i < 3; ++i) jit(square_plus)(1.0, 2.0); }) == 1);
  CHECK(traces_during([] { for (int i = 0; i < 3; ++i) jit(grad(square_plus))(1.0, 2.0); }) == 1);
  CHECK(traces_during([] { for (int i = 0; i < 3; ++i) jit(grad(square_plus, argnums<1>))(1.0, 2.0); }) == 1);
  const auto lambda = [](const Array& x) { ++traces; return x + 1; };
  CHECK(traces_during([&] { for (int i = 0; i < 3; ++i) jit(lambda)(1.0); }) == 1);
  const auto mapped = [&](int axis) { jit(vmap(lambda, {.in_axes = axis}))(array({{1.0, 2.0}, {3.0, 4.0}})); };
  CHECK(traces_during([&] { mapped(0); mapped(0); }) == 1);
  CHECK(traces_during([&] { mapped(1); mapped(1); }) == 1);
}

TEST_CASE("function pointers of one type are told apart") {
  Array (*doubled)(const Array&) = [](const Array& x) { return x * 2; };
  Array (*tripled)(const Array&) = [](const Array& x) { return x * 3; };
  CHECK(jit(doubled)(1.0).item<double>() == 2);
  CHECK(jit(tripled)(1.0).item<double>() == 3);
  CHECK(jit(grad(doubled))(1.0).item<double>() == 2);
  CHECK(jit(grad(tripled))(1.0).item<double>() == 3);
}

TEST_CASE("callables with captures are their own, and copies share") {
  clear_caches();
  {
    const auto make = [](double k) { return jit([k](const Array& x) { ++traces; return x * k; }); };
    const auto two = make(2), three = make(3);
    CHECK(two(1.0).item<double>() == 2);
    CHECK(three(1.0).item<double>() == 3);
    const auto copy = two;
    CHECK(traces_during([&] { copy(5.0); }) == 0);
    CHECK(detail::jit_cache_size() == 2);
  }
  CHECK(detail::jit_cache_size() == 0);
}

TEST_CASE("static arguments are compared by value") {
  clear_caches();
  const auto power = jit([](const Array& x, int n) { ++traces; Array y = 1.0; for (int i = 0; i < n; ++i) y = y * x; return y; },
                         static_argnums<1>);
  CHECK(power(2.0, 3).item<double>() == 8);
  CHECK(power(2.0, 4).item<double>() == 16);
  CHECK(traces_during([&] { power(3.0, 3); power(3.0, 4); }) == 0);
}

TEST_CASE("static arguments have any hashable type") {
  const auto by_name = jit([](const Array& x, const char* name) { return x * static_cast<double>(std::string(name).size()); },
                           static_argnums<-1>);
  const std::string three = "abc", also_three = "abc";
  clear_caches();
  CHECK(by_name(1.0, three.c_str()).item<double>() == 3);
  CHECK(by_name(1.0, also_three.c_str()).item<double>() == 3);
  CHECK(by_name(1.0, "abc").item<double>() == 3);
  CHECK(detail::jit_cache_size() == 1);
  CHECK(by_name(1.0, "abcd").item<double>() == 4);

  const auto by_mode = jit([](Mode m, const Array& x) { return m == Mode::doubled ? x * 2 : x * x; }, static_argnums<0>);
  CHECK(by_mode(Mode::doubled, 3.0).item<double>() == 6);
  CHECK(by_mode(Mode::squared, 3.0).item<double>() == 9);

  const auto by_config = jit([](const Array& x, const Config& c, const std::vector<int>& v) { return x * c.n * v[0]; },
                             static_argnums<1, 2>);
  CHECK(by_config(1.0, Config{2, "a"}, std::vector{5}).item<double>() == 10);
  CHECK(by_config(1.0, Config{3, "a"}, std::vector{5}).item<double>() == 15);
  CHECK(by_config(1.0, Config{3, "a"}, std::vector{7}).item<double>() == 21);

  const auto by_function = jit([](const Array& x, auto f) { return f(x); }, static_argnums<1>);
  CHECK(by_function(2.0, [](const Array& x) { return x + 1; }).item<double>() == 3);
  CHECK(by_function(2.0, [](const Array& x) { return x + 2; }).item<double>() == 4);
}

TEST_CASE("trees go in and come out, static members included") {
  clear_caches();
  const auto step = jit([](const Net& p, const Array& lr) {
    ++traces;
    return tree::map([&](const Array& x) { return x * lr; }, p);
  });
  const Net out = step(net(), 2.0);
  CHECK(out.depth == 7);
  CHECK(numbers(out.layers[0].w) == Numbers{2, 4});
  CHECK(traces_during([&] { step(out, 2.0); }) == 0);
  auto other = net();
  other.depth = 8;
  CHECK(traces_during([&] { CHECK(step(other, 2.0).depth == 8); }) == 1);
  other.layers.pop_back();
  CHECK(traces_during([&] { CHECK(step(other, 2.0).layers.size() == 1); }) == 1);
}

TEST_CASE("maps are keyed by their keys") {
  const auto total = jit([](const std::map<std::string, Array>& m) { return m.begin()->first == "a" ? m.begin()->second : Array(0.0); });
  CHECK(total(std::map<std::string, Array>{{"a", 1.0}}).item<double>() == 1);
  CHECK(total(std::map<std::string, Array>{{"b", 1.0}}).item<double>() == 0);
}

TEST_CASE("jit composes with the other transformations in any order") {
  const auto cube = [](const Array& x) { return x * x * x; };
  CHECK(grad(jit(cube))(2.0).item<double>() == 12);
  CHECK(jit(grad(jit(grad(cube))))(2.0).item<double>() == 12);
  CHECK(numbers(vmap(jit(cube))(array({1.0, 2.0}))) == Numbers{1, 8});
  CHECK(numbers(jit(vmap(grad(cube)))(array({1.0, 2.0}))) == Numbers{3, 12});
  CHECK(jit(jit(cube))(2.0).item<double>() == 8);
  const auto [value, g] = jit(value_and_grad(cube))(2.0);
  CHECK(value.item<double>() == 8);
  CHECK(g.item<double>() == 12);
}

TEST_CASE("static arguments pass through grad to jit") {
  const auto f = jit([](const Array& x, int n) { return x * n; }, static_argnums<1>);
  CHECK(grad(f)(2.0, 3).item<double>() == 3);
}

TEST_CASE("a function that captures a tracer is traced anew each time") {
  clear_caches();
  const auto outer = [](const Array& x) { return jit([x](const Array& y) { return x * y; })(2.0); };
  CHECK(grad(outer)(3.0).item<double>() == 2);
  CHECK(grad(outer)(4.0).item<double>() == 2);
  static Array captured;
  const auto inner = [](const Array& y) { return captured * y; };
  const auto through_static = [&](const Array& x) { captured = x; return jit(inner)(5.0); };
  CHECK(grad(through_static)(1.0).item<double>() == 5);
  CHECK(grad(through_static)(2.0).item<double>() == 5);
  captured = {};
}

TEST_CASE("an exception while tracing leaves jit usable") {
  static bool fail = true;
  const auto f = jit([](const Array& x) { if (fail) throw std::runtime_error("no"); return x + 1; });
  CHECK_THROWS_WITH(f(1.0), "no");
  fail = false;
  CHECK(f(1.0).item<double>() == 2);
}

TEST_CASE("a jitted function may call itself") {
  struct Factorial {
    Array operator()(const Array& x, int n) const { return n <= 1 ? x : n * jit(*this, static_argnums<1>)(x, n - 1); }
  };
  CHECK(jit(Factorial{}, static_argnums<1>)(1.0, 5).item<double>() == 120);
}

TEST_CASE("disable_jit runs the function itself") {
  const disable_jit off;
  const auto branches = jit([](const Array& x) { return x > 0 ? x : -x; });
  CHECK(branches(-2.0).item<double>() == 2);
}

TEST_CASE("branching on a traced value is an error that leaves jit usable") {
  const auto branches = jit([](const Array& x) { return x > 0 ? x : -x; });
  CHECK_THROWS_AS(branches(-2.0), ConcretizationError);
  CHECK(jit(square_plus)(3.0, 1.0).item<double>() == 10);
}

TEST_CASE("the name of a program is that of its function") {
  struct Loss { Array operator()(const Array& x) const { return x * x; } };
  const auto call = [](auto f) { return text_of(make_jaxpr([f](const Array& x) { return f(x); })(1.0)); };
  CHECK_THAT(call(jit(Loss{})), Catch::Contains("name=Loss"));
  CHECK_THAT(call(jit([](const Array& x) { return x * x; })), Catch::Contains("name=<lambda>"));
  CHECK_THAT(call(jit(grad(Loss{}))), Catch::Contains("name=Loss"));
  CHECK_THAT(call(jit(Loss{}, {.name = "energy"})), Catch::Contains("name=energy"));
}

TEST_CASE("the cache is bounded and drops what was used least recently") {
  clear_caches();
  const auto f = jit([](const Array& x, int n) { ++traces; return x + n; }, static_argnums<1>);
  for (int i = 0; i < 4300; ++i) {
    f(1.0, i);
    f(1.0, -1);
  }
  CHECK(detail::jit_cache_size() <= 4096);
  CHECK(traces_during([&] { f(1.0, -1); f(1.0, 4299); }) == 0);
  CHECK(traces_during([&] { f(1.0, 0); }) == 1);
  clear_caches();
  CHECK(detail::jit_cache_size() == 0);
  CHECK(f(1.0, 2).item<double>() == 3);
}

TEST_CASE("threads share one jit object while others drop programs") {
  clear_caches();
  const auto f = jit([](const Array& x, int n) { return x * n; }, static_argnums<1>);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        if (f(2.0, i % 7).item<double>() != 2.0 * (i % 7)) ++wrong;
        const double k = t * i;
        if (jit([k](const Array& x) { return x + k; })(1.0).item<double>() != 1 + k) ++wrong;
        if (t == 0 && i % 50 == 0) clear_caches();
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
}
