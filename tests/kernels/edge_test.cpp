// Values that a specification, not an approximation, defines.
#include "support.hpp"

#include <bit>
#include <cstdlib>

#include <fluxion/error.hpp>

using namespace kernel_tests;

namespace {

template <class T, class... In>
T one(const Table& t, Op op, In... in) {
  return apply<T>(t.elementwise(op, dtype<std::common_type_t<In...>>(), 0), 1, std::vector<In>{in}...)[0];
}

template <class T, class... In>
void expect(const Table& t, Op op, T want, In... in) {
  const T got = one<T>(t, op, in...);
  const std::string operands = ((" " + shown(in)) + ...);
  INFO(label(t, op) << operands << " is " << shown(got) << ", not " << shown(want));
  CHECK(same(got, want));
}

/// Every pair of awkward values against a scalar reference.
template <class T, class Reference>
void expect_pairs(const Table& t, Op op, Reference reference) {
  const auto v = awkward_values<T>(80, 9);
  for (unsigned mask : {0u, 1u, 2u}) {
    const Kernel kernel = t.elementwise(op, dtype<T>(), mask);
    REQUIRE(kernel != nullptr);
    using Out = decltype(reference(v[0], v[0]));
    std::size_t wrong = 0;
    for (const T fixed : v) {
      const std::vector<T> held(mask == 0 ? v.size() : 1, fixed);
      const auto got = mask == 1 ? apply<Out>(kernel, v.size(), held, v) : apply<Out>(kernel, v.size(), v, held);
      for (std::size_t i = 0; i < v.size(); ++i) {
        const T a = mask == 1 ? fixed : v[i], b = mask == 1 ? v[i] : fixed;
        if (same(got[i], reference(a, b))) continue;
        if (wrong++ == 0) UNSCOPED_INFO(shown(a) << ", " << shown(b) << " gives " << shown(got[i]));
      }
    }
    INFO(label(t, op) << " mask " << mask);
    CHECK(wrong == 0);
  }
}

template <class T>
void check_integers(const Table& t) {
  using U = std::make_unsigned_t<T>;
  using S = std::make_signed_t<T>;
  using Bool = std::uint8_t;
  constexpr T lowest = std::numeric_limits<T>::min();
  constexpr U width = 8 * sizeof(T);
  expect_pairs<T>(t, Op::add, [](T a, T b) { return T(U(a) + U(b)); });
  expect_pairs<T>(t, Op::sub, [](T a, T b) { return T(U(a) - U(b)); });
  expect_pairs<T>(t, Op::mul, [](T a, T b) { return T(U(a) * U(b)); });
  expect_pairs<T>(t, Op::div, [](T a, T b) {
    if (b == 0) return T(-1);
    return std::is_signed_v<T> && a == lowest && b == T(-1) ? lowest : T(a / b);
  });
  expect_pairs<T>(t, Op::rem, [](T a, T b) {
    if (b == 0) return a;
    return std::is_signed_v<T> && b == T(-1) ? T(0) : T(a % b);
  });
  expect_pairs<T>(t, Op::max, [](T a, T b) { return a > b ? a : b; });
  expect_pairs<T>(t, Op::min, [](T a, T b) { return a < b ? a : b; });
  expect_pairs<T>(t, Op::and_, [](T a, T b) { return T(a & b); });
  expect_pairs<T>(t, Op::or_, [](T a, T b) { return T(a | b); });
  expect_pairs<T>(t, Op::xor_, [](T a, T b) { return T(a ^ b); });
  expect_pairs<T>(t, Op::shift_left, [](T a, T b) { return U(b) >= width ? T(0) : T(U(a) << U(b)); });
  expect_pairs<T>(t, Op::shift_right_logical, [](T a, T b) { return U(b) >= width ? T(0) : T(U(a) >> U(b)); });
  expect_pairs<T>(t, Op::shift_right_arithmetic,
                  [](T a, T b) { return T(S(a) >> (U(b) >= width ? width - 1 : U(b))); });
  expect_pairs<T>(t, Op::eq, [](T a, T b) { return Bool(a == b); });
  expect_pairs<T>(t, Op::ne, [](T a, T b) { return Bool(a != b); });
  expect_pairs<T>(t, Op::lt, [](T a, T b) { return Bool(a < b); });
  expect_pairs<T>(t, Op::le, [](T a, T b) { return Bool(a <= b); });
  expect_pairs<T>(t, Op::gt, [](T a, T b) { return Bool(a > b); });
  expect_pairs<T>(t, Op::ge, [](T a, T b) { return Bool(a >= b); });
  for (const T x : awkward_values<T>(60, 3)) {
    expect<T>(t, Op::neg, T(0 - U(x)), x);
    expect<T>(t, Op::not_, T(~x), x);
    expect<T>(t, Op::abs, std::is_signed_v<T> && S(x) < 0 ? T(0 - U(x)) : x, x);
    expect<T>(t, Op::square, T(U(x) * U(x)), x);
    expect<T>(t, Op::population_count, T(std::popcount(U(x))), x);
    expect<T>(t, Op::clz, T(std::countl_zero(U(x))), x);
    expect<T>(t, Op::sign, x == 0 ? T(0) : std::is_signed_v<T> && S(x) < 0 ? T(-1) : T(1), x);
  }
  CHECK(t.elementwise(Op::pow, dtype<T>(), 0) == nullptr);
  CHECK(t.elementwise(Op::exp, dtype<T>(), 0) == nullptr);
}

template <class T>
void check_floats(const Table& t) {
  using Bool = std::uint8_t;
  expect_pairs<T>(t, Op::add, [](T a, T b) { return a + b; });
  expect_pairs<T>(t, Op::sub, [](T a, T b) { return a - b; });
  expect_pairs<T>(t, Op::mul, [](T a, T b) { return a * b; });
  expect_pairs<T>(t, Op::div, [](T a, T b) { return a / b; });
  expect_pairs<T>(t, Op::rem, [](T a, T b) { return std::fmod(a, b); });
  expect_pairs<T>(t, Op::max, [](T a, T b) { return a != a ? a : a > b ? a : b; });
  expect_pairs<T>(t, Op::min, [](T a, T b) { return a != a ? a : a < b ? a : b; });
  expect_pairs<T>(t, Op::eq, [](T a, T b) { return Bool(a == b); });
  expect_pairs<T>(t, Op::ne, [](T a, T b) { return Bool(a != b); });
  expect_pairs<T>(t, Op::lt, [](T a, T b) { return Bool(a < b); });
  expect_pairs<T>(t, Op::le, [](T a, T b) { return Bool(a <= b); });
  expect_pairs<T>(t, Op::gt, [](T a, T b) { return Bool(a > b); });
  expect_pairs<T>(t, Op::ge, [](T a, T b) { return Bool(a >= b); });
  for (const T x : awkward_values<T>(120, 3)) {
    expect<T>(t, Op::neg, -x, x);
    expect<T>(t, Op::abs, std::fabs(x), x);
    expect<T>(t, Op::floor, std::floor(x), x);
    expect<T>(t, Op::sqrt, std::sqrt(x), x);
    expect<T>(t, Op::sign, x > 0 ? T(1) : x < 0 ? T(-1) : x, x);
  }
  for (const T x : {T(0.5), T(-0.5), T(-1.5), T(2.5), T(4503599627370495.5), T(-4503599627370495.5), T(8388607.5)})
    expect<T>(t, Op::floor, std::floor(x), x);
  CHECK(t.elementwise(Op::and_, dtype<T>(), 0) == nullptr);
  CHECK(t.elementwise(Op::shift_left, dtype<T>(), 0) == nullptr);
}

template <class T>
void check_special_values(const Table& t) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T tiny = std::numeric_limits<T>::denorm_min();
  struct Row {
    Op op;
    T x, value;
  };
  const Row rows[] = {{Op::exp, inf, inf},
                      {Op::exp, -inf, 0},
                      {Op::exp, -0.0, 1},
                      {Op::exp, 1e6, inf},
                      {Op::exp, -1e6, 0},
                      {Op::expm1, inf, inf},
                      {Op::expm1, -inf, -1},
                      {Op::expm1, T(-0.0), T(-0.0)},
                      {Op::expm1, tiny, tiny},
                      {Op::log, 0, -inf},
                      {Op::log, T(-0.0), -inf},
                      {Op::log, -1, nan},
                      {Op::log, -inf, nan},
                      {Op::log, inf, inf},
                      {Op::log, 1, 0},
                      {Op::log1p, -1, -inf},
                      {Op::log1p, -2, nan},
                      {Op::log1p, T(-0.0), T(-0.0)},
                      {Op::log1p, inf, inf},
                      {Op::log1p, tiny, tiny},
                      {Op::sin, inf, nan},
                      {Op::sin, -inf, nan},
                      {Op::sin, T(-0.0), T(-0.0)},
                      {Op::sin, 0, 0},
                      {Op::sin, tiny, tiny},
                      {Op::cos, inf, nan},
                      {Op::cos, T(-0.0), 1},
                      {Op::tanh, inf, 1},
                      {Op::tanh, -inf, -1},
                      {Op::tanh, T(-0.0), T(-0.0)},
                      {Op::tanh, tiny, tiny},
                      {Op::logistic, inf, 1},
                      {Op::logistic, -inf, 0},
                      {Op::logistic, T(-0.0), T(0.5)},
                      {Op::erf, inf, 1},
                      {Op::erf, -inf, -1},
                      {Op::erf, T(-0.0), T(-0.0)},
                      {Op::erf, std::numeric_limits<T>::max(), 1},
                      {Op::erf_inv, 1, inf},
                      {Op::erf_inv, -1, -inf},
                      {Op::erf_inv, T(-0.0), T(-0.0)},
                      {Op::erf_inv, T(1.5), nan},
                      {Op::erf_inv, inf, nan},
                      {Op::sqrt, T(-0.0), T(-0.0)},
                      {Op::sqrt, -1, nan},
                      {Op::exp2, inf, inf},
                      {Op::exp2, -inf, 0},
                      {Op::exp2, 10, 1024},
                      {Op::exp2, T(-0.0), 1},
                      {Op::rsqrt, 0, inf},
                      {Op::rsqrt, T(-0.0), -inf},
                      {Op::rsqrt, inf, 0},
                      {Op::rsqrt, -1, nan},
                      {Op::rsqrt, 4, T(0.5)},
                      {Op::tan, inf, nan},
                      {Op::tan, T(-0.0), T(-0.0)},
                      {Op::tan, tiny, tiny},
                      {Op::asin, T(-0.0), T(-0.0)},
                      {Op::asin, tiny, tiny},
                      {Op::asin, T(1.5), nan},
                      {Op::asin, -inf, nan},
                      {Op::acos, 1, 0},
                      {Op::acos, T(-1.5), nan},
                      {Op::acos, inf, nan},
                      {Op::atan, T(-0.0), T(-0.0)},
                      {Op::atan, tiny, tiny},
                      {Op::sinh, T(-0.0), T(-0.0)},
                      {Op::sinh, tiny, tiny},
                      {Op::sinh, inf, inf},
                      {Op::sinh, -inf, -inf},
                      {Op::sinh, std::numeric_limits<T>::lowest(), -inf},
                      {Op::cosh, 0, 1},
                      {Op::cosh, -inf, inf},
                      {Op::cosh, std::numeric_limits<T>::max(), inf},
                      {Op::asinh, T(-0.0), T(-0.0)},
                      {Op::asinh, -tiny, -tiny},
                      {Op::asinh, inf, inf},
                      {Op::asinh, -inf, -inf},
                      {Op::acosh, 1, 0},
                      {Op::acosh, T(0.5), nan},
                      {Op::acosh, -1, nan},
                      {Op::acosh, std::numeric_limits<T>::lowest(), nan},
                      {Op::acosh, -inf, nan},
                      {Op::acosh, inf, inf},
                      {Op::atanh, T(-0.0), T(-0.0)},
                      {Op::atanh, tiny, tiny},
                      {Op::atanh, 1, inf},
                      {Op::atanh, -1, -inf},
                      {Op::atanh, T(1.5), nan},
                      {Op::atanh, inf, nan},
                      {Op::erfc, inf, 0},
                      {Op::erfc, -inf, 2},
                      {Op::erfc, 0, 1},
                      {Op::lgamma, 0, inf},
                      {Op::lgamma, T(-0.0), inf},
                      {Op::lgamma, 1, 0},
                      {Op::lgamma, 2, 0},
                      {Op::lgamma, -3, inf},
                      {Op::lgamma, inf, inf},
                      {Op::lgamma, -inf, inf},
                      {Op::lgamma, T(-1e30), inf},
                      {Op::lgamma, std::numeric_limits<T>::max(), inf},
                      {Op::digamma, 0, nan},
                      {Op::digamma, T(-0.0), nan},
                      {Op::digamma, -2, nan},
                      {Op::digamma, tiny, -inf},
                      {Op::digamma, -tiny, inf},
                      {Op::digamma, inf, inf},
                      {Op::digamma, -inf, nan},
                      {Op::ceil, T(-0.5), T(-0.0)},
                      {Op::round_half_away, T(-0.5), -1},
                      {Op::round_half_away, T(2.5), 3},
                      {Op::round_half_even, T(-0.5), T(-0.0)},
                      {Op::round_half_even, T(2.5), 2},
                      {Op::square, -inf, inf}};
  for (const Row& r : rows) expect<T>(t, r.op, r.value, r.x);
  for (Op op : {Op::exp, Op::expm1, Op::log, Op::log1p, Op::sin, Op::cos, Op::tanh, Op::logistic, Op::erf,
                Op::erf_inv, Op::floor, Op::sign, Op::sqrt, Op::exp2, Op::rsqrt, Op::tan, Op::asin, Op::acos, Op::atan,
                Op::sinh, Op::cosh, Op::asinh, Op::acosh, Op::atanh, Op::erfc, Op::lgamma, Op::digamma, Op::ceil,
                Op::round_half_away, Op::round_half_even, Op::square})
    expect<T>(t, op, nan, nan);
  CHECK(std::isfinite(one<T>(t, Op::exp, T(sizeof(T) == 4 ? 88.72 : 709.78))));
  CHECK(one<T>(t, Op::exp, T(sizeof(T) == 4 ? -103 : -744)) > 0);
}

