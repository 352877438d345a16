// lgamma, digamma and polygamma. Polynomials around the zeros 1 and 2, the recurrence up to 8, Stirling's series
// beyond, reflection on the left. All series are near-minimax fits made for this file.
#pragma once

#include "kernels/eval/exponential.hpp"
#include "kernels/eval/trigonometric.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// lgamma(y) / ((y - 1) (y - 2)) over u = y - 1.6 in [-1, 1].
inline Batch<float> lgamma_center(Batch<float> u) {
  constexpr float c[] = {
      0x1.e0643cp-2f, -0x1.12f3cep-3f, 0x1.bdf8ep-5f, -0x1.a0b6aap-6f, 0x1.a37978p-7f, -0x1.b8fbecp-8f,
      0x1.ddf418p-9f, -0x1.0fc9bap-9f, 0x1.31c51ap-10f, -0x1.f1e61ap-12f, 0x1.18d182p-12f, -0x1.0afdb4p-11f,
      0x1.3bbc6ep-12f, 0x1.af6512p-13f, -0x1.03fa44p-13f, -0x1.2fc3f6p-13f, 0x1.6a7e22p-14f};
  return long_polynomial(u, c);
}
inline Batch<double> lgamma_center(Batch<double> u) {
  constexpr double c[] = {
      0x1.e0643b8c70e63p-2, -0x1.12f3cecccdf29p-3, 0x1.bdf8e4231f7a7p-5, -0x1.a0b3fbe00e824p-6, 0x1.a37642973eeb4p-7,
      -0x1.b98f337ee9978p-8, 0x1.dea48dc9293d3p-9, -0x1.08c7a8408f752p-9, 0x1.295fcf859249ep-10,
      -0x1.51d4917487831p-11, 0x1.83477a7678537p-12, -0x1.bf3a9962a21fdp-13, 0x1.03d1167b577d7p-13,
      -0x1.2f9b77d8902cfp-14, 0x1.642cb3909884dp-15, -0x1.a02d68917a3b3p-16, 0x1.eba997eb7b415p-17,
      -0x1.3b764e2ff30f3p-17, 0x1.77aee571d7f19p-18, -0x1.6ff2355ecbdd4p-20, 0x1.a9c2dff503267p-21,
      -0x1.2ee6e50d1b26bp-18, 0x1.70b41572f1d08p-19, 0x1.35340a5fde728p-18, -0x1.7ac6916c79869p-19,
      -0x1.74e4d74e77a2fp-18, 0x1.c7f065ffe1b29p-19, 0x1.16749ab9cd78dp-18, -0x1.549e4d56d899ep-19,
      -0x1.2e1ad05e1f743p-19, 0x1.716cdf02fe115p-20, 0x1.873bcd10e6b64p-21, -0x1.de6a34865aa31p-22,
      -0x1.01e4f741d49f1p-23, 0x1.3b363bc37288cp-24};
  return long_polynomial(u, c);
}
/// x (lgamma(x) - (x - 1/2) (log(x) - 1) - (log(2 pi) - 1) / 2) over w = 1 / x^2, x >= 8.
inline Batch<float> lgamma_tail(Batch<float> w) {
  constexpr float c[] = {0x1.555556p-4f, -0x1.6c1418p-9f, 0x1.98f67cp-11f};
  return polynomial(w, c);
}
inline Batch<double> lgamma_tail(Batch<double> w) {
  constexpr double c[] = {
      0x1.5555555555555p-4, -0x1.6c16c16c16b29p-9, 0x1.a01a019ee0dafp-11, -0x1.38137ec06f013p-11,
      0x1.b94f6d64ea633p-11, -0x1.f5ff2fc17e10bp-10, 0x1.96db3f3dd602bp-8, -0x1.55b3a241f83b1p-6};
  return polynomial(w, c);
}
/// digamma(y) / (y - zero) over u = y - 2 in [-1.01, 1]; the zero is that at 1.46.
inline Batch<float> digamma_center(Batch<float> u) {
  constexpr float c[] = {
      0x1.9213d4p-1f, -0x1.0aff2ap-2f, 0x1.be76bcp-4f, -0x1.95e9b6p-5f, 0x1.80258ap-6f, -0x1.73eb72p-7f,
      0x1.6c62a6p-8f, -0x1.601f8ap-9f, 0x1.5b712ap-10f, -0x1.a1d32ap-11f, 0x1.aadc28p-12f, -0x1.95c9e8p-16f,
      0x1.1fd18p-18f, -0x1.f88adp-14f, 0x1.05fffcp-14f};
  return long_polynomial(u, c);
}
inline Batch<double> digamma_center(Batch<double> u) {
  constexpr double c[] = {
      0x1.9213d46736ba4p-1, -0x1.0aff270ca07a7p-2, 0x1.be76b26db7fa2p-4, -0x1.95ec0c3ba936ep-5, 0x1.802924f9b3805p-6,
      -0x1.7389aa80ae1bfp-7, 0x1.6bdf5e149bdf6p-8, -0x1.6714cfd748c2p-9, 0x1.6407616b40ep-10, -0x1.620f0861b3de4p-11,
      0x1.60c658449e358p-12, -0x1.5feee61d94998p-13, 0x1.5f66753ab05c2p-14, -0x1.5f0be56207c28p-15,
      0x1.5e7686e4172cp-16, -0x1.5e248da7e618ep-17, 0x1.6200e5eee4c0fp-18, -0x1.636dd1bd80984p-19,
      0x1.4249482080e98p-20, -0x1.3845489d79f72p-21, 0x1.ff1bf696e76ddp-22, -0x1.17177deb575eap-22,
      -0x1.2708f0538898dp-24, 0x1.c069ec28da089p-25, 0x1.069e9f90ab646p-23, -0x1.2fa2c30966264p-24,
      -0x1.4638b7075de02p-25, 0x1.7a13a3932ef0dp-26, 0x1.6a0053a181415p-27, -0x1.875a405dcab95p-28};
  return long_polynomial(u, c);
}
/// x^2 (log(x) - 1 / (2 x) - digamma(x)) over w = 1 / x^2, x >= 8.
inline Batch<float> digamma_tail(Batch<float> w) {
  constexpr float c[] = {0x1.555556p-4f, -0x1.111102p-7f, 0x1.03ec48p-8f, -0x1.026adcp-8f};
  return polynomial(w, c);
}
inline Batch<double> digamma_tail(Batch<double> w) {
  constexpr double c[] = {
      0x1.5555555555555p-4, -0x1.11111111110eep-7, 0x1.04104103f3355p-8, -0x1.111110c5db64dp-8, 0x1.f07bbcef4fd3bp-8,
      -0x1.59837b45f02b5p-6, 0x1.5356fb7e904fcp-4, -0x1.a43dc635de125p-2, 0x1.c5b84a3176bb7p+0};
  return polynomial(w, c);
}

