#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::refuses;
using test::shown;

TEST_CASE("relu has derivative 0 at 0 and keeps NaN") {
  const auto x = array({-1.0, 0.0, 2.0});
  CHECK(shown(relu(x)) == "f64[3] [0. 0. 2.]");
  CHECK(shown(relu(array({-1, 2}))) == "i32[2] [0 2]");
  CHECK(shown(grad([](const Array& v) { return sum(nn::relu(v)); })(x)) == "f64[3] [0. 0. 1.]");
  CHECK(std::isnan(relu(std::numeric_limits<double>::quiet_NaN()).item<double>()));
}

TEST_CASE("sigmoid and softplus stand large arguments") {
  CHECK(shown(sigmoid(array({0.0, -800.0, 800.0}))) == "f64[3] [0.5 0. 1. ]");
  const auto y = softplus(array({0.0, -40.0, 800.0})).to_vector<double>();
  CHECK(y[0] == Approx(std::log(2.0)));
  CHECK(y[1] == Approx(std::exp(-40.0)));
  CHECK(y[2] == 800);
  CHECK(grad([](const Array& x) { return softplus(x); })(0.0).item<double>() == 0.5);
}

TEST_CASE("softmax is a distribution along its axis") {
  const auto x = array({{1000.0, 1000.0}, {0.0, std::log(3.0)}});
  CHECK(bool(allclose(softmax(x), array({{0.5, 0.5}, {0.25, 0.75}}))));
  CHECK(bool(allclose(sum(softmax(x, 0), 0), 1.0)));
  CHECK(bool(allclose(exp(log_softmax(x)), softmax(x))));
  CHECK(bool(allclose(softmax(array({1, 2})), array({0.26894143F, 0.7310586F}))));
  const auto j = jacrev([](const Array& v) { return softmax(v); })(zeros({2}));
  CHECK(shown(j) == "f64[2,2] [[0.25 -0.25] [-0.25 0.25]]");
}

TEST_CASE("one_hot of classes out of range is all zeros") {
  CHECK(shown(nn::one_hot(array({-1, 1, 3}), 3)) == "f64[3,3] [[0. 0. 0.] [0. 1. 0.] [0. 0. 0.]]");
  CHECK(shown(nn::one_hot(1, 3, int32)) == "i32[3] [0 1 0]");
  CHECK(refuses<TypeError>([] { nn::one_hot(1.0, 3); }));
}

}  // namespace fluxion
