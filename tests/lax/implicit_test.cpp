// custom_root and custom_linear_solve against formulas and direct solutions, under every transformation, and what
// they say of misuse.
#include <catch2/catch.hpp>

#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include <fluxion/fluxion.hpp>
#include "support/text.hpp"

namespace fluxion::test {

namespace {

void near(const Array& got, const Array& want) {
  INFO(got << "\nagainst\n" << want);
  CHECK(got.shape() == want.shape());
  CHECK(static_cast<bool>(allclose(got, want, 1e-9, 1e-9)));
}
void same(const Array& got, const Array& want) {
  INFO(got << "\nagainst\n" << want);
  CHECK(static_cast<bool>(array_equal(got, want)));
}

const auto divide = [](const auto& g, const Array& y) { return y / g(1.0); };
const auto newton = [](const auto& f, const Array& start) {
  using State = std::pair<Array, Array>;
  return while_loop([](const State& s) { return abs(s.second) > 1e-14; },
                    [&](const State& s) {
                      const auto [value, slope] = jvp(f, s.first, Array(1.0));
                      const Array step = value / slope;
                      return State(s.first - step, step);
                    },
                    State(start, 1.0))
      .first;
};
const auto richardson = [](const auto& a, const Array& b) {
  return while_loop([&](const Array& x) { return max(abs(b - a(x))) > 1e-13; },
                    [&](const Array& x) { return x + 0.25 * (b - a(x)); }, zeros_like(b));
};

// x with x^3 + p x = q, for p > 0.
Array cubic(const Array& p, const Array& q) {
  return custom_root([&](const Array& x) { return x * x * x + p * x - q; }, 1.0, newton, divide);
}
// The same by Cardano's formula.
Array cardano(const Array& p, const Array& q) {
  const Array d = sqrt(square(q / 2.0) + p * p * p / 27.0);
  return cbrt(q / 2.0 + d) + cbrt(q / 2.0 - d);
}

Array matrix(const Array& p) { return stack({stack({2.0 + p, Array(0.5)}), stack({-sin(p), 3.0 * p})}); }
Array solve2(const Array& a, const Array& b) {
  const Array det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
  return stack({a[1][1] * b[0] - a[0][1] * b[1], a[0][0] * b[1] - a[1][0] * b[0]}) / det;
}
const auto linear_system = [](const Array& p, const Array& b) {
  const Array a = matrix(p);
  return custom_linear_solve([&](const Array& x) { return matmul(a, x); }, b, richardson, richardson);
};
const auto direct = [](const Array& p, const Array& b) { return solve2(matrix(p), b); };
template <class F>
auto score(const F& f) {
  return [f](const Array& p, const Array& b) { return sum(sin(f(p, b))); };
}

struct Pair {
  Array u, v;
};

}  // namespace
}  // namespace fluxion::test

BOOST_HANA_ADAPT_STRUCT(fluxion::test::Pair, u, v);

