// Special functions of lax against golden values to 1e-12, beyond their domains, and their derivatives by parameters.
#include <catch2/catch.hpp>

#include <fluxion/fluxion.hpp>
#include <fluxion/lax/special.hpp>
#include <fluxion/lax/math.hpp>

#include "support/golden_special.hpp"
#include "support/text.hpp"

namespace fluxion::test {

namespace {

using Function = Array (*)(const Arrays&);

struct Row {
  const char* golden;
  Function f;
};
const Row kRows[] = {
    {"igamma", [](const Arrays& x) { return lax::igamma(x[0], x[1]); }},
    {"igammac", [](const Arrays& x) { return lax::igammac(x[0], x[1]); }},
    {"igamma_grad_a", [](const Arrays& x) { return lax::igamma_grad_a(x[0], x[1]); }},
    {"random_gamma_grad", [](const Arrays& x) { return lax::random_gamma_grad(x[0], x[1]); }},
    {"betainc", [](const Arrays& x) { return lax::betainc(x[0], x[1], x[2]); }},
    {"zeta_hurwitz", [](const Arrays& x) { return lax::zeta(x[0], x[1]); }},
    {"i0e", [](const Arrays& x) { return lax::bessel_i0e(x[0]); }},
    {"i1e", [](const Arrays& x) { return lax::bessel_i1e(x[0]); }},
    {"expi", [](const Arrays& x) { return lax::expi(x[0]); }},
    {"expn", [](const Arrays& x) { return lax::expn(x[0], x[1]); }},
};

double at(const Array& x) { return x.item<double>(); }

}  // namespace

TEST_CASE("special functions of lax are within 1e-12 of the golden values, in float32 rounded once") {
  for (const auto& row : kRows)
    for (const auto& p : golden_special(row.golden)) {
      Arrays x, narrow;
      bool exact = true;
      for (const double a : p.args) {
        x.push_back(scalar(a));
        narrow.push_back(scalar(static_cast<float>(a)));
        exact = exact && (std::isnan(a) || static_cast<double>(static_cast<float>(a)) == a);
      }
      INFO(row.golden << '(' << p.args[0] << ", " << p.args.back() << ") is " << static_cast<double>(p.value));
      CHECK(relative_error(at(row.f(x)), p.value) < 1e-12);
      const auto want = static_cast<float>(p.value);
      if (!exact || std::fpclassify(want) == FP_SUBNORMAL) continue;
      const auto got = row.f(narrow).item<float>();
      CHECK((got == want || (std::isnan(got) && std::isnan(want)) || std::fabs(got - want) <= std::fabs(want) * 1.2e-7F));
    }
}

TEST_CASE("special functions at the borders of their domains and beyond") {
  const auto is = [](const Array& x, double want) {
    CAPTURE(at(x), want);
    CHECK((at(x) == want || (std::isnan(at(x)) && std::isnan(want))));
  };
  is(lax::igamma(1.0, 0.0), 0), is(lax::igamma(1.0, kInf), 1), is(lax::igamma(kInf, 1.0), 0);
  is(lax::igamma(0.0, 1.0), kNaN), is(lax::igamma(1.0, -1.0), kNaN), is(lax::igamma(kNaN, 1.0), kNaN), is(lax::igamma(kInf, kInf), kNaN);
  is(lax::igammac(1.0, 0.0), 1), is(lax::igammac(1.0, kInf), 0), is(lax::igammac(-1.0, 1.0), kNaN);
  is(lax::igamma_grad_a(1.0, 0.0), 0), is(lax::igamma_grad_a(0.0, 1.0), kNaN);
  is(lax::random_gamma_grad(1.0, 0.0), 0), is(lax::random_gamma_grad(1.0, -1.0), kNaN);
  is(lax::betainc(1.0, 2.0, 0.0), 0), is(lax::betainc(1.0, 2.0, 1.0), 1), is(lax::betainc(1.0, 2.0, 1.5), kNaN);
  is(lax::betainc(0.0, 2.0, 0.5), kNaN), is(lax::betainc(kInf, 2.0, 0.5), 0), is(lax::betainc(2.0, kInf, 0.5), 1);
  is(lax::zeta(1.0, 2.0), kInf), is(lax::zeta(0.5, 2.0), kNaN), is(lax::zeta(2.0, -1.0), kInf), is(lax::zeta(3.0, 0.0), kNaN);
  is(lax::zeta(2.5, -0.5), kNaN), is(lax::zeta(2.0, kInf), 0), is(lax::zeta(kInf, 1.0), 1);
  is(lax::bessel_i0e(kInf), 0), is(lax::bessel_i1e(0.0), 0), is(lax::bessel_i0e(kNaN), kNaN);
  is(lax::expi(0.0), -kInf), is(lax::expi(kInf), kInf), is(lax::expn(1.0, 0.0), kInf), is(lax::expn(3.0, 0.0), 0.5);
  is(lax::expn(1.5, 1.0), kNaN), is(lax::expn(1.0, -1.0), kNaN);
}

TEST_CASE("zeta of negative arguments is the sum of its terms") {
  // sum over k of (k - 2.5)^-2: 2.5^-2 + 1.5^-2 + 0.5^-2 + pi^2/2
  CHECK(at(lax::zeta(2.0, -2.5)) == Approx(1 / 6.25 + 1 / 2.25 + 4 + 4.934802200544679).epsilon(1e-14));
  CHECK(at(lax::zeta(3.0, -1.5)) == Approx(-1 / 3.375 - 8 + 8.414398322117159).epsilon(1e-12));
}

TEST_CASE("derivatives of the incomplete gamma functions by their parameter") {
  for (const double a : {0.3, 1.0, 4.0, 30.0})
    for (const double ratio : {0.2, 0.9, 1.5, 4.0}) {
      const double x = a * ratio, h = 1e-4 * a;
      const auto differences = [&](Array (*f)(const Array&, const Array&)) {
        return (8 * (at(f(a + h, x)) - at(f(a - h, x))) - (at(f(a + 2 * h, x)) - at(f(a - 2 * h, x)))) / (12 * h);
      };
      INFO(a << ' ' << x);
      CHECK(at(grad(lax::igamma)(a, x)) == Approx(differences(lax::igamma)).epsilon(1e-8).margin(1e-11));
      CHECK(at(grad(lax::igammac)(a, x)) == Approx(differences(lax::igammac)).epsilon(1e-8).margin(1e-11));
      // A sample x of Gamma(a) moves so that P(a, x) stays.
      CHECK(at(lax::random_gamma_grad(a, x)) ==
            Approx(-at(grad(lax::igamma)(a, x)) / at(grad(lax::igamma, argnums<1>)(a, x))).epsilon(1e-10));
    }
}

TEST_CASE("derivatives in large parameters agree with their limit") {
  // P(a, a) tends to 1/2 + 1/(3 sqrt(2 pi a)), and dP/da at x = a to -1/sqrt(2 pi a).
  for (const double a : {1e6, 9e7, 1.1e8, 1e12})
    CHECK(at(lax::igamma_grad_a(a, a)) == Approx(-1 / std::sqrt(2 * 3.14159265358979 * a)).epsilon(1 / std::sqrt(a) + 1e-6));
}

TEST_CASE("derivatives that do not exist say so") {
  const auto message = [](auto f) { return thrown<UnsupportedError>([&] { grad(f)(Array(0.5)); }); };
  CHECK(message([](const Array& a) { return lax::betainc(a, 2.0, 0.5); }) ==
        "regularized_incomplete_beta: has no derivative in a, got a tangent for f64[]; put fx::stop_gradient around it, or give the "
        "function one with fx::custom_jvp");
  CHECK(message([](const Array& b) { return lax::betainc(2.0, b, 0.5); }).find("has no derivative in b") != std::string::npos);
  CHECK(message([](const Array& x) { return lax::zeta(x + 2.0, 0.5); }).find("zeta: has no derivative in x") != std::string::npos);
  CHECK(message([](const Array& a) { return lax::igamma_grad_a(a, 0.5); }).find("igamma_grad_a: has no derivative in a") != std::string::npos);
  CHECK(message([](const Array& a) { return lax::random_gamma_grad(a, 0.5); }).find("in a,") != std::string::npos);
  CHECK(message([](const Array& x) { return lax::random_gamma_grad(0.5, x); }).find("in the sample") != std::string::npos);
}

TEST_CASE("operands are floating and of one dtype") {
  CHECK(thrown<TypeError>([] { lax::zeta(scalar<std::int32_t>(2), scalar<std::int32_t>(1)); }) ==
        "zeta: operands must be floating, got i32[]; convert with astype(fx::float64)");
  CHECK(thrown<TypeError>([] { lax::betainc(1.0, 1.0, scalar(0.5F)); }) ==
        "regularized_incomplete_beta: operands must have equal dtypes, got f64[] and f32[]; convert one with astype");
  CHECK(thrown<TypeError>([] { lax::igamma(ones({2}), ones({3})); }).find("igamma: operands must have equal shapes") == 0);
}

}  // namespace fluxion::test
