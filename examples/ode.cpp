// Ordinary differential equations and their sensitivities: classical Runge-Kutta with a fixed number of steps, and
// Dormand-Prince 5(4), which chooses its steps while it runs, in a while_loop. Gradients of the end state come by
// reverse mode through either; they are checked against forward mode, finite differences and conservation of energy.
// The exit code is 1 if one is wrong.
#include <cmath>
#include <iostream>
#include <string>
#include <tuple>

#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

bool all_right = true;

void section(const std::string& title) { std::cout << "\n--- " << title << "\n\n"; }

/// Prints by how much two results differ, relative to their size, and checks that it is little enough.
void agree(const std::string& what, const Array& a, const Array& b, double tolerance) {
  const double scale = 1 + fx::max(fx::abs(b)).item<double>();
  const double difference = fx::max(fx::abs(a - b)).item<double>() / scale;
  const bool right = difference <= tolerance;
  all_right = all_right && right;
  std::cout << what << ": " << (difference == 0 ? "equal to the bit" : right ? "agree" : "DIFFER");
  if (difference != 0) std::cout << " within " << tolerance;
  std::cout << '\n';
}

// --- two systems: a state, parameters, and the state's derivative ------------------------------------------------

/// Lorenz (1963): y = (x, y, z), p = (sigma, rho, beta).
Array lorenz(const Array& y, const Array& p) {
  return fx::stack({p[0] * (y[1] - y[0]), y[0] * (p[1] - y[2]) - y[1], y[0] * y[1] - p[2] * y[2]});
}

/// A pendulum: y = (angle, angular velocity), p = (g / length).
Array pendulum(const Array& y, const Array& p) { return fx::stack({y[1], -p[0] * fx::sin(y[0])}); }

/// Conserved: v^2 / 2 - (g / length) cos(angle).
Array energy(const Array& y, const Array& p) { return 0.5 * y[1] * y[1] - p[0] * fx::cos(y[0]); }

// --- two ways to integrate ------------------------------------------------------------------------------------------

/// The state after time `end`, in `steps` equal steps of the classical method of fourth order.
template <class F>
Array runge_kutta(const F& f, const Array& y0, const Array& p, double end, int steps) {
  const double h = end / steps;
  return fx::fori_loop(0, steps, [&](const Array&, const Array& y) {
    const Array k1 = f(y, p), k2 = f(y + h / 2 * k1, p), k3 = f(y + h / 2 * k2, p), k4 = f(y + h * k3, p);
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
  }, y0);
}

struct Integration {
  Array t, h;        // where it is, and the step to try next
  Array y, slope;    // the state, and its derivative: the last stage of a step is the first of the next
  Array steps, rejected;
};
BOOST_HANA_ADAPT_STRUCT(Integration, t, h, y, slope, steps, rejected);

/// One step from y with its first stage known: the state of fifth order, its derivative, and the error of the embedded
/// method of fourth order. Dormand & Prince (1980).
template <class F>
std::tuple<Array, Array, Array> dormand_prince(const F& f, const Array& y, const Array& k1, const Array& h, const Array& p) {
  const Array k2 = f(y + h * (1.0 / 5 * k1), p);
  const Array k3 = f(y + h * (3.0 / 40 * k1 + 9.0 / 40 * k2), p);
  const Array k4 = f(y + h * (44.0 / 45 * k1 - 56.0 / 15 * k2 + 32.0 / 9 * k3), p);
  const Array k5 = f(y + h * (19372.0 / 6561 * k1 - 25360.0 / 2187 * k2 + 64448.0 / 6561 * k3 - 212.0 / 729 * k4), p);
  const Array k6 = f(y + h * (9017.0 / 3168 * k1 - 355.0 / 33 * k2 + 46732.0 / 5247 * k3 + 49.0 / 176 * k4 - 5103.0 / 18656 * k5), p);
  const Array next = y + h * (35.0 / 384 * k1 + 500.0 / 1113 * k3 + 125.0 / 192 * k4 - 2187.0 / 6784 * k5 + 11.0 / 84 * k6);
  const Array k7 = f(next, p);
  const Array error = h * (71.0 / 57600 * k1 - 71.0 / 16695 * k3 + 71.0 / 1920 * k4 - 17253.0 / 339200 * k5 + 22.0 / 525 * k6 - 1.0 / 40 * k7);
  return {next, k7, error};
}

/// The integration up to time `end`: steps are repeated, smaller, until their error is below the tolerance. Under reverse
/// mode with `budget`, no more than so many bytes of the steps are kept.
template <class F>
Integration adaptive(const F& f, const Array& y0, const Array& p, double end, double tolerance, std::optional<std::int64_t> budget = {}) {
  const Integration start{0.0, 0.01, y0, f(y0, p), 0, 0};
  return fx::while_loop(
      [&](const Integration& s) { return s.t < end; },
      [&](const Integration& s) {
        const Array h = fx::minimum(s.h, end - s.t);
        const auto [next, slope, error] = dormand_prince(f, s.y, s.slope, h, p);
        const Array scaled = error / (tolerance * (1.0 + fx::maximum(fx::abs(s.y), fx::abs(next))));
        const Array norm = fx::maximum(fx::sqrt(fx::mean(scaled * scaled)), 1e-8);
        const Array accepted = norm <= 1.0, last = s.h >= end - s.t;
        const Array factor = fx::clip(0.9 * fx::power(norm, -0.2), 0.2, 5.0);
        return Integration{fx::where(accepted, fx::where(last, end, s.t + h), s.t), h * factor, fx::where(accepted, next, s.y),
                           fx::where(accepted, slope, s.slope), s.steps + 1, s.rejected + fx::where(accepted, 0, 1)};
      },
      start, {.max_residual_bytes = budget});
}