/// C99 F.9.1.4, and what libm makes of every pair; the neighbours in steps of a bit.
template <class T>
void check_pairs_of_floats(const Table& t) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T tiny = std::numeric_limits<T>::denorm_min(), largest = std::numeric_limits<T>::max();
  const T values[] = {0,    T(-0.0), 1,       -1,       2,   T(-0.5), inf, -inf,
                      tiny, -tiny,   largest, -largest, nan, std::numeric_limits<T>::min()};
  for (const T x : values)
    for (const T y : values) {
      expect<T>(t, Op::nextafter, std::nextafter(x, y), x, y);
      const T got = one<T>(t, Op::atan2, x, y), want = std::atan2(x, y);
      INFO(t.isa << " atan2 " << shown(x) << " " << shown(y) << " is " << shown(got) << ", not " << shown(want));
      CHECK((same(got, want) || std::fabs(got - want) <= 3 * std::numeric_limits<T>::epsilon() * std::fabs(want)));
      CHECK((std::isnan(want) || std::signbit(got) == std::signbit(want)));
      for (const T z : values) {
        const T clamped = one<T>(t, Op::clamp, x, y, z);
        if (std::isnan(x) || std::isnan(y) || std::isnan(z)) CHECK(std::isnan(clamped));
        else CHECK(clamped == std::min(std::max(x, y), z));
      }
    }
  const struct {
    T order, x, value;
  } rows[] = {{1, inf, 0}, {1, 0, inf}, {2, -3, nan}, {T(1.5), 2, nan}, {-1, 2, nan}, {1, nan, nan}};
  for (const auto& r : rows) expect<T>(t, Op::polygamma, r.value, r.order, r.x);
  // About pi^2 half-way between any two poles.
  for (const double x : {-0.5, -1000.5, -4000000.5})
    CHECK(one<T>(t, Op::polygamma, T(1), T(x)) == Approx(x < -2 ? 9.8696 : 8.9348).epsilon(1e-3));
  for (const T x : values) {
    CHECK(apply<std::uint8_t>(t.elementwise(Op::is_finite, dtype<T>(), 0), 1, std::vector<T>{x})[0] == std::isfinite(x));
  }
  for (const T x : awkward_values<T>(120, 3)) {
    expect<T>(t, Op::ceil, std::ceil(x), x);
    expect<T>(t, Op::round_half_away, std::round(x), x);
    expect<T>(t, Op::round_half_even, std::nearbyint(x), x);
    expect<T>(t, Op::square, x * x, x);
  }
}

