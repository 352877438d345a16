// Initial weights: pure functions of a key, a shape and a dtype, drawn as jax.nn.initializers draws them, bit for bit
// where the sampler is. `glorot_uniform()(key, {784, 128})` is a matrix; weights of convolutions have the input
// features in the axis before last and the output features in the last, unless told otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>

namespace fluxion::nn::initializers {

/// (key, shape, dtype) -> array; without a dtype that of the initialiser, which is the default float unless it was
/// given.
class Initializer {
 public:
  using Draw = std::function<Array(const Array& key, const Shape& shape, DType dtype)>;
  /// Throws TypeError for a dtype that is not inexact; what `draw` throws besides.
  Array operator()(const Array& key, const Shape& shape, std::optional<DType> dtype = {}) const;
  Initializer(const char* name, std::optional<DType> dtype, Draw draw)
      : name_(name), dtype_(dtype), draw_(std::move(draw)) {}

 private:
  const char* name_;
  std::optional<DType> dtype_;
  Draw draw_;
};

/// 0 and 1 everywhere; the key is not used.
Array zeros(const Array& key, const Shape& shape, std::optional<DType> dtype = {});
Array ones(const Array& key, const Shape& shape, std::optional<DType> dtype = {});
/// `value`, broadcast to the shape.
Initializer constant(const Array& value, std::optional<DType> dtype = {});
/// Uniform on [0, scale).
Initializer uniform(double scale = 1e-2, std::optional<DType> dtype = {});
/// Normal with mean 0.
Initializer normal(double stddev = 1e-2, std::optional<DType> dtype = {});
/// stddev times a standard normal cut off at lower and upper.
Initializer truncated_normal(double stddev = 1e-2, std::optional<DType> dtype = {}, double lower = -2,
                             double upper = 2);

/// By which number of connections the variance is divided, and of which distribution the weights are.
enum class Fan : std::uint8_t { in, out, avg, geo_avg };
enum class Distribution : std::uint8_t { normal, truncated_normal, uniform };
/// Which axes of the weights are input features, output features and a batch of weights; the rest is the window.
struct FanAxes {
  Axis in_axis = -2;
  Axis out_axis = -1;
  Axis batch_axis = Axis(Dims{});
  std::optional<DType> dtype{};
};
/// Weights of variance scale / fan, where fan in (out) is the product of input (output) features and window; of mean 0.
/// Throws ValueError for weights of fewer than two axes and a negative scale.
Initializer variance_scaling(double scale, Fan mode, Distribution distribution, const FanAxes& axes = {});
/// 1 / average fan (Glorot and Bengio 2010).
Initializer glorot_uniform(const FanAxes& axes = {});
Initializer glorot_normal(const FanAxes& axes = {});
inline Initializer xavier_uniform(const FanAxes& axes = {}) { return glorot_uniform(axes); }
inline Initializer xavier_normal(const FanAxes& axes = {}) { return glorot_normal(axes); }
/// 1 / fan in (LeCun et al. 1998).
Initializer lecun_uniform(const FanAxes& axes = {});
Initializer lecun_normal(const FanAxes& axes = {});
/// 2 / fan in (He et al. 2015).
Initializer he_uniform(const FanAxes& axes = {});
Initializer he_normal(const FanAxes& axes = {});
inline Initializer kaiming_uniform(const FanAxes& axes = {}) { return he_uniform(axes); }
inline Initializer kaiming_normal(const FanAxes& axes = {}) { return he_normal(axes); }

/// scale times a random matrix with orthonormal rows or columns, whichever are fewer; uniform among all of them (Saxe
/// et al. 2014). The columns are those of axis column_axis, the rows all other axes together. Throws ValueError below
/// two axes.
Initializer orthogonal(double scale = 1, std::int64_t column_axis = -1, std::optional<DType> dtype = {});
/// Weights of convolutions, [window..., in, out] with one to three spatial axes, orthogonal in the middle of the window
/// and zero elsewhere: keeps the length of signals (Xiao et al. 2018). Throws ValueError for other ranks, or more
/// inputs than outputs.
Initializer delta_orthogonal(double scale = 1, std::int64_t column_axis = -1, std::optional<DType> dtype = {});

}  // namespace fluxion::nn::initializers
