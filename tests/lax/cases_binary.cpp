// Elementwise primitives of two and three operands.
#include "lax/case_parts.hpp"

namespace fluxion::test {

namespace {

using U = std::uint64_t;

double max_nan(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return kNaN;
  if (a == b) return std::signbit(a) ? b : a;  // max(-0, 0) is 0
  return a > b ? a : b;
}
double min_nan(double a, double b) { return -max_nan(-a, -b); }

bool less_than(std::int64_t a, std::int64_t b, DType t) { return t == DType::uint64 ? static_cast<U>(a) < static_cast<U>(b) : a < b; }

// Truncating division, total as XLA's: x / 0 is -1 (all ones), INT_MIN / -1 wraps.
std::int64_t quotient(std::int64_t a, std::int64_t b, DType t) {
  if (b == 0) return -1;
  if (t == DType::uint64) return static_cast<std::int64_t>(static_cast<U>(a) / static_cast<U>(b));
  return b == -1 ? static_cast<std::int64_t>(0 - static_cast<U>(a)) : a / b;
}
std::int64_t remainder(std::int64_t a, std::int64_t b, DType t) {
  if (b == 0) return a;
  return static_cast<std::int64_t>(static_cast<U>(a) - static_cast<U>(quotient(a, b, t)) * static_cast<U>(b));
}

const std::vector<Number>& whole_edges() {
  static const std::vector<Number> v{whole(0), whole(1), whole(-1), whole(3), whole(-7), whole(INT64_MAX), whole(INT64_MIN),
                                     whole(INT32_MAX), whole(INT32_MIN), whole(0xffffffff)};
  return v;
}

struct NumberRow {
  const char* name;
  Binary f;
  double (*of_reals)(double, double);
  std::int64_t (*of_wholes)(std::int64_t, std::int64_t, DType);
  Interval x, y;             // smooth domain
  std::vector<char> linear;
  bool extremum = false;     // of bool, too; which of two zeros of different signs it is, is left open
};

std::vector<NumberRow> number_rows() {
  return {
      {"add", lax::add, [](double a, double b) { return a + b; },
       [](std::int64_t a, std::int64_t b, DType) { return static_cast<std::int64_t>(static_cast<U>(a) + static_cast<U>(b)); },
       {-2, 2}, {-2, 2}, {0, 0}},
      {"sub", lax::sub, [](double a, double b) { return a - b; },
       [](std::int64_t a, std::int64_t b, DType) { return static_cast<std::int64_t>(static_cast<U>(a) - static_cast<U>(b)); },
       {-2, 2}, {-2, 2}, {0, 0}},
      {"mul", lax::mul, [](double a, double b) { return a * b; },
       [](std::int64_t a, std::int64_t b, DType) { return static_cast<std::int64_t>(static_cast<U>(a) * static_cast<U>(b)); },
       {-2, 2}, {-2, 2}, {1, 1}},
      {"div", lax::div, [](double a, double b) { return a / b; }, quotient, {-2, 2}, {0.5, 2}, {1, 0}},
      {"rem", lax::rem, [](double a, double b) { return std::fmod(a, b); }, remainder, {2.1, 2.4}, {0.9, 1}, {0, 0}},
      {"max", lax::max, max_nan, [](std::int64_t a, std::int64_t b, DType t) { return less_than(a, b, t) ? b : a; },
       {0, 1}, {1.1, 2}, {0, 0}, true},
      {"min", lax::min, min_nan, [](std::int64_t a, std::int64_t b, DType t) { return less_than(a, b, t) ? a : b; },
       {0, 1}, {1.1, 2}, {0, 0}, true},
  };
}

Case number_case(const NumberRow& r) {
  const bool sum = r.f == lax::add || r.f == lax::sub;
  const double ulps = r.extremum ? 0.5 : 0;
  Case c{r.name, r.name, flat(r.f), {}, {}, ulps, ulps, {1, 1}, r.linear, {}, sum ? std::vector<char>{1, 1} : r.linear};
  c.reference = pointwise([r](std::span<const Number> x, DType t) {
    return is_floating(t) ? real(r.of_reals(x[0].f, x[1].f)) : whole(r.of_wholes(x[0].i, x[1].i, t));
  });
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {r.x, r.y})) c.signatures.push_back(s);
    c.signatures.push_back(edge_pairs(t, edge_values()));
  }
  for (const auto t : kIntegers) {
    for (const auto& shape : {Shape{}, Shape{17}, Shape{3, 2}}) c.signatures.push_back({{{t, shape, -100, 100}, {t, shape, 1, 9}}});
    c.signatures.push_back(edge_pairs(t, whole_edges()));
  }
  std::vector<DType> accepted{DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64};
  if (r.extremum) {
    accepted.push_back(DType::bool_);
    c.signatures.push_back(edge_pairs(DType::bool_, {whole(0), whole(1)}));
  }
  c.errors = refused_dtypes(accepted, 2);
  for (auto& e : mismatched(DType::float32, DType::float64)) c.errors.push_back(e);
  return c;
}

