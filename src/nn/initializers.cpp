#include <fluxion/nn/initializers.hpp>

#include <cmath>
#include <complex>
#include <numbers>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/random.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion::nn::initializers {

namespace {

DType inexact(const char* name, std::optional<DType> dtype) {
  const auto t = dtype.value_or(config().default_float);
  if (!is_inexact(t))
    throw TypeError(text(name, ": a floating dtype is required, got ", t, "; convert the weights with astype"));
  return t;
}

Array full(const char* name, const Shape& shape, std::optional<DType> dtype, double value) {
  const auto t = dtype.value_or(config().default_float);
  checked_element_count(name, shape);
  return lax::full(shape, make_scalar(t, value));
}

void require_positive(const char* name, const char* what, double v) {
  if (!(v >= 0))
    throw ValueError(text(name, ": ", what, " must not be negative, got ", v, "; the sign of weights is random"));
}

// The standard deviation of a standard normal cut off at -2 and 2.
constexpr double kCutOffDeviation = .87962566103423978;
// That of a complex one cut off at length 2.
constexpr double kComplexCutOffDeviation = .95311164380491208;

struct Fans {
  double in, out;
};

double extent(const Shape& shape, const Dims& axes) {
  double n = 1;
  for (auto a : axes) n *= static_cast<double>(shape[static_cast<std::size_t>(a)]);
  return n;
}

Dims normalized(const Axis& axis, const Shape& shape, const char* what) {
  constexpr const char* name = "variance_scaling";
  if (!axis.axes()) throw ValueError(text(name, ": ", what, " must name axes, got none; {} is no axis"));
  return normalize_axes(name, *axis.axes(), static_cast<std::int64_t>(shape.size()), shape);
}

Fans fans(const Shape& shape, const FanAxes& axes) {
  if (shape.size() < 2)
    throw ValueError(
        text("variance_scaling: weights must have at least two axes, input and output features, got shape ", shape,
             "; use normal or uniform for vectors"));
  const auto in = extent(shape, normalized(axes.in_axis, shape, "in_axis")),
             out = extent(shape, normalized(axes.out_axis, shape, "out_axis")),
             batch = extent(shape, normalized(axes.batch_axis, shape, "batch_axis"));
  const auto window = static_cast<double>(element_count(shape)) / in / out / batch;
  return {in * window, out * window};
}

double denominator(const Fans& f, Fan mode) {
  switch (mode) {
    case Fan::in: return f.in;
    case Fan::out: return f.out;
    case Fan::avg: return (f.in + f.out) / 2;
    default: return std::sqrt(f.in * f.out);
  }
}

DType part_of(DType complex) { return complex == complex64 ? float32 : float64; }

// Of length sqrt(-log(1 - t)) with t uniform up to 1 - exp(-bound^2), and of any direction: a standard normal cut off.
Array complex_truncated_normal(const Array& key, double bound, const Shape& shape, DType t) {
  const auto [length_key, direction_key] = random::split<2>(key);
  const auto part = part_of(t);
  const auto share = make_scalar(part, 1 - std::exp(-bound * bound)) * random::uniform(length_key, shape, part);
  const auto angle = (2 * std::numbers::pi) * random::uniform(direction_key, shape, part);
  return sqrt(-log(1.0 - share)).astype(t) * exp(Array(std::complex<double>(0, 1)) * angle).astype(t);
}

// Uniform on a disk, of variance 1.
Array complex_uniform(const Array& key, const Shape& shape, DType t) {
  const auto [length_key, direction_key] = random::split<2>(key);
  const auto part = part_of(t);
  const auto length = sqrt(2.0 * random::uniform(length_key, shape, part));
  const auto angle = (2 * std::numbers::pi) * random::uniform(direction_key, shape, part);
  return length.astype(t) * exp(Array(std::complex<double>(0, 1)) * angle).astype(t);
}

Array drawn_uniform(const Array& key, const Shape& shape, DType t, const Array& variance) {
  if (is_complex(t)) return complex_uniform(key, shape, t) * sqrt(variance);
  return random::uniform(key, shape, t, -1.0, 1.0) * sqrt(3.0 * variance);
}

Array drawn_truncated(const Array& key, const Shape& shape, DType t, const Array& variance) {
  if (is_complex(t)) return complex_truncated_normal(key, 2, shape, t) * (sqrt(variance) / make_scalar(t, kComplexCutOffDeviation));
  return random::truncated_normal(key, -2.0, 2.0, shape, t) * (sqrt(variance) / make_scalar(t, kCutOffDeviation));
}

}  // namespace

Array Initializer::operator()(const Array& key, const Shape& shape, std::optional<DType> dtype) const {
  checked_element_count(name_, shape);
  return draw_(key, shape, inexact(name_, dtype ? dtype : dtype_));
}

Array zeros(const Array&, const Shape& shape, std::optional<DType> dtype) { return full("zeros", shape, dtype, 0); }
Array ones(const Array&, const Shape& shape, std::optional<DType> dtype) { return full("ones", shape, dtype, 1); }

Initializer constant(const Array& value, std::optional<DType> dtype) {
  return {"constant", dtype, [value](const Array&, const Shape& shape, DType t) {
            return broadcast_to_shape("constant", convert_strong(value, t), shape);
          }};
}

Initializer uniform(double scale, std::optional<DType> dtype) {
  return {"uniform", dtype, [scale](const Array& key, const Shape& shape, DType t) {
            return random::uniform(key, shape, t) * make_scalar(t, scale);
          }};
}

Initializer normal(double stddev, std::optional<DType> dtype) {
  return {"normal", dtype, [stddev](const Array& key, const Shape& shape, DType t) {
            return random::normal(key, shape, t) * make_scalar(t, stddev);
          }};
}

Initializer truncated_normal(double stddev, std::optional<DType> dtype, double lower, double upper) {
  return {"truncated_normal", dtype, [=](const Array& key, const Shape& shape, DType t) {
            return random::truncated_normal(key, lower, upper, shape, t) * make_scalar(t, stddev);
          }};
}

// Factors are computed in the dtype, operation by operation as jax does: the last bit depends on it.
Initializer variance_scaling(double scale, Fan mode, Distribution distribution, const FanAxes& axes) {
  require_positive("variance_scaling", "scale", scale);
  return {"variance_scaling", axes.dtype, [=](const Array& key, const Shape& shape, DType t) {
            const auto variance = make_scalar(t, scale / denominator(fans(shape, axes), mode));
            switch (distribution) {
              case Distribution::normal: return random::normal(key, shape, t) * sqrt(variance);
              case Distribution::uniform: return drawn_uniform(key, shape, t, variance);
              default: return drawn_truncated(key, shape, t, variance);
            }
          }};
}

Initializer glorot_uniform(const FanAxes& a) { return variance_scaling(1, Fan::avg, Distribution::uniform, a); }
Initializer glorot_normal(const FanAxes& a) { return variance_scaling(1, Fan::avg, Distribution::truncated_normal, a); }
Initializer lecun_uniform(const FanAxes& a) { return variance_scaling(1, Fan::in, Distribution::uniform, a); }
Initializer lecun_normal(const FanAxes& a) { return variance_scaling(1, Fan::in, Distribution::truncated_normal, a); }
Initializer he_uniform(const FanAxes& a) { return variance_scaling(2, Fan::in, Distribution::uniform, a); }
Initializer he_normal(const FanAxes& a) { return variance_scaling(2, Fan::in, Distribution::truncated_normal, a); }

}  // namespace fluxion::nn::initializers
