// What callbacks see, how often and in which order, one transformation at a time; and what they refuse.
#include <catch2/catch.hpp>

#include <atomic>
#include <map>
#include <sstream>
#include <thread>

#include <fluxion/fluxion.hpp>

#include "support/text.hpp"

namespace fluxion::test {

struct Pair {
  Array a, b;
};

namespace {

using Catch::Contains;

/// Whatever was seen, in order.
struct Log {
  std::vector<double> seen;
  std::vector<double> take() { return std::exchange(seen, {}); }
};

auto watched(Log& log, bool ordered = false) {
  return [&log, ordered](const Array& x) {
    debug::callback({.ordered = ordered}, [&log](const Array& v) { log.seen.push_back(v.item<double>()); }, x);
    return sin(x);
  };
}

ShapeDtypeStruct like(const Array& x) { return {x.shape(), x.dtype()}; }
Array host_sin(const Array& x) {
  return pure_callback([](const Array& v) { return sin(v); }, like(x), x);
}
Array differentiable_sin(const Array& x) {
  static const auto f = custom_jvp(host_sin, [](const auto& primals, const auto& tangents) {
    const Array at = std::get<0>(primals), dx = std::get<0>(tangents);
    return std::pair(differentiable_sin(at), Array(dx * cos(at)));
  });
  return f(x);
}

}  // namespace
}  // namespace fluxion::test

BOOST_HANA_ADAPT_STRUCT(fluxion::test::Pair, a, b);

