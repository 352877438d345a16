// P8: the Lorenz system by the classical Runge-Kutta method, f64, every state kept: numbers in a loop.
#include <memory>
#include <utility>

#include <fluxion/fluxion.hpp>

#include "bench.hpp"

namespace {

/// A state, a slope, or the parameters sigma, rho and beta.
struct State {
  fluxion::Array x, y, z;
};
struct Numbers {
  double x, y, z;
};

}  // namespace
BOOST_HANA_ADAPT_STRUCT(State, x, y, z);

namespace fluxion::bench {
namespace {

constexpr std::size_t steps = 100'000;
constexpr double h = 0.005;

template <class S> S slope(const S& s, const S& p) {
  return {p.x * (s.y - s.x), s.x * (p.y - s.z) - s.y, s.x * s.y - p.z * s.z};
}
template <class S> S along(const S& s, double t, const S& k) { return {s.x + t * k.x, s.y + t * k.y, s.z + t * k.z}; }
template <class T> T weighted(const T& a, const T& b, const T& c, const T& d) { return a + 2 * b + 2 * c + d; }
template <class S> S step(const S& s, const S& p) {
  const S a = slope(s, p), b = slope(along(s, h / 2, a), p), c = slope(along(s, h / 2, b), p), d = slope(along(s, h, c), p);
  const S k{weighted(a.x, b.x, c.x, d.x), weighted(a.y, b.y, c.y, d.y), weighted(a.z, b.z, c.z, d.z)};
  return along(s, h / 6, k);
}

State trajectory(const State& start, const State& p) {
  return scan([&](const State& s, const None&) {
    const State next = step(s, p);
    return std::pair(next, next);
  }, start, None{}, {.length = steps}).second;
}

// The same with the state in one array of three.
Array slope_of(const Array& s, const Array& p) {
  return stack({p[0] * (s[1] - s[0]), s[0] * (p[1] - s[2]) - s[1], s[0] * s[1] - p[2] * s[2]});
}
Array trajectory_of(const Array& start, const Array& p) {
  return scan([&](const Array& s, const None&) {
    const Array a = slope_of(s, p), b = slope_of(s + h / 2 * a, p), c = slope_of(s + h / 2 * b, p), d = slope_of(s + h * c, p);
    const Array next = s + h / 6 * weighted(a, b, c, d);
    return std::pair(next, next);
  }, start, None{}, {.length = steps}).second;
}

struct ByHand {
  Numbers start, p;
  Memory<double> x{steps}, y{steps}, z{steps};

  [[gnu::noinline]] void run() {
    Numbers s = start;
    for (std::size_t i = 0; i < steps; ++i) {
      s = step(s, p);
      x[i] = s.x;
      y[i] = s.y;
      z[i] = s.z;
    }
  }
};

/// Random starts near the attractor, parameters near the classical ones.
std::shared_ptr<ByHand> drawn() {
  const auto u = uniform({6}, -1, 1, float64, 8).to_vector<double>();
  Numbers start{u[0], u[1], 20 + u[2]}, p{10 + 0.1 * u[3], 28 + 0.1 * u[4], 8.0 / 3 + 0.1 * u[5]};
  return std::make_shared<ByHand>(ByHand{start, p});
}

Case numbers() {
  const auto hand = drawn();
  const auto state = [](const Numbers& n) { return State{n.x, n.y, n.z}; };
  const State start = state(hand->start), p = state(hand->p);
  const auto compiled = jit(trajectory);
  return {.impls = {{"jit", [=] { keep(compiled(start, p)); }}, {"hand", [=] { hand->run(); keep(hand->x.data()); }}},
          .check = [=] {
            hand->run();
            const State got = compiled(start, p);  // the same operations in the same order: equal to the bit
            return differs(got.x, hand->x, 0) + differs(got.y, hand->y, 0) + differs(got.z, hand->z, 0);
          },
          .table_seconds = 16.6e-9 * steps,
          .goals = {{"jit", "hand", 4.5}}};
}

Case vectors() {
  const auto hand = drawn();
  const auto vector = [](const Numbers& n) { return array({n.x, n.y, n.z}); };
  const Array start = vector(hand->start), p = vector(hand->p);
  const auto compiled = jit(trajectory_of);
  return {.impls = {{"jit", [=] { keep(compiled(start, p)); }}, {"hand", [=] { hand->run(); keep(hand->x.data()); }}},
          .check = [=] {
            hand->run();
            const Array got = compiled(start, p);
            const auto column = [&](std::int64_t i) { return got(ellipsis, i); };
            return differs(column(0), hand->x, 0) + differs(column(1), hand->y, 0) + differs(column(2), hand->z, 0);
          },
          .table_seconds = 16.6e-9 * steps};
}

const bool registered[] = {add("P8/lorenz", numbers), add("P8/lorenz_vector", vectors)};

}  // namespace
}  // namespace fluxion::bench