/// C99 F.9.4.4, and agreement with libm's class of result for every pair.
template <class T>
void check_pow(const Table& t) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T values[] = {0,
                      T(-0.0),
                      1,
                      -1,
                      2,
                      -2,
                      T(0.5),
                      T(-0.5),
                      3,
                      -3,
                      T(2.5),
                      T(-2.5),
                      inf,
                      -inf,
                      nan,
                      std::numeric_limits<T>::max(),
                      std::numeric_limits<T>::denorm_min(),
                      std::numeric_limits<T>::min(),
                      T(1e9),
                      T(1e9) + 1,
                      T(16777217),
                      T(-1e30)};
  for (const T x : values)
    for (const T y : values) {
      const T got = one<T>(t, Op::pow, x, y), want = std::pow(x, y);
      INFO(t.isa << " pow " << shown(x) << " " << shown(y) << " is " << shown(got) << ", not " << shown(want));
      const bool exact = std::isnan(want) || std::isinf(want) || want == 0 || std::fabs(want) == 1;
      if (exact)
        CHECK(same(got, want));
      else
        CHECK(std::fabs(got - want) <=
              4 * std::numeric_limits<T>::epsilon() * std::fabs(want) + std::numeric_limits<T>::denorm_min());
    }
}

template <class To, class From>
void check_convert(const Table& t) {
  const Kernel kernel = t.convert(dtype<From>(), dtype<To>());
  REQUIRE(kernel != nullptr);
  auto v = awkward_values<From>(300, 11);
  const auto got = apply<To>(kernel, v.size(), v);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    To want;
    if constexpr (std::is_same_v<To, std::uint8_t>) {
      want = v[i] != From(0);
    } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
      using L = std::numeric_limits<To>;
      const long double x = v[i];
      want = std::isnan(v[i])             ? To(0)
             : x >= (long double)L::max() ? L::max()
             : x <= (long double)L::min() ? L::min()
                                          : To(v[i]);
    } else {
      want = To(v[i]);
    }
    if (!same(got[i], want) && wrong++ == 0)
      UNSCOPED_INFO(shown(v[i]) << " gives " << shown(got[i]) << ", not " << shown(want));
  }
  INFO(t.isa << " " << int(dtype<From>()) << " to " << int(dtype<To>()));
  CHECK(wrong == 0);
}
template <class To>
void check_convert_to(const Table& t) {
  check_convert<To, std::uint8_t>(t);
  check_convert<To, std::int32_t>(t);
  check_convert<To, std::int64_t>(t);
  check_convert<To, std::uint32_t>(t);
  check_convert<To, std::uint64_t>(t);
  check_convert<To, float>(t);
  check_convert<To, double>(t);
}

}  // namespace

