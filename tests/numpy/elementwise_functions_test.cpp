#include <cmath>
#include <limits>
#include <tuple>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::refuses;
using test::shown;

TEST_CASE("power takes the algorithm that fits its exponent") {
  CHECK(shown(power(array({1.5, -2.0}), 2)) == "f64[2] [2.25 4. ]");
  CHECK(shown(power(array({2, 3}), 3)) == "i32[2] [8 27]");
  CHECK(shown(power(array({2.0}), -1)) == "f64[1] [0.5]");
  CHECK(shown(power(array({4.0, 9.0}), 0.5)) == "f64[2] [2. 3.]");
  CHECK(shown(power(array({-2, 3, 1}), array({{4, 1, 6}, {1, 3, 5}}))) == "i32[2,3] [[16 3 1] [-2 27 1]]");
  CHECK(shown(power(array({-2.0, 3.0, 1.0}), array({{4, 1, 6}, {1, 3, 5}}))) == "f64[2,3] [[16. 3. 1.] [-2. 27. 1.]]");
  CHECK(shown(power(2, array({1.0F, 3.0F}))) == "f32[2] [2. 8.]");
  CHECK(refuses<TypeError>([] { power(array({2}), -1); }));
  std::ostringstream os;
  os << make_jaxpr([](const Array& x) { return power(x, 2); })(1.5);
  CHECK(os.str().find("integer_pow[y=2]") != std::string::npos);
}

TEST_CASE("the derivative of a power at 0 depends on the exponent's dtype") {
  const auto integer = [](const Array& x) { return power(x, array({0, 1, 2, 3})); };
  CHECK(shown(jvp(integer, std::tuple(Array(0.0)), std::tuple(Array(1.0))).second.astype(float64)) == "f64[4] [0. 1. 0. 0.]");
  const auto floating = [](const Array& x) { return power(x, 0.0); };
  CHECK(std::isnan(grad(floating)(0.0).item<double>()));
}

TEST_CASE("functions of one operand") {
  CHECK(shown(ceil(array({-1.5, 1.2, 2.0}))) == "f64[3] [-1. 2. 2.]");
  CHECK(shown(floor(array({1, 2}))) == "i32[2] [1 2]");
  CHECK(shown(abs(array({-1, 2}))) == "i32[2] [1 2]");
  CHECK(shown(abs(array({1U}))) == "u32[1] [1]");
  CHECK(shown(sign(array({-2.0, -0.0, 3.0, nan}))) == "f64[4] [-1. -0. 1. nan]");
  CHECK(shown(sign(array({0U, 7U}))) == "u32[2] [0 1]");
  CHECK(shown(square(array({3}))) == "i32[1] [9]");
  CHECK(shown(reciprocal(array({4.0}))) == "f64[1] [0.25]");
  CHECK(tan(0.5).item<double>() == Approx(std::tan(0.5)));
  CHECK(shown(exp(array({0}))) == "f32[1] [1.]");
  CHECK(shown(isnan(array({1.0, nan, inf}))) == "bool[3] [False True False]");
  CHECK(shown(isinf(array({1.0, nan, -inf}))) == "bool[3] [False False True]");
  CHECK(shown(isfinite(array({1.0, nan, inf}))) == "bool[3] [True False False]");
  CHECK(shown(isfinite(array({1}))) == "bool[1] [True]");
}

TEST_CASE("maximum, minimum and clip") {
  CHECK(shown(maximum(array({1.0, nan}), 2)) == "f64[2] [2. nan]");
  CHECK(shown(minimum(array({1, 5}), array({3, 3}))) == "i32[2] [1 3]");
  CHECK(shown(clip(array({-1.0, 0.5, 2.0}), 0, 1)) == "f64[3] [0. 0.5 1. ]");
  CHECK(shown(clip(array({-1.0, 2.0}), none, 1)) == "f64[2] [-1. 1.]");
  CHECK(shown(clip(array({-1.0, 2.0}), 0, none)) == "f64[2] [0. 2.]");
  CHECK(shown(clip(array({0.0}), 3, 1)) == "f64[1] [1.]");
  const auto f = [](const Array& x) { return sum(clip(x, 0.0, 1.0)); };
  CHECK(shown(grad(f)(array({-1.0, 0.0, 0.5, 1.0, 2.0}))) == "f64[5] [0. 0.5 1. 0.5 0. ]");
}