namespace fluxion::test {

TEST_CASE("custom_root has the derivatives of the equation, to third order and in both modes") {
  const double p = 1.5, q = 2.0;
  near(cubic(p, q), cardano(p, q));
  const auto [dp, dq] = grad(cubic, argnums<0, 1>)(p, q);
  const auto [ep, eq] = grad(cardano, argnums<0, 1>)(p, q);
  near(dp, ep);
  near(dq, eq);
  near(jvp(cubic, std::tuple(p, q), std::tuple(1.0, 2.0)).second, ep + 2.0 * eq);
  near(grad(grad(cubic), argnums<1>)(p, q), grad(grad(cardano), argnums<1>)(p, q));
  near(jacfwd(grad(cubic))(p, q), grad(grad(cardano))(p, q));
  near(grad(jacfwd(cubic))(p, q), grad(grad(cardano))(p, q));
  near(grad(grad(grad(cubic)))(p, q), grad(grad(grad(cardano)))(p, q));
  same(grad([&](const Array& guess) { return custom_root([](const Array& x) { return x * x - 2.0; }, guess, newton, divide); })(1.0), 0.0);
}

TEST_CASE("custom_root under jit, vmap and in loops, with captured tracers") {
  const Array p = array({0.5, 1.5, 4.0}), q = array({2.0, -1.0, 3.0});
  same(jit(cubic)(1.5, 2.0), cubic(1.5, 2.0));
  same(jit(grad(cubic))(1.5, 2.0), grad(cubic)(1.5, 2.0));
  near(grad(jit(grad(jit(cubic))))(1.5, 2.0), grad(grad(cardano))(1.5, 2.0));
  const auto mapped = vmap(cubic)(p, q), slopes = vmap(grad(cubic))(p, q);
  for (int i = 0; i < 3; ++i) {
    same(mapped[i], cubic(p[i], q[i]));
    same(slopes[i], grad(cubic)(p[i], q[i]));
  }
  same(jit(vmap(grad(cubic)))(p, q), slopes);
  near(vmap(grad(grad(cubic)), {.in_axes = {0, none}})(p, 2.0), vmap(grad(grad(cardano)), {.in_axes = {0, none}})(p, 2.0));
  near(grad([&](const Array& x) { return sum(vmap(cubic)(x, q)); })(p), slopes);
  const auto chained = [](const auto& root) {
    return [root](const Array& x) {
      return fori_loop(0, 3, [&](const Array&, const Array& c) { return root(x, c + 1.0); }, x);
    };
  };
  near(grad(chained(cubic))(1.5), grad(chained(cardano))(1.5));
  near(jit(grad(grad(chained(cubic))))(1.5), grad(grad(chained(cardano)))(1.5));
}

TEST_CASE("custom_root solves for trees and passes an auxiliary result on") {
  // u + v = s and u v = t, by a Newton step with the inverse Jacobian written out.
  const auto equations = [](const Array& s, const Array& t) {
    return [s, t](const Pair& x) { return Pair{x.u + x.v - s, x.u * x.v - t}; };
  };
  const auto tangent = [](const auto& g, const Pair& y) {
    const Pair a = g(Pair{1.0, 0.0}), b = g(Pair{0.0, 1.0});
    const Array det = a.u * b.v - b.u * a.v;
    return Pair{(b.v * y.u - b.u * y.v) / det, (a.u * y.v - a.v * y.u) / det};
  };
  const auto steps = [](const auto& f, const Pair& x0) {
    Pair x = x0;
    for (int i = 0; i < 8; ++i) {
      const Pair r = f(x);
      const Array det = x.u - x.v;
      x = {x.u - (x.u * r.u - r.v) / det, x.v - (r.v - x.v * r.u) / det};
    }
    const Pair left = f(x);
    return std::pair(x, abs(left.u) + abs(left.v));
  };
  const auto larger = [&](const Array& s, const Array& t) {
    const auto [x, residual] = custom_root(equations(s, t), Pair{5.0, 1.0}, steps, tangent, has_aux);
    return std::pair(x.u, residual);
  };
  const auto [root, residual] = larger(5.0, 6.0);
  near(root, 3.0);
  near(residual, 0.0);
  const auto exact = [](const Array& s, const Array& t) { return s / 2.0 + sqrt(s * s / 4.0 - t); };
  const auto first = [&](const Array& s, const Array& t) { return larger(s, t).first; };
  near(grad(first)(5.0, 6.0), grad(exact)(5.0, 6.0));
  near(jit(grad(grad(first), argnums<1>))(5.0, 6.0), grad(grad(exact), argnums<1>)(5.0, 6.0));
  const auto [slope, aux] = grad(larger, has_aux)(5.0, 6.0);
  near(slope, grad(exact)(5.0, 6.0));
  near(aux, 0.0);
  same(grad([&](const Array& s) { return larger(s, 6.0).second; })(5.0), 0.0);
}

TEST_CASE("custom_linear_solve has the derivatives of the solution, with respect to matrix and right-hand side") {
  const Array b = array({1.0, -2.0});
  near(linear_system(0.8, b), direct(0.8, b));
  const auto [dp, db] = grad(score(linear_system), argnums<0, 1>)(0.8, b);
  const auto [ep, eb] = grad(score(direct), argnums<0, 1>)(0.8, b);
  near(dp, ep);
  near(db, eb);
  near(jvp(linear_system, std::tuple(Array(0.8), b), std::tuple(Array(1.0), b)).second,
       jvp(direct, std::tuple(Array(0.8), b), std::tuple(Array(1.0), b)).second);
  near(grad(grad(score(linear_system)))(0.8, b), grad(grad(score(direct)))(0.8, b));
  near(jacfwd(grad(score(linear_system)))(0.8, b), grad(grad(score(direct)))(0.8, b));
  near(hessian(score(linear_system), argnums<1>)(0.8, b), hessian(score(direct), argnums<1>)(0.8, b));
  near(grad(grad(grad(score(linear_system))))(0.8, b), grad(grad(grad(score(direct))))(0.8, b));
}

TEST_CASE("custom_linear_solve under jit, vmap and in loops") {
  const Array b = array({1.0, -2.0}), ps = array({0.8, 1.0, 1.2}), bs = stack({b, 2.0 * b, b + 1.0});
  same(jit(linear_system)(0.8, b), linear_system(0.8, b));
  same(jit(grad(score(linear_system)))(0.8, b), grad(score(linear_system))(0.8, b));
  const auto want = vmap(grad(score(direct)), {.in_axes = {0, 0}})(ps, bs);
  near(vmap(grad(score(linear_system)))(ps, bs), want);
  near(jit(vmap(grad(score(linear_system))))(ps, bs), want);
  near(vmap(linear_system, {.in_axes = {none, 0}})(0.8, bs)[1], direct(0.8, bs[1]));
  near(vmap(linear_system, {.in_axes = {0, none}})(ps, b)[2], direct(ps[2], b));
  near(grad([&](const Array& p) { return sum(vmap(linear_system)(p, bs)); })(ps),
       grad([&](const Array& p) { return sum(vmap(direct)(p, bs)); })(ps));
  const auto chained = [&](const auto& f) {
    return [f, b](const Array& p) { return sum(fori_loop(0, 3, [&](const Array&, const Array& x) { return f(p, x); }, b)); };
  };
  near(grad(chained(linear_system))(0.8), grad(chained(direct))(0.8));
  near(grad(jit(grad(chained(linear_system))))(0.8), grad(grad(chained(direct)))(0.8));
}

TEST_CASE("a symmetric system needs one solver, and auxiliary results are passed on") {
  const auto with_aux = [](const auto& a, const Array& b) {
    const Array x = richardson(a, b);
    return std::pair(x, max(abs(b - a(x))));
  };
  const Array b = array({1.0, -2.0});
  const auto gram = [](const Array& p) { return matmul(matrix(p).T(), matrix(p)) / 4.0; };
  const auto f = [&](const Array& p) {
    const Array a = gram(p);
    const auto [x, residual] =
        custom_linear_solve([&](const Array& v) { return matmul(a, v); }, b, with_aux, symmetric, has_aux);
    return std::pair(sum(x * x), residual);
  };
  const auto plain = [&](const Array& p) { return sum(square(solve2(gram(p), b))); };
  const auto [slope, residual] = grad(f, has_aux)(0.8);
  near(slope, grad(plain)(0.8));
  CHECK(residual.item<double>() < 1e-12);
  near(grad(grad([&](const Array& p) { return f(p).first; }))(0.8), grad(grad(plain))(0.8));
  const auto g = [&](const Array& p) {
    const Array a = matrix(p);
    return sum(custom_linear_solve([&](const Array& v) { return matmul(a, v); }, b, with_aux, with_aux, has_aux).first);
  };
  near(grad(g)(0.8), grad([&](const Array& p) { return sum(direct(p, b)); })(0.8));
  const auto one_way = [&](const Array& p) {
    const Array a = matrix(p);
    return sum(custom_linear_solve([&](const Array& v) { return matmul(a, v); }, b, with_aux, has_aux).first);
  };
  near(jacfwd(one_way)(0.8), grad(g)(0.8));
}

TEST_CASE("a tangent system may be solved by custom_linear_solve, whatever the order") {
  // z = tanh(w z + x): an equilibrium, against the iteration written out.
  const auto layer = [](const Array& w, const Array& x) {
    const auto settle = [](const auto& f, const Array& z0) {
      return while_loop([&](const Array& z) { return max(abs(f(z))) > 1e-14; }, [&](const Array& z) { return z - f(z); }, z0);
    };
    const auto tangent = [](const auto& g, const Array& y) {
      const auto series = [](const auto& a, const Array& b) {
        return while_loop([&](const Array& v) { return max(abs(b - a(v))) > 1e-14; },
                          [&](const Array& v) { return v + b - a(v); }, zeros_like(b));
      };
      return custom_linear_solve(g, y, series, series);
    };
    return custom_root([&](const Array& z) { return z - tanh(matmul(w, z) + x); }, zeros_like(x), settle, tangent);
  };
  const auto unrolled = [](const Array& w, const Array& x) {
    Array z = zeros_like(x);
    for (int i = 0; i < 60; ++i) z = tanh(matmul(w, z) + x);
    return z;
  };
  const Array w = array({{0.2, -0.1}, {0.1, 0.3}}), x = array({0.5, -1.0});
  const auto [dw, dx] = grad(score(layer), argnums<0, 1>)(w, x);
  const auto [ew, ex] = grad(score(unrolled), argnums<0, 1>)(w, x);
  near(dw, ew);
  near(dx, ex);
  near(jit(hessian(score(layer), argnums<1>))(w, x), hessian(score(unrolled), argnums<1>)(w, x));
}

TEST_CASE("custom_root and custom_linear_solve name what does not fit") {
  using Catch::Contains;
  const auto same_as_given = [](const auto&, const Array& x) { return x; };
  const auto root = [&](const auto& f, const auto& solve, const auto& tangent) { return custom_root(f, ones({3}), solve, tangent); };
  const auto fine = [](const Array& x) { return x - 1.0; };
  CHECK_THAT(thrown<TypeError>([&] { root([](const Array& x) { return sum(x); }, same_as_given, same_as_given); }),
             Contains("custom_root: f must return the shapes and dtypes of the unknown, got f64[] for f64[3]; reshape"));
  CHECK_THAT(thrown<TypeError>([&] { root(fine, [](const auto&, const Array& x) { return x.astype(float32); }, same_as_given); }),
             Contains("custom_root: solve must return") && Contains("got f32[3] for f64[3]; convert with astype"));
  CHECK_THAT(thrown<TypeError>([&] { root(fine, same_as_given, [](const auto&, const Array& y) { return y[0]; }); }),
             Contains("custom_root: tangent_solve must return") && Contains("got f64[] for f64[3]"));
  CHECK_THAT(thrown<TypeError>([&] { custom_root([](const Array& x) { return x; }, ones({3}, int32), same_as_given, same_as_given); }),
             Contains("custom_root: initial_guess must be floating, got i32[3]; convert"));
  CHECK_THAT(thrown<TypeError>([&] { custom_root(fine, Array(), same_as_given, same_as_given); }),
             Contains("custom_root: initial_guess must hold values, got an empty handle"));
  using List = std::vector<Array>;
  const auto pair_solver = [](const auto&, const List& x) { return x; };
  CHECK_THAT(thrown<ValueError>([&] {
               custom_root([](const List& x) { return List{x[0]}; }, List{1.0, 2.0}, pair_solver, pair_solver);
             }),
             Contains("custom_root: the result of f: trees must have one structure"));

  const auto system = [&](const auto& a, const auto& solve, const auto&... more) { return custom_linear_solve(a, ones({2}), solve, more...); };
  const auto twice = [](const Array& x) { return 2.0 * x; };
  CHECK_THAT(thrown<TypeError>([&] { system([](const Array& x) { return concatenate({x, x}); }, same_as_given); }),
             Contains("custom_linear_solve: matvec must return") && Contains("got f64[4] for f64[2]"));
  CHECK_THAT(thrown<TypeError>([&] { system(twice, [](const auto&, const Array& b) { return b[0]; }); }),
             Contains("custom_linear_solve: solve must return") && Contains("got f64[] for f64[2]"));
  CHECK_THAT(thrown<TypeError>([&] { system(twice, same_as_given, [](const auto&, const Array& b) { return b[0]; }); }),
             Contains("custom_linear_solve: transpose_solve must return"));
  const auto half = [](const auto&, const Array& b) { return 0.5 * b; };
  const auto one_way = [&](const Array& b) { return sum(custom_linear_solve(twice, b, half)); };
  same(jacfwd(one_way)(ones({2})), array({0.5, 0.5}));
  CHECK_THAT(thrown<TypeError>([&] { grad(one_way)(ones({2})); }),
             Contains("custom_linear_solve: reverse mode needs a solver of the transposed system, got none; pass transpose_solve, "
                      "or fx::symmetric"));
  CHECK_THAT(thrown<TypeError>([&] {
               system([](const Array& x) { return x * x; }, same_as_given, same_as_given);
             }),
             Contains("integer_pow") || Contains("mul"));
}

}  // namespace fluxion::test
