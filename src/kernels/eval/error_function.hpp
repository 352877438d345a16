// erf, erfc and the inverse of erf. All polynomials are minimax fits made for this file. The inverse follows
// M. Giles, "Approximating the erfinv function": a function of w = -log(1 - x^2) times x.
#pragma once

#include "kernels/eval/exponential.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// erf(x) / x as a function of z = x^2 in [0, 1].
inline Batch<float> erf_center(Batch<float> z) {
  constexpr float c[] = {0x1.20dd74p+0f, -0x1.81273ep-2f, 0x1.ce2cf8p-4f, -0x1.b7f91p-6f,
                         0x1.5405bep-8f, -0x1.a3f71ep-11f, 0x1.496a12p-14f};
  return polynomial(z, c);
}
inline Batch<double> erf_center(Batch<double> z) {
  constexpr double c[] = {0x1.20dd750429b6dp+0, -0x1.812746b0379e6p-2, 0x1.ce2f21a042b21p-4, -0x1.b82ce312849afp-6,
                          0x1.565bcd0db0530p-8, -0x1.c02db3d8f264ep-11, 0x1.f9a321a195b9dp-14,
                          -0x1.f4d1df40274b3p-17, 0x1.b9def1de3f8ebp-20, -0x1.5f1d38354a7c9p-23,
                          0x1.f7a41b6768ef8p-27, -0x1.386acc14bb471p-30, 0x1.0579a08899394p-34};
  return polynomial(z, c);
}

/// -log(1 - erf(1 + u)), accurate where erf is not yet 1.
inline Batch<float> erf_tail(Batch<float> u) {
  constexpr float c[] = {0x1.d97fcp+0f, 0x1.51c9bp+1f, 0x1.afabbcp-1f, 0x1.547cfp-5f,
                         -0x1.4933bcp-7f, 0x1.07b65p-9f, -0x1.2f9736p-12f, 0x1.6bd6d4p-16f};
  return polynomial(u, c);
}
inline Batch<double> erf_tail(Batch<double> u) {
  constexpr double c[] = {0x1.d97fbf27aa2a1p+0, 0x1.51c9b0006c236p+1, 0x1.afabc11a295f3p-1, 0x1.5477f09c037dfp-5,
                          -0x1.48c9d3eb2044cp-7, 0x1.033f65b021fd3p-9, -0x1.f1b389796264ap-13,
                          -0x1.b8de9e4742b11p-16, 0x1.c7a7836ff8c0ep-16, -0x1.426be2f0487c6p-17,
                          0x1.1475908ddaae3p-19, -0x1.32d7b337b9a0cp-23, -0x1.a2ef8654fff68p-24,
                          0x1.bef9bc826c205p-25, -0x1.00288db78e36ap-26, 0x1.89985f1a06456p-29,
                          -0x1.94d90b4565207p-32, 0x1.fadc4ceb27ef0p-36, -0x1.246f3b9f15e2fp-40};
  return long_polynomial(u, c);
}

template <class T> inline constexpr T erf_is_one = T(5.95);
template <> inline constexpr float erf_is_one<float> = 3.95f;

struct Erf : Unroll<1> {
  template <class B> static B call(B x) {
    const B a = clamp_above(absolute(x), erf_is_one<Value<B>>);
    const auto [k, r] = reduce_log2(negate(erf_tail(a - B(1))));
    const B tail = B(1) - scale(expm1_reduced(r) + B(1), k);
    return select<B>(a < B(1), x * erf_center(x * x), with_sign_of(tail, x));
  }
};

