// Elementwise primitives of one operand.
#include "lax/case_parts.hpp"

#include <numbers>

namespace fluxion::test {

namespace {

struct FloatRow {
  const char* name;
  Unary f;
  double (*reference)(double);
  double ulps64, ulps32;
  Interval smooth, broad;
};

double logistic(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

// The root of erf(y) = x by Newton's method from a rational start; erfc serves the tails.
double erf_inv(double x) {
  if (std::isnan(x) || std::fabs(x) > 1) return kNaN;
  if (std::fabs(x) == 1) return std::copysign(kInf, x);
  if (std::fabs(x) < 1e-8) return x * (std::sqrt(std::numbers::pi) / 2);
  const auto l = std::log1p(-x * x), a = 2 / (std::numbers::pi * 0.147) + l / 2;
  long double y = std::sqrt(std::sqrt(a * a - l / 0.147) - a);
  const long double target = std::fabs(x), slope = 2 / std::sqrt(std::numbers::pi_v<long double>);
  for (int i = 0; i < 8; ++i) {
    const auto error = target < 0.5L ? std::erf(y) - target : (1 - target) - std::erfc(y);
    y -= error / (slope * std::exp(-y * y));
  }
  return std::copysign(static_cast<double>(y), x);
}

// glibc's own is up to 2.8 ulp off in double.
double cube_root(double x) { return static_cast<double>(std::cbrt(static_cast<long double>(x))); }

double sign(double x) { return std::isnan(x) || x == 0 ? x : std::copysign(1.0, x); }

const FloatRow kFloatRows[] = {
    {"floor", lax::floor, std::floor, 0, 0, {0.1, 0.9}, {-1e6, 1e6}},
    {"exp", lax::exp, std::exp, 1.5, 1.5, {-2, 2}, {-700, 700}},
    {"expm1", lax::expm1, std::expm1, 2, 2, {-2, 2}, {-40, 80}},
    {"log", lax::log, std::log, 1.5, 1.5, {0.5, 3}, {1e-9, 1e9}},
    {"log1p", lax::log1p, std::log1p, 2, 2, {-0.5, 3}, {-0.99, 50}},
    {"sqrt", lax::sqrt, std::sqrt, 0, 0, {0.5, 3}, {0, 1e9}},
    {"cbrt", lax::cbrt, cube_root, 1, 2, {0.5, 3}, {-1e9, 1e9}},
    {"sin", lax::sin, std::sin, 1.5, 1.5, {-3, 3}, {-1e5, 1e5}},
    {"cos", lax::cos, std::cos, 1.5, 1.5, {-3, 3}, {-1e5, 1e5}},
    {"tanh", lax::tanh, std::tanh, 2.5, 2.5, {-2, 2}, {-30, 30}},
    {"logistic", lax::logistic, logistic, 3, 3, {-3, 3}, {-50, 50}},
    {"erf", lax::erf, std::erf, 2.5, 2.5, {-2, 2}, {-7, 7}},
    {"erf_inv", lax::erf_inv, erf_inv, 4, 4, {-0.6, 0.6}, {-0.999999, 0.999999}},
};

Case float_case(const FloatRow& r) {
  Case c{r.name, r.name, flat(r.f), {}, of_reals(r.reference), r.ulps64, r.ulps32, {1}, {0}, {}};
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {r.smooth})) c.signatures.push_back(s);
    const auto reach = t == DType::float32 && r.broad.hi == 700 ? Interval{-80, 80} : r.broad;
    c.signatures.push_back(wide(t, {reach}));
    c.signatures.push_back(edges(t, edge_values()));
  }
  c.errors = refused_dtypes({DType::float32, DType::float64}, 1);
  return c;
}

const std::vector<Number>& integer_edges() {
  static const std::vector<Number> v{whole(0), whole(1), whole(-1), whole(7), whole(-8), whole(INT64_MAX), whole(INT64_MIN),
                                     whole(INT32_MAX), whole(INT32_MIN), whole(0xffffffff)};
  return v;
}

std::int64_t integer_sign(std::int64_t i, DType t) { return is_unsigned_integer(t) ? i != 0 : (i > 0) - (i < 0); }

