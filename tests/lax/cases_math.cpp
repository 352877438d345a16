// The elementwise primitives beyond those of cases_unary.cpp and cases_binary.cpp, and reduce_precision.
#include "lax/case_parts.hpp"

#include <bit>
#include <cstring>
#include <numbers>

#include <fluxion/lax/math.hpp>

namespace fluxion::test {

namespace {

// glibc's double functions are up to 3 ulp off, the long double ones are right.
template <long double (*f)(long double)>
double precise(double x) { return static_cast<double>(f(x)); }

double rsqrt(double x) { return static_cast<double>(1 / std::sqrt(static_cast<long double>(x))); }
double exact_square(double x) { return x * x; }
double half_away(double x) { return std::round(x); }
double half_even(double x) { return std::nearbyint(x); }
double lgamma_of(double x) { return std::isinf(x) || (x <= 0 && x == std::floor(x)) ? kInf : precise<std::lgamma>(x); }

// The m-th derivative of log gamma, m >= 1: the recurrence up to 30, the asymptotic series there.
long double polygamma_of(int m, long double x) {
  const auto power = [](long double base, int n) { return std::pow(base, static_cast<long double>(n)); };
  long double factorial = 1, sum = 0;
  for (int i = 2; i <= m; ++i) factorial *= i;
  for (; x < 30; x += 1) sum += 1 / power(x, m + 1);
  const long double bernoulli[] = {1 / 6.0L,  -1 / 30.0L,     1 / 42.0L, -1 / 30.0L,
                                   5 / 66.0L, -691 / 2730.0L, 7 / 6.0L,  -3617 / 510.0L};
  long double tail = 1 / (m * power(x, m)) + 1 / (2 * power(x, m + 1)), rising = m + 1, even = 2;
  for (int j = 1; j <= 8; ++j) {
    tail += bernoulli[j - 1] * rising / even / power(x, m + 2 * j);
    rising *= (m + 2 * j) * static_cast<long double>(m + 2 * j + 1);
    even *= (2 * j + 1) * static_cast<long double>(2 * j + 2);
  }
  return (m % 2 == 1 ? 1 : -1) * factorial * (sum + tail);
}
double digamma_of(double at) {
  long double x = at, sum = 0;
  if (std::isnan(at) || at == -kInf || (at <= 0 && at == std::floor(at))) return kNaN;
  if (x < 0) {
    const auto fraction = x - std::round(x);
    sum = -std::numbers::pi_v<long double> / std::tan(std::numbers::pi_v<long double> * fraction);
    x = 1 - x;
  }
  for (; x < 30; x += 1) sum -= 1 / x;
  const auto w = 1 / (x * x);
  return static_cast<double>(sum + std::log(x) - 1 / (2 * x) -
                             w * (1 / 12.0L - w * (1 / 120.0L - w * (1 / 252.0L - w * (1 / 240.0L - w / 132)))));
}

struct FloatRow {
  const char* name;
  Unary f;
  double (*reference)(double);
  double ulps;
  Interval smooth, broad;
};

Array round_away(const Array& x) { return lax::round(x); }
Array round_even(const Array& x) { return lax::round(x, lax::RoundingMethod::TO_NEAREST_EVEN); }

const FloatRow kFloatRows[] = {
    {"ceil", lax::ceil, std::ceil, 0, {0.1, 0.9}, {-1e6, 1e6}},
    {"round/away_from_zero", round_away, half_away, 0, {0.6, 1.4}, {-1e6, 1e6}},
    {"round/to_nearest_even", round_even, half_even, 0, {0.6, 1.4}, {-1e6, 1e6}},
    {"exp2", lax::exp2, precise<std::exp2>, 1.6, {-2, 2}, {-120, 120}},
    {"rsqrt", lax::rsqrt, rsqrt, 2, {0.5, 3}, {0, 1e9}},
    {"tan", lax::tan, precise<std::tan>, 3.5, {-1, 1}, {-1e5, 1e5}},
    {"asin", lax::asin, precise<std::asin>, 2.5, {-0.6, 0.6}, {-1, 1}},
    {"acos", lax::acos, precise<std::acos>, 2, {-0.6, 0.6}, {-1, 1}},
    {"atan", lax::atan, precise<std::atan>, 3, {-2, 2}, {-100, 100}},
    {"sinh", lax::sinh, precise<std::sinh>, 3, {-2, 2}, {-80, 80}},
    {"cosh", lax::cosh, precise<std::cosh>, 2, {-2, 2}, {-80, 80}},
    {"asinh", lax::asinh, precise<std::asinh>, 2, {-2, 2}, {-1e6, 1e6}},
    {"acosh", lax::acosh, precise<std::acosh>, 2, {1.5, 3}, {1, 1e6}},
    {"atanh", lax::atanh, precise<std::atanh>, 2.5, {-0.6, 0.6}, {-1, 1}},
    {"erfc", lax::erfc, precise<std::erfc>, 4, {-1, 1}, {-6, 9}},
    {"lgamma", lax::lgamma, lgamma_of, 4, {2.2, 4}, {2.1, 1e6}},
    {"digamma", lax::digamma, digamma_of, 4, {2, 4}, {2, 1e6}},
};

// Integers of every width, and the halves.
constexpr DType kWholes[] = {DType::int64,  DType::int32,  DType::int16,  DType::int8,
                             DType::uint64, DType::uint32, DType::uint16, DType::uint8};
constexpr DType kHalves[] = {DType::float16, DType::bfloat16};

bool flat_everywhere(const FloatRow& r) { return r.ulps == 0; }

Case float_case(const FloatRow& r) {
  const std::string name = r.name;
  Case c{name, name.substr(0, name.find('/')), flat(r.f), {}, of_reals(r.reference), r.ulps, r.ulps, {1}, {0}, {}};
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {r.smooth})) c.signatures.push_back(s);
    c.signatures.push_back(wide(t, {r.broad}));
    c.signatures.push_back(edges(t, edge_values()));
  }
  if (flat_everywhere(r)) {
    const std::vector<Number> ties{real(0.5), real(-0.5), real(1.5), real(2.5), real(-2.5), real(-3.5), real(8388607.5),
                                   real(0.49999997), real(4503599627370495.5), real(0.49999999999999994)};
    for (const auto t : kFloats) c.signatures.push_back(edges(t, ties));
  }
  c.errors = refused_dtypes({DType::float32, DType::float64}, 1);
  return c;
}