Case pow_case() {
  Case c{"pow", "pow", flat(lax::pow), {}, of_reals(std::pow), 1.5, 1.5, {1, 1}, {0, 0}, {}};
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {{0.5, 2}, {-2, 2}})) c.signatures.push_back(s);
    c.signatures.push_back(wide(t, {{0, 50}, {-20, 20}}));
    c.signatures.push_back(edge_pairs(t, edge_values()));
  }
  c.errors = refused_dtypes({DType::float32, DType::float64}, 2);
  for (auto& e : mismatched(DType::float64, DType::float32)) c.errors.push_back(e);
  return c;
}

struct ComparisonRow {
  const char* name;
  Binary f;
  bool less, equal, greater, unordered;  // what holds where
};

Case comparison_case(const ComparisonRow& r) {
  Case c{r.name, r.name, flat(r.f), {}, {}, 0, 0, {0, 0}, {0, 0}, {}};
  c.reference = pointwise([r](std::span<const Number> x, DType t) {
    if (is_floating(t) && (std::isnan(x[0].f) || std::isnan(x[1].f))) return whole(r.unordered);
    const bool less = is_floating(t) ? x[0].f < x[1].f : less_than(x[0].i, x[1].i, t);
    const bool greater = is_floating(t) ? x[0].f > x[1].f : less_than(x[1].i, x[0].i, t);
    return whole(less ? r.less : greater ? r.greater : r.equal);
  }, DType::bool_);
  for (const auto t : kFloats) {
    for (auto& s : same_shape_signatures(t, {{0, 1}, {0, 1}})) c.signatures.push_back(s);
    c.signatures.push_back(edge_pairs(t, edge_values()));
  }
  for (const auto t : kIntegers) {
    for (auto& s : same_shape_signatures(t, {{-2, 2}, {-2, 2}})) c.signatures.push_back(s);
    c.signatures.push_back(edge_pairs(t, whole_edges()));
  }
  c.signatures.push_back(edge_pairs(DType::bool_, {whole(0), whole(1)}));
  const bool ordered = r.less != r.greater;
  if (!ordered) c.signatures.push_back({{{DType::key_fry, {3}, 0, 0, {whole(1), whole(2), whole(-1)}},
                                         {DType::key_fry, {3}, 0, 0, {whole(1), whole(1), whole(-1)}}}});
  else c.errors = refused_dtypes({DType::bool_, DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64}, 2);
  for (auto& e : mismatched(DType::int32, DType::int64)) c.errors.push_back(e);
  return c;
}

struct BitsRow {
  const char* name;
  Binary f;
  U (*of)(U, U, unsigned bits, bool is_signed);
  bool shift;
};

Case bits_case(const BitsRow& r) {
  Case c{r.name, r.name, flat(r.f), {}, {}, 0, 0, {0, 0}, {0, 0}, {}};
  c.reference = pointwise([r](std::span<const Number> x, DType t) {
    const auto bits = 8 * static_cast<unsigned>(itemsize(t));
    const auto mask = bits == 32 ? U{0xffffffff} : ~U{0};
    const auto a = static_cast<U>(x[0].i), b = static_cast<U>(x[1].i);
    return whole(static_cast<std::int64_t>(r.of(r.shift ? a & mask : a, r.shift ? b & mask : b, bits, is_signed_integer(t))));
  });
  std::vector<Number> second = whole_edges();
  if (r.shift) for (const int n : {2, 31, 32, 33, 63, 64, 65}) second.push_back(whole(n));
  for (const auto t : kIntegers) {
    for (auto& s : same_shape_signatures(t, {{-100, 100}, {0, 9}})) c.signatures.push_back(s);
    c.signatures.push_back(edge_pairs(t, whole_edges(), second));
  }
  std::vector<DType> accepted{DType::int32, DType::int64, DType::uint32, DType::uint64};
  if (!r.shift) {
    accepted.push_back(DType::bool_);
    c.signatures.push_back(edge_pairs(DType::bool_, {whole(0), whole(1)}));
  }
  c.errors = refused_dtypes(accepted, 2);
  for (auto& e : mismatched(DType::uint32, DType::int32)) c.errors.push_back(e);
  return c;
}

