#include <catch2/catch.hpp>
#include <fluxion/polynomials.hpp>
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

}  // namespace fluxion
