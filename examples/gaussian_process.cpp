// The flow of the Nile as a Gaussian process: how smooth, how variable and how noisy it is follows from maximising the
// marginal likelihood, by Newton's method with derivatives through the Cholesky decomposition.
//
// Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), ch. 2 and 5.
#include <fluxion/fluxion.hpp>
#include <fluxion/lax/linalg.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fx = fluxion;
namespace linalg = fx::lax::linalg;
using fx::Array;

// --- data -----------------------------------------------------------

struct Series {
  std::vector<double> years, flow;
};

Series read_series(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  Series s;
  std::string line;
  std::getline(in, line);  // the names of the columns
  double year, flow;
  for (char comma; in >> year >> comma >> flow;) {
    s.years.push_back(year);
    s.flow.push_back(flow);
  }
  return s;
}

// --- the process -----------------------------------------------------------

/// Logarithms of: standard deviation of the process, the years over which it forgets, standard deviation of the noise.
struct Scales {
  Array process, years, noise;
};
Scales scales(const Array& theta) { return {fx::exp(theta[0]), fx::exp(theta[1]), fx::exp(theta[2])}; }

/// Matérn's covariance of smoothness 3/2 between years.
Array covariance(const Array& theta, const Array& a, const Array& b) {
  const auto s = scales(theta);
  const Array distance = std::sqrt(3.0) * fx::abs(fx::expand_dims(a, 1) - fx::expand_dims(b, 0)) / s.years;
  return fx::square(s.process) * (1.0 + distance) * fx::exp(-distance);
}

Array observed_covariance(const Array& theta, const Array& x) {
  return covariance(theta, x, x) + fx::square(scales(theta).noise) * fx::eye(x.size());
}

Array solve_lower(const Array& l, const Array& b) {
  return linalg::triangular_solve(l, b, {.left_side = true, .lower = true});
}

/// -log p(y), of y with mean 0.
Array negative_log_likelihood(const Array& theta, const Array& x, const Array& y) {
  const Array l = linalg::cholesky(observed_covariance(theta, x));
  const Array whitened = solve_lower(l, y);
  const Array log_det = fx::sum(fx::log(fx::sum(l * fx::eye(x.size()), 1)));
  return 0.5 * fx::sum(fx::square(whitened)) + log_det + 0.5 * static_cast<double>(x.size()) * std::log(2 * M_PI);
}

/// Mean and standard deviation of the process at other years, given y.
std::pair<Array, Array> predicted(const Array& theta, const Array& x, const Array& y, const Array& at) {
  const Array l = linalg::cholesky(observed_covariance(theta, x)), cross = solve_lower(l, covariance(theta, x, at));
  const Array variance = fx::square(scales(theta).process) - fx::sum(fx::square(cross), 0);
  return {fx::dot(cross.T(), solve_lower(l, y)), fx::sqrt(variance)};
}

// --- fitting -----------------------------------------------------------

/// Newton's method with a multiple of the identity added until the Hessian is positive definite and the step descends.
template <class F>
Array minimised(const F& f, Array x) {
  const auto all = fx::jit([&](const Array& at) { return std::tuple(f(at), fx::grad(f)(at), fx::hessian(f)(at)); });
  double damping = 1;
  auto [value, gradient, hessian] = all(x);
  for (int i = 0; i < 100 && fx::max(fx::abs(gradient)).template item<double>() > 1e-9; ++i) {
    const Array l = linalg::cholesky(hessian + damping * fx::eye(x.size()));
    const Array step =
        linalg::triangular_solve(l, solve_lower(l, -gradient), {.left_side = true, .lower = true, .transpose_a = true});
    auto next = all(x + step);
    if (std::get<0>(next).template item<double>() <= value.template item<double>()) {  // not if it is NaN
      x = x + step;
      std::tie(value, gradient, hessian) = std::move(next);
      damping = damping < 1e-8 ? 0 : damping / 10;
    } else {
      damping = std::max(10 * damping, 1e-6);
    }
  }
  return x;
}

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string("not so: ") + what);
}

int main() try {
  const auto series = read_series(FLUXION_EXAMPLES_DATA "/nile.csv");
  const Array x = fx::array(series.years), flow = fx::array(series.flow), mean = fx::mean(flow), y = flow - mean;
  const auto loss = [&](const Array& theta) { return negative_log_likelihood(theta, x, y); };
  const Array start = fx::log(fx::array({100.0, 10.0, 100.0}));

  // The gradient through the decomposition is that of the function.
  const Array slope = fx::grad(loss)(start);
  for (std::int64_t i = 0; i < 3; ++i) {
    const Array h = 1e-5 * fx::nn::one_hot(i, 3);
    const double difference = (loss(start + h) - loss(start - h)).item<double>() / 2e-5;
    require(std::fabs(slope[i].item<double>() - difference) < 1e-6 * (1 + std::fabs(difference)),
            "gradients are differences");
  }

  const Array theta = minimised(loss, start);
  const auto s = scales(theta);
  const double before = -loss(start).item<double>(), after = -loss(theta).item<double>();
  std::printf("log likelihood %.4f, at the start %.4f\n", after, before);
  std::printf("process %.1f, correlated over %.1f years; noise %.1f (10^8 m^3)\n", s.process.item<double>(),
              s.years.item<double>(), s.noise.item<double>());
  require(after > before, "the likelihood has grown");
  require(fx::max(fx::abs(fx::grad(loss)(theta))).item<double>() < 1e-6, "the gradient vanishes at the maximum");
  const auto curvature = linalg::eigh(fx::hessian(loss)(theta));
  require(bool(fx::all(curvature.w > 0.0)), "it is a maximum");

  // The same density by eigenvectors instead of the triangle.
  const auto e = linalg::eigh(observed_covariance(theta, x));
  const Array along = fx::dot(e.v.T(), y);
  const double again = -0.5 * fx::sum(fx::square(along) / e.w + fx::log(2 * M_PI * e.w)).item<double>();
  require(std::fabs(again - after) < 1e-8 * std::fabs(after), "the density is that by eigenvectors");

  const auto [level, deviation] = predicted(theta, x, y, x);
  const Array spread = fx::sqrt(fx::square(deviation) + fx::square(s.noise));
  const double inside = fx::mean(fx::abs(y - level) < 1.96 * spread).item<double>();
  std::printf("%.0f %% of the years lie within the band of 95 %%\n", 100 * inside);
  require(inside >= 0.9, "most years lie within the band");
  for (std::int64_t i = 0; i < x.size(); i += 9)
    std::printf("%4.0f: %6.0f m^3, level %6.1f +- %4.1f\n", x[i].item<double>(), flow[i].item<double>(),
                (level + mean)[i].item<double>(), 1.96 * deviation[i].item<double>());
  // The dam at Aswan, and less rain: the level fell about 1899 (Cobb 1978).
  const auto level_in = [&](double year) { return predicted(theta, x, y, fx::array({year})).first[0].item<double>(); };
  require(level_in(1885) - level_in(1915) > 150, "the level fell at the turn of the century");
  // Far away from all data nothing is known but the mean.
  const auto [far_level, far_deviation] = predicted(theta, x, y, fx::array({5000.0}));
  require(std::fabs(far_level[0].item<double>()) < 1e-6 &&
              std::fabs(far_deviation[0].item<double>() / s.process.item<double>() - 1) < 1e-6,
          "predictions fall back to the prior");
  return 0;
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
