// Arrays as plain numbers on the host: what references compute with, how samples are made, and how results are
// compared. Uses nothing of the library but creation and to_vector.
#pragma once

#include <complex>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion::test {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// One element: `f` for floating dtypes, with `im` for complex ones; `i` for all others, uint64 as its bits.
struct Number {
  double f = 0;
  std::int64_t i = 0;
  double im = 0;
};
inline Number real(double v) { return {v, 0}; }
inline Number whole(std::int64_t v) { return {0, v}; }
inline Number complex_number(std::complex<double> z) { return {z.real(), 0, z.imag()}; }
inline std::complex<double> complex_value(const Number& n) { return {n.f, n.im}; }

struct Host {
  DType dtype = DType::float64;
  Shape shape;
  std::vector<Number> v;  // row-major
};

/// `i` wrapped to the dtype's width and sign.
std::int64_t wrapped(std::int64_t i, DType dtype);
/// The elements of a concrete array of any dtype with values (keys as their 64 bits).
Host read(const Array& x);
Array make(const Host& h);

/// How an argument is sampled: `values` (repeated) if there are any, else uniformly from [lo, hi], both parts of complex
/// numbers.
struct Arg {
  DType dtype = DType::float64;
  Shape shape;
  double lo = -1, hi = 1;
  std::vector<Number> values{};
};
Host sample(const Arg& arg, std::uint64_t seed);
std::uint64_t seed_of(const std::string& name, std::uint64_t index);

/// When two results count as equal. NaNs are equal to each other.
struct Tolerance {
  double ulps = 0;                // of the dtype; 0: the bits agree
  double relative = 0, absolute = 0;
  static Tolerance bits() { return {}; }
  static Tolerance within_ulps(double n) { return {n, 0, 0}; }
  static Tolerance close(double r, double a) { return {0, r, a}; }
};

/// What makes `got` differ from `want`: dtype, shape or the first element. Nothing if they agree.
std::optional<std::string> difference(const Host& got, const Host& want, Tolerance t);
std::optional<std::string> difference(const Array& got, const Array& want, Tolerance t = {});
std::optional<std::string> difference(const Arrays& got, const Arrays& want, Tolerance t = {});
/// The greatest distance in ulps over all elements; 0 for equal bits.
double max_ulps(const Host& got, const Host& want);

/// x[i] along an axis, for any dtype.
Array take(const Array& x, std::int64_t axis, std::int64_t i);

}  // namespace fluxion::test
