// asin, acos, atan, atan2. The series are near-minimax fits made for this file; outside [-1/2, 1/2] asin goes through
// the half angle, outside [-1, 1] atan through the reciprocal.
#pragma once

#include "kernels/eval/simd.hpp"

namespace fluxion::kernels::FLUXION_ISA {

// pi/2 in two words; twice each is pi.
template <class T> struct HalfPi;
template <> struct HalfPi<float> { static constexpr float hi = 0x1.921fb6p+0f, lo = -0x1.777a5cp-25f; };
template <> struct HalfPi<double> { static constexpr double hi = 0x1.921fb54442d18p+0, lo = 0x1.1a62633145c07p-54; };

/// (asin(s) / s - 1) / z over z = s^2 in [0, 1/4].
inline Batch<float> asin_series(Batch<float> z) {
  constexpr float c[] = {
      0x1.555554p-3f, 0x1.33343p-4f, 0x1.6d5bbap-5f, 0x1.fd8da2p-6f, 0x1.18f91ep-6f, 0x1.13fed4p-5f};
  return polynomial(z, c);
}
inline Batch<double> asin_series(Batch<double> z) {
  constexpr double c[] = {
      0x1.5555555555556p-3, 0x1.3333333332ecap-4, 0x1.6db6db6e31f13p-5, 0x1.f1c71c1db0623p-6, 0x1.6e8bb1c8209a2p-6,
      0x1.1c4d35cf95421p-6, 0x1.c9cf07674736ap-7, 0x1.782651caa6547p-7, 0x1.52420b04b37bep-7, 0x1.65a9c4dfcf8b2p-8,
      0x1.1d189408314eep-6, -0x1.e6aaa8a0a04ccp-7, 0x1.d72b2bc8155f8p-6};
  return long_polynomial(z, c);
}

/// asin(s) = s + s tail, where s is |x|, or the sine of the half angle for `outer` ones.
template <class B> struct AsinParts { B s, tail; Mask<B> outer; };
template <class B> AsinParts<B> asin_parts(B a) {
  const B half(Value<B>(0.5));
  const auto outer = a > half;
  const B z = select<B>(outer, (B(1) - a) * half, a * a);
  return {select<B>(outer, B(xs::sqrt(z)), a), z * asin_series(z), outer};
}

struct Asin : Unroll<1> {
  template <class B> static B call(B x) {
    using H = HalfPi<Value<B>>;
    const auto [s, tail, outer] = asin_parts(absolute(x));
    const B p = madd(s, tail, s);
    const B value = select<B>(outer, (B(H::hi) - (p + p)) + B(H::lo), p);
    return select<B>(is_number(value), with_sign_of(absolute(value), x), value);
  }
};

struct Acos : Unroll<1> {
  template <class B> static B call(B x) {
    using H = HalfPi<Value<B>>;
    const auto [s, tail, outer] = asin_parts(absolute(x));
    const B p = madd(s, tail, s), right = p + p;
    const B left = (B(2 * H::hi) - right) + B(2 * H::lo);
    const B center = B(H::hi) - (x + madd(x, tail, B(-H::lo)));
    return select<B>(outer, select<B>(x < B(0), left, right), center);
  }
};

/// (atan(q) / q - 1) / z over z = q^2 in [0, 1].
inline Batch<float> atan_series(Batch<float> z) {
  constexpr float c[] = {
      -0x1.555556p-2f, 0x1.999956p-3f, -0x1.248952p-3f, 0x1.c62cdap-4f, -0x1.6dd8fep-4f, 0x1.2006f8p-4f,
      -0x1.9115a4p-5f, 0x1.aefb2cp-6f, -0x1.2ba6b6p-7f, 0x1.86406cp-10f};
  return long_polynomial(z, c);
}
inline Batch<double> atan_series(Batch<double> z) {
  constexpr double c[] = {
      -0x1.5555555555555p-2, 0x1.99999999998f9p-3, -0x1.249249248c7dap-3, 0x1.c71c71c472843p-4, -0x1.745d16f26d0a3p-4,
      0x1.3b13aaf4aba4ap-4, -0x1.1110bfea8ed5ep-4, 0x1.e1dc0d7679adcp-5, -0x1.af00bd568a3d2p-5, 0x1.854a7b99af61dp-5,
      -0x1.60ebd1489b946p-5, 0x1.3d3f26d5ea7ffp-5, -0x1.147b2825d82f6p-5, 0x1.c3ac54a572735p-6, -0x1.4b974a27ac39fp-6,
      0x1.a1fe88baf72d4p-7, -0x1.aef1a8e977bf8p-8, 0x1.57cc888719aap-9, -0x1.8a2f3ae537bb1p-11, 0x1.1f0adb240a1fbp-13,
      -0x1.8d087295ab9f4p-17};
  return long_polynomial(z, c);
}

/// atan(q) for q in [0, 1].
template <class B> B atan_unit(B q) {
  const B z = q * q;
  return madd(q * z, atan_series(z), q);
}
/// pi/2 - p.
template <class B> B complement(B p) { return B(HalfPi<Value<B>>::hi) - (p - B(HalfPi<Value<B>>::lo)); }

struct Atan : Unroll<1> {
  template <class B> static B call(B x) {
    const B a = absolute(x);
    const auto steep = a > B(1);
    const B p = atan_unit(select<B>(steep, B(1) / a, a));
    return with_sign_of(select<B>(steep, complement(p), p), x);
  }
};

/// The angle of the point with ordinate y and abscissa x; signs of zeros count.
struct Atan2 : Unroll<0> {
  template <class B> static B call(B y, B x) {
    using H = HalfPi<Value<B>>;
    const B zero(0), ay = absolute(y), ax = absolute(x);
    const auto steep = ay > ax;
    const B less = select<B>(steep, ax, ay), more = select<B>(steep, ay, ax);
    // The quotients 0 / 0 and inf / inf stand for the axis and the diagonal.
    const B p = atan_unit(select<B>(less == more, select<B>(more == zero, zero, B(1)), less / more));
    const B right = select<B>(steep, complement(p), p);
    const B left = B(2 * H::hi) - (right - B(2 * H::lo));
    const B angle = select<B>(nonzero<B>(bits(x) & F<B>::sign), left, right);
    return select<B>(is_number(x) & is_number(y), with_sign_of(angle, y), x + y);
  }
};

}  // namespace fluxion::kernels::FLUXION_ISA
