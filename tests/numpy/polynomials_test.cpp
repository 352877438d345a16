#include <catch2/catch.hpp>
#include <fluxion/complex.hpp>
#include <fluxion/polynomials.hpp>
#include <fluxion/sorting.hpp>
#include <rapidcheck.h>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

TEST_CASE("polynomials are evaluated, added, multiplied and divided") {
  CHECK(shown(polyval(array({3.0, 0.0, 1.0}), 5)) == "f64[] 76.0");
  CHECK(shown(polyval(array({2, 5, 1}), array({3, 4}))) == "f32[2] [34. 53.]");
  CHECK(polyval(zeros({3, 2}), zeros({4, 2})).shape() == Shape{4, 2});
  CHECK(shown(polyval(ones({40}), 1.0)) == "f64[] 40.0");
  CHECK(shown(polyval(zeros({0}), 1.0)) == "f64[] 0.0");
  CHECK(shown(polyadd(array({1, 2}), array({9, 5, 4}))) == "i32[3] [9 6 6]");
  CHECK(shown(polysub(array({2, 10, -2}), array({3, 10, -4}))) == "i32[3] [-1 0 2]");
  CHECK(shown(polysub(array({1}), array({1, 2}))) == "i32[2] [-1 -1]");
  CHECK(shown(polymul(array({1.0, 2.0, 3.0}), array({9.0, 5.0, 1.0}))) == "f64[5] [9. 23. 38. 17. 3.]");
  CHECK(shown(polymul(array({0.0, 2.0}), array({0.0, 3.0}), {.trim_leading_zeros = true})) == "f64[1] [6.]");
  const auto [q, r] = polydiv(array({3.0, 5.0, 2.0}), array({2.0, 1.0}));
  CHECK(shown(q) == "f64[2] [1.5 1.75]");
  CHECK(shown(r) == "f64[3] [0. 0. 0.25]");
  CHECK(shown(polydiv(array({3.0, 5.0, 2.0}), array({2.0, 1.0}), {.trim_leading_zeros = true}).second) ==
        "f64[1] [0.25]");
  CHECK(shown(polydiv(array({1.0}), array({1.0, 2.0})).first) == "f64[1] [0.]");
}

TEST_CASE("polynomials are differentiated and integrated") {
  CHECK(shown(polyder(array({1.0, 1.0, 1.0, 1.0}))) == "f64[3] [3. 2. 1.]");
  CHECK(shown(polyder(array({1.0, 1.0, 1.0, 1.0}), 3)) == "f64[1] [6.]");
  CHECK(polyder(array({1.0, 1.0}), 4).shape() == Shape{0});
  CHECK(bool(allclose(polyint(array({1.0, 1.0, 1.0})), array({1.0 / 3, 0.5, 1.0, 0.0}))));
  CHECK(shown(polyint(array({6.0}), 2, array({5.0, 3.0}))) == "f64[3] [3. 5. 3.]");
  CHECK(shown(polyint(array({12.0, 6.0}), 1, 4.0)) == "f64[3] [6. 6. 4.]");
  CHECK(message_of<ValueError>([] { polyder(array({1.0}), -1); }) ==
        "polyder: the order must not be negative, got -1; polyint goes the other way");
  CHECK(message_of<ValueError>([] { polyint(array({1.0}), -1); }) ==
        "polyint: the order must not be negative, got -1; polyder goes the other way");
  CHECK(message_of<ValueError>([] {
          polyint(array({1.0}), 3, array({1.0, 2.0}));
        }) ==
        "polyint: one constant for all integrations or one for each is required, got shape (2,) for 3; leave "
        "it out for 0");
  CHECK(message_of<ValueError>([] { polyadd(1.0, array({1.0})); }) ==
        "polyadd: coefficients must be a vector, got shape (); map over several with vmap");
  CHECK(refuses<ValueError>([] { polyval(1.0, 2.0); }));
  CHECK(refuses<ValueError>([] { polydiv(array({1.0}), zeros({0})); }));
  CHECK(refuses<ConcretizationError>(
      [] { jit([](const Array& p) { return polymul(p, p, {.trim_leading_zeros = true}); })(array({1.0})); }));
}

TEST_CASE("polynomial identities") {
  CHECK(rc::check([] {
    const auto coefficients =
        rc::gen::suchThat(rc::gen::container<std::vector<double>>(
                              rc::gen::map(rc::gen::inRange(-9, 10), [](int i) { return double(i); })),
                          [](const auto& v) { return !v.empty() && v.size() < 9; });
    const auto a = array(*coefficients), b = array(*coefficients);
    const auto x = array({-1.0, 0.5, 2.0});
    RC_ASSERT(bool(allclose(polyval(polymul(a, b), x), polyval(a, x) * polyval(b, x), 1e-12, 1e-9)));
    RC_ASSERT(bool(array_equal(polyval(polyadd(a, b), x), polyval(a, x) + polyval(b, x))));
    RC_ASSERT(bool(allclose(polyder(polyint(a, 2), 2), a, 1e-12)));
    if ((*b.to_vector<double>().begin()) != 0) {
      const auto [q, r] = polydiv(a, b);
      RC_ASSERT(bool(allclose(polyadd(polymul(q, b), r)[range(-a.size(), none)], a, 1e-6, 1e-6)));
    }
    const auto slope = vmap(grad([&](const Array& t) { return polyval(a, t); }))(x);
    RC_ASSERT(bool(allclose(slope, a.size() == 1 ? zeros({3}) : polyval(polyder(a), x), 1e-12, 1e-9)));
  }));
}