// A float that is off by a few units may fall to the other side of a tie between two halves.
Case half_case(const FloatRow& r) {
  Case c = float_case(r);
  c.name += "/half";
  c.signatures.clear();
  c.errors.clear();
  c.differentiable = {0};
  if (!flat_everywhere(r)) c.ulps64 = 0.502;
  const std::vector<Number> edge{real(0), real(-0.0), real(1), real(-1), real(0.5), real(-2.5), real(kInf), real(-kInf), real(kNaN)};
  for (const auto t : kHalves) {
    c.signatures.push_back({{{t, {2, 150}, r.smooth.lo, r.smooth.hi}}});
    c.signatures.push_back({{{t, {}, r.smooth.lo, r.smooth.hi}}});
    c.signatures.push_back(edges(t, edge));
  }
  return c;
}

Case square_case() {
  Case c{"square", "square", flat(lax::square), {}, {}, 0, 0, {1}, {0}, {}};
  c.reference = pointwise([](std::span<const Number> x, DType t) {
    if (t == DType::float32) return real(static_cast<float>(x[0].f) * static_cast<float>(x[0].f));
    return Number{exact_square(x[0].f),
                  static_cast<std::int64_t>(static_cast<std::uint64_t>(x[0].i) * static_cast<std::uint64_t>(x[0].i))};
  });
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {{-2, 2}})) c.signatures.push_back(s);
    c.signatures.push_back(edges(t, edge_values()));
  }
  for (const auto t : kWholes) c.signatures.push_back({{{t, {26}, -100, 100}}});
  for (const auto t : kIntegers) c.signatures.push_back({{{t, {26}, -100000, 100000}}});
  c.errors =
      refused_dtypes({DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64}, 1);
  return c;
}

Case is_finite_case() {
  Case c{"is_finite", "is_finite", flat(lax::is_finite), {}, {}, 0, 0, {0}, {0}, {}};
  c.reference = pointwise([](std::span<const Number> x, DType) { return whole(std::isfinite(x[0].f)); }, DType::bool_);
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {{-2, 2}})) c.signatures.push_back(s);
    c.signatures.push_back(edges(t, edge_values()));
  }
  c.errors = refused_dtypes({DType::float32, DType::float64}, 1);
  return c;
}

