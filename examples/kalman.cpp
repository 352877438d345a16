// State-space models of the river Nile: a Kalman filter as a scan, its likelihood maximised by BFGS through the
// gradient of the filter, from several starting points at once.
//
// Models and published numbers: Durbin and Koopman, Time Series Analysis by State Space Methods (2nd ed. 2012), ch. 2.
#include <fluxion/fluxion.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace fx = fluxion;
using fx::Array;

// --- models ------------------------------------------------------------------------------------------------

/// y[t] = Z state[t] + noise of variance `observation`; state[t+1] = T state[t] + noise of covariance `transition`.
/// `mean` and `covariance` are those of the state given the first `seen` observations, before which nothing is known.
struct Model {
  Array T, Z, transition, observation, mean, covariance;
};
BOOST_HANA_ADAPT_STRUCT(Model, T, Z, transition, observation, mean, covariance);

/// A level that walks at random. Parameters: logarithms of the variances of observation and level.
Model local_level(const Array& log_variances, const Array& y) {
  const Array v = fx::exp(log_variances);
  return {fx::ones({1, 1}), fx::ones({1}), v[1].reshape({1, 1}), v[0], y[0].reshape({1}), v[0].reshape({1, 1})};
}

/// A level with a slope, which walks at random too: the third variance. Two observations say where they begin.
Model local_linear_trend(const Array& log_variances, const Array& y) {
  const Array v = fx::exp(log_variances);
  const Array zero = 0.0, slope = v[0] * 2.0 + v[1] + v[2];
  const auto matrix = [](const Array& a, const Array& b, const Array& c, const Array& d) {
    return fx::stack({a, b, c, d}).reshape({2, 2});
  };
  return {fx::array({{1.0, 1.0}, {0.0, 1.0}}), fx::array({1.0, 0.0}), matrix(v[1], zero, zero, v[2]), v[0],
          fx::stack({y[1], y[1] - y[0]}), matrix(v[0], v[0], v[0], slope)};
}

// --- the filter --------------------------------------------------------------------------------------------

struct Belief {
  Array mean, covariance;
};
BOOST_HANA_ADAPT_STRUCT(Belief, mean, covariance);

/// The logarithm of the density of y given its first `seen` elements.
Array log_likelihood(const Model& m, const Array& y, int seen) {
  const auto step = [&m](const Belief& now, const Array& observed) {
    const Array mean = fx::dot(m.T, now.mean);
    const Array covariance = fx::matmul(fx::matmul(m.T, now.covariance), m.T.T()) + m.transition;
    const Array with_y = fx::dot(covariance, m.Z);
    const Array variance = fx::dot(m.Z, with_y) + m.observation;
    const Array error = observed - fx::dot(m.Z, mean);
    const Array density = -0.5 * (std::log(2 * M_PI) + fx::log(variance) + error * error / variance);
    return std::pair(Belief{mean + with_y * error / variance, covariance - fx::outer(with_y, with_y) / variance}, density);
  };
  return fx::sum(fx::scan(step, Belief{m.mean, m.covariance}, y(fx::range(seen, fx::none))).second);
}

// --- fitting -----------------------------------------------------------------------------------------------

struct Fit {
  Array x, value, gradient, inverse_hessian, steps, stuck;
};
BOOST_HANA_ADAPT_STRUCT(Fit, x, value, gradient, inverse_hessian, steps, stuck);

/// Minimises f by BFGS (Nocedal and Wright, algorithm 6.1), halving steps until the value decreases enough.
template <class F>
Fit minimised(const F& f, const Array& start) {
  const auto n = start.shape()[0];
  const auto value_and_grad = fx::value_and_grad(f);
  const auto going = [](const Fit& s) { return (fx::max(fx::abs(s.gradient)) > 1e-7) & (s.steps < 200) & !s.stuck; };
  const auto step = [&](const Fit& s) {
    const Array direction = -fx::dot(s.inverse_hessian, s.gradient), slope = fx::dot(direction, s.gradient);
    const Array length = fx::while_loop(
        [&](const Array& a) {
          const Array enough = f(s.x + a * direction) <= s.value + 1e-4 * a * slope;  // false if it is NaN
          return !enough & (a > 1e-12);
        },
        [](const Array& a) { return a * 0.5; }, fx::scalar(1.0));
    const Array x = s.x + length * direction;
    const auto [value, gradient] = value_and_grad(x);
    const Array dx = x - s.x, dg = gradient - s.gradient, curvature = fx::dot(dx, dg);
    const Array rho = fx::where(curvature > 0.0, 1.0 / fx::where(curvature > 0.0, curvature, 1.0), 0.0);
    const Array left = fx::eye(n) - rho * fx::outer(dx, dg);
    const Array updated = fx::matmul(fx::matmul(left, s.inverse_hessian), left.T()) + rho * fx::outer(dx, dx);
    return Fit{x, value, gradient, updated, s.steps + 1, length <= 1e-12};
  };
  const auto [value, gradient] = value_and_grad(start);
  return fx::while_loop(going, step, Fit{start, value, gradient, fx::eye(n), fx::scalar(0), fx::scalar(false)});
}

