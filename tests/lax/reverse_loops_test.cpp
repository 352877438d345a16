// Reverse mode through loops whose number of trips is a value, against the same loops written out in C++.
#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <atomic>
#include <functional>
#include <thread>

#include <fluxion/fluxion.hpp>

#include "lax/control_flow/tape.hpp"

namespace fluxion::test {

namespace {

using Fn = std::function<Array(const Array&)>;

void near(const Array& a, const Array& b) {
  INFO(a << "\nagainst\n" << b);
  CHECK(static_cast<bool>(allclose(a, b)));
}
void same(const Array& a, const Array& b) {
  INFO(a << "\nagainst\n" << b);
  CHECK(static_cast<bool>(array_equal(a, b)));
}

/// A loop of the library, the same loop in C++, and where to look.
struct Case {
  const char* name;
  Fn loop, written_out;
  std::vector<double> at;
};

bool truth(const Array& x) { return static_cast<bool>(x); }

Array grow(const Array& v) { return v * v + sin(v); }
Array until_large(const Array& x) {
  return while_loop([](const Array& v) { return v < 50.0; }, grow, x);
}
Array until_large_written_out(const Array& x) {
  Array v = x;
  while (truth(v < 50.0)) v = grow(v);
  return v;
}

// Newton's method for cos(y) = x y: x is captured, and the iteration starts from a constant.
Array newton_step(const Array& x, const Array& y) { return y + (cos(y) - x * y) / (sin(y) + x); }
Array newton(const Array& x) {
  using Carry = std::pair<Array, Array>;
  return while_loop([](const Carry& c) { return abs(c.second) > 1e-9; },
                    [&](const Carry& c) {
                      const auto y = newton_step(x, c.first);
                      return Carry(y, y - c.first);
                    },
                    Carry(1.0, 1.0))
      .first;
}
Array newton_written_out(const Array& x) {
  Array y = 1.0, change = 1.0;
  while (truth(abs(change) > 1e-9)) {
    const auto next = newton_step(x, y);
    change = next - y;
    y = next;
  }
  return y;
}

Array horner(const Array& n, const Array& x) {
  return fori_loop(0, n, [&](const Array& i, const Array& v) { return v * x + sin(v) * i; }, 1.0);
}
Fn horner_written_out(int n) {
  return [n](const Array& x) {
    Array v = 1.0;
    for (int i = 0; i < n; ++i) v = v * x + sin(v) * static_cast<double>(i);
    return v;
  };
}

// A while inside a while, whose inner trips depend on the outer carry, then a scan of whiles, then one in a cond.
Array nested(const Array& x) {
  return while_loop([](const Array& v) { return v < 20.0; },
                    [&](const Array& v) {
                      return v + while_loop([&](const Array& w) { return w < v; }, [&](const Array& w) { return w * 1.5 + x; }, x * v * 0.1);
                    },
                    x);
}
Array nested_written_out(const Array& x) {
  Array v = x;
  while (truth(v < 20.0)) {
    Array w = x * v * 0.1;
    while (truth(w < v)) w = w * 1.5 + x;
    v = v + w;
  }
  return v;
}
Array scanned(const Array& x) {
  return scan(
             [&](const Array& c, const Array& start) {
               const auto y = while_loop([](const Array& v) { return v < 10.0; }, [&](const Array& v) { return v * v + c; }, start + x);
               return std::pair(c + 0.01 * y, y);
             },
             x, array({1.1, 2.0, 12.0}))
      .first;
}
Array scanned_written_out(const Array& x) {
  Array c = x;
  for (const double start : {1.1, 2.0, 12.0}) {
    Array v = start + x;
    while (truth(v < 10.0)) v = v * v + c;
    c = c + 0.01 * v;
  }
  return c;
}
Array in_a_branch(const Array& x) {
  return cond(x > 1.0, [](const Array& a) { return until_large(a) * a; }, [](const Array& a) { return newton(a); }, x);
}
Array in_a_branch_written_out(const Array& x) {
  return truth(x > 1.0) ? until_large_written_out(x) * x : newton_written_out(x);
}
Array scan_in_while(const Array& x) {
  return while_loop([](const Array& v) { return v < 30.0; },
                    [&](const Array& v) {
                      return scan([&](const Array& c, None) { return std::pair(c + sin(c) * x + 0.7, None{}); }, v, none, {.length = 3}).first;
                    },
                    x);
}
Array scan_in_while_written_out(const Array& x) {
  Array v = x;
  while (truth(v < 30.0))
    for (int i = 0; i < 3; ++i) v = v + sin(v) * x + 0.7;
  return v;
}

std::vector<Case> table() {
  return {{"while", until_large, until_large_written_out, {1.5, 3.0, 60.0}},
          {"newton", newton, newton_written_out, {0.7, 1.3}},
          {"fori", [](const Array& x) { return horner(6, x); }, horner_written_out(6), {0.4, 1.1}},
          {"fori, no trip", [](const Array& x) { return horner(-2, x) * x; }, [](const Array& x) { return x * 1.0; }, {0.4}},
          {"nested", nested, nested_written_out, {0.8, 1.7}},
          {"scan of whiles", scanned, scanned_written_out, {0.3, 0.9}},
          {"in a branch", in_a_branch, in_a_branch_written_out, {0.6, 1.4}},
          {"scan in while", scan_in_while, scan_in_while_written_out, {0.3, 0.5}}};
}

}  // namespace

TEST_CASE("reverse mode through loops: values, first, second and third derivatives, eager and compiled") {
  for (const auto& c : table())
    for (const double at : c.at) {
      INFO(c.name << " at " << at);
      const Array x = at;
      same(c.loop(x), c.written_out(x));
      same(jit(c.loop)(x), c.loop(x));
      near(grad(c.loop)(x), grad(c.written_out)(x));
      same(jit(grad(c.loop))(x), grad(c.loop)(x));
      near(grad(jit(c.loop))(x), grad(c.loop)(x));
      near(jvp(c.loop, x, Array(1.0)).second, grad(c.loop)(x));
      near(grad(grad(c.loop))(x), grad(grad(c.written_out))(x));
      near(jvp(grad(c.loop), x, Array(1.0)).second, grad(grad(c.loop))(x));
      near(grad([&](const Array& v) { return jvp(c.loop, v, Array(1.0)).second; })(x), grad(grad(c.loop))(x));
      same(jit(grad(grad(c.loop)))(x), grad(grad(c.loop))(x));
      near(jit(grad(grad(grad(c.loop))))(x), grad(grad(grad(c.written_out)))(x));
    }
}

TEST_CASE("lanes of vmap make trips of their own: gradients equal the loop over examples to the bit") {
  for (const auto& c : table()) {
    INFO(c.name);
    Arrays rows;
    for (const double at : c.at) rows.push_back(at);
    const auto xs = stack(rows);
    const auto first = vmap(grad(c.loop))(xs), second = vmap(grad(grad(c.loop)))(xs), compiled = jit(vmap(grad(c.loop)))(xs);
    const auto outside = grad([&](const Array& v) { return sum(vmap(c.loop)(v)); })(xs);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto k = static_cast<std::int64_t>(i);
      same(first[k], grad(c.loop)(rows[i]));
      same(compiled[k], first[k]);
      same(second[k], grad(grad(c.loop))(rows[i]));
      near(outside[k], first[k]);
    }
  }
  const auto trips = vmap(grad(horner, argnums<1>), {.in_axes = {0, none}})(array({5, 0, 9}), 1.2);
  for (int i = 0; i < 3; ++i) same(trips[i], grad(horner, argnums<1>)(std::vector{5, 0, 9}[static_cast<std::size_t>(i)], 1.2));
  const auto twice = [](const Array& x) { return sum(vmap([&](const Array& s) { return sum(vmap([&](const Array& t) { return until_large(x * s * t); })(array({1.0, 2.0}))); })(array({1.0, 1.5}))); };
  near(grad(twice)(1.2), jvp(twice, Array(1.2), Array(1.0)).second);
  near(grad(grad(twice))(1.2), jvp(grad(twice), Array(1.2), Array(1.0)).second);
}