// Of the bits of an element, in as many as it has.
Case bits_case(const char* name, Unary f, int (*of)(std::uint64_t, int width)) {
  Case c{name, name, flat(f), {}, {}, 0, 0, {0}, {0}, {}};
  c.reference = pointwise([of](std::span<const Number> x, DType t) {
    const int width = 8 * static_cast<int>(itemsize(t));
    const auto mask = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
    return whole(of(static_cast<std::uint64_t>(x[0].i) & mask, width));
  });
  const std::vector<Number> edge{whole(0), whole(1), whole(-1), whole(7), whole(-8), whole(INT64_MAX), whole(INT64_MIN),
                                 whole(INT32_MAX), whole(INT32_MIN), whole(0xffffffff), whole(0x10000)};
  for (const auto t : kWholes) {
    for (auto& s : same_shape_signatures(t, {{-100, 100}})) c.signatures.push_back(s);
    auto wrapped_edge = edge;
    for (auto& n : wrapped_edge) n.i = wrapped(n.i, t);
    c.signatures.push_back(edges(t, wrapped_edge));
  }
  c.errors = refused_dtypes({DType::int32, DType::int64, DType::uint32, DType::uint64}, 1);
  return c;
}

Case atan2_case() {
  Case c{"atan2", "atan2", flat(lax::atan2), {}, of_reals(std::atan2), 2.5, 2.5, {1, 1}, {0, 0}, {}};
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {{0.5, 2}, {-2, -0.5}})) c.signatures.push_back(s);
    for (auto& s : same_shape_signatures(t, {{-2, 2}, {0.5, 2}})) c.signatures.push_back(s);
    c.signatures.push_back(edge_pairs(t, edge_values()));
  }
  c.errors = refused_dtypes({DType::float32, DType::float64}, 2);
  for (auto& e : mismatched(DType::float64, DType::float32)) c.errors.push_back(e);
  return c;
}

// The neighbour among halves: one unit of the exponent's, half a unit below a power of two.
double next_half(double x, double y, int digits, int lowest) {
  if (std::isnan(x) || std::isnan(y)) return kNaN;
  if (x == y) return y;
  if (x == 0) return std::copysign(std::ldexp(1.0, lowest), y);
  if (std::isinf(x)) return std::copysign(std::ldexp(2 - std::ldexp(1.0, 1 - digits), digits == 11 ? 15 : 127), x);
  const bool outward = (x < y) == (x > 0);
  int exponent = 0;
  const double m = std::frexp(x, &exponent);
  const int unit = std::max(exponent - digits - (!outward && std::fabs(m) == 0.5), lowest);
  const double moved = std::fabs(x) + std::ldexp(outward ? 1.0 : -1.0, unit);
  const double top = std::ldexp(1.0, digits == 11 ? 16 : 128);
  return std::copysign(moved >= top ? kInf : moved, x);
}

Case nextafter_half_case(DType t) {
  Case c{"nextafter/" + std::string(short_name(t)), "nextafter", flat(lax::nextafter), {}, {}, 0, 0, {0, 0}, {0, 0}, {}};
  const int digits = t == DType::float16 ? 11 : 8, lowest = t == DType::float16 ? -24 : -133;
  c.reference = pointwise([=](std::span<const Number> x, DType) { return real(next_half(x[0].f, x[1].f, digits, lowest)); });
  std::vector<Number> v;
  for (const double x : {0.0, 0.5, 1.0, 1.5, 3.0, 0x1p-24, 0x1p-14, kInf})
    for (const double sign : {1.0, -1.0}) v.push_back(real(sign * x));
  v.push_back(real(kNaN));
  c.signatures = {edge_pairs(t, v), {{{t, {150}, -2, 2}, {t, {}, 0, 1}}}};
  return c;
}

Case nextafter_case() {
  Case c{"nextafter", "nextafter", flat(lax::nextafter), {}, {}, 0, 0, {0, 0}, {0, 0}, {}};
  c.reference = pointwise([](std::span<const Number> x, DType t) {
    if (t == DType::float32) return real(std::nextafter(static_cast<float>(x[0].f), static_cast<float>(x[1].f)));
    return real(std::nextafter(x[0].f, x[1].f));
  });
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {{-2, 2}, {-2, 2}})) c.signatures.push_back(s);
    c.signatures.push_back(edge_pairs(t, edge_values()));
  }
  c.errors = refused_dtypes({DType::float32, DType::float64}, 2);
  for (auto& e : mismatched(DType::float64, DType::float32)) c.errors.push_back(e);
  return c;
}

