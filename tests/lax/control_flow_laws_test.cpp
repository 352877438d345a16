// cond, switch_, while_loop, fori_loop, scan and map against the same programs written out in C++, under every
// transformation.
#include <catch2/catch.hpp>

#include <cmath>

#include <fluxion/fluxion.hpp>

namespace fluxion::test {

namespace {

void near(const Array& a, const Array& b) {
  INFO(a << "\nagainst\n" << b);
  CHECK(static_cast<bool>(allclose(a, b)));
}
void same(const Array& a, const Array& b) {
  INFO(a << "\nagainst\n" << b);
  CHECK(static_cast<bool>(array_equal(a, b)));
}

const auto branchy = [](const Array& x) {
  return cond(x > 0.0, [](const Array& a) { return sin(a); }, [](const Array& a) { return a * a; }, x);
};
const auto doubled = [](const Array& x) {
  return while_loop([](const Array& v) { return v < 100.0; }, [](const Array& v) { return v * 2.0; }, x);
};
const auto recurrence = [](const Array& x0, const Array& xs) {
  auto [last, ys] = scan(
      [](const Array& c, const Array& x) {
        const Array next = sin(c) * x + c;
        return std::pair(next, next * next);
      },
      x0, xs);
  return last + sum(ys);
};
const auto unrolled = [](const Array& x0, const Array& xs) {
  Array c = x0;
  Arrays ys;
  for (int i = 0; i < 4; ++i) {
    c = sin(c) * xs[i] + c;
    ys.push_back(c * c);
  }
  return c + sum(stack(ys));
};
Array inputs() { return array({0.1, 0.2, -0.3, 0.7}); }

struct State {
  Array position, velocity;
};

}  // namespace
}  // namespace fluxion::test

BOOST_HANA_ADAPT_STRUCT(fluxion::test::State, position, velocity);