TEST_CASE("matrices and captured arrays in loops: Jacobians and Hessians of every composition agree") {
  const auto w = array({{0.5, 0.2}, {-0.1, 0.4}});
  const auto f = [&](const Array& m) {
    return while_loop([](const Array& v) { return sum(v * v) < 200.0; }, [&](const Array& v) { return v + dot(m, tanh(v)) + 0.3; }, array({0.1, 0.2}));
  };
  const auto scalar_f = [&](const Array& m) { return sum(f(m) * f(m)); };
  near(jacrev(f)(w), jacfwd(f)(w));
  near(jit(jacrev(f))(w), jacfwd(f)(w));
  near(hessian(scalar_f)(w), jacrev(jacrev(scalar_f))(w));
  near(jacrev(jacfwd(scalar_f))(w), jacfwd(jacfwd(scalar_f))(w));
  // the captured matrix belongs to an outer grad, vmap and jit
  const auto outer = [&](const Array& scale) { return grad(scalar_f)(w * scale)[0][1]; };
  near(grad(outer)(1.1), jvp(outer, Array(1.1), Array(1.0)).second);
  same(vmap(outer)(array({1.0, 1.1}))[1], outer(1.1));
  near(jit(grad(outer))(1.1), grad(outer)(1.1));
}

TEST_CASE("carries without derivatives: integers, bools, keys and weak scalars") {
  using Carry = std::tuple<Array, Array, Array, Array>;
  const auto f = [](const Array& x) {
    const Carry start(x, 0, true, random::key(3));
    return std::get<0>(while_loop([](const Carry& c) { return std::get<1>(c) < 4; },
                                  [](const Carry& c) {
                                    const auto& [v, i, flag, key] = c;
                                    const auto keys = random::split(key, 2);
                                    const auto noise = random::uniform(keys[0], {});
                                    return Carry(where(flag, v * v + noise, v * 3.0) + i, i + 1, !flag, keys[1]);
                                  },
                                  start));
  };
  near(grad(f)(1.3), jvp(f, Array(1.3), Array(1.0)).second);
  same(jit(grad(f))(1.3), grad(f)(1.3));
  same(vmap(grad(f))(array({1.3, 0.2}))[1], grad(f)(0.2));
  near(grad(grad(f))(1.3), jvp(grad(f), Array(1.3), Array(1.0)).second);
  const auto with_aux = [](const Array& x) {
    const auto y = until_large(x);
    return std::pair(y * y, y);
  };
  const auto [g, aux] = grad(with_aux, has_aux)(1.5);
  same(aux, until_large(1.5));
  near(g, 2.0 * until_large(1.5) * grad(until_large)(1.5));
}

