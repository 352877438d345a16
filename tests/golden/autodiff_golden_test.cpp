// Derivatives that jax prints in its documentation. Those computed in float32 there are compared at its precision.
#include <catch2/catch.hpp>

#include <cmath>

#include <fluxion/numpy.hpp>
#include <fluxion/transforms.hpp>

#include "support/text.hpp"

namespace fluxion::test {

namespace {

constexpr double kFloat32 = 2e-6;

double value(const Array& x) { return x.item<double>(); }

}  // namespace

TEST_CASE("derivatives of tanh, up to the third") {
  const auto f = [](const Array& x) { return tanh(x); };
  CHECK(value(grad(f)(0.2)) == Approx(0.961043).epsilon(kFloat32));
  CHECK(value(grad(f)(2.0)) == Approx(0.070650935).epsilon(kFloat32));
  CHECK(value(grad(grad(f))(2.0)) == Approx(-0.13621889).epsilon(kFloat32));
  CHECK(value(grad(grad(grad(f)))(2.0)) == Approx(0.2526544).epsilon(kFloat32));
}

TEST_CASE("jacfwd and jacrev of a vector function") {
  const auto f = [](const Array& x) {
    return stack({x[0], 5 * x[2], 4 * power(x[1], 2) - 2 * x[2], x[2] * sin(x[0])});
  };
  const std::vector<double> want{1, 0, 0, 0, 0, 5, 0, 16, -2, 3 * std::cos(1.0), 0, std::sin(1.0)};
  const auto x = array({1.0, 2.0, 3.0});
  CHECK(off(jacfwd(f)(x), {4, 3}, want, 1e-15) == "");
  CHECK(off(jacrev(f)(x), {4, 3}, want, 1e-15) == "");
  CHECK(value(jacrev(f)(x)(3, 0)) == Approx(1.6209).epsilon(1e-5));
}

TEST_CASE("hessians") {
  const auto f = [](const Array& x) { return power(x[0], 3) - 2 * x[0] * x[1] - power(x[1], 6); };
  CHECK(off(hessian(f)(array({1.0, 2.0})), {2, 2}, {6, -2, -2, -480}) == "");
  const auto p = [](const Array& a, const Array& b) { return power(a, b); };
  const auto a = array({1.0, 2.0}), b = array({2.0, 3.0});
  CHECK(value(hessian(p, argnums<0>)(a, b)(1, 1, 1)) == Approx(12));
  CHECK(value(jacfwd(jacrev(p, argnums<1>), argnums<0>)(a, b)(1, 1, 1)) == Approx(12.317766).epsilon(kFloat32));
  CHECK(value(hessian(p, argnums<1>)(a, b)(1, 1, 1)) == Approx(3.843624).epsilon(kFloat32));
}

TEST_CASE("jvp, linearize and vjp") {
  const auto [y, dy] = jvp([](const Array& x) { return sin(x); }, Array(0.1), Array(0.2));
  CHECK(value(y) == Approx(0.09983342).epsilon(kFloat32));
  CHECK(value(dy) == Approx(0.19900083).epsilon(kFloat32));
  const auto f = [](const Array& x) { return 3.0 * sin(x) + cos(x / 2.0); };
  const auto [v, t] = jvp(f, Array(2.0), Array(3.0));
  CHECK(value(v) == Approx(3.2681944).epsilon(kFloat32));
  CHECK(value(t) == Approx(-5.007528).epsilon(kFloat32));
  CHECK(v.weak_type());
  CHECK(t.weak_type());
  const auto [u, f_jvp] = linearize(f, Array(2.0));
  CHECK(value(u) == value(v));
  CHECK(value(f_jvp(Array(3.0))) == value(t));
  CHECK(value(f_jvp(Array(4.0))) == Approx(-6.676704).epsilon(kFloat32));
  const auto [out, pullback] = vjp([](const Array& a, const Array& b) { return std::pair{sin(a), cos(b)}; }, Array(0.5), Array(1.0));
  const auto [a_bar, b_bar] = pullback(std::pair{Array(-0.7), Array(0.3)});
  CHECK(value(a_bar) == Approx(-0.61430776).epsilon(kFloat32));
  CHECK(value(b_bar) == Approx(-0.2524413).epsilon(kFloat32));
}

namespace {

// The logistic regression of the autodiff cookbook.
Array logistic_of(const Array& x) { return 0.5 * (tanh(x / 2.0) + 1.0); }
Array predict(const Array& w, const Array& b, const Array& inputs) { return logistic_of(dot(inputs, w) + b); }
const Array kInputs = array({{0.52, 1.12, 0.77}, {0.88, -1.08, 0.15}, {0.52, 0.06, -1.30}, {0.74, -2.49, 1.39}});
const Array kTargets = array({true, true, false, true});
Array loss(const Array& w, const Array& b) {
  const auto preds = predict(w, b, kInputs);
  return -sum(log(preds * kTargets + (1 - preds) * (1 - kTargets.astype(float64))));
}
const Array kW = array({-0.36838785, -2.27568889, 0.01144757});
const Array kB = scalar(0.85355163);

}  // namespace

TEST_CASE("gradients of the cookbook's logistic regression") {
  CHECK(value(loss(kW, kB)) == Approx(3.051939).epsilon(kFloat32));
  CHECK(off(grad(loss, argnums<0>)(kW, kB), {3}, {-0.16965576, -0.8774645, -1.4901344}, kFloat32) == "");
  const auto [w_grad, b_grad] = grad(loss, argnums<0, 1>)(kW, kB);
  CHECK(off(w_grad, {3}, {-0.16965576, -0.8774645, -1.4901344}, kFloat32) == "");
  CHECK(value(b_grad) == Approx(-0.29227236).epsilon(kFloat32));
  const auto [v, g] = value_and_grad(loss, argnums<-1>)(kW, kB);
  CHECK(value(v) == value(loss(kW, kB)));
  CHECK(value(g) == value(b_grad));
  CHECK(off(jit(grad(loss))(kW, kB), {3}, grad(loss)(kW, kB).to_vector<double>()) == "");
}

TEST_CASE("Jacobians and Hessians of the cookbook's predictions") {
  const auto f = [](const Array& w) { return predict(w, kB, kInputs); };
  const std::vector<double> jacobian{0.05981756, 0.12883782, 0.088576,   0.04015914, -0.04928622, 0.00684531,
                                     0.12188289, 0.01406341, -0.3047072, 0.00140428, -0.00472522, 0.00263777};
  CHECK(off(jacfwd(f)(kW), {4, 3}, jacobian, kFloat32) == "");
  CHECK(off(jacrev(f)(kW), {4, 3}, jacobian, kFloat32) == "");
  const auto of_b = [](const Array& b) { return predict(kW, b, kInputs); };
  CHECK(off(jacrev(of_b)(kB), {4}, {0.11503378, 0.04563539, 0.23439017, 0.00189768}, kFloat32) == "");
  const auto h = hessian(f)(kW);
  CHECK(h.shape() == Shape{4, 3, 3});
  CHECK(off(h[0], {3, 3}, {0.02285465, 0.0492254, 0.03384246, 0.0492254, 0.10602394, 0.07289147, 0.03384246, 0.07289146, 0.05011288},
            kFloat32) == "");
}

TEST_CASE("per-example gradients") {
  const auto f = [](const Array& x) { return 3 * power(x, 2); };
  CHECK(off(vmap(vmap(grad(f)))(ones({2, 2})), {2, 2}, {6, 6, 6, 6}) == "");
}

TEST_CASE("vmap along the axes of results") {
  const auto f = [](const Array& x, const Array& y) { return std::pair{x + y, y * 2.0}; };
  const auto [sums, doubled] = vmap(f, {.in_axes = {0, none}, .out_axes = {0, none}})(arange(2.0), Array(4.0));
  CHECK(off(sums, {2}, {4, 5}) == "");
  CHECK(off(doubled, {}, {8}) == "");
  const auto [again, repeated] = vmap(f, {.in_axes = {0, none}, .out_axes = 0})(arange(2.0), Array(4.0));
  CHECK(off(again, {2}, {4, 5}) == "");
  CHECK(off(repeated, {2}, {8, 8}) == "");
  CHECK(repeated.weak_type());
}

TEST_CASE("a static loop count") {
  const auto g = jit([](Array x, int n) {
    for (int i = 0; i < n; ++i) x = power(x, 2);
    return x;
  }, static_argnums<1>);
  CHECK(off(g(arange(4), 3), {4}, {0, 1, 256, 6561}) == "");
}

TEST_CASE("stop_gradient and products") {
  const auto f1 = [](const Array& x) { return power(x, 2); };
  const auto f2 = [](const Array& x) { return power(stop_gradient(x), 2); };
  CHECK(value(f1(3.0)) == 9);
  CHECK(value(grad(f1)(3.0)) == 6);
  CHECK(value(f2(3.0)) == 9);
  CHECK(value(grad(f2)(3.0)) == 0);
  const auto [v, g] = value_and_grad([](const Array& x, const Array& y) { return sin(x) * y; })(1.0, 2.0);
  CHECK(value(v) == Approx(1.68).epsilon(5e-3));
  CHECK(value(g) == Approx(1.08).epsilon(5e-3));
}

TEST_CASE("compilation does not simplify what changes values") {
  const auto f = [](const Array& x) { return log(exp(x)); };
  CHECK(std::isinf(value(f(scalar(100.0F)))));
  CHECK(std::isinf(value(jit(f)(scalar(100.0F)))));
  const auto g = [](const Array& x) { return log(sqrt(x)); };
  const Array pi(3.141592653589793);
  CHECK(value(g(pi)) == Approx(0.57236494).epsilon(1e-8));
  CHECK(value(jit(g)(pi)) == value(g(pi)));
  CHECK(std::isnan(value(grad([](const Array& x) { return log(1.0 + exp(x)); })(1000.0))));
}

TEST_CASE("the derivative of a gradient step through jit, vmap and grad in any order") {
  const auto f = [](const Array& x) { return sum(sin(x) * x); };
  const auto x = array({{0.1, 0.5}, {1.0, -2.0}});
  std::vector<double> want;
  for (const double v : x.to_vector<double>()) want.push_back(std::sin(v) + v * std::cos(v));
  CHECK(off(vmap(grad(f))(x), {2, 2}, want, 1e-15) == "");
  CHECK(off(jit(vmap(grad(f)))(x), {2, 2}, want, 1e-15) == "");
  CHECK(off(vmap(jit(grad(f)))(x), {2, 2}, want, 1e-15) == "");
  CHECK(off(vmap(grad(jit(f)))(x), {2, 2}, want, 1e-15) == "");
  CHECK(off(grad([&](const Array& y) { return sum(vmap(f)(y)); })(x), {2, 2}, want, 1e-15) == "");
  CHECK(off(jit(grad(jit([&](const Array& y) { return sum(jit(vmap(f))(y)); })))(x), {2, 2}, want, 1e-15) == "");
}

}  // namespace fluxion::test