namespace fluxion::test {

TEST_CASE("cond takes one branch, and its derivative that branch's") {
  same(branchy(2.0), sin(Array(2.0)));
  same(branchy(-3.0), 9.0);
  for (const double x : {2.0, -3.0}) {
    const double slope = x > 0 ? std::cos(x) : 2 * x, curve = x > 0 ? -std::sin(x) : 2;
    near(grad(branchy)(x), slope);
    near(jit(grad(jit(branchy)))(x), slope);
    near(jvp(branchy, Array(x), Array(1.0)).second, slope);
    near(grad(grad(branchy))(x), curve);
  }
}

TEST_CASE("cond under vmap equals the loop, with the predicate mapped or not") {
  const auto xs = array({2.0, -3.0, 0.5});
  const auto values = vmap(branchy)(xs), slopes = vmap(grad(branchy))(xs);
  for (int i = 0; i < 3; ++i) {
    same(values[i], branchy(xs[i]));
    same(slopes[i], grad(branchy)(xs[i]));
  }
  const auto chosen = [](const Array& p, const Array& x) {
    return cond(p, [](const Array& a) { return a + 1.0; }, [](const Array& a) { return a * 2.0; }, x);
  };
  same(vmap(chosen, {.in_axes = {none, 0}})(true, xs), xs + 1.0);
}

TEST_CASE("cond returns captured values and trees, and lets gradients reach what branches capture") {
  const auto f = [](const Array& w, const Array& x) {
    const auto s = cond(x > 0.0, [&] { return State{w * x, x}; }, [&] { return State{x, w}; });
    return s.position * s.velocity;
  };
  near(grad(f)(3.0, 2.0), 4.0);
  near(jit(grad(f))(3.0, -2.0), -2.0);
}

TEST_CASE("switch_ clamps its index") {
  const std::tuple branches{[](const Array& x) { return x; }, [](const Array& x) { return x * 2.0; },
                            [](const Array& x) { return x * x; }};
  const auto f = [&](const Array& i, const Array& x) { return switch_(i, branches, x); };
  same(f(0, 3.0), 3.0);
  same(f(1, 3.0), 6.0);
  same(f(9, 3.0), 9.0);
  same(f(-4, 3.0), 3.0);
  same(vmap(f, {.in_axes = {0, none}})(array({0, 1, 2, 7}), 3.0), array({3.0, 6.0, 9.0, 9.0}));
}

TEST_CASE("while_loop runs under jit and until every lane of vmap is done") {
  same(doubled(3.0), 192.0);
  same(jit(doubled)(3.0), 192.0);
  same(doubled(200.0), 200.0);
  same(jvp(doubled, Array(3.0), Array(1.0)).second, 64.0);
  same(jacfwd(doubled)(3.0), 64.0);
  same(vmap(doubled)(array({3.0, 50.0, 200.0})), array({192.0, 100.0, 200.0}));
  same(jit(vmap(doubled))(array({3.0, 50.0, 200.0})), array({192.0, 100.0, 200.0}));
}

TEST_CASE("scan equals the unrolled loop under every transformation") {
  const auto xs = inputs();
  same(recurrence(0.5, xs), unrolled(0.5, xs));
  same(jit(recurrence)(0.5, xs), unrolled(0.5, xs));
  const auto want = grad(unrolled, argnums<0, 1>)(0.5, xs);
  for (const auto& got : {grad(recurrence, argnums<0, 1>)(0.5, xs), jit(grad(jit(recurrence), argnums<0, 1>))(0.5, xs)}) {
    near(std::get<0>(got), std::get<0>(want));
    near(std::get<1>(got), std::get<1>(want));
  }
  near(grad(grad(recurrence))(0.5, xs), grad(grad(unrolled))(0.5, xs));
  const auto of_xs = [](const auto& f) { return [f](const Array& v) { return f(0.5, v); }; };
  near(hessian(of_xs(recurrence))(xs), hessian(of_xs(unrolled))(xs));
  near(jit(jacfwd(jacrev(of_xs(recurrence))))(xs), hessian(of_xs(unrolled))(xs));
  near(vmap(recurrence, {.in_axes = {0, none}})(array({0.5, 0.6}), xs)[1], unrolled(0.6, xs));
  near(vmap(grad(recurrence), {.in_axes = {none, 1}})(0.5, stack({xs, 2.0 * xs}, 1))[1], grad(unrolled)(0.5, 2.0 * xs));
}

TEST_CASE("scan goes backwards, over trees, without xs, and no trip at all") {
  const auto total = [](const Array& c, const Array& x) { return std::pair(c + x, c); };
  const auto forward = scan(total, 0.0, inputs()), backward = scan(total, 0.0, inputs(), {.reverse = true});
  near(forward.second, array({0.0, 0.1, 0.3, 0.0}));
  near(backward.second, array({0.6, 0.4, 0.7, 0.0}));
  const auto orbit = [](const Array& k) {
    return scan([&](const State& s, None) { return std::pair(State{s.position + 0.1 * s.velocity, s.velocity - k * s.position}, None{}); },
                State{1.0, 0.0}, none, {.length = 3})
        .first.position;
  };
  near(orbit(0.1), 0.97);
  near(jit(grad(orbit))(0.1), jvp(orbit, Array(0.1), Array(1.0)).second);
  const auto none_at_all = scan(total, 2.0, zeros({0}));
  same(none_at_all.first, 2.0);
  CHECK(none_at_all.second.shape() == Shape{0});
}

TEST_CASE("fori_loop takes integer bounds and traced ones") {
  const auto horner = [](const Array& x) {
    return fori_loop(0, 5, [&](const Array& i, const Array& v) { return v * x + i; }, 1.0);
  };
  const auto written_out = [](const Array& x) {
    Array v = 1.0;
    for (int i = 0; i < 5; ++i) v = v * x + static_cast<double>(i);
    return v;
  };
  same(horner(1.3), written_out(1.3));
  near(grad(horner)(1.3), grad(written_out)(1.3));
  near(jit(grad(grad(horner)))(1.3), grad(grad(written_out))(1.3));
  const auto to_n = [](const Array& n, const Array& x) {
    return fori_loop(0, n, [&](const Array& i, const Array& v) { return v * x + i; }, 1.0);
  };
  same(to_n(5, 1.3), written_out(1.3));
  same(vmap(to_n, {.in_axes = {0, none}})(array({5, 0}), 1.3), stack({written_out(1.3), Array(1.0)}));
  same(map([](const Array& x) { return x * x; }, inputs()), inputs() * inputs());
}

TEST_CASE("control flow names what does not fit") {
  using Catch::Contains;
  const auto xs = inputs();
  CHECK_THROWS_WITH(scan([](const Array& c, const Array& x) { return std::pair(stack({c, c}), x); }, 0.5, xs),
                    Contains("scan: ") && Contains("got f64[2] for f64[]"));
  CHECK_THROWS_WITH(cond(xs > 0.0, [](const Array& a) { return a; }, [](const Array& a) { return a; }, xs),
                    Contains("cond: ") && Contains("fx::where"));
  CHECK_THROWS_WITH(cond(true, [](const Array& a) { return a; }, [](const Array& a) { return stack({a, a}); }, Array(1.0)),
                    Contains("cond: branches must return equal types"));
  CHECK_THROWS_WITH(while_loop([](const Array& v) { return v; }, [](const Array& v) { return v; }, 1.0),
                    Contains("while_loop: the condition must return a bool"));
  CHECK_THROWS_WITH(scan([](const Array& c, None) { return std::pair(c, None{}); }, 0.5, none), Contains("{.length = n}"));
  same(jit(recurrence)(0.5, xs), unrolled(0.5, xs));
}

TEST_CASE("a body is traced once, whatever the number of trips") {
  int traces = 0;
  const auto f = jit([&](const Array& x) {
    return fori_loop(0, 1000, [&](const Array&, const Array& v) {
      ++traces;
      return v * 1.001;
    }, x);
  });
  const auto first = f(1.0);
  CHECK(traces <= 2);  // twice where a weak initial value takes the body's type
  same(f(1.0), first);
}

}  // namespace fluxion::test
