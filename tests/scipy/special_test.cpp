// fx::scipy::special against golden values, its derivatives against differences, promotion and errors.
#include <catch2/catch.hpp>

#include <fluxion/fluxion.hpp>
#include <fluxion/scipy/special.hpp>

#include "support/golden_special.hpp"
#include "support/text.hpp"

namespace fluxion::test {

namespace {

namespace sp = scipy::special;

using Function = Array (*)(const Arrays&);

/// `scale`: of the numbers that cancel in the result, beside the result's own.
struct Row {
  const char* golden;
  Function f;
  double scale = 0;
};
const Row kRows[] = {
    {"logit", [](const Arrays& x) { return sp::logit(x[0]); }},
    {"logistic_expit", [](const Arrays& x) { return sp::expit(x[0]); }},
    {"xlogy", [](const Arrays& x) { return sp::xlogy(x[0], x[1]); }},
    {"xlog1py", [](const Arrays& x) { return sp::xlog1py(x[0], x[1]); }},
    {"erf", [](const Arrays& x) { return sp::erf(x[0]); }},
    {"erfc", [](const Arrays& x) { return sp::erfc(x[0]); }},
    {"erfinv", [](const Arrays& x) { return sp::erfinv(x[0]); }},
    {"ndtr", [](const Arrays& x) { return sp::ndtr(x[0]); }},
    {"ndtri", [](const Arrays& x) { return sp::ndtri(x[0]); }},
    {"log_ndtr", [](const Arrays& x) { return sp::log_ndtr(x[0]); }},
    {"lgamma", [](const Arrays& x) { return sp::gammaln(x[0]); }, 1},
    {"gamma", [](const Arrays& x) { return sp::gamma(x[0]); }},
    {"digamma", [](const Arrays& x) { return sp::digamma(x[0]); }},
    {"polygamma", [](const Arrays& x) { return sp::polygamma(x[0], x[1]); }},
    {"zeta_hurwitz", [](const Arrays& x) { return sp::zeta(x[0], x[1]); }},
    {"igamma", [](const Arrays& x) { return sp::gammainc(x[0], x[1]); }},
    {"igammac", [](const Arrays& x) { return sp::gammaincc(x[0], x[1]); }},
    {"betainc", [](const Arrays& x) { return sp::betainc(x[0], x[1], x[2]); }},
    {"betaln", [](const Arrays& x) { return sp::betaln(x[0], x[1]); }, 1},
    {"i0e", [](const Arrays& x) { return sp::i0e(x[0]); }},
    {"i1e", [](const Arrays& x) { return sp::i1e(x[0]); }},
    {"i0", [](const Arrays& x) { return sp::i0(x[0]); }},
    {"i1", [](const Arrays& x) { return sp::i1(x[0]); }},
    {"spence", [](const Arrays& x) { return sp::spence(x[0]); }},
    {"expi", [](const Arrays& x) { return sp::expi(x[0]); }},
    {"expn", [](const Arrays& x) { return sp::expn(x[0], x[1]); }},
    {"entr", [](const Arrays& x) { return sp::entr(x[0]); }},
    {"kl_div", [](const Arrays& x) { return sp::kl_div(x[0], x[1]); }, 1},
    {"multigammaln", [](const Arrays& x) { return sp::multigammaln(x[0], static_cast<std::int64_t>(x[1].item<double>())); }, 1},
};

double at(const Array& x) { return x.item<double>(); }

}  // namespace

TEST_CASE("special functions of scipy are within 1e-12 of the golden values") {
  for (const auto& row : kRows)
    for (const auto& p : golden_special(row.golden)) {
      Arrays x;
      for (const double a : p.args) x.push_back(scalar(a));
      const double got = at(row.f(x));
      const bool close = std::fabs(got - static_cast<double>(p.value)) <= 1e-12 * row.scale;
      INFO(row.golden << '(' << p.args[0] << ", " << p.args.back() << ") is " << static_cast<double>(p.value) << ", not " << got);
      CHECK((close || relative_error(got, p.value) < 1e-12));
    }
}

TEST_CASE("functions of one operand have the derivatives of their differences") {
  const std::pair<const char*, Array (*)(const Array&)> functions[] = {
      {"gammaln", sp::gammaln}, {"gamma", sp::gamma}, {"digamma", sp::digamma}, {"factorial", sp::factorial}, {"erf", sp::erf},
      {"erfc", sp::erfc}, {"erfinv", sp::erfinv}, {"ndtr", sp::ndtr}, {"log_ndtr", sp::log_ndtr}, {"ndtri", sp::ndtri},
      {"logit", sp::logit}, {"expit", sp::expit}, {"entr", sp::entr}, {"i0", sp::i0}, {"i0e", sp::i0e}, {"i1", sp::i1},
      {"i1e", sp::i1e}, {"expi", sp::expi}, {"exp1", sp::exp1}, {"spence", sp::spence}};
  for (const auto& [name, f] : functions)
    for (const double x : {0.07, 0.31, 0.55, 0.93}) {
      INFO(name << ' ' << x);
      const double h = 1e-4;
      const auto slope = (8 * (at(f(x + h)) - at(f(x - h))) - (at(f(x + 2 * h)) - at(f(x - 2 * h)))) / (12 * h);
      CHECK(at(grad(f)(x)) == Approx(slope).epsilon(1e-6));
      CHECK(differs(jit(grad(f))(x), grad(f)(x)) == "");
      const auto second = (at(grad(f)(x + h)) - at(grad(f)(x - h))) / (2 * h);
      CHECK(at(grad(grad(f))(x)) == Approx(second).epsilon(1e-4));
      CHECK(differs(vmap(grad(f))(array({x, 0.5}))[0], grad(f)(x)) == "");
    }
}

TEST_CASE("functions of two operands have the derivatives of their differences in each") {
  const std::pair<const char*, Array (*)(const Array&, const Array&)> functions[] = {
      {"xlogy", sp::xlogy}, {"xlog1py", sp::xlog1py}, {"rel_entr", sp::rel_entr}, {"kl_div", sp::kl_div}, {"betaln", sp::betaln},
      {"beta", sp::beta}, {"poch", sp::poch}, {"gammainc", sp::gammainc}, {"gammaincc", sp::gammaincc}};
  for (const auto& [name, f] : functions)
    for (const auto& [x, y] : {std::pair{0.7, 1.3}, {2.5, 0.4}, {9.0, 12.5}}) {
      INFO(name << ' ' << x << ' ' << y);
      const double h = 1e-5;
      CHECK(at(grad(f)(x, y)) == Approx((at(f(x + h, y)) - at(f(x - h, y))) / (2 * h)).epsilon(1e-6).margin(1e-9));
      CHECK(at(grad(f, argnums<1>)(x, y)) == Approx((at(f(x, y + h)) - at(f(x, y - h))) / (2 * h)).epsilon(1e-6).margin(1e-9));
    }
}

TEST_CASE("values and derivatives where formulas have holes") {
  const auto nan = std::nan("");
  CHECK(at(sp::xlogy(0.0, 0.0)) == 0);
  CHECK(at(sp::xlog1py(0.0, -1.0)) == 0);
  CHECK(at(sp::entr(0.0)) == 0);
  CHECK(at(sp::entr(-1.0)) == -kInf);
  CHECK(at(sp::rel_entr(0.0, 1.0)) == 0);
  CHECK(at(sp::rel_entr(1.0, 0.0)) == kInf);
  CHECK(at(sp::rel_entr(-1.0, 1.0)) == kInf);
  CHECK(at(sp::kl_div(0.0, 2.0)) == 2);
  CHECK(at(sp::ndtri(0.0)) == -kInf);
  CHECK(at(sp::ndtri(1.0)) == kInf);
  CHECK(std::isnan(at(sp::ndtri(1.5))));
  CHECK(at(sp::spence(0.0)) == Approx(1.6449340668482264));
  CHECK(at(grad(sp::spence)(1.0)) == -1);
  CHECK(std::isnan(at(sp::spence(-1.0))));
  CHECK(at(grad(sp::log_ndtr)(-50.0)) == Approx(50.019976).epsilon(1e-6));
  CHECK(at(grad(sp::i1e)(0.0)) == 0.5);
  CHECK(at(sp::gammasgn(-0.5)) == -1);
  CHECK(at(sp::gammasgn(-1.5)) == 1);
  CHECK(at(sp::gammasgn(0.0)) == 1);
  CHECK(at(sp::gammasgn(-0.0)) == -1);
  CHECK(std::isnan(at(sp::gammasgn(-2.0))));
  CHECK(std::isnan(at(sp::gammasgn(nan))));
  CHECK(at(sp::factorial(-1.0)) == 0);
  CHECK(at(sp::factorial(5.0)) == Approx(120).epsilon(1e-14));
  CHECK(at(sp::poch(3.0, 0.0)) == 1);
  CHECK(at(sp::poch(3.0, 4.0)) == Approx(360).epsilon(1e-13));
  CHECK(at(sp::beta(-0.5, 2.0)) == Approx(-4).epsilon(1e-13));
}

TEST_CASE("integers become floating, and shapes broadcast") {
  CHECK(sp::gammaln(array({1, 2, 3})).dtype() == float32);
  CHECK(sp::gammaln(Array(4)).dtype() == float64);
  CHECK(sp::gammaln(Array(4)).weak_type());
  CHECK(sp::xlogy(ones({3, 1}), ones({4})).shape() == Shape{3, 4});
  CHECK(sp::betainc(1.0, 2.0, ones<float>({2, 3})).aval() == Aval{{2, 3}, float32});
  CHECK(sp::expn(2, array({1.0, 2.0})).shape() == Shape{2});
  CHECK(sp::multigammaln(full({2, 3}, 5.0), 3).shape() == Shape{2, 3});
  CHECK(thrown<ValueError>([] { sp::multigammaln(1.0, 0); }) == "multigammaln: d must be positive, got 0; 1 is gammaln");
  CHECK(thrown<ValueError>([] { sp::bernoulli(-1); }) == "bernoulli: n must not be negative, got -1; 0 gives B_0 alone");
  CHECK_THROWS_AS(sp::xlogy(ones({3}), ones({4})), ValueError);
  CHECK_THROWS_AS(sp::erf(random::key(0)), TypeError);
}

TEST_CASE("Bernoulli numbers") {
  CHECK(off(sp::bernoulli(8), {9}, {1, -0.5, 1 / 6.0, 0, -1 / 30.0, 0, 1 / 42.0, 0, -1 / 30.0}, 1e-15) == "");
  CHECK(off(sp::bernoulli(0), {1}, {1}) == "");
  CHECK(at(sp::bernoulli(60)[60]) == Approx(-2.1399949257225335e34).epsilon(1e-14));
}

TEST_CASE("logsumexp with factors and signs") {
  const auto x = array({{1.0, 2.0, -kInf}, {1000.0, 999.0, 0.0}});
  CHECK(off(sp::logsumexp(x, {.axis = 1}), {2}, {std::log(std::exp(1) + std::exp(2)), 1000 + std::log1p(std::exp(-1))}, 1e-14) == "");
  CHECK(sp::logsumexp(x, {.axis = 1, .keepdims = true}).shape() == Shape{2, 1});
  const auto b = array({1.0, -1.0, 5.0});
  const auto [value, sign] = sp::logsumexp_sign(x, {.axis = 1, .b = b});
  CHECK(off(sign, {2}, {-1, 1}) == "");
  CHECK(at(value[0]) == Approx(std::log(std::exp(2) - std::exp(1))));
  CHECK(std::isnan(at(sp::logsumexp(x, {.axis = 1, .b = b})[0])));
  CHECK(at(sp::logsumexp(full({3}, -kInf))) == -kInf);
  CHECK(at(sp::logsumexp(array({0.0, 7.0}), {.b = array({1.0, 0.0})})) == 0);
  const auto f = [](const Array& x) { return sp::logsumexp(x); };
  CHECK(differs(grad(f)(array({0.0, 0.0})), array({0.5, 0.5})) == "");
}

}  // namespace fluxion::test