namespace fluxion::test {

TEST_CASE("debug callbacks see primal values, once per run, and derivatives do not notice") {
  using Seen = std::vector<double>;
  Log log;
  const auto f = watched(log);
  const Array x = 0.5, cosine = cos(x);
  CHECK(differs(f(x), sin(x)) == "");
  CHECK(log.take() == Seen{0.5});
  const auto jf = jit(f);
  for (int i = 0; i < 2; ++i) CHECK(differs(jf(x), sin(x)) == "");
  CHECK(log.take() == Seen{0.5, 0.5});
  CHECK(differs(jvp(f, x, Array(1.0)).second, cosine) == "");
  CHECK(differs(grad(f)(x), cosine) == "");
  CHECK(differs(jit(grad(f))(x), cosine) == "");
  CHECK(differs(grad(jit(f))(x), cosine) == "");
  CHECK(log.take() == Seen{0.5, 0.5, 0.5, 0.5});
  CHECK(differs(grad(grad(f))(x), -sin(x)) == "");
  CHECK(log.take() == Seen{0.5});
  const auto [value, pullback] = vjp(f, x);
  CHECK(log.take() == Seen{0.5});
  pullback(1.0);
  CHECK(log.take().empty());
}

TEST_CASE("Taylor mode sees primal values once, and refuses what has no derivative") {
  Log log;
  const auto f = watched(log);
  for (const auto& g : {std::function<Array(const Array&)>(f), std::function<Array(const Array&)>(jit(f))}) {
    const auto [value, series] = jet(g, Array(0.5), {Array(1.0), Array(0.0)});
    CHECK(differs(value, sin(Array(0.5))) == "");
    CHECK(differs(series[1], -sin(Array(0.5)), Tolerance::within_ulps(2)) == "");
    CHECK(log.take() == std::vector<double>{0.5});
  }
  const auto io = [](const Array& x) { return io_callback([](const Array& v) { return v; }, like(x), x); };
  CHECK_THAT(thrown<TypeError>([&] { jet(io, Array(0.5), {Array(1.0), Array(0.0)}); }), Contains("io_callback: "));
  CHECK_THAT(thrown<TypeError>([&] { jet(host_sin, Array(0.5), {Array(1.0), Array(0.0)}); }), Contains("pure_callback: "));
}

TEST_CASE("with a derivative of its own a callback is differentiated") {
  const auto xs = linspace(0.1, 1.0, 4);
  CHECK(differs(jit(vmap(grad(differentiable_sin)))(xs), cos(xs)) == "");
  CHECK(differs(grad(grad(differentiable_sin))(0.5), -sin(Array(0.5))) == "");
}

TEST_CASE("under vmap a debug callback sees every lane in order, and what is not mapped once") {
  using Seen = std::vector<double>;
  Log log;
  const auto xs = array({1.0, 2.0, 3.0});
  const auto f = watched(log);
  for (const auto& g : {std::function<Array(const Array&)>(vmap(f)), std::function<Array(const Array&)>(jit(vmap(f))),
                        std::function<Array(const Array&)>(vmap(jit(f)))}) {
    CHECK(differs(g(xs), sin(xs)) == "");
    CHECK(log.take() == Seen{1, 2, 3});
  }
  vmap(vmap(f), {.in_axes = 1})(array({{1.0, 2.0}, {3.0, 4.0}}));
  CHECK(log.take() == Seen{1, 3, 2, 4});
  vmap(vmap(watched(log, true)))(array({{1.0, 2.0}, {3.0, 4.0}}));
  CHECK(log.take() == Seen{1, 2, 3, 4});
  vmap([&](const Array& x, const Array& y) { return f(y) + x; }, {.in_axes = {0, none}})(xs, 7.0);
  CHECK(log.take() == Seen{7});
  vmap([&](const Array& x, const Array& y) {
    debug::callback([&](const Array& a, const Array& b) { log.seen.push_back(a.item<double>() + b.item<double>()); }, x, y);
    return x;
  }, {.in_axes = {0, none}})(xs, 10.0);
  CHECK(log.take() == Seen{11, 12, 13});
  vmap(f)(zeros({0}));
  CHECK(log.take().empty());
}

TEST_CASE("callbacks take and return trees, and keep what they are given") {
  std::vector<Array> kept;
  const auto f = jit([&](const Pair& p, const std::vector<Array>& v) {
    debug::callback([&](const Pair& q, const std::vector<Array>& w, const Array& n) {
      kept = {q.a, q.b, w[0], w[1], n};
    }, Pair{p.a * 2.0, p.b}, v, 3);
    return pure_callback([](const Pair& q) { return Pair{q.b, q.a}; }, Pair{p.b, p.a}, p);
  });
  const auto out = f(Pair{array({1.0, 2.0}), array({{1, 2}, {3, 4}})}, std::vector<Array>{scalar(1.5F), true});
  f(Pair{array({5.0, 6.0}), array({{5, 6}, {7, 8}})}, std::vector<Array>{scalar(2.5F), false});
  CHECK(differs(out.a, array({{1, 2}, {3, 4}})) == "");
  CHECK(differs(out.b, array({1.0, 2.0})) == "");
  REQUIRE(kept.size() == 5);
  CHECK(differs(kept[0], array({10.0, 12.0})) == "");
  CHECK(differs(kept[1], array({{5, 6}, {7, 8}})) == "");
  CHECK(differs(kept[2], scalar(2.5F)) == "");
  CHECK(differs(kept[3], scalar(false)) == "");
  CHECK(kept[4].item<int>() == 3);
  CHECK(!kept[4].weak_type());
}

TEST_CASE("numbers reach a callback strong whether the program is compiled or not") {
  std::vector<bool> weak;
  const auto f = [&](const Array& x) {
    debug::callback([&](const Array& v) { weak.push_back(v.weak_type()); }, x);
    return x;
  };
  f(2.0), jit(f)(2.0), vmap(f)(full({2}, 2.0));
  CHECK(weak == std::vector<bool>{false, false, false, false});
}

TEST_CASE("pure callbacks give their values under jit, vmap and loops, by every vmap method") {
  const auto xs = linspace(0.1, 2.0, 7);
  const auto want = sin(xs);
  CHECK(differs(host_sin(xs), want) == "");
  CHECK(differs(jit(host_sin)(xs), want) == "");
  CHECK(differs(vmap(host_sin)(xs), want) == "");
  CHECK(differs(jit(vmap(jit(host_sin)))(xs), want) == "");
  CHECK(differs(map(host_sin, xs), want) == "");
  CHECK(differs(map(vmap(host_sin), stack({xs, xs}))[1], want) == "");
  const auto grid = stack({xs, 2.0 * xs});
  std::vector<std::pair<Shape, Shape>> shapes;
  const auto with = [&](VmapMethod method) {
    return [&shapes, method](const Array& x, const Array& y) {
      return pure_callback({.vmap_method = method}, [&shapes](const Array& a, const Array& b) {
        shapes.emplace_back(a.shape(), b.shape());
        return a * b;
      }, like(x), x, y);
    };
  };
  const auto both = [&](const auto& f) { return vmap(vmap(f, {.in_axes = {0, none}}), {.in_axes = {0, none}}); };
  for (const auto method : {VmapMethod::sequential, VmapMethod::expand_dims, VmapMethod::broadcast_all}) {
    shapes.clear();
    CHECK(differs(both(with(method))(grid, 3.0), grid * 3.0) == "");
    CHECK(differs(jit(both(with(method)))(grid, 3.0), grid * 3.0) == "");
    CHECK(shapes.size() == (method == VmapMethod::sequential ? 28 : 2));
    const auto [a, b] = shapes[0];
    CHECK(a == (method == VmapMethod::sequential ? Shape{} : Shape{2, 7}));
    CHECK(b == (method == VmapMethod::sequential ? Shape{} : method == VmapMethod::expand_dims ? Shape{1, 1} : Shape{2, 7}));
  }
}

TEST_CASE("pure callbacks whose results are unused are not called, others exactly as often as the program says") {
  int pure = 0, io = 0, debugged = 0;
  const auto count = [](int& n) { return [&n](const Array& v) { return ++n, v; }; };
  const auto f = jit([&](const Array& x) {
    static_cast<void>(pure_callback(count(pure), like(x), x));
    static_cast<void>(io_callback(count(io), like(x), x));
    static_cast<void>(io_callback(count(io), like(x), x));
    debug::callback(count(debugged), x);
    debug::callback(count(debugged), x);
    return x;
  });
  f(1.0);
  CHECK(pure == 0);
  CHECK(io == 2);
  CHECK(debugged == 2);
  const auto only = jit([&](const Array& x) {
    debug::callback(count(debugged), x);
    return none;
  });
  only(1.0), only(2.0);
  CHECK(debugged == 4);
}

TEST_CASE("the same callback twice is called twice") {
  Log log;
  const auto look = [&log](const Array& v) { log.seen.push_back(v.item<double>()); };
  jit([&](const Array& x) {
    for (int i = 0; i < 3; ++i) debug::callback(look, x);
    return x;
  })(1.5);
  CHECK(log.take() == std::vector<double>{1.5, 1.5, 1.5});
}

TEST_CASE("io callbacks return values, per lane under vmap, and ordered ones refuse lanes") {
  int n = 0;
  const auto ticket = [&](const Array& x) {
    return io_callback([&](const Array& v) { return v + static_cast<double>(n++); }, like(x), x);
  };
  CHECK(ticket(10.0).item<double>() == 10);
  CHECK(differs(jit(vmap(ticket))(array({1.0, 1.0, 1.0})), array({2.0, 3.0, 4.0})) == "");
  CHECK(differs(map(ticket, zeros({3})), array({4.0, 5.0, 6.0})) == "");
  const auto ordered = [&](const Array& x) {
    return io_callback({.ordered = true}, [&](const Array& v) { return v + static_cast<double>(n++); }, like(x), x);
  };
  CHECK(differs(jit([&](const Array& v) { return map(ordered, v); })(zeros({3})), array({7.0, 8.0, 9.0})) == "");
  CHECK_THAT(thrown<ValueError>([&] { vmap(ordered)(ones({3})); }), Contains("io_callback: ") && Contains("fx::map"));
  CHECK_THAT(thrown<ValueError>([&] { jit(vmap(jit(ordered)))(ones({3})); }), Contains("io_callback: "));
}

TEST_CASE("callbacks with results have no derivative and say what to do; stop_gradient makes them constants") {
  const auto io = [](const Array& x) { return io_callback([](const Array& v) { return v; }, like(x), x); };
  CHECK_THAT(thrown<TypeError>([] { grad(host_sin)(1.0); }), Contains("pure_callback: ") && Contains("fx::custom_jvp"));
  CHECK_THAT(thrown<TypeError>([] { jit(jvp(jit(host_sin), ones({2}), ones({2}))); }), Contains("operand 0 (f64[2])"));
  CHECK_THAT(thrown<TypeError>([&] { grad(jit(io))(1.0); }), Contains("io_callback: ") && Contains("fx::custom_jvp"));
  const auto f = [](const Array& x) { return x * host_sin(stop_gradient(x)); };
  CHECK(differs(grad(f)(1.0), sin(Array(1.0))) == "");
  CHECK(differs(jit(grad(jit(f)))(1.0), sin(Array(1.0))) == "");
}

TEST_CASE("results of another shape, dtype or structure are refused, whoever runs the callback") {
  const auto returning = [](const Array& r) {
    return [r](const Array& x) { return pure_callback([r](const Array&) { return r; }, like(x), x); };
  };
  for (const auto& run : {std::function<void(std::function<Array(const Array&)>)>([](auto f) { f(ones({3})); }),
                          std::function<void(std::function<Array(const Array&)>)>([](auto f) { jit(f)(ones({3})); })}) {
    CHECK_THAT(thrown<ValueError>([&] { run(returning(ones({2}))); }),
               Contains("pure_callback: ") && Contains("got f64[2] for f64[3]"));
    CHECK_THAT(thrown<TypeError>([&] { run(returning(ones({3}, float32))); }), Contains("got f32[3] for f64[3]"));
    CHECK_THAT(thrown<TypeError>([&] { run(returning(Array())); }), Contains("an empty handle"));
  }
  CHECK_THAT(thrown<ValueError>([&] { vmap(returning(ones({3})))(ones({2, 4})); }), Contains("got f64[3] for f64[4]"));
  // A number of C++ takes the dtype that is asked for.
  CHECK(differs(jit([](const Array& x) { return pure_callback([](const Array&) { return Array(2); }, like(x), x); })(scalar(1.0F)), scalar(2.0F)) == "");
  const std::vector<Array> two{1.0, 2.0}, one{1.0};
  CHECK_THAT(thrown<ValueError>([&] { pure_callback([&](const Array&) { return one; }, two, 1.0); }), Contains("pure_callback: the result"));
  CHECK_THAT(thrown<TypeError>([&] { pure_callback([](const Array& x) { return x; }, Array(), 1.0); }), Contains("result_like"));
  Array leaked;
  CHECK_THAT(thrown<TypeError>([&] {
               jit([&](const Array& x) {
                 leaked = x;
                 return x;
               })(1.0);
               jit([&](const Array& x) { return pure_callback([&](const Array&) { return leaked; }, like(x), x); })(1.0);
             }), Contains("concrete arrays"));
}

TEST_CASE("result_like may be what eval_shape returns") {
  const auto f = [](const Array& x) { return Pair{sin(x), sum(x)}; };
  const auto host = jit([&](const Array& x) { return pure_callback(f, eval_shape(f, x), x); });
  const auto x = linspace(0.0, 1.0, 5);
  CHECK(differs(host(x).a, sin(x)) == "");
  CHECK(differs(host(x).b, sum(x)) == "");
}

}  // namespace fluxion::test
