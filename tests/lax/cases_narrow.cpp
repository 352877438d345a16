// Integers of 8 and 16 bits, and halves: references by wider arithmetic, rounded or wrapped once.
#include "lax/case_parts.hpp"

namespace fluxion::test {

namespace {

using I = std::int64_t;
constexpr DType kNarrow[] = {DType::int8, DType::uint8, DType::int16, DType::uint16};
constexpr DType kHalves[] = {DType::float16, DType::bfloat16};

I lowest(DType t) { return is_unsigned_integer(t) ? 0 : -(I{1} << (8 * itemsize(t) - 1)); }
I highest(DType t) { return lowest(t) + (I{1} << (8 * itemsize(t))) - 1; }
I unsigned_bits(I i, DType t) { return i & ((I{1} << (8 * itemsize(t))) - 1); }
I width(DType t) { return 8 * static_cast<I>(itemsize(t)); }

std::vector<Number> edges_of(DType t) {
  std::vector<Number> v;
  for (const I i : {I{0}, I{1}, I{2}, I{-1}, I{3}, I{-7}, I{8}, I{9}, I{15}, I{16}, I{17}, lowest(t), highest(t), lowest(t) + 1})
    v.push_back(whole(wrapped(i, t)));
  return v;
}

struct WholeRow {
  const char* name;
  Binary f;
  I (*of)(I, I, DType);
  bool comparison = false;
};

const WholeRow kWhole[] = {
    {"add", lax::add, [](I a, I b, DType) { return a + b; }},
    {"sub", lax::sub, [](I a, I b, DType) { return a - b; }},
    {"mul", lax::mul, [](I a, I b, DType) { return a * b; }},
    {"div", lax::div, [](I a, I b, DType) { return b == 0 ? -1 : a / b; }},
    {"rem", lax::rem, [](I a, I b, DType) { return b == 0 ? a : a % b; }},
    {"max", lax::max, [](I a, I b, DType) { return a > b ? a : b; }},
    {"min", lax::min, [](I a, I b, DType) { return a < b ? a : b; }},
    {"and", lax::bitwise_and, [](I a, I b, DType) { return a & b; }},
    {"or", lax::bitwise_or, [](I a, I b, DType) { return a | b; }},
    {"xor", lax::bitwise_xor, [](I a, I b, DType) { return a ^ b; }},
    {"shift_left", lax::shift_left,
     [](I a, I b, DType t) { return unsigned_bits(b, t) < width(t) ? unsigned_bits(a, t) << unsigned_bits(b, t) : 0; }},
    {"shift_right_logical", lax::shift_right_logical,
     [](I a, I b, DType t) { return unsigned_bits(b, t) < width(t) ? unsigned_bits(a, t) >> unsigned_bits(b, t) : 0; }},
    {"shift_right_arithmetic", lax::shift_right_arithmetic,
     [](I a, I b, DType t) {
       const I sign = I{1} << (width(t) - 1), as_signed = (unsigned_bits(a, t) ^ sign) - sign;
       return as_signed >> std::min(unsigned_bits(b, t), width(t) - 1);
     }},
    {"eq", lax::eq, [](I a, I b, DType) -> I { return a == b; }, true},
    {"ne", lax::ne, [](I a, I b, DType) -> I { return a != b; }, true},
    {"lt", lax::lt, [](I a, I b, DType) -> I { return a < b; }, true},
    {"le", lax::le, [](I a, I b, DType) -> I { return a <= b; }, true},
    {"gt", lax::gt, [](I a, I b, DType) -> I { return a > b; }, true},
    {"ge", lax::ge, [](I a, I b, DType) -> I { return a >= b; }, true},
};

Case whole_case(const WholeRow& r) {
  Case c{std::string(r.name) + "/narrow", r.name, flat(r.f), {}, {}, 0, 0, {0, 0}, {0, 0}, {}};
  c.reference = pointwise([of = r.of](std::span<const Number> x, DType t) { return whole(of(x[0].i, x[1].i, t)); },
                          r.comparison ? std::optional(DType::bool_) : std::nullopt);
  for (const auto t : kNarrow) {
    c.signatures.push_back(edge_pairs(t, edges_of(t)));
    c.signatures.push_back({{{t, {}, 0, 100}, {t, {150}, 0, 100}}});
    c.signatures.push_back({{{t, {2, 3}, 0, 100}, {t, {}, 0, 100}}});
  }
  c.errors = mismatched(DType::int8, DType::uint8);
  return c;
}

struct WholeUnaryRow {
  const char* name;
  Unary f;
  I (*of)(I);
};
const WholeUnaryRow kWholeUnary[] = {{"neg", lax::neg, [](I i) { return -i; }},
                                     {"not", lax::bitwise_not, [](I i) { return ~i; }},
                                     {"abs", lax::abs, [](I i) { return i < 0 ? -i : i; }},
                                     {"sign", lax::sign, [](I i) -> I { return (i > 0) - (i < 0); }}};

Case whole_unary_case(const WholeUnaryRow& r) {
  Case c{std::string(r.name) + "/narrow", r.name, flat(r.f), {}, {}, 0, 0, {0}, {0}, {}};
  c.reference = pointwise([of = r.of](std::span<const Number> x, DType) { return whole(of(x[0].i)); });
  for (const auto t : kNarrow) {
    c.signatures.push_back(edges(t, edges_of(t)));
    c.signatures.push_back({{{t, {2, 70}, 0, 100}}});
  }
  return c;
}

struct HalfRow {
  const char* name;
  Unary f;
  double (*of)(double);
};
const HalfRow kHalf[] = {
    {"neg", lax::neg, [](double x) { return -x; }},
    {"abs", lax::abs, std::fabs},
    {"floor", lax::floor, std::floor},
    {"exp", lax::exp, std::exp},
    {"log", lax::log, std::log},
    {"sqrt", lax::sqrt, std::sqrt},
    {"cbrt", lax::cbrt, std::cbrt},
    {"sin", lax::sin, std::sin},
    {"tanh", lax::tanh, std::tanh},
    {"erf", lax::erf, std::erf},
};

const std::vector<Number>& half_edges() {
  static const std::vector<Number> values = [] {
    std::vector<Number> v;
    for (const double x : {0.0, 0.5, 1.0, 1.5, 3.0, 0.1, 1e-5, 6e-8, 65504.0, 40000.0, kInf})
      for (const double sign : {1.0, -1.0}) v.push_back(real(sign * x));
    v.push_back(real(kNaN));
    return v;
  }();
  return values;
}

// A float that is off by a few units may fall to the other side of a tie between two halves.
constexpr double kOneRounding = 0.501;

Case half_case(const HalfRow& r) {
  Case c{std::string(r.name) + "/half", r.name, flat(r.f), {}, of_reals(r.of), kOneRounding, 0, {0}, {0}, {}};
  for (const auto t : kHalves) {
    c.signatures.push_back(edges(t, half_edges()));
    c.signatures.push_back({{{t, {2, 150}, 0.1, 8}}});
    c.signatures.push_back({{{t, {}, 0.1, 8}}});
  }
  return c;
}

struct HalfBinaryRow {
  const char* name;
  Binary f;
  double (*of)(double, double);
};
const HalfBinaryRow kHalfBinary[] = {
    {"add", lax::add, [](double a, double b) { return a + b; }},
    {"sub", lax::sub, [](double a, double b) { return a - b; }},
    {"mul", lax::mul, [](double a, double b) { return a * b; }},
    {"div", lax::div, [](double a, double b) { return a / b; }},
    {"rem", lax::rem, [](double a, double b) { return std::fmod(a, b); }},
    {"pow", lax::pow, [](double a, double b) { return std::pow(a, b); }},
    {"max", lax::max, [](double a, double b) { return std::isnan(a) || std::isnan(b) ? kNaN : a > b ? a : b; }},
};

Case half_binary_case(const HalfBinaryRow& r) {
  Case c{std::string(r.name) + "/half", r.name, flat(r.f), {}, of_reals(r.of), kOneRounding, 0, {0, 0}, {0, 0}, {}};
  for (const auto t : kHalves) {
    c.signatures.push_back(edge_pairs(t, half_edges()));
    c.signatures.push_back({{{t, {}, 0.1, 8}, {t, {300}, 0.1, 8}}});
    c.signatures.push_back({{{t, {2, 3}, 0.1, 8}, {t, {}, 0.1, 8}}});
  }
  c.errors = mismatched(DType::float16, DType::bfloat16);
  return c;
}

Case half_comparison_case(const char* name, Binary f, bool (*of)(double, double)) {
  Case c{std::string(name) + "/half", name, flat(f), {}, {}, 0, 0, {0, 0}, {0, 0}, {}};
  c.reference = pointwise([of](std::span<const Number> x, DType) { return whole(of(x[0].f, x[1].f)); }, DType::bool_);
  for (const auto t : kHalves) c.signatures.push_back(edge_pairs(t, half_edges()));
  return c;
}

// Sums and products, in 32 bits and rounded or wrapped once.
Number sum_of(std::span<const Number> xs) {
  double f = 0;
  I i = 0;
  for (const auto& x : xs) f += x.f, i += x.i;
  return {f, i};
}

Case sum_case(DType t) {
  Case c{"reduce_sum/" + std::string(short_name(t)), "reduce_sum", {}, {}, {}, kOneRounding, 0, {0}, {0}, {}};
  c.f = [](const Arrays& a) -> Arrays { return {lax::reduce_sum(a[0], {1})}; };
  c.reference = [](const std::vector<Host>& in) {
    const auto n = static_cast<std::size_t>(in[0].shape[1]);
    Host out{in[0].dtype, {in[0].shape[0]}, {}};
    for (std::size_t row = 0; row < static_cast<std::size_t>(in[0].shape[0]); ++row) {
      auto sum = sum_of(std::span(in[0].v).subspan(row * n, n));
      sum.i = wrapped(sum.i, in[0].dtype);
      out.v.push_back(sum);
    }
    return std::vector<Host>{out};
  };
  c.signatures = {{{{t, {3, 50}, 0, 100}}}, {{{t, {2, 0}}}}, {{{t, {1, 9}, 0, 100}}}};
  return c;
}

Case extremum_case(const char* name, Array (*f)(const Array&, const Dims&), bool largest, DType t) {
  Case c{std::string(name) + "/" + std::string(short_name(t)), name, {}, {}, {}, 0, 0, {0}, {0}, {}};
  c.f = [f](const Arrays& a) -> Arrays { return {f(a[0], {0})}; };
  c.reference = [largest](const std::vector<Host>& in) {
    Number best = in[0].v[0];
    for (const auto& x : in[0].v) {
      const bool more = x.f > best.f || x.i > best.i, less = x.f < best.f || x.i < best.i;
      if (largest ? more : less) best = x;
    }
    return std::vector<Host>{{in[0].dtype, {}, {best}}};
  };
  c.signatures = {{{{t, {70}, is_unsigned_integer(t) ? 0.0 : -100.0, 100}}}};
  return c;
}

Case argmax_case(DType t) {
  Case c{"argmax/" + std::string(short_name(t)), "argmax", {}, {}, {}, 0, 0, {0}, {0}, {}};
  c.f = [](const Arrays& a) -> Arrays { return {lax::argmax(a[0], 0, DType::int64)}; };
  c.reference = [](const std::vector<Host>& in) {
    std::size_t at = 0;
    for (std::size_t k = 1; k < in[0].v.size(); ++k)
      if (in[0].v[k].f > in[0].v[at].f || in[0].v[k].i > in[0].v[at].i) at = k;
    return std::vector<Host>{{DType::int64, {}, {whole(static_cast<I>(at))}}};
  };
  c.signatures = {{{{t, {70}, is_unsigned_integer(t) ? 0.0 : -100.0, 100}}}};
  return c;
}

Case dot_case(DType t) {
  Case c{"dot_general/" + std::string(short_name(t)), "dot_general", {}, {}, {}, kOneRounding, 0, {0, 0}, {0, 0}, {}};
  c.f = [](const Arrays& a) -> Arrays { return {lax::dot_general(a[0], a[1], {{1}, {0}, {}, {}})}; };
  c.reference = [](const std::vector<Host>& in) {
    const auto m = in[0].shape[0], k = in[0].shape[1], n = in[1].shape[1];
    Host out{in[0].dtype, {m, n}, {}};
    for (I i = 0; i < m; ++i)
      for (I j = 0; j < n; ++j) {
        std::vector<Number> terms;
        for (I p = 0; p < k; ++p) {
          const auto &a = in[0].v[static_cast<std::size_t>(i * k + p)], &b = in[1].v[static_cast<std::size_t>(p * n + j)];
          terms.push_back({a.f * b.f, a.i * b.i});
        }
        auto sum = sum_of(terms);
        sum.i = wrapped(sum.i, out.dtype);
        out.v.push_back(sum);
      }
    return std::vector<Host>{out};
  };
  c.signatures = {{{{t, {3, 4}, 0, 20}, {t, {4, 2}, 0, 20}}}};
  return c;
}

Case select_case(DType t) {
  Case c{"select_n/" + std::string(short_name(t)), "select_n", {}, {}, {}, 0, 0, {0, 0, 0}, {0, 0, 0}, {}};
  c.f = [](const Arrays& a) -> Arrays { return {lax::select_n(a[0], a[1], a[2])}; };
  c.reference = pointwise([](std::span<const Number> x, DType) { return x[0].i != 0 ? x[2] : x[1]; });
  c.signatures = {{{{DType::bool_, {150}}, {t, {150}, 0, 9}, {t, {150}, 0, 9}}},
                  {{{DType::bool_, {}}, {t, {2, 3}, 0, 9}, {t, {}, 0, 9}}},
                  {{{DType::bool_, {2, 3}}, {t, {}, 0, 9}, {t, {2, 3}, 0, 9}}}};
  return c;
}

Case iota_case(DType t) {
  Case c{"iota/" + std::string(short_name(t)), "iota", {}, {}, {}, 0, 0, {}, {}, {}};
  c.f = [t](const Arrays&) -> Arrays { return {lax::iota(t, {3, 50}, 1)}; };
  c.reference = [t](const std::vector<Host>&) {
    Host out{t, {3, 50}, {}};
    for (I i = 0; i < 150; ++i) out.v.push_back({static_cast<double>(i % 50), is_integer(t) ? i % 50 : 0});
    return std::vector<Host>{out};
  };
  c.signatures = {{{}, false}};
  return c;
}

Case integer_pow_case(DType t) {
  Case c{"integer_pow/" + std::string(short_name(t)), "integer_pow", {}, {}, {}, kOneRounding, 0, {0}, {0}, {}};
  c.f = [](const Arrays& a) -> Arrays { return {lax::integer_pow(a[0], 5)}; };
  c.reference = pointwise([](std::span<const Number> x, DType) {
    const auto i = x[0].i;
    return Number{std::pow(x[0].f, 5), i * i * i * i * i};
  });
  c.signatures = {{{{t, {50}, 0, 6}}}};
  return c;
}

}  // namespace

void add_narrow_cases(std::vector<Case>& to) {
  for (const auto& r : kWhole) to.push_back(whole_case(r));
  for (const auto& r : kWholeUnary) to.push_back(whole_unary_case(r));
  for (const auto& r : kHalf) to.push_back(half_case(r));
  for (const auto& r : kHalfBinary) to.push_back(half_binary_case(r));
  to.push_back(half_comparison_case("lt", lax::lt, [](double a, double b) { return a < b; }));
  to.push_back(half_comparison_case("eq", lax::eq, [](double a, double b) { return a == b; }));
  for (const auto t : {DType::int8, DType::uint8, DType::int16, DType::uint16, DType::float16, DType::bfloat16}) {
    to.push_back(sum_case(t));
    to.push_back(extremum_case("reduce_max", lax::reduce_max, true, t));
    to.push_back(extremum_case("reduce_min", lax::reduce_min, false, t));
    to.push_back(argmax_case(t));
    to.push_back(dot_case(t));
    to.push_back(select_case(t));
    to.push_back(iota_case(t));
    to.push_back(integer_pow_case(t));
  }
  for (const auto t : {DType::complex64, DType::complex128}) to.push_back(iota_case(t));
}

}  // namespace fluxion::test
