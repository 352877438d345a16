// Conversions between all dtypes, held against what jax documents and against plain C++.
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include <fluxion/complex.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/numpy.hpp>
#include <fluxion/transforms.hpp>

#include "support/text.hpp"
#include "support/host.hpp"

namespace fluxion {

namespace {

constexpr DType kNumbers[] = {bool_,    int8,     int16,   int32,   int64,     uint8,    uint16,  uint32,
                              uint64,   bfloat16, float16, float32, float64,   complex64, complex128};

std::vector<double> reals(const Array& x) { return x.astype(float64).to_vector<double>(); }

double two_to(int n) { return std::ldexp(1.0, n); }

// What convert_element_type says, one number at a time.
test::Number converted(test::Number x, DType from, DType to) {
  const bool real = is_inexact(from);
  if (to == bool_) return test::whole(real ? x.f != 0 : x.i != 0);
  if (is_inexact(to)) {
    const double v = real ? x.f : from == uint64 ? static_cast<double>(static_cast<std::uint64_t>(x.i)) : static_cast<double>(x.i);
    return {v, 0, is_complex(to) ? x.im : 0};
  }
  if (!real) return test::whole(test::wrapped(x.i, to));
  if (std::isnan(x.f)) return test::whole(0);
  const int bits = 8 * static_cast<int>(itemsize(to));
  const double above = is_unsigned_integer(to) ? two_to(bits) : two_to(bits - 1), lowest = is_unsigned_integer(to) ? 0 : -above;
  if (x.f >= above) return test::whole(is_unsigned_integer(to) ? test::wrapped(-1, to) : (std::int64_t{1} << (bits - 1)) - 1);
  if (x.f < lowest) return test::whole(is_unsigned_integer(to) ? 0 : std::numeric_limits<std::int64_t>::min() >> (64 - bits));
  return test::whole(to == uint64 ? static_cast<std::int64_t>(static_cast<std::uint64_t>(x.f)) : static_cast<std::int64_t>(x.f));
}

std::vector<test::Number> samples(DType t) {
  std::vector<test::Number> v;
  if (is_inexact(t)) {
    for (const double x : {0.0, 0.5, 0.99, 1.0, 1.5, 2.5, 100.7, 127.5, 128.0, 255.5, 256.0, 300.0, 32768.0, 65504.0, 65520.0, 1e5, 3e9,
                           4294967296.0, 9.3e18, 1.9e19, 1e30, 1e-8, 3e-41, test::kInf})
      for (const double sign : {1.0, -1.0}) v.push_back({sign * x, 0, is_complex(t) ? 2.0 : 0.0});
    v.push_back({test::kNaN, 0, 0});
  } else {
    for (const std::int64_t i : {0L, 1L, 2L, 100L, 127L, 128L, 200L, 255L, 256L, 32767L, 32768L, 65535L, 65536L, 2147483647L, 2147483648L,
                                 4294967295L, 16777217L, 9007199254740993L, 9223372036854775807L})
      for (const std::int64_t sign : {1L, -1L}) v.push_back(test::whole(test::wrapped(sign * i, t)));
  }
  return v;
}

}  // namespace

TEST_CASE("every dtype converts to every other: floats saturate, integers wrap, halves are rounded once") {
  for (const auto from : kNumbers)
    for (const auto to : kNumbers) {
      INFO(from << " to " << to);
      const auto v = samples(from);
      const Array x = test::make(test::sample({from, {static_cast<std::int64_t>(v.size())}, 0, 0, v}, 1));
      const auto host = test::read(x);
      test::Host want{to, host.shape, {}};
      for (const auto& n : host.v) want.v.push_back(converted(n, from, to));
      const auto got = lax::convert_element_type(x, to);
      CHECK_FALSE(test::difference(test::read(got), want, {}));
      CHECK_FALSE(test::difference(test::read(jit([to](const Array& y) { return lax::convert_element_type(y, to); })(x)), want, {}));
      // Scalars are converted on the host.
      for (std::size_t i = 0; i < host.v.size(); ++i)
        CHECK_FALSE(test::difference(test::read(x[static_cast<std::int64_t>(i)].astype(to)),
                                     {to, {}, {is_complex(from) && to == bool_ ? test::whole(host.v[i].f != 0 || host.v[i].im != 0 || std::isnan(host.v[i].f)) : want.v[i]}}, {}));
    }
}

TEST_CASE("a float64 is rounded to a half once, not by way of float32") {
  // Just above the tie between two halves: as a float32 it would be the tie itself, which goes to even.
  const double above_tie = 1 + two_to(-11) + two_to(-40), bf_above_tie = 1 + two_to(-8) + two_to(-40);
  CHECK(reals(array({above_tie}).astype(float16)) == std::vector{1 + two_to(-10)});
  CHECK(reals(array({1 + two_to(-11)}).astype(float16)) == std::vector{1.0});
  CHECK(reals(array({bf_above_tie}).astype(bfloat16)) == std::vector{1 + two_to(-7)});
  CHECK(static_cast<float>(float16_t(above_tie)) == 1 + two_to(-10));
  CHECK(static_cast<float>(bfloat16_t((std::int64_t{1} << 62) + (std::int64_t{1} << 54) + 1)) == two_to(62) + two_to(55));
  CHECK(static_cast<float>(float16_t(65519.99)) == 65504);
  CHECK(std::isinf(static_cast<float>(float16_t(65520.0))));
  CHECK(float16_t(two_to(-25)).bits == 0);
  CHECK(float16_t(two_to(-25) * 1.001).bits == 1);
  CHECK(float16_t(-0.0).bits == 0x8000);
}

TEST_CASE("every half is a float and comes back") {
  for (unsigned u = 0; u < 65536; ++u) {
    const auto h = __builtin_bit_cast(float16_t, static_cast<std::uint16_t>(u));
    const auto b = __builtin_bit_cast(bfloat16_t, static_cast<std::uint16_t>(u));
    const float f = h, g = b;
    if (std::isnan(f)) CHECK(std::isnan(static_cast<float>(float16_t(f))));
    else if (float16_t(f).bits != u || float16_t(static_cast<double>(f)).bits != u) FAIL(u);
    if (std::isnan(g)) CHECK(std::isnan(static_cast<float>(bfloat16_t(g))));
    else if (bfloat16_t(g).bits != u) FAIL(u);
    const int exponent = (static_cast<int>(u) >> 10) & 31, fraction = static_cast<int>(u) & 1023;
    if (exponent == 31) continue;
    const double value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    if (std::fabs(static_cast<double>(f)) != value || std::signbit(f) != (u >= 32768)) FAIL(u);
  }
}

TEST_CASE("between two neighbouring halves the nearer one is taken, at a tie the even one") {
  for (unsigned u = 0; u < 0x7bff; ++u) {
    const double low = __builtin_bit_cast(float16_t, static_cast<std::uint16_t>(u));
    const double high = __builtin_bit_cast(float16_t, static_cast<std::uint16_t>(u + 1));
    const double middle = (low + high) / 2;
    if (float16_t(middle).bits != u + (u & 1) || float16_t(std::nextafter(middle, 0)).bits != u ||
        float16_t(std::nextafter(middle, high)).bits != u + 1 || float16_t(static_cast<float>(middle)).bits != u + (u & 1))
      FAIL(u);
  }
}

TEST_CASE("arrays convert halves as host numbers do") {
  std::vector<float16_t> all(65536);
  for (unsigned u = 0; u < 65536; ++u) all[u].bits = static_cast<std::uint16_t>(u);
  const Array x = array(all);
  const auto wide = x.astype(float32);
  const auto values = wide.to_vector<float>();
  const auto back = wide.astype(float16).to_vector<float16_t>();
  for (unsigned u = 0; u < 65536; ++u) {
    if (!(values[u] == static_cast<float>(all[u]) || std::isnan(values[u]))) FAIL(u);
    if (back[u].bits != u && !std::isnan(values[u])) FAIL(u);
  }
}

TEST_CASE("the documented conversions") {
  CHECK(test::str(arange(254.0, 258.0).astype(uint8)) == "[254 255 255 255]");
  CHECK(test::str(array({300, -1}).astype(uint8)) == "[ 44 255]");
  CHECK(test::str(array({std::nan(""), -1e300}).astype(int64)) == "[                   0 -9223372036854775808]");
  CHECK(test::str(array({0.5, 0.0, std::nan("")}).astype(bool_)) == "[ True False  True]");
  const Array z = array({std::complex<double>(1, 2), std::complex<double>(0, 3)});
  CHECK(test::str(z.astype(float64)) == "[1. 0.]");
  CHECK(test::str(z.astype(bool_)) == "[ True  True]");
  CHECK(test::str(lax::convert_element_type(z, bool_)) == "[ True False]");
}

TEST_CASE("integers wrap in every width, and sums are of the default width") {
  CHECK(test::str(array<std::int8_t>({100, -128}) + array<std::int8_t>({100, -1})) == "[-56 127]");
  CHECK(test::str(-array<std::uint8_t>({0, 1, 255})) == "[  0 255   1]");
  CHECK(test::str(abs(array<std::int16_t>({-32768, -5}))) == "[-32768      5]");
  const auto total = sum(array<std::int8_t>({100, 100}));
  CHECK(total.dtype() == int64);
  CHECK(total.item<std::int64_t>() == 200);
  CHECK(sum(array<std::uint16_t>({65535, 1})).dtype() == uint64);
  CHECK((array<std::int8_t>({1}) / array<std::int8_t>({2})).dtype() == float32);
  CHECK(sin(array<std::int16_t>({1})).dtype() == float32);
}

TEST_CASE("sums of halves are formed in float32") {
  const Array x = full({3000}, 1.0, float16);
  CHECK(sum(x).item<float>() == 3000);  // in float16 itself the sum would stay at 2048
  CHECK(sum(full({1000}, 1.0, bfloat16)).item<float>() == 1000);
  CHECK(sum(x).dtype() == float16);
  CHECK(dot(x, x).item<float>() == 3000);
}

TEST_CASE("items convert where nothing is lost") {
  CHECK(scalar(float16_t(1.5)).item<double>() == 1.5);
  CHECK(scalar(1.5F).item<float16_t>().bits == float16_t(1.5).bits);
  CHECK(scalar(bfloat16_t(3)).item<int>() == 3);
  CHECK(scalar(std::complex<float>(1, 2)).item<std::complex<double>>() == std::complex<double>(1, 2));
  CHECK(scalar(2.5).item<std::complex<float>>() == std::complex<float>(2.5F, 0));
  CHECK_THROWS_AS(scalar(std::complex<double>(1, 0)).item<double>(), TypeError);
  CHECK_THROWS_AS(scalar(float16_t(1.5)).item<int>(), ValueError);
  CHECK(static_cast<bool>(scalar(std::complex<double>(0, 2))));
  CHECK_FALSE(static_cast<bool>(scalar(float16_t(-0.0))));
}

}  // namespace fluxion
