#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
}  // namespace

TEST_CASE("softmax is a distribution along its axis") {
  const auto x = array({{1000.0, 1000.0}, {0.0, std::log(3.0)}});
  CHECK(bool(allclose(softmax(x), array({{0.5, 0.5}, {0.25, 0.75}}))));
  CHECK(bool(allclose(sum(softmax(x, 0), 0), 1.0)));
  CHECK(bool(allclose(sum(softmax(x, {0, 1})), 1.0)));
  CHECK(bool(allclose(exp(log_softmax(x)), softmax(x))));
  CHECK(bool(allclose(softmax(array({1, 2})), array({0.26894143F, 0.7310586F}))));
  const auto j = jacrev([](const Array& v) { return softmax(v); })(zeros({2}));
  CHECK(shown(j) == "f64[2,2] [[0.25 -0.25] [-0.25 0.25]]");
  const auto k = jacfwd([](const Array& v) { return log_softmax(v); })(zeros({2}));
  CHECK(shown(k) == "f64[2,2] [[0.5 -0.5] [-0.5 0.5]]");
}

TEST_CASE("softmax leaves out what where says, also in derivatives") {
  const auto x = array({1.0, 2.0, 3.0, 1e6}), few = array({1.0, 2.0, 3.0});
  const auto mask = array({true, true, true, false});
  const auto y = softmax(x, -1, mask);
  CHECK(bool(array_equal(y(range(0, 3)), softmax(few))));
  CHECK(y[3].item<double>() == 0);
  const auto z = log_softmax(x, -1, mask);
  CHECK(bool(allclose(z(range(0, 3)), log_softmax(few))));
  CHECK(z[3].item<double>() == -kInf);
  const auto first = [](const Array& v, const Array& m) { return softmax(v, -1, m)[0]; };
  const auto g = grad([&](const Array& v) { return first(v, mask); })(x);
  CHECK(bool(allclose(g(range(0, 3)), grad([](const Array& v) { return softmax(v)[0]; })(few))));
  CHECK(g[3].item<double>() == 0);
  const auto broadcast = softmax(ones({2, 4}), -1, mask);
  CHECK(bool(allclose(broadcast, array({{1. / 3, 1. / 3, 1. / 3, 0.}, {1. / 3, 1. / 3, 1. / 3, 0.}}))));
  CHECK(bool(allclose(softmax(x, -1, array({false, false, false, false})), zeros({4}))));
  CHECK_THAT(message_of<TypeError>([&] { softmax(x, -1, ones({4})); }),
             Catch::Contains("softmax: where must be bool, got f64[4]"));
  CHECK_THAT(message_of<TypeError>([&] { log_softmax(x, -1, ones({4})); }),
             Catch::Contains("log_softmax: where must be bool"));
  CHECK(refuses<ValueError>([&] { softmax(x, -1, array({true, false})); }));
  CHECK(refuses<ValueError>([&] { softmax(x, 1); }));
  CHECK(refuses<ValueError>([&] { log_softmax(x, {0, 0}); }));
}

TEST_CASE("standardize gives mean 0 and variance 1") {
  const auto x = random::normal(random::key(0), {5, 40}) * 3.0 + 2.0;
  const auto y = nn::standardize(x);
  CHECK(bool(allclose(mean(y, 1), 0.0, 0, 1e-12)));
  CHECK(bool(allclose(var(y, 1), 1.0, 1e-5)));
  CHECK(bool(allclose(y, (x - mean(x, 1, true)) / sqrt(var(x, 1, 0, true) + 1e-5))));
  const auto mask = arange(40) < 30;
  const auto some = nn::standardize(x, -1, {.where = mask});
  CHECK(bool(allclose(some(range(), range(0, 30)), nn::standardize(x(range(), range(0, 30))))));
  CHECK(bool(allclose(nn::standardize(x, -1, {.epsilon = 0.0, .mean = 2.0, .variance = 9.0}), (x - 2.0) / 3.0)));
  CHECK(nn::standardize(array({{1, 2}})).dtype() == float32);
  CHECK(refuses<TypeError>([&] { nn::standardize(x, -1, {.where = 1.0}); }));
  CHECK(refuses<ValueError>([&] { nn::standardize(x, 2); }));
}