/// log(x) - offset for positive finite x, rounded once at the end; `offset` is a small whole number.
template <class B> B log_less(B x, B offset) {
  const auto subnormal = x < B(F<B>::min_normal);
  const auto [exponent, m] = split_exponent(select<B>(subnormal, x * B(F<B>::scale_up), x));
  const B k = select<B>(subnormal, exponent - B(F<B>::scale_up_log2), exponent);
  const B f = m - B(1), s = f / (B(2) + f), z = s * s;
  const B half_square = B(Value<B>(0.5)) * f * f;
  const B tail = madd(s, half_square + z * log_series(z), k * B(F<B>::ln2_lo));
  return madd(k, B(F<B>::ln2_hi), negate(offset)) + (f - (half_square - tail));
}

/// x less the nearest whole number, and sin and cos of pi times its magnitude.
template <class B> struct TurnParts { B fraction, sine, cosine; };
template <class B> TurnParts<B> turn_parts(B x) {
  const B half(Value<B>(0.5)), f = x - floor_of(x + half), g = absolute(f);
  const auto upper = g > B(Value<B>(0.25));
  const B r = select<B>(upper, half - g, g) * B(Value<B>(0x1.921fb54442d18p+1));
  const B s = sin_reduced(r), c = cos_reduced(r);
  return {f, select<B>(upper, c, s), select<B>(upper, s, c)};
}

