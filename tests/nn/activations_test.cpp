#include <cmath>
#include <functional>
#include <limits>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {

double sigma(double x) { return 1 / (1 + std::exp(-x)); }
double elu_of(double x, double a) { return x > 0 ? x : a * std::expm1(x); }

struct Activation {
  const char* name;
  std::function<Array(const Array&)> f;
  double (*value)(double);
  std::vector<double> kinks{};  // where differences have no limit, or where jax's derivative is not it
};

const std::vector<Activation>& activations() {
  static const std::vector<Activation> all{
      {"relu", nn::relu, [](double x) { return x > 0 ? x : 0; }, {0}},
      {"relu6", nn::relu6, [](double x) { return std::min(std::max(x, 0.0), 6.0); }, {0, 6}},
      {"sigmoid", nn::sigmoid, sigma},
      {"softplus", nn::softplus, [](double x) { return std::log1p(std::exp(x)); }},
      {"sparse_plus", nn::sparse_plus, [](double x) { return x <= -1  ? 0
                                                             : x >= 1 ? x
                                                                      : (x + 1) * (x + 1) / 4; }},
      {"sparse_sigmoid", nn::sparse_sigmoid, [](double x) { return x <= -1  ? 0
                                                                   : x >= 1 ? 1
                                                                            : (x + 1) / 2; }, {-1, 1}},
      {"soft_sign", nn::soft_sign, [](double x) { return x / (std::fabs(x) + 1); }},
      {"silu", nn::silu, [](double x) { return x * sigma(x); }},
      {"swish", nn::swish, [](double x) { return x * sigma(x); }},
      {"log_sigmoid", nn::log_sigmoid, [](double x) { return -std::log1p(std::exp(-x)); }},
      {"leaky_relu",
       [](const Array& x) { return nn::leaky_relu(x, 0.1); },
       [](double x) { return x >= 0 ? x : 0.1 * x; },
       {0}},
      {"hard_sigmoid", nn::hard_sigmoid, [](double x) { return std::min(std::max(x + 3, 0.0), 6.0) / 6; }, {-3, 3}},
      {"hard_silu", nn::hard_silu, [](double x) { return x * std::min(std::max(x + 3, 0.0), 6.0) / 6; }, {-3, 3}},
      {"hard_swish", nn::hard_swish, [](double x) { return x * std::min(std::max(x + 3, 0.0), 6.0) / 6; }, {-3, 3}},
      {"hard_tanh", nn::hard_tanh, [](double x) { return std::min(std::max(x, -1.0), 1.0); }, {-1, 1}},
      {"tanh", nn::tanh, [](double x) { return std::tanh(x); }},
      {"elu", [](const Array& x) { return nn::elu(x, 0.7); }, [](double x) { return elu_of(x, 0.7); }, {0}},
      {"celu", [](const Array& x) { return nn::celu(x, 0.7); },
       [](double x) { return x > 0 ? x : 0.7 * std::expm1(x / 0.7); }},
      {"selu", nn::selu, [](double x) { return 1.0507009873554805 * elu_of(x, 1.6732632423543772); }, {0}},
      {"gelu approximated", [](const Array& x) { return nn::gelu(x); },
       [](double x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }},
      {"gelu", [](const Array& x) { return nn::gelu(x, false); },
       [](double x) { return x / 2 * std::erfc(-x / std::sqrt(2)); }},
      {"squareplus", [](const Array& x) { return nn::squareplus(x, 3.0); },
       [](double x) { return (x + std::sqrt(x * x + 3)) / 2; }},
      {"mish", nn::mish, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }},
      {"identity", nn::identity, [](double x) { return x; }},
  };
  return all;
}

bool near_kink(const Activation& a, double x) {
  for (const auto k : a.kinks)
    if (std::fabs(x - k) < 1e-6) return true;
  return false;
}

double at(const std::function<Array(const Array&)>& f, double x) { return f(x).item<double>(); }

}  // namespace

TEST_CASE("activations have their values, in float64 and float32, jitted and mapped alike") {
  const auto x = linspace(-7.0, 7.0, 57);
  for (const auto& a : activations()) {
    INFO(a.name);
    const auto y = a.f(x), small = a.f(x.astype(float32));
    CHECK(y.dtype() == float64);
    CHECK(small.dtype() == float32);
    const auto xs = x.to_vector<double>(), ys = y.to_vector<double>();
    const auto zs = small.to_vector<float>();
    for (std::size_t i = 0; i < xs.size(); ++i) {
      CHECK(ys[i] == Approx(a.value(xs[i])).epsilon(1e-12).margin(1e-14));
      CHECK(zs[i] == Approx(a.value(xs[i])).epsilon(1e-5).margin(1e-6));
    }
    CHECK(bool(array_equal(jit(a.f)(x), y)));
    CHECK(bool(array_equal(vmap(a.f)(x), y)));
    CHECK(std::isnan(at(a.f, std::numeric_limits<double>::quiet_NaN())));
  }
}

TEST_CASE("derivatives of activations are those of their values, first and second") {
  const double h = 1e-5;
  for (const auto& a : activations()) {
    const auto slope = [&](const Array& x) { return grad([&](const Array& v) { return a.f(v); })(x); };
    for (double x = -6.9; x < 7; x += 0.6) {
      INFO(a.name << " at " << x);
      if (near_kink(a, x)) continue;
      CHECK(at(slope, x) == Approx((a.value(x + h) - a.value(x - h)) / (2 * h)).epsilon(1e-6).margin(1e-8));
      CHECK(at([&](const Array& v) { return grad(slope)(v); }, x) ==
            Approx((at(slope, x + h) - at(slope, x - h)) / (2 * h)).epsilon(1e-4).margin(1e-5));
    }
  }
}