// neg, abs, sign: floats and integers.
Case number_case(const char* name, Unary f, double (*of_real)(double), std::int64_t (*of_whole)(std::int64_t, DType), Interval smooth) {
  Case c{name, name, flat(f), {}, {}, 0, 0, {1}, {0}, {}};
  c.reference = pointwise([=](std::span<const Number> x, DType t) { return Number{of_real(x[0].f), of_whole(x[0].i, t)}; });
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {smooth})) c.signatures.push_back(s);
    c.signatures.push_back(edges(t, edge_values()));
  }
  for (const auto t : kIntegers) {
    c.signatures.push_back({{{t, {26}, -100, 100}}});
    c.signatures.push_back(edges(t, integer_edges()));
  }
  c.errors = refused_dtypes({DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64}, 1);
  return c;
}

std::int64_t wrapping_negation(std::int64_t i, DType) { return static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(i)); }

Case not_case() {
  Case c{"not", "not", flat(lax::bitwise_not), {}, {}, 0, 0, {0}, {0}, {}};
  c.reference = pointwise([](std::span<const Number> x, DType t) { return whole(t == DType::bool_ ? !x[0].i : ~x[0].i); });
  for (const auto t : kIntegers) {
    for (auto& s : same_shape_signatures(t, {{-100, 100}})) c.signatures.push_back(s);
    c.signatures.push_back(edges(t, integer_edges()));
  }
  for (auto& s : same_shape_signatures(DType::bool_, {{0, 1}})) c.signatures.push_back(s);
  c.errors = refused_dtypes({DType::bool_, DType::int32, DType::int64, DType::uint32, DType::uint64}, 1);
  return c;
}

// Binary exponentiation from the least significant bit: the order of the products fixes the rounding.
template <class T>
T power_of(T x, std::int64_t y) {
  auto n = y < 0 ? 0 - static_cast<std::uint64_t>(y) : static_cast<std::uint64_t>(y);
  T acc = 1;
  bool have = false;
  for (; n > 0; n >>= 1) {
    if (n & 1) acc = have ? acc * x : x;
    have = have || (n & 1);
    if (n > 1) x = x * x;
  }
  return y < 0 ? T(1) / acc : acc;
}

Case integer_pow_case(std::int64_t y) {
  Case c{"integer_pow/" + std::to_string(y), "integer_pow", {}, {}, {}, 0, 0, {1}, {0}, {}};
  c.f = [y](const Arrays& a) -> Arrays { return {lax::integer_pow(a[0], y)}; };
  c.reference = pointwise([y](std::span<const Number> x, DType t) {
    if (!is_floating(t)) return whole(static_cast<std::int64_t>(power_of(static_cast<std::uint64_t>(x[0].i), y)));
    return real(t == DType::float32 ? power_of(static_cast<float>(x[0].f), y) : power_of(x[0].f, y));
  });
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {{0.5, 2}})) c.signatures.push_back(s);
    c.signatures.push_back(edges(t, edge_values()));
  }
  for (const auto t : kIntegers)
    if (y >= 0) c.signatures.push_back({{{t, {26}, -9, 9}}});
  c.errors = refused_dtypes({DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64}, 1);
  if (y < 0)
    c.errors.push_back({[] { return Arrays{array({1, 2})}; }, {"negative powers", "i32[2]", "astype"}});
  return c;
}

}  // namespace

void add_unary_cases(std::vector<Case>& to) {
  for (const auto& r : kFloatRows) to.push_back(float_case(r));
  to.push_back(number_case("neg", lax::neg, [](double x) { return -x; }, wrapping_negation, {-2, 2}));
  to.back().linear = {1};
  to.push_back(number_case("abs", lax::abs, std::fabs,
                           [](std::int64_t i, DType t) { return is_unsigned_integer(t) || i >= 0 ? i : wrapping_negation(i, t); },
                           {0.5, 2}));
  to.push_back(number_case("sign", lax::sign, sign, integer_sign, {0.5, 2}));
  to.push_back(not_case());
  for (const std::int64_t y : {-3, -1, 0, 2, 3, 7}) to.push_back(integer_pow_case(y));
}

}  // namespace fluxion::test
