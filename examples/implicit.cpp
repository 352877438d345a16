// Implicit differentiation: solutions of equations are differentiated by the equation, not through the solver. So the
// solver may be a while loop, may stop early, and costs no memory. Four of them: Newton's method for Lambert's W,
// bisection for Kepler's equation, fixed-point iteration for an equilibrium layer, and conjugate gradients for ridge
// regression. Every derivative is checked against a formula or a slower way; the exit code is 1 if one is wrong.
#include <iostream>
#include <string>
#include <tuple>
#include <utility>

#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

bool all_right = true;

void section(const std::string& title) { std::cout << "\n--- " << title << "\n\n"; }

/// Prints a value, and checks it against what it must be.
void show(const std::string& name, const Array& value, const Array& expected, double tolerance = 1e-9) {
  const bool right = value.shape() == expected.shape() && bool(fx::allclose(value, expected, tolerance, tolerance));
  all_right = all_right && right;
  std::cout << name << " = " << value << (right ? "" : "   WRONG") << '\n';
}

// --- solvers: loops that run until they are done -------------------------------------------------------------------

/// x - f(x) / f'(x) until the step is small.
const auto newton = [](const auto& f, const Array& start) {
  using State = std::pair<Array, Array>;
  const auto going = [](const State& s) { return fx::abs(s.second) > 1e-13; };
  const auto step = [&](const State& s) {
    const auto [value, slope] = fx::jvp(f, s.first, Array(1.0));
    const Array change = value / slope;
    return State(s.first - change, change);
  };
  return fx::while_loop(going, step, State(start, 1.0)).first;
};

/// Halves an interval around `start` in which an increasing f has its root.
const auto bisection = [](const auto& f, const Array& start) {
  using Interval = std::pair<Array, Array>;
  const auto wide = [](const Interval& s) { return s.second - s.first > 1e-13; };
  const auto halve = [&](const Interval& s) {
    const Array middle = 0.5 * (s.first + s.second), left = f(middle) > 0.0;
    return Interval(fx::where(left, s.first, middle), fx::where(left, middle, s.second));
  };
  const auto [low, high] = fx::while_loop(wide, halve, Interval(start - 4.0, start + 4.0));
  return 0.5 * (low + high);
};

/// For a g near the identity: x + (y - g(x)) until nothing changes. It solves g(x) = y, with y = 0 finds the fixed
/// point of x - g(x), and serves the transposed system as well.
const auto iteration = [](const auto& g, const Array& y) {
  using State = std::pair<Array, Array>;  // x, and y - g(x)
  const auto going = [](const State& s) { return fx::max(fx::abs(s.second)) > 1e-13; };
  const auto step = [&](const State& s) {
    const Array x = s.first + s.second;
    return State(x, y - g(x));
  };
  const Array zero = fx::zeros_like(y);
  return fx::while_loop(going, step, State(zero, y - g(zero))).first;
};

/// Conjugate gradients, for a symmetric positive definite matrix.
const auto conjugate_gradients = [](const auto& matvec, const Array& b) {
  using State = std::tuple<Array, Array, Array>;  // x, residual, direction
  const auto going = [](const State& s) { return fx::vdot(std::get<1>(s), std::get<1>(s)) > 1e-26; };
  const auto step = [&](const State& s) {
    const auto& [x, r, p] = s;
    const Array ap = matvec(p), rr = fx::vdot(r, r);
    const Array alpha = rr / fx::vdot(p, ap);
    const Array next = r - alpha * ap;
    return State(x + alpha * p, next, next + (fx::vdot(next, next) / rr) * p);
  };
  return std::get<0>(fx::while_loop(going, step, State(fx::zeros_like(b), b, b)));
};

/// What a tangent system of one unknown needs.
const auto divide = [](const auto& g, const Array& y) { return y / g(1.0); };

// --- the solutions ---------------------------------------------------------------------------------------------------

/// The w with w e^w = a.
Array lambert_w(const Array& a) {
  return fx::custom_root([&](const Array& w) { return w * fx::exp(w) - a; }, 1.0, newton, divide);
}

/// The eccentric anomaly E with E - e sin E = m, from eccentricity and mean anomaly.
Array kepler(const Array& e, const Array& m) {
  return fx::custom_root([&](const Array& x) { return x - e * fx::sin(x) - m; }, m, bisection, divide);
}

/// The state z of an equilibrium layer, z = tanh(w z + x), as a root of z - tanh(w z + x).
Array equilibrium(const Array& w, const Array& x) {
  const auto tangent = [](const auto& g, const Array& y) { return fx::custom_linear_solve(g, y, iteration, iteration); };
  return fx::custom_root([&](const Array& z) { return z - fx::tanh(fx::matmul(w, z) + x); }, fx::zeros_like(x), iteration, tangent);
}

/// Ridge regression: the weights with (X'X + penalty) weights = X'y.
Array ridge(const Array& x, const Array& y, const Array& penalty) {
  const auto normal = [&](const Array& v) { return fx::matmul(x.T(), fx::matmul(x, v)) + penalty * v; };
  return fx::custom_linear_solve(normal, fx::matmul(x.T(), y), conjugate_gradients, fx::symmetric);
}

// --- what is checked ---------------------------------------------------------------------------------------------------