template <class T> struct ErfcMap;
template <> struct ErfcMap<float> {
  static constexpr float middle = 2, vanishes = 10.2f;  // beyond, erfc rounds to 0
  static constexpr std::uint32_t high_half = 0xfffff000u;
};
template <> struct ErfcMap<double> {
  static constexpr double middle = 2.5, vanishes = 27.3;
  static constexpr std::uint64_t high_half = 0xfffffffff8000000u;
};
/// (1 + 2 a) exp(a^2) erfc(a) for a >= 1/2 as a function of t = (a - middle) / (a + middle), as M. Shepherd and
/// J. Laframboise (1981) do.
inline Batch<float> erfc_scaled(Batch<float> t) {
  constexpr float c[] = {
      0x1.46e80ep+0f, -0x1.7bf5ep-4f, -0x1.540802p-3f, 0x1.4ff91ap-3f, -0x1.bc16e6p-5f, -0x1.06826ep-7f,
      0x1.1b9402p-7f, 0x1.316a9ep-10f, -0x1.49e9f2p-10f, -0x1.02b988p-12f};
  return long_polynomial(t, c);
}
inline Batch<double> erfc_scaled(Batch<double> t) {
  constexpr double c[] = {
      0x1.43cc6f6c9672cp+0, -0x1.f52c5d7e22304p-4, -0x1.959ac16f85709p-4, 0x1.42d379989b65p-3, -0x1.a5c0c8a404361p-4,
      0x1.0c6092a59e22ep-5, 0x1.e89489628f87ep-11, -0x1.1f2f132352cdfp-8, 0x1.01e11ca2c98fep-11,
      0x1.4b6a48fe985aep-11, -0x1.731bd16c0dd38p-14, -0x1.dc254e4431561p-14, 0x1.a47974b73fa4p-18,
      0x1.7cd020789ba92p-16, 0x1.5e894b1f66c7dp-19, -0x1.1ae27bba2ce3dp-18, -0x1.ac06d13059f28p-20,
      0x1.1b15d5d7aec28p-21, 0x1.27d394628afd6p-21, 0x1.8ed019a13322ep-26, -0x1.32b73c5759979p-23,
      -0x1.9618e4ee6f64ap-26, 0x1.ae3139f5f6f55p-26};
  return long_polynomial(t, c);
}

/// exp(-a^2) with a^2 in two words, of which the first is exact; gradual underflow.
struct Erfc : Unroll<1> {
  template <class B> static B call(B x) {
    using M = ErfcMap<Value<B>>;
    const B one(1), two(2), a = clamp_above(absolute(x), M::vanishes);
    const B scaled = erfc_scaled((a - B(M::middle)) / (a + B(M::middle))) / (a + a + one);
    const B high = from_lanes<B>(bits(a) & M::high_half);
    const B k = round_small(a * a * B(-F<B>::log2_e));
    const B first = nmadd(k, B(F<B>::ln2_hi), negate(high * high));
    const B r = nmadd(k, B(F<B>::ln2_lo), first) - (a - high) * (a + high);
    const B tail = scale((expm1_reduced(r) + one) * scaled, k);
    const B outer = select<B>(x < B(0), two - tail, tail);
    return select<B>(a < B(Value<B>(0.5)), one - x * erf_center(x * x), outer);
  }
};