/// Central differences of a vector function of a vector, one column per argument.
template <class F>
Array differences(const F& f, const Array& x, double step) {
  std::vector<Array> columns;
  const auto n = x.shape()[0];
  for (std::int64_t i = 0; i < n; ++i) {
    const Array d = step * fx::eye(n)[i];
    columns.push_back((f(x + d) - f(x - d)) / (2 * step));
  }
  return fx::stack(columns, 1);
}

// --- sensitivities ----------------------------------------------------------------------------------------------------

const Array lorenz_start = fx::array({1.0, 1.0, 1.0}), lorenz_parameters = fx::array({10.0, 28.0, 8.0 / 3});
constexpr double lorenz_end = 1.5;

void the_attractor() {
  section("Lorenz: the same trajectory in fixed and in chosen steps");
  const auto fixed = fx::jit([](const Array& y, const Array& p) { return runge_kutta(lorenz, y, p, lorenz_end, 4000); });
  const auto chosen = fx::jit([](const Array& y, const Array& p) { return adaptive(lorenz, y, p, lorenz_end, 1e-10); });
  const auto end = chosen(lorenz_start, lorenz_parameters);
  std::cout << "the state at t = 1.5 is " << end.y << ",\nreached in " << end.steps << " steps, of which " << end.rejected
            << " were repeated\n";
  agree("Runge-Kutta in 4000 steps and Dormand-Prince", fixed(lorenz_start, lorenz_parameters), end.y, 1e-8);
}

void sensitivities() {
  section("Lorenz: how the end depends on the start and on the parameters");
  // The first three numbers are the initial state, the others the parameters.
  const Array at = fx::concatenate({lorenz_start, lorenz_parameters});
  const auto end = [](const Array& v) { return adaptive(lorenz, v[fx::range(0, 3)], v[fx::range(3, 6)], lorenz_end, 1e-10).y; };
  const auto fixed_end = [](const Array& v) { return runge_kutta(lorenz, v[fx::range(0, 3)], v[fx::range(3, 6)], lorenz_end, 4000); };
  const Array backwards = fx::jit(fx::jacrev(end))(at);
  std::cout << "the Jacobian, by reverse mode through the while_loop:\n" << backwards << '\n';
  agree("reverse and forward mode through Dormand-Prince", backwards, fx::jit(fx::jacfwd(end))(at), 1e-10);
  agree("reverse mode through Dormand-Prince and through Runge-Kutta", backwards, fx::jit(fx::jacrev(fixed_end))(at), 1e-6);
  agree("reverse mode and finite differences", backwards, differences(fx::jit(end), at, 1e-4), 1e-5);

  const auto x_of = [](const Array& v, std::optional<std::int64_t> budget) {
    return adaptive(lorenz, v[fx::range(0, 3)], v[fx::range(3, 6)], lorenz_end, 1e-10, budget).y[0];
  };
  const auto recorded = fx::jit(fx::grad([&](const Array& v) { return x_of(v, {}); }));
  const auto recomputed = fx::jit(fx::grad([&](const Array& v) { return x_of(v, 20000); }));
  agree("gradients with every step recorded, and within 20 kB", recomputed(at), recorded(at), 0);
}

void a_pendulum() {
  section("a pendulum: energy is conserved, and so is its gradient");
  const Array start = fx::array({2.5, 0.0}), p = fx::array({9.81});
  const auto end = [](const Array& y, const Array& q) { return adaptive(pendulum, y, q, 10.0, 1e-11).y; };
  const auto fixed_end = [](const Array& y, const Array& q) { return runge_kutta(pendulum, y, q, 10.0, 20000); };
  agree("energy at the start and at t = 10", energy(fx::jit(end)(start, p), p), energy(start, p), 1e-8);
  agree("the same by Runge-Kutta", energy(fx::jit(fixed_end)(start, p), p), energy(start, p), 1e-8);
  // E(y(t)) = E(y(0)) for every y(0) and g: the derivatives of the final energy are those of the initial one.
  const auto final_energy = [&](const Array& y, const Array& q) { return energy(end(y, q), q); };
  const auto [by_state, by_parameter] = fx::jit(fx::grad(final_energy, fx::argnums<0, 1>))(start, p);
  const auto [first_state, first_parameter] = fx::grad(energy, fx::argnums<0, 1>)(start, p);
  std::cout << "its gradient with respect to the initial state is " << first_state << '\n';
  agree("gradients of the final and the initial energy, by state", by_state, first_state, 1e-6);
  agree("gradients of the final and the initial energy, by parameter", by_parameter, first_parameter, 1e-6);
}

void many_pendulums() {
  section("many pendulums at once: each lane chooses its own steps");
  const auto swing = [](const Array& angle) { return adaptive(pendulum, fx::stack({angle, Array(0.0)}), fx::array({9.81}), 3.0, 1e-8); };
  const auto slope = fx::grad([&](const Array& angle) { return swing(angle).y[0]; });
  const Array angles = fx::array({0.1, 1.0, 2.0, 3.0});
  const Array slopes = fx::jit(fx::vmap(slope))(angles);
  std::cout << "starting angles  " << angles << "\nsteps            " << fx::vmap(swing)(angles).steps << "\nd angle / d start " << slopes
            << '\n';
  for (std::int64_t i = 0; i < 4; ++i)
    agree("lane " + std::to_string(i) + " and a pendulum of its own", slopes[i], slope(angles[i]), 0);
}

int main() {
  the_attractor();
  sensitivities();
  a_pendulum();
  many_pendulums();
  std::cout << (all_right ? "\nAll numbers are right.\n" : "\nSome numbers are WRONG.\n");
  return all_right ? 0 : 1;
}