void a_root() {
  section("a root by Newton's method: Lambert's W");
  const double a = 2.0;
  const Array w = lambert_w(a);
  show("W(2)", w * fx::exp(w), a);
  const Array slope = w / (a * (1.0 + w)), curve = -w * w * (w + 2.0) / (a * a * fx::power(1.0 + w, 3));
  show("W'", fx::grad(lambert_w)(a), slope);
  show("W' forward", fx::jvp(lambert_w, Array(a), Array(1.0)).second, slope);
  show("W''", fx::grad(fx::grad(lambert_w))(a), curve);
  show("W'' jitted", fx::jit(fx::grad(fx::grad(lambert_w)))(a), curve);
  const Array many = fx::array({0.5, 1.0, 10.0}), ws = fx::vmap(lambert_w)(many);
  show("W of three", ws * fx::exp(ws), many);
  show("W' of three", fx::jit(fx::vmap(fx::grad(lambert_w)))(many), ws / (many * (1.0 + ws)));
}

void keplers_equation() {
  section("a root by bisection: Kepler's equation");
  const double e = 0.6, m = 1.2;
  const Array x = kepler(e, m), d = 1.0 - e * fx::cos(x);
  show("E - e sin E", x - e * fx::sin(x), m);
  const auto [de, dm] = fx::grad(kepler, fx::argnums<0, 1>)(e, m);
  show("dE/de", de, fx::sin(x) / d);
  show("dE/dm", dm, 1.0 / d);
  show("d2E/dm2", fx::grad(fx::grad(kepler, fx::argnums<1>), fx::argnums<1>)(e, m), -e * fx::sin(x) / (d * d * d));
  // An orbit: positions for many times, and the velocity at each, in one compiled program.
  const auto radius = [&](const Array& t) { return 1.0 - e * fx::cos(kepler(e, t)); };
  const Array times = fx::linspace(0.1, 3.0, 5);
  const Array es = fx::vmap(kepler, {.in_axes = {fx::none, 0}})(e, times);
  show("radial velocities", fx::jit(fx::vmap(fx::grad(radius)))(times), e * fx::sin(es) / (1.0 - e * fx::cos(es)));
}

void an_equilibrium_layer() {
  section("a fixed point by iteration: an equilibrium layer");
  const Array w = fx::array({{0.3, -0.2}, {0.1, 0.4}}), x = fx::array({0.5, -1.0});
  const auto unrolled = [](const Array& w, const Array& x) {
    return fx::fori_loop(0, 80, [&](const Array&, const Array& z) { return fx::tanh(fx::matmul(w, z) + x); }, fx::zeros_like(x));
  };
  const auto loss = [](const auto& layer) {
    return [layer](const Array& w, const Array& x) { return fx::sum(fx::square(layer(w, x))); };
  };
  show("z", equilibrium(w, x), unrolled(w, x));
  show("d loss/dw", fx::grad(loss(equilibrium))(w, x), fx::grad(loss(unrolled))(w, x));
  show("d loss/dx", fx::jit(fx::grad(loss(equilibrium), fx::argnums<1>))(w, x), fx::grad(loss(unrolled), fx::argnums<1>)(w, x));
  show("d2 loss/dx2", fx::hessian(loss(equilibrium), fx::argnums<1>)(w, x), fx::hessian(loss(unrolled), fx::argnums<1>)(w, x));
  const Array batch = fx::array({{0.5, -1.0}, {0.0, 0.25}, {2.0, 1.0}});
  const auto per_example = [&](const auto& layer) { return fx::vmap(fx::grad(loss(layer)), {.in_axes = {fx::none, 0}})(w, batch); };
  show("d loss/dw per example", per_example(equilibrium), per_example(unrolled));
}

void ridge_regression() {
  section("a linear system by conjugate gradients: ridge regression");
  const Array x = fx::array({{1.0, 0.5}, {1.0, -1.5}, {1.0, 2.0}, {1.0, 0.0}}), y = fx::array({1.0, -2.0, 3.5, 0.25});
  const auto weights = [&](const Array& penalty) { return ridge(x, y, penalty); };
  const double penalty = 0.3;
  const Array w = weights(penalty);
  // w' = -A^-1 w and w'' = 2 A^-2 w, with A = X'X + penalty.
  const auto inverse = [&](const Array& b) {
    return fx::custom_linear_solve([&](const Array& v) { return fx::matmul(x.T(), fx::matmul(x, v)) + penalty * v; }, b,
                                   conjugate_gradients, fx::symmetric);
  };
  show("residual", fx::matmul(x.T(), fx::matmul(x, w) - y) + penalty * w, fx::zeros({2}));
  show("dw/dpenalty", fx::jacfwd(weights)(penalty), -inverse(w));
  show("dw/dpenalty backward", fx::jacrev(weights)(penalty), -inverse(w));
  show("d2w/dpenalty2", fx::jit(fx::jacfwd(fx::jacrev(weights)))(penalty), 2.0 * inverse(inverse(w)));
  const auto of_data = [&](const Array& y) { return fx::sum(fx::square(fx::matmul(x, ridge(x, y, penalty)) - y)); };
  const Array left = fx::matmul(x, w) - y, fitted = fx::matmul(x, inverse(fx::matmul(x.T(), left)));
  show("d loss/dy", fx::grad(of_data)(y), 2.0 * (fitted - left));
}

int main() {
  a_root();
  keplers_equation();
  an_equilibrium_layer();
  ridge_regression();
  std::cout << (all_right ? "\nEvery derivative is as expected.\n" : "\nSomething is WRONG.\n");
  return all_right ? 0 : 1;
}