TEST_CASE("a pullback can be called many times, after others, and on another thread") {
  const auto pair = [](const Array& x) { return until_large(x); };
  const auto [y1, back1] = vjp(pair, Array(1.5));
  const auto [y2, back2] = vjp(pair, Array(3.0));
  const auto first = grad(until_large)(1.5), second = grad(until_large)(3.0);
  for (int i = 0; i < 3; ++i) {
    same(back1(1.0), first);
    same(back2(1.0), second);
  }
  same(back1(2.0), 2.0 * first);
  Array elsewhere;
  std::thread([&, &back = back1] { elsewhere = back(1.0); }).join();
  same(elsewhere, first);
  // differentiated itself, twice in one program: the tangent of one tape is recorded by two loops
  const auto both = [](const Array& x) {
    const auto [y, back] = vjp(until_large, x);
    return back(1.0) * back(x) + y;
  };
  const auto expected = [](const Array& x) { return grad(until_large)(x) * grad(until_large)(x) * x + until_large(x); };
  near(grad(both)(1.5), grad(expected)(1.5));
  near(grad(grad(both))(1.5), grad(grad(expected))(1.5));
}

TEST_CASE("one compiled gradient on several threads") {
  const auto g = jit(grad(nested));
  const Array want = g(0.8);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) wrong += !truth(array_equal(g(0.8), want));
    });
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
}