TEST_CASE("roots, and polynomials of roots") {
  CHECK(shown(poly(array({0.0, 0.0, 0.0}))) == "f64[4] [1. 0. 0. 0.]");
  CHECK(shown(poly(array({-0.5, 0.0, 0.5}))) == "f64[4] [1. 0. -0.25 0. ]");
  CHECK(bool(allclose(real(poly(array({{0.0, 1.0 / 3}, {-0.5, 0.0}}))), array({1.0, 0.0, 1.0 / 6}), 1e-12, 1e-12)));
  CHECK(poly(zeros({0})).shape() == Shape{1});
  const auto r = roots(array({3.2, 2.0, 1.0}));
  CHECK(bool(allclose(real(r), array({-0.3125, -0.3125}), 1e-12)));
  CHECK(bool(allclose(sort(imag(r)), array({-0.46351241, 0.46351241}), 1e-7)));
  CHECK(bool(allclose(sort(real(roots(array({0.0, 1.0, -6.0, 11.0, -6.0})))), array({1.0, 2.0, 3.0}), 1e-9)));
  CHECK(roots(array({5.0})).shape() == Shape{0});
  CHECK(roots(zeros({3})).shape() == Shape{0});
  // With zeros at the end there are roots 0; leading zeros leave NaN where the shape is fixed.
  CHECK(shown(sort(real(roots(array({1.0, -2.0, 0.0}))))) == "f64[2] [0. 2.]");
  const auto fixed = jit([](const Array& p) { return roots(p, {.strip_zeros = false}); })(array({0.0, 1.0, -2.0}));
  CHECK(shown(real(fixed)) == "f64[2] [2. nan]");
  CHECK(message_of<ConcretizationError>([] { jit([](const Array& p) { return roots(p); })(ones({3})); }).find("strip_zeros = false") !=
        std::string::npos);
  CHECK(message_of<ValueError>([] { poly(ones({2, 3})); }) ==
        "poly: a vector of roots or a square matrix is required, got shape (2, 3); map over several with vmap");
  CHECK(message_of<ValueError>([] { roots(ones({2, 3})); }) ==
        "roots: coefficients must be a vector, got shape (2, 3); map over several with vmap");
}

TEST_CASE("fits of polynomials") {
  const auto x = array({0.0, 1.0, 2.0, 3.0, 4.0, 5.0}), y = array({0.0, 0.8, 0.9, 0.1, -0.8, -1.0});
  CHECK(bool(allclose(polyfit(x, y, 3), array({0.08703704, -0.81349206, 1.69312169, -0.03968254}), 1e-6)));
  CHECK(polyfit(x, stack({y, y}, 1), 2).shape() == Shape{3, 2});
  CHECK(bool(allclose(polyfit(x, polyval(array({2.0, -1.0, 0.5}), x), 2), array({2.0, -1.0, 0.5}), 1e-10, 1e-10)));
  const auto full = polyfit_full(x, y, 1);
  CHECK(full.rank.item<std::int64_t>() == 2);
  CHECK(full.singular_values.shape() == Shape{2});
  CHECK(full.residuals.item<double>() == Approx(1.49485714285714).epsilon(1e-6));
  // The covariances of a line: s^2 / sum((x - mean)^2) for the slope.
  const auto [c, v] = polyfit_cov(x, y, 1);
  CHECK(v(0, 0).item<double>() == Approx(full.residuals.item<double>() / 4 / 17.5).epsilon(1e-9));
  CHECK(polyfit_cov(x, y, 1, {}, true).second(0, 0).item<double>() == Approx(1 / 17.5).epsilon(1e-9));
  CHECK(polyfit_cov(x, stack({y, y}, 1), 1).second.shape() == Shape{2, 2, 2});
  // Weights of zero leave points out.
  const auto w = array({1.0, 1.0, 0.0, 1.0, 0.0, 1.0});
  const auto some = polyfit(array({0.0, 1.0, 3.0, 5.0}), array({0.0, 0.8, 0.1, -1.0}), 2);
  CHECK(bool(allclose(polyfit(x, y, 2, {.w = w}), some, 1e-10, 1e-10)));
  CHECK(message_of<ValueError>([&] { polyfit(x, y, -1); }) == "polyfit: the degree must not be negative, got -1; 0 fits a constant");
  CHECK(message_of<TypeError>([&] { polyfit(x, zeros({3}), 1); }) ==
        "polyfit: y must be a vector or a matrix with a row for each x, got shape (3,) for 6 points; transpose it");
  CHECK(refuses<TypeError>([&] { polyfit(zeros({0}), zeros({0}), 1); }));
  CHECK(message_of<TypeError>([&] { polyfit(x, y, 1, {.w = ones({2})}); }) ==
        "polyfit: w must be a vector with one weight per point, got f64[2] for 6 points; they multiply residuals");
  CHECK(message_of<ValueError>([&] { polyfit_cov(x, y, 5); }) ==
        "polyfit: covariances scaled by residuals need more points than coefficients, got 6 points for degree 5; ask for unscaled ones");
}

}  // namespace fluxion
