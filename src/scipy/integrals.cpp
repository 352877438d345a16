// Bessel functions, exponential integrals, the dilogarithm, zeta functions and Bernoulli numbers.
#include <cmath>
#include <vector>

#include <fluxion/creation.hpp>
#include <fluxion/lax/special.hpp>
#include <fluxion/scipy/special.hpp>
#include <fluxion/transforms/custom_jvp.hpp>
#include "base/text.hpp"
#include "lax/special/functions.hpp"
#include "scipy/parts.hpp"

namespace fluxion::scipy::special {

Array i0e(const Array& x) { return lax::bessel_i0e(floating("i0e", {x})[0]); }
Array i1e(const Array& x) { return lax::bessel_i1e(floating("i1e", {x})[0]); }
Array i0(const Array& x_in) {
  const auto x = floating("i0", {x_in})[0];
  return exp(abs(x)) * lax::bessel_i0e(x);
}
Array i1(const Array& x_in) {
  const auto x = floating("i1", {x_in})[0];
  return exp(abs(x)) * lax::bessel_i1e(x);
}

Array expi(const Array& x) { return lax::expi(floating("expi", {x})[0]); }
Array expn(const Array& n, const Array& x) {
  const auto in = floating("expn", {n, x});
  return lax::expn(in[0], in[1]);
}
Array exp1(const Array& x_in) {
  const auto x = floating("exp1", {x_in})[0];
  return lax::expn(literal(x, 1), x);
}

namespace rules {
namespace {

// The rational approximation around 1, to which x is brought by the functional equations. Source: Cephes' spence.
struct spence {
  Array operator()(const Array& x) const {
    const auto inverted = x > 1.5;
    const auto y = where(x > 2.0, 1.0 / x, x);
    const auto reflected = y < 0.5;
    const auto w = where(reflected, -y, where(inverted, 1.0 / x, y) - 1.0);
    const auto ratio =
        polynomial(w, {4.65128586073990045278E-5, 7.31589045238094711071E-3, 1.33847639578309018650E-1, 8.79691311754530315341E-1,
                       2.71149851196553469920E0, 4.25697156008121755724E0, 3.29771340985225106936E0, 1.00000000000000000126E0}) /
        polynomial(w, {6.90990488912553276999E-4, 2.54043763932544379113E-2, 2.82974860602568089943E-1, 1.41172597751831069617E0,
                       3.63800533345137075418E0, 5.03278880143316990390E0, 3.54771340985225096217E0, 9.99999999999999998740E-1});
    const double sixth = 3.14159265358979323846 * 3.14159265358979323846 / 6;
    auto value = -w * ratio;
    const auto small = where(reflected, y, literal(x, 0.25));
    value = where(reflected, sixth - log(small) * log(1.0 - small) - value, value);
    const auto z = log(where(inverted, x, literal(x, 1)));
    value = where(inverted, -0.5 * (z * z) - value, value);
    const auto nan = literal(x, std::nan(""));
    return where(x == 1.0, literal(x, 0), where(x == 0.0, literal(x, sixth), where(x < 0.0, nan, value)));
  }
};

}  // namespace
}  // namespace rules

Array spence(const Array& x_in) {
  return custom_jvp(rules::spence(), [](const auto& p, const auto& t) {
    const auto& x = std::get<0>(p);
    const auto at_one = x == 1.0;
    const auto safe = where(at_one, literal(x, 2), x);
    const auto slope = where(at_one, literal(x, -1), log(safe) / (1.0 - safe));
    return std::pair(rules::spence()(x), std::get<0>(t) * slope);
  })(floating("spence", {x_in})[0]);
}

Array zeta(const Array& x, const Array& q) {
  const auto in = floating("zeta", {x, q});
  return lax::zeta(in[0], in[1]);
}

// B_n = 2 (-1)^(n/2+1) n! zeta(n) / (2 pi)^n for even n.
Array bernoulli(std::int64_t n) {
  if (n < 0) throw ValueError(text("bernoulli: n must not be negative, got ", n, "; 0 gives B_0 alone"));
  std::vector<double> b(static_cast<std::size_t>(n) + 1, 0.0);
  long double factor = 2;  // 2 k! / (2 pi)^k
  for (std::int64_t k = 1; k <= n; ++k) {
    factor *= static_cast<long double>(k) / 6.28318530717958647692528676655900577L;
    if (k % 2 == 0)
      b[static_cast<std::size_t>(k)] = static_cast<double>((k % 4 == 0 ? -factor : factor) * lax::special::zeta(static_cast<double>(k), 1));
  }
  b[0] = 1;
  if (n >= 1) b[1] = -0.5;
  return array(b);
}

}  // namespace fluxion::scipy::special
