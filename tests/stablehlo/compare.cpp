#include "stablehlo/compare.hpp"

#include <cmath>
#include <complex>
#include <cstring>
#include <limits>
#include <sstream>
#include <vector>

#include "base/visit_dtype.hpp"

namespace fluxion::test::stablehlo {

namespace {

constexpr std::uint64_t kMaxUlps = 3;
constexpr double kAlmost = 1e-3;

template <std::size_t size> struct Bits;
template <> struct Bits<2> { using type = std::uint16_t; };
template <> struct Bits<4> { using type = std::uint32_t; };
template <> struct Bits<8> { using type = std::uint64_t; };

bool is_nan(double x) { return std::isnan(x); }

/// Units in the last place between two floats of one format; NaNs are one value.
template <class T>
std::uint64_t ulps(T a, T b) {
  using U = typename Bits<sizeof(T)>::type;
  constexpr U sign = U(1) << (8 * sizeof(T) - 1);
  U x, y;
  std::memcpy(&x, &a, sizeof x);
  std::memcpy(&y, &b, sizeof y);
  if (x == y) return 0;
  const auto p = static_cast<double>(a), q = static_cast<double>(b);
  if (is_nan(p) && is_nan(q)) return 0;
  if (!std::isfinite(p) || !std::isfinite(q)) return std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t m = x & U(~sign), n = y & U(~sign);
  return ((x ^ y) & sign) != 0 ? m + n : m > n ? m - n : n - m;
}

template <class T>
bool passes_float(const std::string& check, T got, T expected) {
  const auto a = static_cast<double>(got), b = static_cast<double>(expected);
  if (check == "expect_eq") return a == b;
  if (check == "expect_close") return ulps(got, expected) <= kMaxUlps;
  return a == b || (is_nan(a) && is_nan(b)) || std::abs(a - b) <= kAlmost;
}

template <class T>
bool passes(const std::string& check, const T& got, const T& expected) {
  if constexpr (std::is_integral_v<T>) return got == expected;
  else if constexpr (requires { got.real(); })
    return passes_float(check, got.real(), expected.real()) && passes_float(check, got.imag(), expected.imag());
  else return passes_float(check, got, expected);
}

template <class T>
std::string first_difference(const std::string& check, const Array& got, const Array& expected) {
  const auto a = got.to_vector<T>(), b = expected.to_vector<T>();
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (passes<T>(check, a[i], b[i])) continue;
    std::ostringstream s;
    s.precision(17);
    const auto show = [&](const T& v) {
      if constexpr (requires { v.real(); }) s << v.real() << (v.imag() < 0 ? "" : "+") << v.imag() << 'i';
      else s << static_cast<double>(v);
    };
    s << check << " at " << i << ": got ";
    show(a[i]);
    s << ", expected ";
    show(b[i]);
    return s.str();
  }
  return "";
}

}  // namespace

std::string difference(const std::string& check, const Array& got, const Array& expected) {
  if (got.dtype() != expected.dtype() || got.shape() != expected.shape()) {
    std::ostringstream s;
    s << "got " << got.aval() << ", expected " << expected.aval();
    return s.str();
  }
  if (got.dtype() == float16) return first_difference<float16_t>(check, got, expected);
  if (got.dtype() == bfloat16) return first_difference<bfloat16_t>(check, got, expected);
  return visit_dtype(got.dtype(), [&]<class T>() { return first_difference<T>(check, got, expected); });
}

}  // namespace fluxion::test::stablehlo
