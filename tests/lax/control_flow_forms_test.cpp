// scan with unroll, map in batches, associative_scan, and what the control-flow functions refuse.
#include <catch2/catch.hpp>

#include <fluxion/fluxion.hpp>

namespace fluxion::test {

namespace {

void same(const Array& a, const Array& b) {
  INFO(a << "\nagainst\n" << b);
  CHECK(static_cast<bool>(array_equal(a, b)));
}
void near(const Array& a, const Array& b) {
  INFO(a << "\nagainst\n" << b);
  CHECK(static_cast<bool>(allclose(a, b)));
}

struct Linear {  // y = a x + b
  Array a, b;
};

}  // namespace
}  // namespace fluxion::test

BOOST_HANA_ADAPT_STRUCT(fluxion::test::Linear, a, b);

namespace fluxion::test {

namespace {

Array numbers(int n) { return sin(1.7 * arange(n).astype(float64) + 0.3); }

/// A scan of seven trips with a carry, xs and ys, as a function of what it starts from and of xs.
auto scanned(std::int64_t unroll, bool reverse) {
  return [=](const Array& c0, const Array& xs) {
    const auto [last, ys] = scan(
        [](const Array& c, const Array& x) {
          const Array next = sin(c) * x + c;
          return std::pair(next, stack({next, c * x}));
        },
        c0, xs, {.reverse = reverse, .unroll = unroll});
    return concatenate({last.reshape({1}), ys.reshape({-1})});
  };
}

// x -> a2 (a1 x + b1) + b2
Linear after(const Linear& first, const Linear& second) {
  return {second.a * first.a, second.a * first.b + second.b};
}

}  // namespace

TEST_CASE("an unrolled scan has the bits of the plain one under every transformation") {
  const Array xs = numbers(7);
  for (const bool reverse : {false, true}) {
    const auto plain = scanned(1, reverse);
    const auto loss = [](const auto& f) { return [f](const Array& c, const Array& v) { return sum(f(c, v) * f(c, v)); }; };
    for (const std::int64_t unroll : {2, 3, 6, 7, 100}) {
      INFO("unroll " << unroll << ", reverse " << reverse);
      const auto f = scanned(unroll, reverse);
      same(f(0.5, xs), plain(0.5, xs));
      same(jit(f)(0.5, xs), plain(0.5, xs));
      same(jit(grad(loss(f), argnums<1>))(0.5, xs), grad(loss(plain), argnums<1>)(0.5, xs));
      same(grad(loss(f))(0.5, xs), grad(loss(plain))(0.5, xs));
      same(jvp(f, std::tuple(Array(0.5), xs), std::tuple(Array(1.0), xs)).second,
           jvp(plain, std::tuple(Array(0.5), xs), std::tuple(Array(1.0), xs)).second);
      same(vmap(f, {.in_axes = {0, none}})(numbers(3), xs)[1], plain(numbers(3)[1], xs));
      same(f(0.5, zeros({0})), plain(0.5, zeros({0})));
    }
  }
  const auto loop = scanned(2, false);
  std::ostringstream os;
  os << make_jaxpr(loop)(0.5, xs);
  CHECK_THAT(os.str(), Catch::Contains("unroll=2"));
}

TEST_CASE("map in batches is the map, and traces twice: the batches and the remainder") {
  int traces = 0;
  const auto f = [&traces](const std::pair<Array, Array>& x) {
    ++traces;
    return Linear{sin(x.first) * sum(x.second), x.second};
  };
  const std::pair xs{numbers(10), numbers(40).reshape({10, 4})};
  const auto want = fluxion::map(f, xs);
  for (const std::int64_t b : {1, 3, 5, 10, 12}) {
    INFO("batch_size " << b);
    traces = 0;
    const auto got = fluxion::map(f, xs, {.batch_size = b});
    CHECK(traces == (10 % b == 0 ? 1 : 2));
    same(got.a, want.a);
    same(got.b, want.b);
  }
  const auto loss = [](std::optional<std::int64_t> b) {
    return [b](const Array& v) { return sum(fluxion::map([](const Array& x) { return x * sin(x); }, v, {.batch_size = b})); };
  };
  near(jit(grad(loss(3)))(xs.first), grad(loss({}))(xs.first));
  near(vmap(loss(3))(xs.second), vmap(loss({}))(xs.second));
  same(fluxion::map([](const Array& x) { return x * x; }, zeros({0}), {.batch_size = 2}), zeros({0}));
}

TEST_CASE("associative_scan gives all prefixes, of trees, along any axis, from either end") {
  const auto add = [](const Array& a, const Array& b) { return a + b; };
  same(associative_scan(add, arange(4), {.reverse = true}), array({6, 6, 5, 3}));
  for (const int n : {0, 1, 2, 3, 4, 5, 8, 13}) {
    INFO(n << " elements");
    const Linear maps{numbers(n), numbers(2 * n)(range(n, none))};
    const auto got = associative_scan(after, maps), jitted = jit([](const Linear& m) { return associative_scan(after, m); })(maps);
    Linear so_far{1.0, 0.0};
    for (int i = 0; i < n; ++i) {
      so_far = after(so_far, {maps.a[i], maps.b[i]});
      near(got.a[i], so_far.a);
      near(got.b[i], so_far.b);
    }
    same(jitted.a, got.a);
    same(jitted.b, got.b);
  }
  const Array table = arange(24).reshape({2, 3, 4});
  for (const int axis : {0, 1, 2, -1}) {
    const auto sums = associative_scan(add, table, {.axis = axis});
    same(moveaxis(sums, axis, 0)[-1], sum(table, axis));
  }
  same(associative_scan(add, array({-0.0, -0.0, -0.0})), array({-0.0, -0.0, -0.0}));
  CHECK(1.0 / associative_scan(add, array({-0.0, -0.0, -0.0}))[1].item<double>() < 0);
}

TEST_CASE("associative_scan is differentiable, mapped and captures tracers") {
  const auto weighted = [](const Array& w, const Array& x) {
    return sum(associative_scan([](const Array& a, const Array& b) { return a * b; }, w * x) * x);
  };
  const auto written_out = [](const Array& w, const Array& x) {
    Array product = 1.0, total = 0.0;
    for (int i = 0; i < 5; ++i) {
      product = product * w * x[i];
      total = total + product * x[i];
    }
    return total;
  };
  const Array x = numbers(5) + 1.5;
  near(grad(weighted)(0.7, x), grad(written_out)(0.7, x));
  near(jit(grad(weighted, argnums<1>))(0.7, x), grad(written_out, argnums<1>)(0.7, x));
  near(grad(grad(weighted))(0.7, x), grad(grad(written_out))(0.7, x));
  near(jvp(weighted, std::tuple(Array(0.7), x), std::tuple(Array(1.0), x)).second,
       jvp(written_out, std::tuple(Array(0.7), x), std::tuple(Array(1.0), x)).second);
  near(vmap(weighted, {.in_axes = {0, none}})(array({0.7, 0.9}), x)[1], written_out(0.9, x));
}

TEST_CASE("a combination is called about twice per halving, on slices") {
  std::vector<Shape> seen;
  associative_scan(
      [&](const Array& a, const Array& b) {
        seen.push_back(a.shape());
        return a + b;
      },
      zeros({16, 2}));
  CHECK(seen == std::vector<Shape>{{8, 2}, {4, 2}, {2, 2}, {1, 2}, {1, 2}, {3, 2}, {7, 2}});
}

TEST_CASE("one branch is called without a switch") {
  std::ostringstream os;
  os << make_jaxpr([](const Array& i, const Array& x) {
    return switch_(i, std::tuple([](const Array& v) { return sin(v); }), x);
  })(3, 1.0);
  CHECK_THAT(os.str(), !Catch::Contains("cond"));
}

TEST_CASE("the control-flow functions name what they refuse, all leaves of it") {
  using Catch::Contains;
  using V = std::vector<Array>;
  const auto two = zeros({2});
  const auto id = [](const Array& a) { return a; };
  const auto add = [](const Array& a, const Array& b) { return a + b; };
  CHECK_THROWS_WITH(scan([](const Linear& c, None) { return std::pair(Linear{stack({c.a, c.a}), c.b.astype(float32)}, None{}); },
                         Linear{scalar(1.0), scalar(2.0)}, none, {.length = 2}),
                    Contains("scan: the body must return a carry of the type it is given, got f64[2] for f64[] at .a, f32[] for f64[] at .b;"));
  CHECK_THROWS_WITH(while_loop([](const Linear& c) { return c.a < 1.0; },
                               [](const Linear& c) { return Linear{stack({c.a, c.a}), c.b.astype(float32)}; }, Linear{scalar(1.0), scalar(2.0)}),
                    Contains("while_loop: the body") && Contains("f64[2] for f64[] at .a, f32[] for f64[] at .b;"));
  CHECK_THROWS_WITH(cond(true, [](const Array& a) { return Linear{a, a}; }, [](const Array& a) { return Linear{stack({a, a}), a.astype(float32)}; }, scalar(1.0)),
                    Contains("cond: branches must return equal types, got f64[2] and f64[] at .a, f32[] and f64[] at .b;"));
  CHECK_THROWS_WITH(cond(random::key(0), id, id, two), Contains("cond: the predicate must be a bool or a number, got key<fry>[]"));
  CHECK_THROWS_WITH(switch_(1.0, std::tuple(id, id), two), Contains("switch_: the index must be an integer scalar, got f64[]"));
  CHECK_THROWS_WITH(cond(true, [](const Array& a) { return V{a}; }, [](const Array& a) { return V{a, a}; }, two),
                    Contains("cond: branches must return trees of one structure, got 2 and 1 leaves"));
  // as many leaves, elsewhere
  const std::pair nested{V{two}, V{two, two}}, other{V{two, two}, V{two}};
  CHECK_THROWS_WITH(cond(true, [&] { return nested; }, [&] { return other; }), Contains("cond: the tree of false_fun must have the structure"));
  CHECK_THROWS_WITH(switch_(0, std::tuple([&] { return nested; }, [&] { return other; })), Contains("switch_: the tree of each branch must have the structure"));
  CHECK_THROWS_WITH(scan([&](const auto&, None) { return std::pair(other, None{}); }, nested, none, {.length = 2}),
                    Contains("scan: the carry that f returns must have the structure"));
  CHECK_THROWS_WITH(while_loop([](const auto&) { return Array(false); }, [&](const auto&) { return other; }, nested),
                    Contains("while_loop: the carry that the body returns must have the structure"));
  CHECK_THROWS_WITH(associative_scan([&](const auto&, const auto&) { return other; }, nested),
                    Contains("associative_scan: the tree that fn returns must have the structure"));
  CHECK_THROWS_WITH(scan([](const Array& c, const auto& x) { return std::pair(c, x); }, 0.0, std::pair{zeros({2}), zeros({3})}),
                    Contains("scan: leading axes of xs must have one extent, got 2 and 3 at [1]"));
  CHECK_THROWS_WITH(scan([](const Array& c, const Array& x) { return std::pair(c, x); }, 0.0, two, {.unroll = 0}),
                    Contains("scan: unroll must be at least 1, got 0"));
  CHECK_THROWS_WITH(fluxion::map(id, two, {.batch_size = 0}), Contains("map: batch_size must be at least 1, got 0"));
  CHECK_THROWS_WITH(fluxion::map(id, scalar(1.0), {.batch_size = 2}), Contains("map: xs must have a leading axis"));
  CHECK_THROWS_WITH(associative_scan([](const V& a, const V&) { return a; }, V{}), Contains("associative_scan: elems must have an array"));
  CHECK_THROWS_WITH(associative_scan(add, two, {.axis = 1}), Contains("associative_scan: axis must be one of each leaf, got 1 for f64[2]"));
  CHECK_THROWS_WITH(associative_scan([](const V& a, const V&) { return a; }, V{two, zeros({3, 2})}),
                    Contains("got f64[2] at [0] and f64[3,2] at [1]"));
  CHECK_THROWS_WITH(associative_scan([](const Linear& a, const Linear& b) { return Linear{a.a, (a.b + b.b).astype(float32)}; }, Linear{two, two}),
                    Contains("associative_scan: fn must return what it combines, got f32[1] for f64[1] at .b"));
}

}  // namespace fluxion::test