TEST_CASE("derivatives at kinks are jax's") {
  const auto slope = [](const std::function<Array(const Array&)>& f, double x) {
    return grad([&](const Array& v) { return f(v); })(x).item<double>();
  };
  CHECK(slope(nn::relu, 0) == 0);
  CHECK(slope(nn::relu6, 0) == 0);
  CHECK(slope(nn::relu6, 6) == 0);
  CHECK(slope([](const Array& x) { return nn::leaky_relu(x); }, 0) == 1);
  CHECK(slope([](const Array& x) { return nn::elu(x, 0.7); }, 0) == 0.7);
  CHECK(slope(nn::hard_tanh, 1) == 1);
  CHECK(slope(nn::hard_sigmoid, 3) == 0);
  CHECK(slope(nn::softplus, 0) == 0.5);
  // No infinity or NaN from what was not chosen.
  for (const auto& a : activations())
    for (const double x : {-1000.0, 1000.0}) {
      INFO(a.name << " at " << x);
      CHECK(std::isfinite(slope(a.f, x)));
    }
}

TEST_CASE("softplus is logaddexp with 0, and its derivatives of all orders come from one exponential") {
  constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const auto x = array({-inf, -800.0, -40.0, -1.5, -0.0, 0.0, 1e-300, 0.3, 2.0, 36.0, 800.0, inf, nan});
  const auto bits = [](const Array& a) { return lax::bitcast_convert_type(a, int64).to_vector<std::int64_t>(); };
  CHECK(bits(softplus(x)) == bits(logaddexp(x, 0.0)));
  CHECK(bits(softplus(x.astype(float32)).astype(float64)) == bits(logaddexp(x.astype(float32), 0).astype(float64)));
  const auto slopes = vmap(grad([](const Array& at) { return nn::softplus(at); }));
  CHECK(bits(jit(slopes)(x)) == bits(slopes(x)));
  CHECK(shown(slopes(x)(array({0, 4, 5, 11, 12}))) == "f64[5] [0. 0.5 0.5 1. nan]");
  const auto second = grad(grad([](const Array& at) { return nn::softplus(at); }));
  for (const double at : {-30.0, -1.5, 0.0, 0.3, 30.0}) {
    const double e = std::exp(-std::abs(at)), curve = e / ((1 + e) * (1 + e));
    CHECK(slopes(array({at}))[0].item<double>() == Approx((at < 0 ? e : 1) / (1 + e)).epsilon(1e-15).margin(0));
    CHECK(second(at).item<double>() == Approx(curve).epsilon(1e-13).margin(0));
    CHECK(jit(second)(at).item<double>() == second(at).item<double>());
  }
}

TEST_CASE("activations stand large arguments") {
  CHECK(shown(sigmoid(array({0.0, -800.0, 800.0}))) == "f64[3] [0.5 0. 1. ]");
  const auto y = softplus(array({0.0, -40.0, 800.0})).to_vector<double>();
  CHECK(y[0] == Approx(std::log(2.0)));
  CHECK(y[1] == Approx(std::exp(-40.0)));
  CHECK(y[2] == 800);
  CHECK(nn::log_sigmoid(-800.0).item<double>() == -800);
  CHECK(nn::gelu(-30.0).item<double>() == 0);
  CHECK(nn::mish(-800.0).item<double>() == 0);
}

TEST_CASE("relu keeps integers and NaN; other activations make integers floats") {
  CHECK(shown(relu(array({-1.0, 0.0, 2.0}))) == "f64[3] [0. 0. 2.]");
  CHECK(shown(relu(array({-1, 2}))) == "i32[2] [0 2]");
  CHECK(nn::silu(array({-1, 2})).dtype() == float32);
  CHECK(nn::elu(array({-1L, 2L})).dtype() == float64);
}

TEST_CASE("glu gates the first half by the second") {
  const auto x = array({{1.0, 2.0, 0.0, 100.0}, {3.0, 4.0, -100.0, 0.0}});
  CHECK(bool(allclose(nn::glu(x), array({{0.5, 2.0}, {0.0, 2.0}}))));
  CHECK(bool(allclose(nn::glu(x, 0), array({{0.9525741268, 1.9640275801, 0.0, 50.0}}))));
  CHECK_THAT(message_of<ValueError>([&] {
               nn::glu(ones({2, 3}));
             }),
             Catch::Contains("glu: the axis must have an even extent, got 3"));
  CHECK(refuses<ValueError>([&] { nn::glu(ones({2, 4}), 2); }));
}

TEST_CASE("log1mexp is accurate near 0 and far from it") {
  const auto y = nn::log1mexp(array({1e-10, 0.5, 1.0, 40.0, 0.0})).to_vector<double>();
  CHECK(y[0] == Approx(std::log(1e-10)).epsilon(1e-10));
  CHECK(y[1] == Approx(std::log(1 - std::exp(-0.5))));
  CHECK(y[2] == Approx(std::log(1 - std::exp(-1.0))));
  CHECK(y[3] == Approx(-std::exp(-40.0)));
  CHECK(y[4] == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(nn::log1mexp(-1.0).item<double>()));
  for (const double x : {1e-8, 0.1, 0.7, 3.0, 50.0})
    CHECK(grad([](const Array& v) { return nn::log1mexp(v); })(x).item<double>() == Approx(1 / std::expm1(x)));
}

TEST_CASE("activations refuse keys and empty handles") {
  const auto key = random::key(0);
  for (const auto& a : activations()) {
    if (std::string(a.name) == "identity") continue;
    INFO(a.name);
    const auto message = message_of<Error>([&] { a.f(key); });
    CHECK(!message.empty());
    CHECK(message[0] != '!');
    CHECK(refuses<TypeError>([&] { a.f(Array()); }));
  }
}

}  // namespace fluxion
