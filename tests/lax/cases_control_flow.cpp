// Control flow in the case table: loops and branches of a few operations, whose references are the same loops in
// C++. Trip counts and indices are integer arguments, so that mapped ones differ from lane to lane.
#include "lax/case_parts.hpp"

#include <algorithm>
#include <tuple>

#include <fluxion/control.hpp>
#include <fluxion/numpy.hpp>

namespace fluxion::test {

namespace {

Host like(const Host& x, const std::function<double(std::size_t)>& f) {
  Host out{x.dtype, x.shape, {}};
  for (std::size_t i = 0; i < x.v.size(); ++i) out.v.push_back(real(f(i)));
  return out;
}
double at(const Host& x, std::size_t i) { return x.v[x.shape.empty() ? 0 : i].f; }

Array cubic(const Array& x, const Array& w) { return x * x * 0.25 + w * x; }
double cubic(double x, double w) { return x * x * 0.25 + w * x; }

const Arg kVector{DType::float64, {3}, -1, 1}, kScalar{DType::float64, {}, -1, 1};

Arg integer(DType t, double lo, double hi) { return {t, {}, lo, hi}; }

// The index picks one of three branches, of which one returns an operand as it came and one a captured array.
Case switch_case() {
  Case c{"cond/switch", "cond", {}, {}, {}, 0, 0, {0, 1, 1}, {0, 0, 0}, {}};
  const auto captured = make({DType::float64, {3}, {real(0.5), real(-1.25), real(2)}});
  c.f = [captured](const Arrays& a) -> Arrays {
    const std::tuple branches{[](const Array& x, const Array& w) { return std::pair(cubic(x, w), w); },
                              [](const Array& x, const Array& w) { return std::pair(x, w * w); },
                              [&](const Array& x, const Array&) { return std::pair(captured + Array(0.0) * x[0], a[2]); }};
    auto [x, w] = switch_(a[0], branches, a[1], a[2]);
    return {x, w};
  };
  c.reference = [captured](const std::vector<Host>& in) -> std::vector<Host> {
    const auto k = std::clamp<std::int64_t>(in[0].v[0].i, 0, 2);
    const auto& x = in[1];
    const auto& w = in[2];
    const auto fixed = read(captured);
    return {like(x, [&](std::size_t i) { return k == 0 ? cubic(at(x, i), at(w, i)) : k == 1 ? at(x, i) : fixed.v[i].f; }),
            like(w, [&](std::size_t i) { return k == 1 ? at(w, i) * at(w, i) : at(w, i); })};
  };
  for (const double k : {-3.0, 0.0, 1.0, 2.0, 7.0})
    for (const auto t : {DType::int32, DType::int64}) c.signatures.push_back({{integer(t, k, k), kVector, kScalar}});
  for (int i = 0; i < 4; ++i) c.signatures.push_back({{integer(DType::int32, -1, 3), kVector, kScalar}});
  return c;
}

// The sign of a differentiated scalar decides; each signature stays on one side of 0.
Case cond_case() {
  Case c{"cond/predicate", "cond", {}, {}, {}, 0, 0, {1, 1}, {0, 0}, {}};
  c.f = [](const Arrays& a) -> Arrays {
    return {cond(a[0] > 0.0, [&](const Array& x) { return x * a[0]; }, [](const Array& x) { return cubic(x, x); }, a[1])};
  };
  c.reference = [](const std::vector<Host>& in) -> std::vector<Host> {
    const auto p = in[0].v[0].f;
    return {like(in[1], [&](std::size_t i) { return p > 0 ? at(in[1], i) * p : cubic(at(in[1], i), at(in[1], i)); })};
  };
  for (const double side : {0.5, -1.5}) c.signatures.push_back({{{DType::float64, {}, side, side + 1}, kVector}});
  return c;
}

Case scan_case(bool reverse, std::int64_t length) {
  Case c{"scan/" + std::string(reverse ? "reverse_" : "") + std::to_string(length), "scan", {}, {}, {}, 0, 0, {1, 1, 1}, {0, 0, 0}, {}};
  c.f = [reverse](const Arrays& a) -> Arrays {
    auto [last, ys] = scan([&](const Array& carry, const Array& x) {
      const auto next = cubic(carry, a[2]) + x;
      return std::pair(next, next * x);
    }, a[0], a[1], {.reverse = reverse});
    return {last, ys};
  };
  c.reference = [reverse](const std::vector<Host>& in) -> std::vector<Host> {
    auto carry = in[0], ys = in[1];
    const auto n = static_cast<std::size_t>(in[1].shape[0]);
    for (std::size_t k = 0; k < n; ++k) {
      const auto trip = reverse ? n - 1 - k : k;
      for (std::size_t i = 0; i < 3; ++i) {
        const auto x = in[1].v[3 * trip + i].f;
        carry.v[i] = real(cubic(carry.v[i].f, at(in[2], i)) + x);
        ys.v[3 * trip + i] = real(carry.v[i].f * x);
      }
    }
    return {carry, ys};
  };
  for (const auto& w : {Shape{}, Shape{3}})
    c.signatures.push_back({{kVector, {DType::float64, {length, 3}, -1, 1}, {DType::float64, w, -1, 1}}});
  return c;
}

// The number of trips is an argument.
Case while_case(bool as_fori) {
  Case c{as_fori ? "repeat/fori_loop" : "while/count", as_fori ? "repeat" : "while", {}, {}, {}, 0, 0, {0, 1, 1}, {0, 0, 0}, {}};
  c.f = [as_fori](const Arrays& a) -> Arrays {
    if (as_fori) return {fori_loop(Array(0), a[0], [&](const Array&, const Array& x) { return cubic(x, a[2]); }, a[1])};
    using Carry = std::pair<Array, Array>;
    return {while_loop([&](const Carry& v) { return v.first < a[0]; },
                       [&](const Carry& v) { return Carry(v.first + 1, cubic(v.second, a[2])); },
                       Carry(scalar<std::int64_t>(0), a[1])).second};
  };
  c.reference = [](const std::vector<Host>& in) -> std::vector<Host> {
    auto x = in[1];
    for (std::int64_t k = 0; k < in[0].v[0].i; ++k)
      for (std::size_t i = 0; i < x.v.size(); ++i) x.v[i] = real(cubic(x.v[i].f, at(in[2], i)));
    return {x};
  };
  for (const double n : {-2.0, 0.0, 1.0, 4.0}) c.signatures.push_back({{integer(DType::int64, n, n), kVector, kScalar}});
  for (int i = 0; i < 4; ++i) c.signatures.push_back({{integer(DType::int64, 0, 6), kVector, kVector}});
  return c;
}

// The values themselves decide how long the loop runs.
Case while_by_value_case() {
  Case c{"while/by_value", "while", {}, {}, {}, 0, 0, {1}, {0}, {}};
  c.f = [](const Arrays& a) -> Arrays {
    return {while_loop([](const Array& v) { return v[0] < 50.0; }, [](const Array& v) { return v * v + 2.0; }, a[0])};
  };
  c.reference = [](const std::vector<Host>& in) -> std::vector<Host> {
    auto x = in[0];
    while (x.v[0].f < 50.0) x = like(x, [&](std::size_t i) { return x.v[i].f * x.v[i].f + 2.0; });
    return {x};
  };
  // From [a, b] the loop takes one number of trips, also a little beyond.
  for (const auto& [lo, hi] : {std::pair{60.0, 70.0}, {20.0, 30.0}, {3.0, 4.0}, {0.2, 0.5}})
    c.signatures.push_back({{{DType::float64, {2}, lo, hi}}});
  return c;
}

}  // namespace

void add_control_flow_cases(std::vector<Case>& to) {
  to.push_back(switch_case());
  to.push_back(cond_case());
  for (const bool reverse : {false, true})
    for (const std::int64_t n : {0, 1, 5}) to.push_back(scan_case(reverse, n));
  to.push_back(while_case(false));
  to.push_back(while_case(true));
  to.push_back(while_by_value_case());
}

}  // namespace fluxion::test