/// lgamma(x) for x in (-0.4, 8): lgamma(x + 1) - log|x|, or lgamma(x - n) + log((x - 1) ... (x - n)).
template <class B> B lgamma_near(B x) {
  using T = Value<B>;
  const B one(1);
  const auto tiny = x < B(T(0.6));
  B y = select<B>(tiny, x + one, x), product = one;
  for (int step = 0; step < 6; ++step) {
    const auto above = y > B(T(2.6));
    y = select<B>(above, y - one, y);
    product = select<B>(above, product * y, product);
  }
  const B log = log_less(select<B>(tiny, absolute(x), product), B(0));
  const B center = (y - one) * (y - B(2)) * lgamma_center(y - B(T(1.6)));
  return select<B>(tiny, center - log, center + log);
}
/// lgamma(x) for x >= 8.
template <class B> B lgamma_far(B x) {
  using T = Value<B>;
  const B one(1), inverse = one / x;
  return madd(x - B(T(0.5)), log_less(x, one), B(T(0x1.acfe390c97d69p-2))) + inverse * lgamma_tail(inverse * inverse);
}
/// lgamma(x) for x > -0.4. A half that no lane needs is skipped, which changes no value.
template <class B> B lgamma_right(B x) {
  const auto large = x >= B(8);
  B value(0);
  if (any<B>(!large)) value = lgamma_near(x);
  if (any<B>(large)) value = select<B>(large, lgamma_far(x), value);
  return select<B>((x == B(0)) | (x == B(F<B>::infinity)), B(F<B>::infinity), value);
}

/// lgamma(-a) = log(pi / (a |sin(pi a)|)) - lgamma(a)
struct Lgamma : Unroll<1> {
  template <class B> static B call(B x) {
    const auto left = x < B(Value<B>(-0.4));
    const B right = lgamma_right(select<B>(left, negate(x), x));
    if (!any<B>(left)) return right;
    const B a = absolute(x);
    const auto turn = turn_parts(a);
    const B reflected = log_less(B(Value<B>(0x1.921fb54442d18p+1)) / (a * turn.sine), B(0)) - right;
    const auto pole = (turn.fraction == B(0)) | (a == B(F<B>::infinity));
    return select<B>(left, select<B>(pole, B(F<B>::infinity), reflected), right);
  }
};

// The zero of digamma in two words.
template <class T> struct DigammaZero;
template <> struct DigammaZero<float> { static constexpr float hi = 0x1.762d86p+0f, lo = 0x1.ab5f2p-27f; };
template <> struct DigammaZero<double> {
  static constexpr double hi = 0x1.762d86356be3fp+0, lo = 0x1.b86a722197829p-54;
};

/// digamma(x) for x in (-0.01, 8): digamma(x + 1) - 1 / x, or digamma(x - n) + 1 / (x - 1) + ... + 1 / (x - n) as one
/// quotient.
template <class B> B digamma_near(B x) {
  using Zero = DigammaZero<Value<B>>;
  const B one(1), zero(0);
  const auto tiny = x < one;
  B y = select<B>(tiny, x + one, x);
  B numerator = select<B>(tiny, B(-1), zero), denominator = select<B>(tiny, x, one);
  for (int step = 0; step < 5; ++step) {
    const auto above = y > B(3);
    y = select<B>(above, y - one, y);
    numerator = select<B>(above, madd(numerator, y, denominator), numerator);
    denominator = select<B>(above, denominator * y, denominator);
  }
  return ((y - B(Zero::hi)) - B(Zero::lo)) * digamma_center(y - B(2)) + numerator / denominator;
}
/// digamma(x) for x >= 8.
template <class B> B digamma_far(B x) {
  const B inverse = B(1) / x, w = inverse * inverse;
  return log_less(x, B(0)) - madd(w, digamma_tail(w), B(Value<B>(0.5)) * inverse);
}
/// digamma(x) for x > -0.01. A half that no lane needs is skipped, which changes no value.
template <class B> B digamma_right(B x) {
  const auto large = x >= B(8);
  B value(0);
  if (any<B>(!large)) value = digamma_near(x);
  if (any<B>(large)) value = select<B>(large, digamma_far(x), value);
  return select<B>(x == B(F<B>::infinity), x, value);
}