TEMPLATE_TEST_CASE("integer operations wrap, divide by zero without a trap and shift out", "[kernels]", std::int32_t,
                   std::int64_t, std::uint32_t, std::uint64_t) {
  for (const Table* t : tables()) check_integers<TestType>(*t);
}

TEMPLATE_TEST_CASE("float arithmetic is IEEE's, and comparisons know NaN", "[kernels]", float, double) {
  for (const Table* t : tables()) check_floats<TestType>(*t);
}

TEMPLATE_TEST_CASE("special functions have C99's special values", "[kernels]", float, double) {
  for (const Table* t : tables()) {
    check_special_values<TestType>(*t);
    check_pow<TestType>(*t);
    check_pairs_of_floats<TestType>(*t);
  }
}

TEST_CASE("bool operations are logical and write 0 or 1", "[kernels]") {
  using B = std::uint8_t;
  for (const Table* t : tables())
    for (B a : {0, 1})
      for (B b : {0, 1}) {
        expect<B>(*t, Op::and_, a & b, a, b);
        expect<B>(*t, Op::or_, a | b, a, b);
        expect<B>(*t, Op::xor_, a ^ b, a, b);
        expect<B>(*t, Op::max, a | b, a, b);
        expect<B>(*t, Op::min, a & b, a, b);
        expect<B>(*t, Op::eq, a == b, a, b);
        expect<B>(*t, Op::ne, a != b, a, b);
        expect<B>(*t, Op::lt, a < b, a, b);
        expect<B>(*t, Op::le, a <= b, a, b);
        expect<B>(*t, Op::gt, a > b, a, b);
        expect<B>(*t, Op::ge, a >= b, a, b);
        expect<B>(*t, Op::not_, !a, a);
        for (B c : {0, 1}) expect<B>(*t, Op::clamp, B((a | b) & c), a, b, c);
        CHECK(t->elementwise(Op::add, bool_, 0) == nullptr);
      }
}