TEST_CASE("within a budget: gradients equal to the bit, whatever fits") {
  for (const std::int64_t bytes : {200, 500, 1000, 3000, 100000}) {
    INFO(bytes);
    const auto fori = [=](const Array& x) {
      return fori_loop(2, 25, [&](const Array& i, const Array& v) { return v * 0.9 + sin(v * x) * i; }, 1.0, {.max_residual_bytes = bytes});
    };
    const auto taped_fori = [](const Array& x) {
      return fori_loop(2, Array(25), [&](const Array& i, const Array& v) { return v * 0.9 + sin(v * x) * i; }, 1.0);
    };
    using Carry = std::pair<Array, Array>;
    const auto trips = [](const Array& x, const auto&... options) {
      return while_loop([](const Carry& c) { return c.first < 100.0; },
                        [&](const Carry& c) { return Carry(c.first * x + abs(sin(c.second)) * x, c.second + x); }, Carry(1.0, x), options...)
          .first;
    };
    const auto within = [&](const Array& x) { return trips(x, detail::WhileOptions{.max_residual_bytes = bytes}); };
    const auto taped = [&](const Array& x) { return trips(x); };
    same(fori(1.3), taped_fori(1.3));
    same(grad(fori)(1.3), grad(taped_fori)(1.3));
    same(jit(grad(fori))(1.3), grad(taped_fori)(1.3));
    same(within(1.2), taped(1.2));
    same(grad(within)(1.2), grad(taped)(1.2));
    same(jit(grad(within))(1.2), grad(taped)(1.2));
    same(vmap(grad(within))(array({1.2, 1.02})), vmap(grad(taped))(array({1.2, 1.02})));
    near(grad(grad(within))(1.2), grad(grad(taped))(1.2));
    near(jvp(grad(within), Array(1.2), Array(1.0)).second, grad(grad(taped))(1.2));
    same(grad(within)(300.0), grad(taped)(300.0));
    const auto [y, back] = vjp(within, Array(1.2));
    same(back(1.0), back(1.0));
  }
}

TEST_CASE("budgets and bounds that do not fit are refused") {
  using Catch::Contains;
  using Catch::StartsWith;
  const auto within = [](std::int64_t bytes) {
    return [bytes](const Array& x) {
      return while_loop([](const Array& v) { return v < 50.0; }, grow, x, {.max_residual_bytes = bytes});
    };
  };
  CHECK_THROWS_AS(grad(within(16))(1.5), ValueError);
  CHECK_THROWS_WITH(grad(within(16))(1.5), StartsWith("while_loop: max_residual_bytes must hold one carry") && Contains("got 16; raise it"));
  same(within(16)(1.5), until_large(1.5));
  CHECK_THROWS_WITH(within(0)(1.5), StartsWith("while_loop: max_residual_bytes must be positive, got 0"));
  const auto body = [](const Array& i, const Array& v) { return v * v + i; };
  CHECK_THROWS_WITH(fori_loop(0, 3, body, 1.0, {.max_residual_bytes = -1}), StartsWith("fori_loop: max_residual_bytes must be positive"));
  CHECK_THROWS_WITH(grad([&](const Array& x) { return fori_loop(0, 3, body, x, {.max_residual_bytes = 8}); })(1.0),
                    StartsWith("fori_loop: max_residual_bytes must hold"));
  CHECK_THROWS_WITH(fori_loop(Array(0.5), Array(3), body, 1.0), StartsWith("fori_loop: bounds must be integer scalars, got f64[]"));
  CHECK_THROWS_WITH(fori_loop(Array(0), array({1, 2}), body, 1.0), StartsWith("fori_loop: bounds must be integer scalars, got i32[2]"));
  CHECK_THROWS_WITH(fori_loop(Array(0), Array(3), [](const Array&, const Array& v) { return stack({v, v}); }, 1.0),
                    StartsWith("fori_loop: the body must return a carry of the type it is given"));
}

TEST_CASE("what no trip changes is not recorded") {
  const auto heavy = [](const Array& m) {
    return sum(while_loop([](const Array& v) { return sum(v) < 10.0; }, [&](const Array& v) { return v + dot(exp(m), v); }, ones({2})));
  };
  const auto program = to_string(make_jaxpr(grad(heavy))(zeros({2, 2})));
  const auto at = program.find("avals=(");
  REQUIRE(at != std::string::npos);
  CHECK(program.substr(at, program.find(')', at) - at) == "avals=(f64[2],");  // the vector, not the matrix
  const auto doubled = [](const Array& x) { return while_loop([](const Array& v) { return v < 9.0; }, [](const Array& v) { return v * 2.0; }, x); };
  CHECK(to_string(make_jaxpr(grad(doubled))(1.0)).find("tape") == std::string::npos);
  same(grad(doubled)(1.0), 16.0);
}