// erf_inv(x) / x near the centre (a function of w), and in the tails (functions of sqrt(w)).
inline Batch<float> erf_inv_factor(Batch<float> w) {
  using B = Batch<float>;
  constexpr float center[] = {0x1.805c5ep+0f, 0x1.f91e8cp-3f, -0x1.11c42p-8f, -0x1.486644p-10f, 0x1.c9c5aap-13f,
                              -0x1.4cfdap-18f, -0x1.ccfe1cp-19f, 0x1.f440b4p-22f, 0x1.3603bep-26f,
                              -0x1.2d6fd6p-27f, 0x1.70712cp-32f};
  constexpr float tail[] = {0x1.6a9efcp+1f, 0x1.006dcap+0f, 0x1.3581p-7f, -0x1.f4e01ap-8f, 0x1.74be9cp-8f,
                            -0x1.d38eb4p-9f, 0x1.82c19p-10f, -0x1.f69e4cp-14f, -0x1.235e76p-12f,
                            0x1.505fc2p-13f, -0x1.eb9066p-16f};
  const B p = polynomial(w - B(2.5f), center);
  const auto far = w >= B(5);
  if (!any<B>(far)) return p;
  return select<B>(far, polynomial(B(xs::sqrt(w)) - B(3), tail), p);
}
inline Batch<double> erf_inv_factor(Batch<double> w) {
  using B = Batch<double>;
  constexpr double center[] = {
      0x1.a755e7c99ae86p+0, 0x1.ebd80d9b13dfap-3, -0x1.8b6c33114ead8p-8, -0x1.84576948356a9p-11, 0x1.879c2a20b535fp-13,
      -0x1.d1d1f7ca221f5p-17, -0x1.6e8a53cdf1e12p-20, 0x1.c6b4f88be9982p-22, -0x1.f36ced44f1bc8p-26,
      -0x1.1a9eb0ef59509p-28, 0x1.20f53632e7606p-30, -0x1.dc3f13bf31140p-35, -0x1.c8a3f7721a3b9p-37,
      0x1.7235e0f3fa516p-39, -0x1.6bdc0f0d62ff5p-44, -0x1.686e6b86571e4p-45, 0x1.d6c73f57bc743p-48,
      -0x1.6fca59e203b56p-55, -0x1.1ca84e67f5e6ap-53, 0x1.1ec16ebe5bbd8p-56, 0x1.9ab52d6512db7p-61,
      -0x1.9bbdec72ec8f1p-62, 0x1.385ab2e433e80p-66, 0x1.e67b55a105be9p-69, -0x1.6acf9a7b32778p-72};
  constexpr double tail[] = {
      0x1.8abcc380d5a48p+1, 0x1.0158a6d641d55p+0, 0x1.5ffcfe5b6cd86p-8, -0x1.ebadabba02353p-9, 0x1.468eeca94271ap-9,
      -0x1.ba9240d89810cp-10, 0x1.f3cc545e76c71p-11, -0x1.7448bcc176541p-12, 0x1.932e8e9107e3ap-16,
      0x1.1e6abb00c9429p-14, -0x1.8cf45f08a9a3bp-15, 0x1.a241e76d133c0p-17, 0x1.8999873fffebcp-19,
      -0x1.0b7a99d290042p-18, 0x1.8dbc364aef875p-20, -0x1.d954b4a0f63afp-26, -0x1.07bc4138d85e3p-22,
      0x1.1a746b81c1f02p-23, -0x1.657f91ba46a19p-26, -0x1.0691bc421efb1p-26, 0x1.0696ba1d2c2b7p-27};
  constexpr double extreme[] = {
      0x1.3664ddd1ad7fbp+2, 0x1.02a30d1fba10dp+0, -0x1.22ea5df1d19bdp-13, -0x1.c2f36aa2471d4p-13, 0x1.3ebf4efc3c82bp-14,
      -0x1.4a348fc32d9d3p-16, 0x1.2fbcfcd59baaep-18, -0x1.0a9073aefe58cp-20, 0x1.ebe38972adb8cp-23,
      -0x1.22272687ea2ecp-24, 0x1.f2802a8c29ce7p-26, -0x1.0612e4762c90dp-26, 0x1.0cdbce28519c5p-27,
      -0x1.dd1e37f7e1ec7p-29, 0x1.68dd780f6405fp-30, -0x1.e125ed4226e88p-32, 0x1.38fd1a0216b8cp-34,
      0x1.796ab78ee1866p-35, -0x1.6c9262d27dec8p-36};
  B p = polynomial(w - B(3.125), center);
  // The tails are rare, and skipping them changes no lane's value.
  const auto far = w >= B(6.25);
  if (!any<B>(far)) return p;
  const B s = xs::sqrt(w);
  p = select<B>(far, polynomial(s - B(3.25), tail), p);
  const auto farthest = w >= B(16);
  if (!any<B>(farthest)) return p;
  return select<B>(farthest, polynomial(s - B(5), extreme), p);
}

struct ErfInv : Unroll<1> {
  template <class B> static B call(B x) {
    const B one(1), a = absolute(x);
    const B w = negate(log_normal((one - a) * (one + a)));
    const B edge = select<B>(a == one, x * B(F<B>::infinity), B(F<B>::nan));
    return select<B>(a < one, x * erf_inv_factor(w), edge);
  }
};

}  // namespace fluxion::kernels::FLUXION_ISA