TEMPLATE_TEST_CASE("select takes on_true where the predicate holds", "[kernels]", std::uint8_t, std::int32_t,
                   std::uint64_t, float, double) {
  for (const Table* t : tables())
    for (unsigned mask : {0u, 2u, 4u, 6u}) {
      const std::size_t n = 203;
      const auto pred = awkward_values<std::uint8_t>(n, 1);
      const auto no = awkward_values<TestType>(mask & 2 ? 1 : n, 2),
                 yes = awkward_values<TestType>(mask & 4 ? 1 : n, 3);
      const auto got = apply<TestType>(t->elementwise(Op::select, dtype<TestType>(), mask), n, pred, no, yes);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < n; ++i)
        wrong += !same(got[i], pred[i] ? yes[mask & 4 ? 0 : i] : no[mask & 2 ? 0 : i]);
      INFO(t->isa << " mask " << mask);
      CHECK(wrong == 0);
    }
}

TEST_CASE("keys can be chosen and compared, and nothing else", "[kernels]") {
  for (const Table* t : tables())
    for (int o = 0; o < int(Op::count_); ++o) {
      const bool allowed = Op(o) == Op::select || Op(o) == Op::eq || Op(o) == Op::ne;
      CHECK((t->elementwise(Op(o), DType::key_fry, 0) != nullptr) == allowed);
    }
}

