// Numbers with nested infinitesimals, e1^2 = e2^2 = ... = 0: a second, independent way to differentiate, to hold
// the transformations against. Source: Fike & Alonso, The Development of Hyper-Dual Numbers (2011).
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace fluxion::test {

/// a + b e, where a and b are numbers of the level below; level 0 is a double. Coefficient i belongs to the product
/// of the infinitesimals whose bits are set in i. A number of a lower level has zeros for what it lacks.
class HyperDual {
 public:
  HyperDual(double value = 0) : c_{value} {}

  double value() const { return c_[0]; }
  /// The number plus `slope` times the infinitesimal of `level` (counted from 0).
  HyperDual seeded(std::size_t level, double slope) const {
    auto out = at_level(level + 1);
    out.c_[std::size_t{1} << level] += slope;
    return out;
  }
  HyperDual seeded(std::size_t level, const HyperDual& slope) const {
    auto out = at_level(level + 1);
    const auto s = slope.at_level(level);
    for (std::size_t i = 0; i < s.c_.size(); ++i) out.c_[s.c_.size() + i] += s.c_[i];
    return out;
  }
  /// The coefficient of the infinitesimal of `level`, the highest that the number may have.
  HyperDual slope(std::size_t level) const { return at_level(level + 1).high(); }

  friend HyperDual operator+(const HyperDual& x, const HyperDual& y) {
    const auto n = std::max(x.level(), y.level());
    auto out = x.at_level(n);
    const auto b = y.at_level(n);
    for (std::size_t i = 0; i < b.c_.size(); ++i) out.c_[i] += b.c_[i];
    return out;
  }
  friend HyperDual operator-(const HyperDual& x) { return x * HyperDual(-1); }
  friend HyperDual operator-(const HyperDual& x, const HyperDual& y) { return x + -y; }
  friend HyperDual operator*(const HyperDual& x, const HyperDual& y) {
    const auto n = std::max(x.level(), y.level());
    if (n == 0) return x.c_[0] * y.c_[0];
    const auto a = x.at_level(n), b = y.at_level(n);
    return joined(a.low() * b.low(), a.low() * b.high() + a.high() * b.low());
  }
  friend HyperDual sin(const HyperDual& x) {
    if (x.level() == 0) return std::sin(x.c_[0]);
    return joined(sin(x.low()), cos(x.low()) * x.high());
  }
  friend HyperDual cos(const HyperDual& x) {
    if (x.level() == 0) return std::cos(x.c_[0]);
    return joined(cos(x.low()), -sin(x.low()) * x.high());
  }
  friend HyperDual exp(const HyperDual& x) {
    if (x.level() == 0) return std::exp(x.c_[0]);
    const auto e = exp(x.low());
    return joined(e, e * x.high());
  }
  friend HyperDual tanh(const HyperDual& x) {
    if (x.level() == 0) return std::tanh(x.c_[0]);
    const auto t = tanh(x.low());
    return joined(t, (1.0 - t * t) * x.high());
  }

 private:
  std::size_t level() const {
    std::size_t n = 0;
    while (std::size_t{1} << n < c_.size()) ++n;
    return n;
  }
  HyperDual at_level(std::size_t n) const {
    auto out = *this;
    if (out.c_.size() < std::size_t{1} << n) out.c_.resize(std::size_t{1} << n, 0.0);
    return out;
  }
  HyperDual low() const { return half(0); }
  HyperDual high() const { return half(c_.size() / 2); }
  HyperDual half(std::size_t from) const {
    HyperDual out;
    const auto begin = c_.begin() + static_cast<std::ptrdiff_t>(from);
    out.c_.assign(begin, begin + static_cast<std::ptrdiff_t>(c_.size() / 2));
    return out;
  }
  static HyperDual joined(HyperDual low, const HyperDual& high) {
    low.c_.insert(low.c_.end(), high.c_.begin(), high.c_.end());
    return low;
  }

  std::vector<double> c_;  // a power of two of them
};

}  // namespace fluxion::test