TEST_CASE("logsumexp with weights, signs and masks") {
  const auto a = array({1.0, 2.0, 3.0}), b = array({2.0, -1.0, 0.5});
  const double s = 2 * std::exp(1) - std::exp(2) + 0.5 * std::exp(3);
  CHECK(nn::logsumexp(a, none, b).item<double>() == Approx(std::log(s)));
  CHECK(std::isnan(nn::logsumexp(a, none, -b).item<double>()));
  const auto [size, sign] = nn::logsumexp_with_sign(a, none, -b);
  CHECK(size.item<double>() == Approx(std::log(s)));
  CHECK(sign.item<double>() == -1);
  CHECK(nn::logsumexp(a, none, {}, false, array({true, false, true})).item<double>() ==
        Approx(std::log(std::exp(1) + std::exp(3))));
  CHECK(nn::logsumexp(a + 1000.0, none, {}).item<double>() == Approx(1000 + logsumexp(a).item<double>()));
  CHECK(nn::logsumexp(array({-kInf, -kInf}), none, {}).item<double>() == -kInf);
  CHECK(nn::logsumexp(array({1.0, kInf}), none, {}).item<double>() == kInf);
  CHECK(nn::logsumexp(zeros({2, 0}), 1, {}).shape() == Shape{2});
  CHECK(nn::logsumexp(ones({2, 3}), 1, {}, true).shape() == Shape{2, 1});
  // A weight of 0 leaves out even what is infinite.
  CHECK(nn::logsumexp(array({1.0, kInf}), none, array({1.0, 0.0})).item<double>() == Approx(1));
  const auto g = grad([&](const Array& v) { return nn::logsumexp(v, none, b); })(a).to_vector<double>();
  CHECK(g[1] == Approx(-std::exp(2) / s));
  CHECK(refuses<TypeError>([&] { nn::logsumexp(a, none, {}, false, a); }));
  CHECK(refuses<ValueError>([&] { nn::logsumexp(a, none, ones({2})); }));
}

TEST_CASE("logmeanexp is the logarithm of the mean") {
  const auto a = array({{1.0, 2.0, 3.0}, {0.0, 0.0, 0.0}});
  CHECK(bool(allclose(nn::logmeanexp(a, 1), log(mean(exp(a), 1)))));
  CHECK(nn::logmeanexp(a).item<double>() == Approx(std::log(mean(exp(a)).item<double>())));
  CHECK(nn::logmeanexp(a, 1, true).shape() == Shape{2, 1});
  CHECK(nn::logmeanexp(a[0], none, false, array({true, true, false})).item<double>() ==
        Approx(std::log((std::exp(1) + std::exp(2)) / 2)));
  CHECK(refuses<ValueError>([&] { nn::logmeanexp(a, 2); }));
}

TEST_CASE("one_hot of classes out of range is all zeros") {
  CHECK(shown(nn::one_hot(array({-1, 1, 3}), 3)) == "f64[3,3] [[0. 0. 0.] [0. 1. 0.] [0. 0. 0.]]");
  CHECK(shown(nn::one_hot(1, 3, int32)) == "i32[3] [0 1 0]");
  CHECK(shown(nn::one_hot(array({1, 0}), 3, {}, 0)) == "f64[3,2] [[0. 1.] [1. 0.] [0. 0.]]");
  CHECK(nn::one_hot(zeros<std::int64_t>({2, 4}), 3, bool_, 1).shape() == Shape{2, 3, 4});
  CHECK(refuses<TypeError>([] { nn::one_hot(1.0, 3); }));
  CHECK(refuses<ValueError>([] { nn::one_hot(1, -3); }));
  CHECK(refuses<ValueError>([] { nn::one_hot(1, 3, float32, 1); }));
}

}  // namespace fluxion