TEST_CASE("conversions saturate, wrap and test for zero", "[kernels]") {
  for (const Table* t : tables()) {
    check_convert_to<std::uint8_t>(*t);
    check_convert_to<std::int32_t>(*t);
    check_convert_to<std::int64_t>(*t);
    check_convert_to<std::uint32_t>(*t);
    check_convert_to<std::uint64_t>(*t);
    check_convert_to<float>(*t);
    check_convert_to<double>(*t);
    CHECK(t->convert(DType::key_fry, float32) == nullptr);
    CHECK(t->convert(float32, float0) == nullptr);
  }
}

TEMPLATE_TEST_CASE("iota counts from any start", "[kernels]", std::int32_t, std::int64_t, std::uint32_t,
                   std::uint64_t, float, double) {
  for (const Table* t : tables())
    for (std::int64_t start : {std::int64_t(0), std::int64_t(-5), std::int64_t(1) << 40, std::int64_t(16777210)}) {
      std::vector<TestType> out(100);
      void* args[] = {out.data(), &start};
      t->iota(dtype<TestType>())(args, out.size());
      for (std::size_t i = 0; i < out.size(); ++i) CHECK(out[i] == TestType(start + std::int64_t(i)));
    }
}

TEST_CASE("threefry gives the known answers at every position", "[kernels]") {
  struct Known {
    std::uint32_t key[2], count[2], bits[2];
  };
  // Random123's known-answer vectors for threefry2x32 with 20 rounds.
  const Known known[] = {{{0, 0}, {0, 0}, {0x6b200159, 0x99ba4efe}},
                         {{0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}, {0x1cb996fc, 0xbb002be7}},
                         {{0x13198a2e, 0x03707344}, {0x243f6a88, 0x85a308d3}, {0xc4923a9c, 0x483df7a0}}};
  for (const Table* t : tables())
    for (unsigned mask : {0u, 3u})
      for (const Known& k : known)
        for (std::size_t n : {1u, 3u, 16u, 37u}) {
          std::vector<std::uint32_t> key0(n, k.key[0]), key1(n, k.key[1]), c0(n, k.count[0]), c1(n, k.count[1]),
              o0(n), o1(n);
          void* args[] = {o0.data(), o1.data(), key0.data(), key1.data(), c0.data(), c1.data()};
          t->threefry2x32(mask)(args, n);
          for (std::size_t i = 0; i < n; ++i) CHECK((o0[i] == k.bits[0] && o1[i] == k.bits[1]));
        }
}

TEST_CASE("an instruction set is found by name, and an unknown name is null", "[kernels]") {
  CHECK(kernels::table_for("baseline") != nullptr);
  CHECK(kernels::table_for("sse9") == nullptr);
  for (const Table* t : tables()) CHECK(kernels::table_for(t->isa) == t);
  if (std::getenv("FLUXION_ISA") == nullptr) CHECK(&kernels::table() == tables().back());
}
