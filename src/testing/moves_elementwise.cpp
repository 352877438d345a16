// Elementwise operations.
#include <cmath>

#include <fluxion/lax/special.hpp>

#include "testing/moves.hpp"

namespace fluxion::testing {

namespace {

// f of elements in [lo, hi] is in [from, to].
struct Row {
  double lo, hi;
  Array (*f)(const Array&);
  double from, to;
};

const Row kRows[] = {
    {-2, 2, lax::sin, -1, 1},         {-2, 2, lax::cos, -1, 1},         {-1, 1, lax::tan, -1.6, 1.6},
    {-2, 2, lax::tanh, -1, 1},        {-2, 2, lax::logistic, 0, 1},     {-2, 1, lax::exp, 0.1, 2.8},
    {-2, 1, lax::exp2, 0.2, 2},       {-2, 1, lax::expm1, -0.9, 1.8},   {0.3, 4, lax::log, -1.3, 1.4},
    {-0.7, 3, lax::log1p, -1.3, 1.4}, {0.3, 4, lax::sqrt, 0.5, 2},      {0.3, 4, lax::rsqrt, 0.5, 1.9},
    {0.3, 4, lax::cbrt, 0.6, 1.6},    {-2, 2, lax::square, 0, 4},       {-0.8, 0.8, lax::asin, -1, 1},
    {-0.8, 0.8, lax::acos, 0.6, 2.5}, {-2, 2, lax::atan, -1.2, 1.2},    {-1.5, 1.5, lax::sinh, -2.2, 2.2},
    {-1.5, 1.5, lax::cosh, 1, 2.4},   {-2, 2, lax::asinh, -1.5, 1.5},   {1.3, 4, lax::acosh, 0.7, 2.1},
    {-0.8, 0.8, lax::atanh, -1.1, 1.1}, {-2, 2, lax::erf, -1, 1},       {-2, 2, lax::erfc, 0, 2},
    {-0.8, 0.8, lax::erf_inv, -1, 1}, {-2, 2, lax::neg, -2, 2},         {0.4, 4, lax::reciprocal, 0.2, 2.5},
    // On one side of their kinks, and between their steps.
    {0.2, 2, lax::abs, 0.2, 2},       {-2, -0.2, lax::abs, 0.2, 2},
};
const Row kSteps[] = {
    {0.2, 1.8, lax::sign, 1, 1},
    {0.2, 0.8, lax::floor, 0, 0},
    {0.2, 0.8, lax::ceil, 1, 1},
    {0.7, 1.3, [](const Array& x) { return lax::round(x); }, 1, 1},
    {-0.3, 0.3, [](const Array& x) { return lax::round(x, lax::RoundingMethod::TO_NEAREST_EVEN); }, 0, 0},
    {-2, 2, [](const Array& x) { return lax::is_finite(x).astype(x.dtype()); }, 1, 1},
};

const Row kSpecial[] = {
    {0.5, 4, lax::lgamma, -0.2, 1.8},
    {0.5, 4, lax::digamma, -2, 1.3},
    {0.7, 4, [](const Array& x) { return lax::polygamma(number(x, 1), x); }, 0.2, 3.3},
    {0.2, 3, lax::bessel_i0e, 0.2, 0.9},
    {0.2, 3, lax::bessel_i1e, 0, 0.3},
    {0.3, 2, lax::expi, -1, 5},
    {0.3, 3, [](const Array& x) { return lax::expn(number(x, 2), x); }, 0, 1},
    {0.3, 3, [](const Array& x) { return lax::igamma(number(x, 1.5), x); }, 0, 1},
    {0.3, 3, [](const Array& x) { return lax::igammac(number(x, 1.5), x); }, 0, 1},
    {0.1, 0.9, [](const Array& x) { return lax::betainc(number(x, 1.5), number(x, 2.5), x); }, 0, 1},
    {0.8, 3, [](const Array& x) { return lax::zeta(number(x, 2.5), x); }, 0.1, 2.7},
    {0.5, 4, [](const Array& x) { return nn::gelu(x); }, 0.3, 4},
    {-2, 2, [](const Array& x) { return nn::softplus(x); }, 0.1, 2.2},
    {-2, 2, [](const Array& x) { return nn::silu(x); }, -0.3, 1.8},
};

Move of_row(const Row& r) {
  return {Move::plain, [r](const Scene& s) { return between(r.f(into(s.first(), r.lo, r.hi).x), r.from, r.to); }};
}
// A step alone would end all derivatives.
Move of_step(const Row& r) {
  return {Move::plain, [r](const Scene& s) {
            const auto x = into(s.first(), r.lo, r.hi);
            return between(x.x + r.f(x.x), r.lo + r.from, r.hi + r.to);
          }};
}

Value integer_power(const Scene& s) {
  const auto p = s.choice(7) - 3;
  const auto x = p < 0 ? into(s.first(), 0.6, 1.6) : into(s.first(), -1.5, 1.5);
  const auto y = lax::integer_pow(x.x, p);
  return p < 0 ? between(y, 0.2, 4.7) : bounded(y, 3.4);
}
/// Through another dtype and back.
Value converted(const Scene& s) {
  const auto x = s.first();
  const auto wide = x.x.dtype() == DType::float64 || s.choice(2) == 0 ? DType::float64 : DType::float32;
  return bounded(sin(x.x.astype(wide)).astype(x.x.dtype()), 1.1);
}
/// Times fixed noise.
Value with_noise(const Scene& s) {
  const auto x = s.first();
  const auto noise = random::uniform(random::fold_in(random::key(7), s.choice(5)), x.x.shape(),
                                     is_half(x.x.dtype()) ? float32 : x.x.dtype())
                         .astype(x.x.dtype());
  return between(x.x * (0.5 + noise), std::min(1.5 * x.lo, 0.0), std::max(1.5 * x.hi, 0.0));
}

}  // namespace

Moves elementwise_moves() {
  Moves out;
  for (const auto& r : kRows) out.push_back(of_row(r));
  for (const auto& r : kSteps) out.push_back(of_step(r));
  for (const auto f : {integer_power, converted, with_noise}) out.push_back({Move::plain, f});
  return out;
}

Moves special_moves() {
  Moves out;
  for (const auto& r : kSpecial) out.push_back(of_row(r));
  return out;
}

// --- two operands --------------------------------------------------------------------------------------------------

namespace {

template <class F>
Move of_two(double lo, double hi, double lo2, double hi2, F f, double from, double to) {
  return {Move::plain, [=](const Scene& s) {
            const auto [x, y] = s.both();
            return between(f(into(x, lo, hi).x, into(y, lo2, hi2).x), from, to);
          }};
}

Value sum_of(const Scene& s) {
  const auto [x, y] = s.both();
  return between(lax::add(x.x, y.x), x.lo + y.lo, x.hi + y.hi);
}
Value difference_of(const Scene& s) {
  const auto [x, y] = s.both();
  return between(lax::sub(x.x, y.x), x.lo - y.hi, x.hi - y.lo);
}
Value selected(const Scene& s) {
  const auto [x, y] = s.both();
  return between(lax::select_n(alternating(x.x.shape()), x.x, y.x), std::min(x.lo, y.lo), std::max(x.hi, y.hi));
}
// One is greater in every other place.
Value extremum(const Scene& s) {
  const auto [a, b] = s.both();
  const auto x = into(a, -0.4, 0.4).x,
             y = into(b, -0.4, 0.4).x + alternating(a.x.shape()).astype(a.x.dtype()) * 2.0 - 1.0;
  return bounded(s.choice(2) == 0 ? lax::max(x, y) : lax::min(x, y), 1.4);
}
// Within bounds that are arrays, at either bound, in turns.
Value clamped(const Scene& s) {
  const auto [a, b] = s.both();
  const auto n = static_cast<double>(s.choice(3)) - 1;
  const auto x = into(a, -0.3, 0.3).x + 1.5 * n, low = into(b, -0.2, 0.2).x - 0.9;
  return bounded(lax::clamp(low, x, low + 1.8), 1.5);
}

}  // namespace

Moves binary_moves() {
  Moves out;
  for (const auto f : {sum_of, difference_of, selected, extremum, clamped}) out.push_back({Move::plain, f});
  out.push_back(of_two(-2, 2, -2, 2, lax::mul, -4, 4));
  out.push_back(of_two(-2, 2, 0.6, 3, lax::div, -3.4, 3.4));
  out.push_back(of_two(0.4, 2, -1.5, 1.5, lax::pow, 0.2, 4));
  out.push_back(of_two(-2, 2, 0.5, 2, lax::atan2, -1.4, 1.4));
  out.push_back(of_two(2.35, 2.65, 0.95, 1.05, lax::rem, 0.2, 0.8));  // the quotient is between 2 and 3
  out.push_back(of_two(-2, 2, -2, 2, [](const Array& x, const Array& y) { return hypot(x, 1.0 + square(y)); }, 1, 5.5));
  out.push_back(of_two(-2, 2, -2, 2, [](const Array& x, const Array& y) { return logaddexp(x, y); }, -1.4, 2.7));
  return out;
}

// --- what has kinks --------------------------------------------------------------------------------------------------

Moves kinked_moves() {
  Moves out;
  const auto add = [&out](auto f) { out.push_back({Move::kinked, f}); };
  add([](const Scene& s) { return bounded(lax::abs(into(s.first(), -2, 2).x), 2); });
  add([](const Scene& s) { return bounded(nn::relu(into(s.first(), -2, 2).x), 2); });
  add([](const Scene& s) { return bounded(lax::sign(s.first().x) * 0.5 + into(s.first(), -1, 1).x, 1.5); });
  add([](const Scene& s) { return bounded(floor(into(s.first(), -2, 2).x) + into(s.first(), -2, 2).x, 4); });
  add([](const Scene& s) {
    const auto [x, y] = s.both();
    return bounded(s.choice(2) == 0 ? maximum(into(x, -2, 2).x, into(y, -2, 2).x)
                                    : minimum(into(x, -2, 2).x, into(y, -2, 2).x),
                   2);
  });
  add([](const Scene& s) {
    const auto [x, y] = s.both();
    return bounded(where(x.x < y.x, into(x, -1, 1).x, 2.0 * into(y, -1, 1).x), 2);
  });
  add([](const Scene& s) { return bounded(clip(into(s.first(), -2, 2).x, -0.5, 1.0), 1); });
  add([](const Scene& s) {
    const auto x = with_axis(into(s.first(), -2, 2));
    return bounded(sort(x.x, some_axis(s, x)), 2);
  });
  add([](const Scene& s) {
    return bounded(max(into(s.first(), -2, 2).x, none, true) - min(into(s.first(), -2, 2).x), 4);
  });
  add([](const Scene& s) { return bounded(fmod(into(s.first(), -3, 3).x, 1.25), 1.25); });
  add([](const Scene& s) {
    const auto x = into(s.first(), -2, 2).x;
    return bounded(
        cond(
            sum(x) > 0.1, [](const Array& v) { return sin(v); }, [](const Array& v) { return 0.5 * v; }, x),
        1);
  });
  return out;
}

}  // namespace fluxion::testing
