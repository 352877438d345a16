// Nonlinear least squares: the Levenberg-Marquardt method with Jacobians by forward mode and steps by QR, which does
// not square the condition of the problem as normal equations do.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include <fluxion/fluxion.hpp>
#include <fluxion/lax/linalg.hpp>

namespace examples {

using fluxion::Array;

struct FitOptions {
  int max_steps = 2000;
  double damping = 1e-3;     ///< Of the first step, relative to the curvature.
  double tolerance = 1e-15;  ///< Done when a step is shorter than that, relative to the parameters.
};

struct Fit {
  Array parameters;
  double sum_of_squares;
  int steps;       ///< Those tried, also in vain.
  bool converged;  ///< Before max_steps.
};

namespace detail {

/// The step s that minimises |residuals + jacobian s|^2 + damping |scale s|^2, and by how much that is below
/// |residuals|^2: both from the triangle of the matrix of jacobian and scale on top of each other.
inline std::pair<Array, Array> damped_step(const Array& residuals, const Array& jacobian, const Array& scale,
                                           const Array& damping) {
  namespace fx = fluxion;
  const auto n = jacobian.shape(1);
  const Array penalty = fx::sqrt(damping) * scale * fx::eye(n);
  const auto qr = fx::lax::linalg::qr(fx::concatenate({jacobian, penalty}), {.full_matrices = false});
  const Array rhs = fx::dot(qr.q.T(), fx::concatenate({-residuals, fx::zeros({n})}));
  const Array step = fx::lax::linalg::triangular_solve(qr.r, rhs, {.left_side = true});
  const Array along = fx::dot(jacobian, step);
  return {step, fx::sum(fx::square(along)) + 2.0 * damping * fx::sum(fx::square(scale * step))};
}

}  // namespace detail

/// Minimises the sum of squares of residuals(parameters), a pure function from a vector to a vector. The damping
/// follows Nielsen (1999): what a step gains, compared with what the linear model promised, says how much to trust it
/// next. Scales are the largest lengths that the Jacobian's columns have had (Moré 1978), so that the units of
/// parameters do not matter.
template <class F>
Fit levenberg_marquardt(const F& residuals, Array x, const FitOptions& options = {}) {
  namespace fx = fluxion;
  const auto evaluate =
      fx::jit([&residuals](const Array& at) { return std::pair(residuals(at), fx::jacfwd(residuals)(at)); });
  const auto step_from = fx::jit(detail::damped_step);
  const auto squares = [](const Array& r) { return fx::sum(fx::square(r)).template item<double>(); };

  auto [r, jacobian] = evaluate(x);
  Array scale = fx::norm(jacobian, 0);
  double value = squares(r), damping = options.damping, growth = 2;
  for (int steps = 1; steps <= options.max_steps; ++steps) {
    const auto [step, promised] = step_from(r, jacobian, scale, damping);
    const Array there = x + step;
    auto [new_r, new_jacobian] = evaluate(there);
    const double new_value = squares(new_r), gain = (value - new_value) / promised.template item<double>();
    const double length = fx::norm(scale * step).template item<double>(),
                 size = fx::norm(scale * x).template item<double>();
    const bool better = new_value < value;  // not if it is NaN
    if (better) {
      x = there;
      r = new_r;
      jacobian = new_jacobian;
      value = new_value;
      scale = fx::maximum(scale, fx::norm(jacobian, 0));
      damping *= std::max(1.0 / 3, 1 - std::pow(2 * gain - 1, 3));
      growth = 2;
    }
    if (length <= options.tolerance * size) return {x, value, steps, true};
    if (!better) {
      damping *= growth;
      growth *= 2;
    }
  }
  return {x, value, options.max_steps, false};
}

}  // namespace examples