/// digamma(x) = digamma(1 - x) - pi cot(pi x)
struct Digamma : Unroll<1> {
  template <class B> static B call(B x) {
    const auto left = x < B(Value<B>(-0x1p-10));
    const B right = digamma_right(select<B>(left, B(1) - x, x));
    const B value = select<B>(x == B(0), B(F<B>::nan), right);
    if (!any<B>(left)) return value;
    const auto turn = turn_parts(x);
    const B slope = B(Value<B>(0x1.921fb54442d18p+1)) * turn.cosine / turn.sine;
    const B reflected = right - with_sign_of(slope, turn.fraction);
    const auto defined = absolute(turn.fraction) > B(0);
    return select<B>(left, select<B>(defined, reflected, B(F<B>::nan)), value);
  }
};

/// The sum of (x + k)^-(m + 1) over k = 0, 1, ... by the Euler-Maclaurin formula, after terms enough for it to
/// converge; for m >= 1 and x > 0.
inline double inverse_powers(double m, double x) {
  // B(2 j) / (2 j)!
  constexpr double bernoulli[] = {0x1.5555555555555p-4, -0x1.6c16c16c16c17p-10, 0x1.1566abc011567p-15,
                                  -0x1.bbd779334ef0bp-21, 0x1.66a8f2bf70ebep-26, -0x1.22805d644267fp-31,
                                  0x1.d6db2c4e09162p-37, -0x1.7da4e1f79955cp-42};
  if (x == F<Batch<double>>::infinity) return 0;
  const double s = m + 1, terms = std::fmax(0, std::ceil(20 + m - x)), w = x + terms, power = std::pow(w, -s);
  double sum = power * (w / m + 0.5), factor = s * power / w;
  for (int j = 0; j < 8; ++j) {
    sum += bernoulli[j] * factor;
    factor *= (s + 2 * j + 1) * (s + 2 * j + 2) / (w * w);
  }
  for (double k = terms - 1; k >= 0; k -= 1) sum += std::pow(x + k, -s);  // the largest last
  return sum;
}

/// (-1)^(m+1) m! times that sum, for m >= 1. Terms of negative base are a difference of two sums of positive ones.
inline double polygamma_series(double m, double x) {
  const bool odd = std::fmod(m, 2) == 1;
  if (x <= 0 && x == std::floor(x)) return odd ? F<Batch<double>>::infinity : F<Batch<double>>::nan;
  const double f = x - std::floor(x), sign = odd ? 1 : -1;
  const double sum = x > 0 ? inverse_powers(m, x)
                           : inverse_powers(m, f) + sign * (inverse_powers(m, 1 - f) - inverse_powers(m, 1 - x));
  if (m < 170) return sign * std::tgamma(m + 1) * sum;
  return sum == 0 ? 0 : std::copysign(std::exp(std::lgamma(m + 1) + std::log(std::fabs(sum))), sign * sum);
}

/// Lane by lane: nobody takes higher derivatives of gamma functions in bulk.
struct Polygamma : Unroll<0> {
  template <class B> static B call(B m, B x) {
    const B series = per_lane([](Value<B> order, Value<B> at) {
      const bool defined = order >= 1 && order <= Value<B>(1e6) && order == std::floor(order) && at == at;
      return defined ? Value<B>(polygamma_series(double(order), double(at))) : F<B>::nan;
    }, m, x);
    return select<B>(m == B(0), Digamma::call(x), series);
  }
};

}  // namespace fluxion::kernels::FLUXION_ISA
