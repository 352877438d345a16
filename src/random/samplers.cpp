#include <fluxion/random.hpp>

#include <cmath>
#include <complex>

#include <fluxion/lax.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "random/words.hpp"

namespace fluxion::random {

namespace {

DType floating_dtype(const char* op, std::optional<DType> dtype) {
  const auto t = dtype.value_or(config().default_float);
  if (!is_floating(t))
    throw TypeError(text(op, ": a floating dtype is required, got ", t, "; use float32 or float64"));
  return t;
}

Array bits32(const Array& key, const Shape& shape) {
  const auto w = random_words(key, shape);
  return lax::bitwise_xor(w.first, w.second);
}

Array bits64(const Array& key, const Shape& shape) {
  const auto w = random_words(key, shape);
  const auto high = lax::shift_left(lax::convert_element_type(w.first, uint64), scalar<std::uint64_t>(32));
  return lax::bitwise_or(high, lax::convert_element_type(w.second, uint64));
}

// Random mantissa bits under the exponent of 1 give [1, 2).
Array unit_interval(const Array& key, const Shape& shape, DType t) {
  if (is_half(t)) {  // of a byte for bfloat16, whose mantissa has 7 bits; of 16 bits for float16, whose has 10
    const auto words = lax::convert_element_type(bits32(key, shape), t == bfloat16 ? uint8 : uint16);
    const auto mantissa =
        lax::shift_right_logical(lax::convert_element_type(words, uint16), scalar<std::uint16_t>(t == bfloat16 ? 8 - 7 : 16 - 10));
    const auto pattern = lax::bitwise_or(mantissa, scalar<std::uint16_t>(t == bfloat16 ? 0x3f80 : 0x3c00));
    return lax::sub(lax::bitcast_convert_type(pattern, t), make_scalar(t, 1.0));
  }
  if (t == float32) {
    const auto mantissa = lax::shift_right_logical(bits32(key, shape), scalar<std::uint32_t>(32 - 23));
    const auto pattern = lax::bitwise_or(mantissa, scalar<std::uint32_t>(0x3f800000U));
    return lax::sub(lax::bitcast_convert_type(pattern, float32), scalar(1.0F));
  }
  const auto mantissa = lax::shift_right_logical(bits64(key, shape), scalar<std::uint64_t>(64 - 52));
  const auto pattern = lax::bitwise_or(mantissa, scalar<std::uint64_t>(0x3ff0000000000000ULL));
  return lax::sub(lax::bitcast_convert_type(pattern, float64), scalar<double>(1.0));
}

double spacing_below_one(DType t) {
  return t == float64 ? 0x1p-53 : t == float32 ? 0x1p-24 : t == float16 ? 0x1p-11 : 0x1p-8;
}

bool is_number(const Array& x, double v) {
  return x.ndim() == 0 && concrete(x) != nullptr && x.item<double>() == v;
}

// The extent of the interval; of two known bounds it is a literal.
Array width(const Array& lo, const Array& hi) {
  if (lo.ndim() == 0 && hi.ndim() == 0 && concrete(lo) != nullptr && concrete(hi) != nullptr)
    return make_scalar(lo.dtype(), hi.item<double>() - lo.item<double>());
  return hi - lo;
}

}  // namespace

Array bits(const Array& key, const Shape& shape, DType dtype) {
  check_single_key<ValueError>("bits", key);
  checked_element_count("bits", shape);
  if (!is_unsigned_integer(dtype))
    throw TypeError(text("bits: an unsigned dtype is required, got ", dtype, "; use uint32 or uint64"));
  return dtype == uint64 ? bits64(key, shape) : lax::convert_element_type(bits32(key, shape), dtype);
}

// For [0, 1) scaling and clamping change no bit and are left out.
Array uniform(const Array& key, const Shape& shape, std::optional<DType> dtype, const Array& minval,
              const Array& maxval) {
  check_single_key<ValueError>("uniform", key);
  checked_element_count("uniform", shape);
  const auto t = floating_dtype("uniform", dtype);
  auto lo = convert_strong(minval, t), hi = convert_strong(maxval, t);
  const auto u = unit_interval(key, shape, t);
  if (is_number(lo, 0) && is_number(hi, 1)) return u;
  const auto range = width(lo, hi);
  if (lo.ndim() != 0) lo = broadcast_to_shape("uniform", lo, shape);
  const auto scaled = range.ndim() == 0 ? range : broadcast_to_shape("uniform", range, shape);
  return lax::max(lo, lax::add(lax::mul(u, scaled), lo));
}

Array normal(const Array& key, const Shape& shape, std::optional<DType> dtype) {
  check_single_key<ValueError>("normal", key);
  checked_element_count("normal", shape);
  if (dtype && is_complex(*dtype)) {  // both parts of half the variance
    const auto keys = split(key, 2);
    const auto part = *dtype == DType::complex64 ? float32 : float64;
    const auto along = [&](std::int64_t i) { return lax::convert_element_type(normal(keys[i], shape, part), *dtype); };
    const auto real = along(0), imaginary = lax::mul(along(1), convert(Array(std::complex<double>(0, 1)), *dtype));
    return lax::div(lax::add(real, imaginary), make_scalar(*dtype, std::sqrt(2.0)));
  }
  const auto t = floating_dtype("normal", dtype);
  const Array lowest = make_scalar(t, -1 + spacing_below_one(t));
  const auto u = uniform(key, shape, t, lowest, make_scalar(t, 1.0));
  return lax::mul(make_scalar(t, std::sqrt(2.0)), lax::erf_inv(u));
}

Array bernoulli(const Array& key, const Array& p, const std::optional<Shape>& shape) {
  check_single_key<ValueError>("bernoulli", key);
  require_value("bernoulli", p);
  if (!is_floating(p.dtype()))
    throw TypeError(text("bernoulli: a floating probability is required, got ", p.aval(),
                         "; write 1.0 for 1, or convert with astype(fx::float64)"));
  const auto dtype = floating_dtype("bernoulli", p.dtype());
  const auto out = shape.value_or(p.shape());
  checked_element_count("bernoulli", out);
  const auto threshold = p.ndim() == 0 ? p : broadcast_to_shape("bernoulli", p, out);
  return lax::lt(uniform(key, out, dtype), threshold);
}

}  // namespace fluxion::random
