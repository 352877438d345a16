// Gamma and beta functions.
#include <cmath>

#include <fluxion/lax/special.hpp>
#include <fluxion/lax/math.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/reductions.hpp>
#include <fluxion/scipy/special.hpp>
#include <fluxion/transforms/custom_jvp.hpp>
#include "base/text.hpp"
#include "core/node.hpp"
#include "scipy/parts.hpp"

namespace fluxion::scipy::special {

Array gammaln(const Array& x) { return lax::lgamma(floating("gammaln", {x})[0]); }
Array digamma(const Array& x) { return lax::digamma(floating("digamma", {x})[0]); }

Array gammasgn(const Array& x_in) {
  const auto x = floating("gammasgn", {x_in})[0];
  const auto below = lax::floor(x), one = literal(x, 1);
  const auto negative_zero = logical_and(x == 0.0, 1.0 / x < 0.0);
  const auto odd = logical_and(x < 0.0, below % 2.0 != 0.0);
  const auto undefined = logical_or(logical_and(x < 0.0, x == below), isnan(x));
  return where(undefined, literal(x, std::nan("")), where(logical_or(odd, negative_zero), -one, one));
}

Array gamma(const Array& x_in) {
  const auto x = floating("gamma", {x_in})[0];
  return gammasgn(x) * exp(lax::lgamma(x));
}

Array polygamma(const Array& n, const Array& x) {
  const auto a = floating("polygamma", {n, x});
  return lax::polygamma(a[0], a[1]);
}

Array factorial(const Array& n) {
  const auto x = floating("factorial", {n})[0];
  return where(x < 0.0, literal(x, 0), exp(lax::lgamma(x + 1.0)));
}

namespace rules {
namespace {

struct poch {
  Array operator()(const Array& z, const Array& m) const {
    return where(m == 0.0, literal(z, 1), exp(lax::lgamma(z + m) - lax::lgamma(z)));
  }
};

}  // namespace
}  // namespace rules

Array poch(const Array& z, const Array& m) {
  const auto a = floating("poch", {z, m});
  return custom_jvp(rules::poch(), [](const auto& p, const auto& t) {
    const auto& [z, m] = p;
    const auto ans = rules::poch()(z, m);
    const auto psi = lax::digamma(z + m);
    return std::pair(ans, std::get<0>(t) * ((psi - lax::digamma(z)) * ans) + std::get<1>(t) * (psi * ans));
  })(a[0], a[1]);
}

Array gammainc(const Array& a, const Array& x) {
  const auto in = floating("gammainc", {a, x});
  return lax::igamma(in[0], in[1]);
}
Array gammaincc(const Array& a, const Array& x) {
  const auto in = floating("gammaincc", {a, x});
  return lax::igammac(in[0], in[1]);
}
Array betainc(const Array& a, const Array& b, const Array& x) {
  const auto in = floating("betainc", {a, b, x});
  return lax::betainc(in[0], in[1], in[2]);
}

namespace {

/// log(Gamma(b) / Gamma(a + b)) for b >= 8, a <= b, by Stirling's series. Source: DiDonato & Morris 1992, ALGDIV.
Array log_gamma_ratio(const Array& a, const Array& b) {
  const auto h = a / b, c = h / (1.0 + h), x = 1.0 / (1.0 + h), d = b + (a - 0.5);
  const auto x2 = x * x;
  const auto s3 = 1.0 + (x + x2), s5 = 1.0 + (x + x2 * s3), s7 = 1.0 + (x + x2 * s5);
  const auto s9 = 1.0 + (x + x2 * s7), s11 = 1.0 + (x + x2 * s9);
  const auto t = 1.0 / (b * b);
  const auto w = (((((-0.165322962780713e-02 * s11) * t + 0.837308034031215e-03 * s9) * t + -0.595202931351870e-03 * s7) * t +
                   0.793650666825390e-03 * s5) * t + -0.277777777760991e-02 * s3) * t + 0.833333333333333e-01;
  const auto rest = w * (c / b);
  const auto u = d * log1p(h), v = a * (log(b) - 1.0);
  return where(u <= v, (rest - v) - u, (rest - u) - v);
}

}  // namespace

Array betaln(const Array& a_in, const Array& b_in) {
  const auto in = floating("betaln", {a_in, b_in});
  const auto a = minimum(in[0], in[1]), b = maximum(in[0], in[1]);
  const auto small = lax::lgamma(a) + (lax::lgamma(b) - lax::lgamma(a + b));
  const auto large = lax::lgamma(a) + log_gamma_ratio(a, maximum(b, 8.0));
  return where(b < 8.0, small, large);
}

Array beta(const Array& a, const Array& b) {
  const auto in = floating("beta", {a, b});
  return gammasgn(in[0]) * gammasgn(in[1]) * gammasgn(in[0] + in[1]) * exp(betaln(in[0], in[1]));
}

Array multigammaln(const Array& a_in, std::int64_t d) {
  if (d < 1) throw ValueError(text("multigammaln: d must be positive, got ", d, "; 1 is gammaln"));
  const auto a = floating("multigammaln", {a_in})[0];
  const auto constant = 0.25 * static_cast<double>(d) * static_cast<double>(d - 1) * std::log(3.14159265358979323846);
  const auto halves = lax::mul(lax::iota(a.dtype(), {d}, 0), make_scalar(a.dtype(), 0.5));
  return sum(gammaln(expand_dims(a, -1) - halves), -1) + constant;
}

}  // namespace fluxion::scipy::special