U arithmetic_shift(U a, U b, unsigned bits, bool) {
  const auto n = std::min<U>(b, bits - 1);
  return bits == 32 ? static_cast<U>(static_cast<std::int64_t>(static_cast<std::int32_t>(a)) >> n)
                    : static_cast<U>(static_cast<std::int64_t>(a) >> n);
}

Case select_case() {
  Case c{"select_n", "select_n", {}, {}, {}, 0, 0, {0, 1, 1}, {0, 0, 0}, {}, {0, 1, 1}};
  c.f = [](const Arrays& a) -> Arrays { return {lax::select_n(a[0], a[1], a[2])}; };
  c.reference = pointwise([](std::span<const Number> x, DType) { return x[0].i != 0 ? x[2] : x[1]; });
  for (const auto t : {DType::float64, DType::float32, DType::int64, DType::int32, DType::uint64, DType::uint32, DType::bool_, DType::key_fry}) {
    for (const auto& shape : sample_shapes(t)) c.signatures.push_back({{{DType::bool_, shape}, {t, shape}, {t, shape}}});
    c.signatures.push_back({{{DType::bool_, {}}, {t, {5}}, {t, {5}}}});
    c.signatures.push_back({{{DType::bool_, {2, 3}}, {t, {}}, {t, {2, 3}}}});
    c.signatures.push_back({{{DType::bool_, {4}}, {t, {4}}, {t, {}}}});
    c.signatures.push_back({{{DType::bool_, {}}, {t, {}}, {t, {2, 3}}}});
  }
  const auto edge = edge_pairs(DType::float64, edge_values());
  c.signatures.push_back({{{DType::bool_, edge.args[0].shape}, edge.args[0], edge.args[1]}, false});
  c.errors = {
      {[] { return Arrays{array({1, 0}), array({1.0, 2.0}), array({1.0, 2.0})}; }, {"predicate", "bool", "i32[2]"}},
      {[] { return Arrays{array({true, false}), array({1.0, 2.0}), array({1, 2})}; }, {"equal dtypes", "f64[2]", "i32[2]"}},
      {[] { return Arrays{array({true, false}), array({1.0, 2.0, 3.0}), array({1.0, 2.0, 3.0})}; }, {"bool[2]", "f64[3]"}}};
  return c;
}

}  // namespace

void add_binary_cases(std::vector<Case>& to) {
  for (const auto& r : number_rows()) to.push_back(number_case(r));
  to.push_back(pow_case());
  to.push_back(select_case());
}

void add_integer_cases(std::vector<Case>& to) {
  for (const auto& r : {ComparisonRow{"eq", lax::eq, false, true, false, false}, {"ne", lax::ne, true, false, true, true},
                        {"lt", lax::lt, true, false, false, false}, {"le", lax::le, true, true, false, false},
                        {"gt", lax::gt, false, false, true, false}, {"ge", lax::ge, false, true, true, false}})
    to.push_back(comparison_case(r));
  const BitsRow rows[] = {
      {"and", lax::bitwise_and, [](U a, U b, unsigned, bool) { return a & b; }, false},
      {"or", lax::bitwise_or, [](U a, U b, unsigned, bool) { return a | b; }, false},
      {"xor", lax::bitwise_xor, [](U a, U b, unsigned, bool) { return a ^ b; }, false},
      {"shift_left", lax::shift_left, [](U a, U b, unsigned bits, bool) { return b < bits ? a << b : 0; }, true},
      {"shift_right_logical", lax::shift_right_logical, [](U a, U b, unsigned bits, bool) { return b < bits ? a >> b : 0; }, true},
      {"shift_right_arithmetic", lax::shift_right_arithmetic, arithmetic_shift, true}};
  for (const auto& r : rows) to.push_back(bits_case(r));
}

}  // namespace fluxion::test
