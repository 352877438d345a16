// cond, switch_ and while_loop whose condition differs by lane: the loop over the examples to the bit, under every
// transformation; lanes that are done, or take another branch, are not run.
#include <catch2/catch.hpp>

#include <rapidcheck.h>

#include <cmath>
#include <functional>
#include <sstream>

#include <fluxion/fluxion.hpp>

#include "core/jaxpr.hpp"
#include "lax/control_flow/lanes.hpp"
#include "lax/rows.hpp"
#include "support/allocations.hpp"

namespace fluxion::test {

namespace {

using Function = std::function<Array(const Array&)>;

/// What has enough work in a lane for buckets to be worth it.
const auto heavy = [](const Array& x) {
  Array y = x;
  for (int i = 0; i < 12; ++i) y = sin(y) + 0.1 * cos(y);
  return y;
};
std::string jaxpr_of(const Function& f, const Array& x) {
  std::ostringstream os;
  os << make_jaxpr(f)(x);
  return os.str();
}
std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

struct Program {
  const char* name;
  Function f;                // of one example, a vector of 3
  bool reverse;              // whether grad works
};

Array steps(const Array& x) { return floor(abs(x[0]) * 40.0); }

const std::vector<Program>& programs() {
  static const std::vector<Program> list{
      {"heavy cond",
       [](const Array& x) { return cond(x[0] > 0.0, [](const Array& v) { return heavy(v); }, [](const Array& v) { return v * v; }, x); }, true},
      {"two heavy branches",
       [](const Array& x) { return cond(x[1] > 0.2, heavy, [](const Array& v) { return heavy(v * v); }, x); }, true},
      {"light cond", [](const Array& x) { return cond(x[0] > 0.0, [](const Array& v) { return sin(v); }, [](const Array& v) { return v * v; }, x); }, true},
      {"switch of three",
       [](const Array& x) {
         return switch_(steps(x).astype(int32) - 5, std::tuple(heavy, [](const Array& v) { return heavy(v + 1.0); }, [](const Array& v) { return -v; }), x);
       },
       true},
      {"branch without the operand",
       [](const Array& x) { return x * cond(x[0] > 0.0, [&] { return heavy(x)[1]; }, [] { return Array(2.0); }); }, true},
      {"heavy loop",
       [](const Array& x) {
         return while_loop([](const auto& c) { return c.first > 0.0; }, [](const auto& c) { return std::pair(c.first - 1.0, heavy(c.second)); },
                           std::pair(steps(x), x)).second;
       },
       false},
      {"light loop",
       [](const Array& x) {
         return while_loop([](const auto& c) { return c.first > 0.0; }, [](const auto& c) { return std::pair(c.first - 1.0, c.second * 1.01); },
                           std::pair(steps(x), x)).second;
       },
       false},
      {"loop with captured values",
       [](const Array& x) {
         const Array rate = 0.9 + 0.1 * x[2];
         return while_loop([&](const Array& v) { return sum(v * v) > 0.05 * abs(x[1]) + 0.01; }, [&](const Array& v) { return v * (0.4 + 0.1 * heavy(v)) * rate; }, x);
       },
       false},
      {"cond in a loop",
       [](const Array& x) {
         return while_loop([](const auto& c) { return c.first > 0.0; },
                           [](const auto& c) {
                             return std::pair(c.first - 1.0, cond(c.second[0] > 0.0, heavy, [](const Array& v) { return v + 0.3; }, c.second));
                           },
                           std::pair(steps(x), x)).second;
       },
       false},
      {"loop in a cond",
       [](const Array& x) {
         return cond(x[1] > 0.0,
                     [](const Array& v) {
                       return while_loop([](const auto& c) { return c.first > 0.0; }, [](const auto& c) { return std::pair(c.first - 1.0, heavy(c.second)); },
                                         std::pair(steps(v), v)).second;
                     },
                     [](const Array& v) { return v * 2.0; }, x);
       },
       false},
      {"loop in a loop",
       [](const Array& x) {
         return while_loop(
                    [](const auto& c) { return c.first > 0.0; },
                    [](const auto& c) {
                      const auto inner = while_loop([](const Array& v) { return sum(v * v) > 0.1; }, [](const Array& v) { return 0.5 * sin(v); }, c.second);
                      return std::pair(c.first - 1.0, inner * 2.0 + 0.1);
                    },
                    std::pair(steps(x), x)).second;
       },
       false},
      {"loop in a scan",
       [](const Array& x) {
         return scan(
                    [](const Array& c, const Array& v) {
                      const auto next = while_loop([](const Array& u) { return sum(u * u) > 0.1; }, [](const Array& u) { return u * 0.5 * sin(heavy(u)); }, c + v);
                      return std::pair(next, None{});
                    },
                    x, x).first;
       },
       false},
  };
  return list;
}

Array examples(std::int64_t n, double scale = 1.0) {
  return sin(2.3 * arange(3 * n).astype(float64) + 0.7).reshape({n, 3}) * scale;
}
Array looped_over(const Function& f, const Array& xs) {
  Arrays out;
  for (std::int64_t i = 0; i < xs.shape()[0]; ++i) out.push_back(f(xs[i]));
  return stack(out);
}
void same(const Array& got, const Array& want) {
  INFO(got << "\nagainst\n" << want);
  CHECK(static_cast<bool>(array_equal(got, want, true)));
}

Function mapped(const Function& f) {
  return [f](const Array& xs) { return vmap(f)(xs); };
}
Function pushed(const Function& f) {
  return [f](const Array& x) { return jvp(f, x, cos(x)).second; };
}
Function gradient(const Function& f) {
  return [f](const Array& x) { return grad([&f](const Array& v) { return sum(f(v) * f(v)); })(x); };
}

}  // namespace

TEST_CASE("lanes with conditions of their own equal the loop over examples to the bit") {
  for (const auto& p : programs()) {
    for (const std::int64_t n : {1, 2, 3, 16, 37}) {
      INFO(p.name << ", " << n << " lanes");
      const auto xs = examples(n);
      const auto want = looped_over(p.f, xs);
      same(vmap(p.f)(xs), want);
      same(jit(mapped(p.f))(xs), want);
      same(vmap(jit(p.f))(xs), want);
    }
  }
}

TEST_CASE("lanes with conditions of their own are differentiated as the loop over examples") {
  const auto xs = examples(9);
  for (const auto& p : programs()) {
    INFO(p.name);
    const auto forward = looped_over(pushed(p.f), xs);
    same(vmap(pushed(p.f))(xs), forward);
    same(jit(vmap(pushed(p.f)))(xs), forward);
    same(jvp(mapped(p.f), xs, cos(xs)).second, forward);
    same(jit(pushed(mapped(p.f)))(xs), forward);
    if (!p.reverse) continue;
    const auto reverse = looped_over(gradient(p.f), xs);
    same(vmap(gradient(p.f))(xs), reverse);
    same(gradient(mapped(p.f))(xs), reverse);
    same(jit(gradient(mapped(p.f)))(xs), reverse);
    const auto second = looped_over(gradient(gradient(p.f)), xs);
    const auto got = jit(gradient(gradient(mapped(p.f))))(xs);
    INFO(got << "\nagainst\n" << second);
    CHECK(static_cast<bool>(allclose(got, second)));
  }
}

TEST_CASE("lanes of lanes equal the loops over examples to the bit") {
  const auto xs = examples(108).reshape({9, 12, 3});
  for (const auto& p : programs()) {
    INFO(p.name);
    Arrays rows;
    for (std::int64_t i = 0; i < 9; ++i) rows.push_back(looped_over(p.f, xs[i]));
    const auto want = stack(rows);
    same(vmap(mapped(p.f))(xs), want);
    same(jit(mapped(mapped(p.f)))(xs), want);
    same(vmap(vmap(p.f, {.in_axes = 0, .out_axes = 1}), {.in_axes = 1, .out_axes = 2})(xs), moveaxis(want, 2, 0));
  }
}

TEST_CASE("random lanes equal the loop over examples to the bit") {
  const auto trips = [](const Array& x) {
    return while_loop([](const auto& c) { return c.first > 0.0; }, [](const auto& c) { return std::pair(c.first - 1.0, heavy(c.second)); },
                      std::pair(x[0], x)).second;
  };
  const auto branches = [](const Array& x) {
    return switch_(x[0].astype(int32), std::tuple(heavy, [](const Array& v) { return heavy(v + 1.0); }, [](const Array& v) { return v * v; }), x);
  };
  const auto all = jit([&](const Array& xs) { return std::pair(vmap(trips)(xs), vmap(branches)(xs)); });
  const auto one = jit([&](const Array& x) { return std::pair(trips(x), branches(x)); });
  CHECK(rc::check("every choice of trips and branches", [&] {
    const auto n = *rc::gen::element(40, 100);
    const auto counts = *rc::gen::container<std::vector<int>>(static_cast<std::size_t>(n), rc::gen::inRange(0, *rc::gen::element(2, 4, 12)));
    const Array xs = array(counts).astype(float64).reshape({n, 1}) + zeros({1, 3});
    const auto together = all(xs);
    for (int i = 0; i < n; ++i) {
      const auto alone = one(xs[i]);
      RC_ASSERT(static_cast<bool>(array_equal(together.first[i], alone.first)));
      RC_ASSERT(static_cast<bool>(array_equal(together.second[i], alone.second)));
    }
  }));
}

TEST_CASE("a branch that a lane does not take leaves no trace in its derivative") {
  const auto safe_log = [](const auto& work) {
    return [work](const Array& w, const Array& x) {
      return cond(x > 0.0, [&](const Array& v) { return work(log(v * w)); }, [&](const Array& v) { return v * w; }, x);
    };
  };
  const auto xs = array({0.0, 1.0, -1.0, 2.0, 0.0, 3.0});
  const auto check = [&](const auto& f) {
    const auto total = [&f](const Array& w, const Array& v) { return sum(vmap(f, {.in_axes = {none, 0}})(w, v)); };
    Array of_w = 0.0;
    for (int i = 0; i < 6; ++i) of_w = of_w + grad(f)(1.3, xs[i]);
    for (const auto& [dw, dx] : {grad(total, argnums<0, 1>)(1.3, xs), jit(grad(total, argnums<0, 1>))(1.3, xs)}) {
      CHECK(static_cast<bool>(allclose(dw, of_w)));
      for (int i = 0; i < 6; ++i) same(dx[i], grad(f, argnums<1>)(1.3, xs[i]));
    }
  };
  check(safe_log([](const Array& v) { return v; }));
  check(safe_log([](const Array& v) {
    Array y = v;
    for (int i = 0; i < 200; ++i) y = sin(y) + 0.1 * cos(y);
    return y;
  }));
}

namespace {

/// Ends for whole numbers from 0 on, for nothing else.
Array counted_down(const Array& x) {
  return while_loop([](const Array& v) { return v != 0.0; }, [](const Array& v) { return v - 1.0; }, x);
}

}  // namespace

TEST_CASE("what ends for each example ends for all: a lane that is done, or elsewhere, is not run") {
  const auto outer = [](const Array& x) {  // the last trip leaves what the body would never end with
    return while_loop([](const auto& c) { return c.first > 0.0; },
                      [](const auto& c) {
                        const Array rest = counted_down(c.second);
                        return std::pair(c.first - 1.0, where(c.first > 1.0, c.second + rest, -0.5));
                      },
                      std::pair(x, x)).second;
  };
  const auto branch = [](const Array& x) { return cond(x >= 0.0, counted_down, [](const Array& v) { return v * 2.0; }, x); };
  const auto both = [&](const Array& x) { return cond(x >= 2.0, outer, branch, x); };
  const auto xs = array({3.0, 0.0, -0.5, 7.0, 1.0, -2.5, 4.0, 2.0});
  for (const auto& f : {Function(outer), Function(branch), Function(both)}) {
    const auto want = looped_over(f, xs);
    same(vmap(f)(xs), want);
    same(jit(mapped(f))(xs), want);
    same(jit(mapped(mapped(f)))(xs.reshape({2, 4})), want.reshape({2, 4}));
    same(jit(mapped(mapped(f)))(xs.reshape({4, 2})), want.reshape({4, 2}));
    same(vmap(f)(xs(range(2, 3))), want(range(2, 3)));
  }
}

TEST_CASE("a loop has one program per bucket, of powers of two") {
  const auto f = programs()[5].f;
  REQUIRE(std::string(programs()[5].name) == "heavy loop");
  const auto text = jaxpr_of(mapped(f), zeros({1024, 3}));
  CHECK(count_of(text, "= while[") <= 11);
  CHECK(count_of(text, "= while[") >= 4);
  for (const auto* size : {"1024,3", "512,3", "256,3"}) CHECK(count_of(text, std::string(":f64[") + size + "] = sin") == 12);
  CHECK(count_of(jaxpr_of(mapped(f), zeros({1000, 3})), ":f64[512,3] = sin") == 12);
  const auto light = programs()[6].f;
  CHECK(count_of(jaxpr_of(mapped(light), zeros({64, 3})), "= while[") == 1);
}

TEST_CASE("buckets are chosen by what they save") {
  const auto body = detail::make_jaxpr_flat([](const Arrays& a) -> Arrays { return {heavy(a[0])}; }, {{{3}, DType::float64, false}}, "test").jaxpr;
  const auto light = detail::make_jaxpr_flat([](const Arrays& a) -> Arrays { return {a[0] * 2.0}; }, {{{3}, DType::float64, false}}, "test").jaxpr;
  const auto b = lax::buckets_for({body}, 1000);
  CHECK_FALSE(b.only_all());
  CHECK(b.below(1000) == 512);
  CHECK(b.below(512) == 256);
  CHECK(b.below(b.smallest) == 0);
  CHECK(b.fitting(1) == b.smallest);
  CHECK(b.fitting(257) == 512);
  CHECK(b.fitting(513) == 1000);
  CHECK(lax::buckets_for({light}, 100).only_all());
  CHECK(lax::buckets_for({body}, 1).only_all());
  CHECK(lax::buckets_for({body}, 0).only_all());
}

TEST_CASE("a loop over lanes allocates nothing per trip") {
  const auto f = jit(mapped(programs()[5].f));
  const auto lanes = [](double most) { return (arange(64).astype(float64) * (most / 64 / 40.0)).reshape({64, 1}) + zeros({1, 3}); };
  const auto allocations = [&](const Array& xs) {
    f(xs);
    const auto before = heap_allocations();
    f(xs);
    return heap_allocations() - before;
  };
  CHECK(allocations(lanes(4)) == allocations(lanes(400)));
}

TEST_CASE("bodies that work over a named axis run on all lanes together") {
  const auto centred = [](const char* over) {
    return [over](const Array& x) {
      const auto loop = while_loop([](const auto& c) { return c.first > 0.0; },
                                   [over](const auto& c) { return std::pair(c.first - 1.0, heavy(c.second) - 0.1 * pmean(c.second, over)); },
                                   std::pair(steps(x), x)).second;
      return cond(x[1] > 0.0, [over](const Array& v) { return heavy(v) + pmean(heavy(heavy(v)), over); }, [](const Array& v) { return v; }, loop);
    };
  };
  // The same written out: every lane runs, and those that are done keep what they have.
  const auto together = [](const Array& xs, std::int64_t axis) {
    const auto lanes = [](const Array& m) { return broadcast_to(expand_dims(m, -1), {9, 12, 3}); };
    Array k = floor(abs(xs(range(), range(), 0)) * 40.0), x = xs;
    for (int i = 0; i < 40; ++i) {
      const Array going = k > 0.0;
      x = where(lanes(going), heavy(x) - 0.1 * mean(x, axis, true), x);
      k = where(going, k - 1.0, k);
    }
    return where(lanes(xs(range(), range(), 1) > 0.0), heavy(x) + mean(heavy(heavy(x)), axis, true), x);
  };
  const auto xs = examples(108).reshape({9, 12, 3});
  const auto inner = [&](const Array& v) { return vmap(centred("i"), {.axis_name = "i"})(v); };
  const auto got = vmap(inner)(xs), want = together(xs, 1);
  CHECK(static_cast<bool>(allclose(got, want)));
  const auto outer = [&](const Array& v) { return vmap(centred("j"))(v); };
  CHECK(static_cast<bool>(allclose(jit([&](const Array& v) { return vmap(outer, {.axis_name = "j"})(v); })(xs), together(xs, 0))));
}

TEST_CASE("rows take indices of int64 only") {
  CHECK_THROWS_WITH(lax::take_rows(zeros({3}), array({1}).astype(int32)), Catch::Contains("take_rows: indices must be int64, got i32[1]"));
  CHECK_THROWS_WITH(lax::true_positions(array({true}), -1), Catch::Contains("true_positions: size must not be negative, got -1"));
}

}  // namespace fluxion::test