// Of orders that are given as an array; only x has a derivative.
Case polygamma_case() {
  Case c{"polygamma", "polygamma", flat(lax::polygamma), {}, {}, 6, 2, {0, 1}, {0, 0}, {}};
  c.reference = pointwise([](std::span<const Number> x, DType) {
    return real(static_cast<double>(polygamma_of(static_cast<int>(x[0].f), x[1].f)));
  });
  const std::vector<Number> orders{real(1), real(2), real(3), real(5)};
  for (const auto t : kFloats)
    for (const auto& shape : {Shape{}, Shape{1}, Shape{9}, Shape{2, 3}})
      c.signatures.push_back({{{t, shape, 0, 0, orders}, {t, shape, 0.5, 4}}});
  c.errors = refused_dtypes({DType::float32, DType::float64}, 2);
  for (auto& e : mismatched(DType::float64, DType::float32)) c.errors.push_back(e);
  return c;
}

double bounded(double low, double x, double high) {
  if (std::isnan(low) || std::isnan(x) || std::isnan(high)) return kNaN;
  return std::min(std::max(low, x), high);
}
bool below(std::int64_t a, std::int64_t b, DType t) {
  return t == DType::uint64 ? static_cast<std::uint64_t>(a) < static_cast<std::uint64_t>(b) : a < b;
}

Case clamp_case() {
  Case c{"clamp", "clamp", {}, {}, {}, 0.5, 0.5, {1, 1, 1}, {0, 0, 0}, {}};
  c.f = [](const Arrays& a) -> Arrays { return {lax::clamp(a[0], a[1], a[2])}; };
  c.reference = pointwise([](std::span<const Number> x, DType t) {
    if (is_floating(t)) return real(bounded(x[0].f, x[1].f, x[2].f));
    const auto raised = below(x[0].i, x[1].i, t) ? x[1].i : x[0].i;
    return whole(below(raised, x[2].i, t) ? raised : x[2].i);
  });
  for (const auto t :
       {DType::float64, DType::float32, DType::int64, DType::int32, DType::uint64, DType::uint32, DType::bool_}) {
    const bool floating = is_floating(t);
    for (const auto& shape : sample_shapes(t)) {
      // Below, inside and above the bounds.
      for (const Interval x : {Interval{-4, -3}, Interval{-0.5, 0.5}, Interval{3, 4}})
        c.signatures.push_back({{{t, shape, -2, -1}, {t, shape, x.lo, x.hi}, {t, shape, 1, 2}}});
      if (!floating) c.signatures.push_back({{{t, shape, 0, 9}, {t, shape, -20, 20}, {t, shape, 0, 9}}});
    }
    for (const auto& shape : {Shape{5}, Shape{2, 3}, Shape{40}}) {
      c.signatures.push_back({{{t, {}, -2, -1}, {t, shape, -0.5, 0.5}, {t, {}, 1, 2}}});
      c.signatures.push_back({{{t, {}, -2, -1}, {t, shape, 3, 4}, {t, shape, 1, 2}}});
    }
  }
  for (const auto t : {DType::int8, DType::uint8, DType::int16, DType::uint16})
    c.signatures.push_back({{{t, {150}, 20, 40}, {t, {150}, 0, 100}, {t, {150}, 30, 60}}});
  for (const auto t : kHalves) {
    c.signatures.push_back({{{t, {150}, -2, -1}, {t, {150}, -4, 4}, {t, {150}, 1, 2}}, false});
    c.signatures.push_back({{{t, {}, -1, -1}, {t, {150}, -4, 4}, {t, {}, 1, 1}}, false});
  }
  for (const auto t : kFloats) {
    const auto pairs = edge_pairs(t, edge_values());
    c.signatures.push_back({{pairs.args[0], pairs.args[1], {t, {}, 1, 1}}, false});
    c.signatures.push_back({{{t, {}, -1, -1}, pairs.args[0], pairs.args[1]}, false});
  }
  c.errors = refused_dtypes(
      {DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64, DType::bool_}, 3);
  c.errors.push_back({[] {
                        return Arrays{array({0.0, 0.0}), array({1.0, 2.0, 3.0}), Array(1.0)};
                      },
                      {"equal shapes", "f64[2]", "f64[3]"}});
  c.errors.push_back({[] {
                        return Arrays{array({0}), array({1.0}), array({2})};
                      },
                      {"equal dtypes", "i32[1]", "f64[1]"}});
  return c;
}