TEST_CASE("where selects, broadcasts and promotes") {
  const auto c = array({true, false});
  CHECK(shown(where(c, 1, array({{2.0F}, {3.0F}}))) == "f32[2,2] [[1. 2.] [1. 3.]]");
  CHECK(shown(where(c, 1.0, 0.0)) == "f64[2]* [1. 0.]");
  CHECK(shown(where(array({0, 2}), array({1, 2}), 5)) == "i32[2] [5 2]");
  CHECK(shown(where(true, array({1, 2}), 5)) == "i32[2] [1 2]");
  const auto keys = random::split(random::key(0));
  CHECK(shown(where(c, keys[0], keys[1]) == keys[0]) == "bool[2] [True False]");
}

TEST_CASE("logaddexp is exact at ties, infinities and far apart") {
  const auto x = array({0.0, -inf, inf, -inf, 1000.0, -40.0}), y = array({0.0, -inf, 1.0, 2.0, 1000.0, 0.0});
  const auto z = logaddexp(x, y).to_vector<double>();
  CHECK(z[0] == Approx(std::log(2.0)));
  CHECK(z[1] == -inf);
  CHECK(z[2] == inf);
  CHECK(z[3] == 2);
  CHECK(z[4] == Approx(1000 + std::log(2.0)));
  CHECK(z[5] == Approx(std::exp(-40.0)));
  const auto f = [](const Array& a, const Array& b) { return sum(logaddexp(a, b)); };
  const auto [da, db] = grad(f, argnums<0, 1>)(x, y);
  CHECK(shown(da(range(0, 5))) == "f64[5] [0.5 1. 1. 0. 0.5]");
  CHECK(db[0].item<double>() == 0.5);
  CHECK(grad(grad([](const Array& a) { return logaddexp(a, 0.0); }))(0.0).item<double>() == 0.25);

  const auto one = [](const Array& a) { return logaddexp(a, 0.5); };
  const auto third = grad(grad(grad(one)));
  for (const double at : {-30.0, -1.0, 0.5, 2.0, 30.0}) {
    const double e = std::exp(-std::abs(at - 0.5)), slope = e / ((1 + e) * (1 + e));
    const double w = (at < 0.5 ? e : 1) / (1 + e), bend = (at < 0.5 ? 1 - e : e - 1) / (1 + e);  // bend = 1 - 2 w
    CHECK(grad(one)(at).item<double>() == Approx(w).epsilon(1e-14).margin(0));
    CHECK(grad(grad(one))(at).item<double>() == Approx(slope).epsilon(1e-13).margin(0));
    CHECK(third(at).item<double>() == Approx(slope * bend).epsilon(1e-12).margin(0));
    CHECK(jit(grad(one))(at).item<double>() == grad(one)(at).item<double>());
    CHECK(jvp(one, std::tuple{Array(at)}, std::tuple{Array(2.0)}).second.item<double>() == Approx(2 * w));
  }
  CHECK(shown(vmap(grad(one))(array({0.5, -inf, inf}))) == "f64[3] [0.5 0. 1. ]");
  CHECK(std::isnan(one(nan).item<double>()));
}

TEST_CASE("closeness and equality") {
  CHECK(bool(allclose(array({1.0, inf}), array({1.0 + 1e-9, inf}))));
  CHECK(!bool(allclose(array({1.0, inf}), array({1.0, -inf}))));
  CHECK(!bool(allclose(nan, nan)));
  CHECK(bool(allclose(nan, nan, 1e-5, 1e-8, true)));
  CHECK(shown(isclose(array({1, 2}), array({1, 3}))) == "bool[2] [True False]");
  CHECK(bool(array_equal(array({1, 2}), array({1.0, 2.0}))));
  CHECK(!bool(array_equal(array({1, 2}), array({1}))));
}

}  // namespace fluxion