TEST_CASE("tapes are linear: what is read under an index is the sum of what was recorded there") {
  using namespace lax;
  const Avals record{{{2}, DType::float64, false}, {{}, DType::int32, false}};
  const auto written = [&](const Array& x) {
    auto t = tape_empty();
    for (const int i : {3, 4, 3}) t = tape_push(t, scalar(std::int64_t{i}), Arrays{x * static_cast<double>(i), scalar(i)});
    return t;
  };
  const auto x = array({1.0, 2.0});
  same(tape_read(written(x), scalar(std::int64_t{3}), record)[0], 6.0 * x);
  same(tape_read(written(x), scalar(std::int64_t{3}), record)[1], scalar(3));
  same(tape_read(written(x), scalar(std::int64_t{4}), record)[0], 4.0 * x);
  same(tape_read(written(x), scalar(std::int64_t{7}), record)[0], zeros({2}));
  const auto lookup = [&](const Array& v) {
    const auto t = written(v * v);
    const auto read = [&](const Array& i) { return sum(tape_read(t, i, record)[0]); };
    return sum(vmap(read)(array({3, 4, 5}).astype(int64)) * array({1.0, 10.0, 100.0}));
  };
  same(grad(lookup)(x), 2.0 * 46.0 * x);
  same(jit(grad(lookup))(x), 2.0 * 46.0 * x);
  same(jvp(lookup, x, ones({2})).second, 46.0 * sum(2.0 * x));
  same(hessian(lookup)(x), 92.0 * eye(2));
  const auto lanes = vmap([&](const Array& v) { return tape_read(written(v), scalar(std::int64_t{3}), record)[0]; })(stack({x, 2.0 * x}));
  same(lanes, stack({6.0 * x, 12.0 * x}));
  const auto total = [&](const Array& v) {
    const auto tapes = stack({written(v), written(2.0 * v)});
    return sum(tape_read(tape_sum(tapes, {0}), scalar(std::int64_t{3}), record)[0]);
  };
  same(grad(total)(x), 18.0 * ones({2}));
  same(jit(grad(total))(x), 18.0 * ones({2}));
  same(vmap(total)(stack({x, 2.0 * x})), stack({total(x), total(2.0 * x)}));
}

TEST_CASE("random loop bodies: reverse mode agrees with forward mode, budgets and compilation to the bit") {
  rc::prop("random bodies", [] {
    const auto kinds = *rc::gen::container<std::vector<int>>(*rc::gen::inRange(1, 5), rc::gen::inRange(0, 7));
    const auto trips = *rc::gen::inRange(0, 12);
    const std::int64_t budget = *rc::gen::inRange(600, 3000);
    const auto step = [&](const Array& w, const Array& i, Array a, Array b) {
      for (const int k : kinds) {
        const auto old = a;
        switch (k) {
          case 0: a = sin(a) * w; break;
          case 1: a = a * b * 0.1 + i; break;
          case 2: b = tanh(a + b); break;
          case 3: a = where(a > b, a * 0.5, b + w); break;
          case 4: b = cond(b > 0.3, [&](const Array& v) { return v * w; }, [&](const Array& v) { return v + 0.7; }, b); break;
          case 5: a = a + b / (1.0 + w * w); break;
          default: a = b; b = old;
        }
      }
      return std::pair(a, b);
    };
    using Carry = std::tuple<Array, Array, Array>;
    const auto run = [&](const Array& w, const detail::WhileOptions& options) {
      const auto end = while_loop([&](const Carry& c) { return std::get<0>(c) < trips; },
                                  [&](const Carry& c) {
                                    const auto [a, b] = step(w, std::get<0>(c), std::get<1>(c), std::get<2>(c));
                                    return Carry(std::get<0>(c) + 1, a, b);
                                  },
                                  Carry(0, w * 0.5, scalar(0.2)), options);
      return std::get<1>(end) * std::get<2>(end) + w;
    };
    const auto taped = [&](const Array& w) { return run(w, {}); };
    const auto within = [&](const Array& w) { return run(w, {.max_residual_bytes = budget}); };
    const Array x = scalar(0.1 * *rc::gen::inRange(-15, 15));
    const auto g = grad(taped)(x);
    RC_ASSERT(truth(allclose(g, jvp(taped, x, scalar(1.0)).second)));
    RC_ASSERT(truth(array_equal(g, jit(grad(taped))(x))));
    RC_ASSERT(truth(array_equal(g, grad(within)(x))));
    RC_ASSERT(truth(array_equal(g, vmap(grad(taped))(stack({x, x * 0.5}))[0])));
    RC_ASSERT(truth(allclose(grad(grad(taped))(x), jvp(grad(taped), x, scalar(1.0)).second)));
  });
}

}  // namespace fluxion::test