/// The best of fits that begin at each row of `starts`: all of them run at once, and those that are done drop out.
Fit fitted(const char* name, Model (*model)(const Array&, const Array&), const Array& y, int seen, const Array& starts) {
  const auto loss = [&](const Array& p) { return -log_likelihood(model(p, y), y, seen) / y.shape()[0]; };
  const auto fits = fx::jit([&](const Array& s) { return fx::vmap([&](const Array& p) { return minimised(loss, p); })(s); })(starts);
  const auto best = fx::argmin(fits.value).item<std::int64_t>();
  const Fit fit = fx::tree::map([best](const Array& x) { return x[best]; }, fits);
  std::printf("\n%s, the best of %d fits after %d steps (others %d to %d)\n", name, int(starts.shape()[0]),
              int(fit.steps.item<std::int64_t>()), int(fx::min(fits.steps).item<std::int64_t>()),
              int(fx::max(fits.steps).item<std::int64_t>()));
  std::printf("  log likelihood %.4f, largest gradient %.1e\n", -fit.value.item<double>() * double(y.shape()[0]),
              fx::max(fx::abs(fit.gradient)).item<double>());
  return fit;
}

// --- data --------------------------------------------------------------------------------------------------

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

/// The second column of lines "year,flow" behind a header.
std::vector<double> read_flows(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  if (!in) fail(file + ": the file cannot be opened; name another as the argument");
  if (!std::getline(in, line)) fail(file + ": a header line is required, got an empty file");
  std::vector<double> flows;
  for (int number = 2; std::getline(in, line); ++number) {
    const auto comma = line.find(',');
    const auto cell = comma == std::string::npos ? std::string() : line.substr(comma + 1);
    std::size_t used = 0;
    double flow = NAN;
    try {
      flow = std::stod(cell, &used);
    } catch (const std::exception&) {
    }
    if (!std::isfinite(flow) || cell.find_first_not_of(" \r", used) != std::string::npos)
      fail(file + ":" + std::to_string(number) + ": a line \"year,flow\" with a finite flow is required, got \"" + line + "\"");
    flows.push_back(flow);
  }
  if (flows.size() < 10) fail(file + ": at least 10 observations are required, got " + std::to_string(flows.size()));
  if (std::equal(flows.begin() + 1, flows.end(), flows.begin())) fail(file + ": the flows must differ, got the same one in every line");
  return flows;
}

// --- the whole ---------------------------------------------------------------------------------------------

/// Prints an estimate beside what is published; fails if they differ by more than one part in 10000. (The published
/// ones are not quite at the maximum: `main` checks that the likelihood is no greater there.)
void compare(const char* what, double got, double published) {
  std::printf("  variance of the %-12s %10.2f   published %10.1f\n", what, got, published);
  if (!(std::abs(got - published) <= 1e-4 * published)) fail(std::string("the variance of the ") + what + " is not the published one");
}

int main(int argc, char** argv) try {
  const bool shipped = argc < 2;
  const Array y = fx::array(read_flows(shipped ? FLUXION_EXAMPLES_DATA "/nile.csv" : argv[1]));
  const auto scale = std::log(fx::var(y).item<double>());
  std::printf("%d observations, mean %.2f, variance %.2f\n", int(y.size()), fx::mean(y).item<double>(), std::exp(scale));

  const Array spread = fx::array({{0.0, 0.0}, {-1.0, -3.0}, {-4.0, 0.0}, {-0.5, -6.0}});
  const Fit level = fitted("local level", local_level, y, 1, scale + spread);
  const auto v = fx::exp(level.x).to_vector<double>();
  if (shipped) {
    compare("observation", v[0], 15099);
    compare("level", v[1], 1469.1);
    const auto at = [&](const Array& p) { return log_likelihood(local_level(p, y), y, 1).item<double>(); };
    const double ours = at(level.x), published = at(fx::log(fx::array({15099.0, 1469.1})));
    std::printf("  log likelihood at the published variances lower by %.1e\n", ours - published);
    if (!(published <= ours)) fail("the likelihood is greater at the published variances");
  } else {
    std::printf("  variances: observation %.6g, level %.6g\n", v[0], v[1]);
  }

  const Array trend_spread = fx::array({{0.0, -1.0, -4.0}, {-1.0, -3.0, -3.0}, {-0.5, -2.0, -6.0}});
  const Fit trend = fitted("local linear trend", local_linear_trend, y, 2, scale + trend_spread);
  const auto w = fx::exp(trend.x).to_vector<double>();
  std::printf("  variances: observation %.6g, level %.6g, slope %.3g\n", w[0], w[1], w[2]);
} catch (const std::exception& e) {
  std::cerr << "kalman: " << e.what() << '\n';
  return 1;
}