// The definition: scaled so that the last bit that stays is 1, rounded, scaled back; then the range is cut.
double reduced(double x, int exponent_bits, int mantissa_bits) {
  if (!std::isfinite(x) || x == 0) return x;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  int exponent = 0;
  std::frexp(x, &exponent);
  const auto rounded =
      std::ldexp(std::nearbyint(std::ldexp(x, mantissa_bits + 1 - exponent)), exponent - mantissa_bits - 1);
  if (std::fabs(rounded) >= std::ldexp(1.0, bias + 1)) return std::copysign(kInf, x);
  return std::fabs(rounded) < std::ldexp(1.0, 1 - bias) ? std::copysign(0.0, x) : rounded;
}

Case reduce_precision_case(int exponent_bits, int mantissa_bits) {
  Case c{"reduce_precision/" + std::to_string(exponent_bits) + "_" + std::to_string(mantissa_bits),
         "reduce_precision",
         {},
         {},
         {},
         0,
         0,
         {0},
         {0},
         {}};
  c.f = [=](const Arrays& a) -> Arrays { return {lax::reduce_precision(a[0], exponent_bits, mantissa_bits)}; };
  c.reference =
      pointwise([=](std::span<const Number> x, DType) { return real(reduced(x[0].f, exponent_bits, mantissa_bits)); });
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {{-9, 9}})) c.signatures.push_back(s);
    c.signatures.push_back(wide(t, {{-1e6, 1e6}}));
    c.signatures.push_back(wide(t, {{-1e-4, 1e-4}}));
    std::vector<Number> ties;
    for (const double v : {1 + 0x1p-11, 1 + 0x3p-11, 1 + 0x1p-8, 65519.0, 65520.0, 0x1p-14, 0x1p-15, 0x1.ffcp-15, kInf})
      for (const double sign : {1.0, -1.0}) ties.push_back(real(sign * v));
    ties.push_back(real(kNaN));
    c.signatures.push_back(edges(t, ties));
  }
  c.errors = refused_dtypes({DType::float32, DType::float64}, 1);
  return c;
}

// Elements as several smaller ones, or several as one, by the bytes in memory.
template <class From, class To>
Case resized_bits_case(Shape shape, Shape result) {
  const auto from = dtype_of<From>, to = dtype_of<To>;
  Case c{"bitcast_convert_type/" + std::string(short_name(from)) + "_" + std::string(short_name(to)),
         "bitcast_convert_type",
         {},
         {},
         {},
         0,
         0,
         {0},
         {0},
         {}};
  c.f = [=](const Arrays& a) -> Arrays { return {lax::bitcast_convert_type(a[0], to)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    std::vector<From> given;
    for (const auto& n : in[0].v)
      given.push_back(std::is_floating_point_v<From> ? static_cast<From>(n.f) : static_cast<From>(n.i));
    Host out{to, result, {}};
    std::vector<To> seen(given.size() * sizeof(From) / sizeof(To));
    std::memcpy(seen.data(), given.data(), given.size() * sizeof(From));
    for (const auto v : seen)
      out.v.push_back(std::is_floating_point_v<To> ? real(static_cast<double>(v))
                                                   : whole(wrapped(static_cast<std::int64_t>(v), to)));
    return {out};
  };
  c.signatures.push_back({{{from, std::move(shape), -500, 500}}});
  return c;
}

}  // namespace

void add_math_cases(std::vector<Case>& to) {
  for (const auto& r : kFloatRows) to.push_back(float_case(r));
  for (const auto& r : kFloatRows) to.push_back(half_case(r));
  to.push_back(square_case());
  to.push_back(is_finite_case());
  to.push_back(
      bits_case("population_count", lax::population_count, [](std::uint64_t v, int) { return std::popcount(v); }));
  to.push_back(
      bits_case("clz", lax::clz, [](std::uint64_t v, int width) { return std::countl_zero(v) - (64 - width); }));
  to.push_back(atan2_case());
  to.push_back(nextafter_case());
  for (const auto t : kHalves) to.push_back(nextafter_half_case(t));
  to.push_back(polygamma_case());
  to.push_back(clamp_case());
  to.push_back(reduce_precision_case(5, 10));
  to.push_back(reduce_precision_case(8, 7));
  to.push_back(resized_bits_case<double, std::uint32_t>({3}, {3, 2}));
  to.push_back(resized_bits_case<std::int64_t, float>({2, 2}, {2, 2, 2}));
  to.push_back(resized_bits_case<std::uint32_t, std::int64_t>({3, 2}, {3}));
  to.push_back(resized_bits_case<float, std::uint64_t>({2}, {}));
}

}  // namespace fluxion::test
