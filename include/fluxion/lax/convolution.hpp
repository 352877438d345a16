// Convolutions: a window of weights slides over spatial axes. Names and semantics are jax.lax's. As there, the window
// is not flipped (what mathematics calls cross-correlation); products are of full precision.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fluxion/array.hpp>
#include <fluxion/lax/conv_padding.hpp>

namespace fluxion::lax {

/// Which axis of each array is what: lhs_spec and out_spec list the axes of batch, features, then the spatial ones;
/// rhs_spec those of output features, input features, then the spatial ones. Source: jax.lax.ConvDimensionNumbers.
struct ConvDimensionNumbers {
  Dims lhs_spec, rhs_spec, out_spec;
  friend bool operator==(const ConvDimensionNumbers&, const ConvDimensionNumbers&) = default;
};

/// Dimension numbers as they are given: by name, {"NHWC", "HWIO", "NHWC"} (N batch, C features, O and I output and
/// input features of the weights, the other letters spatial axes, matched by letter), as ConvDimensionNumbers, or not
/// at all: then batch and output features come first, the other features second.
class ConvLayout {
 public:
  ConvLayout() = default;
  ConvLayout(std::string_view lhs, std::string_view rhs, std::string_view out)
      : names_{std::string(lhs), std::string(rhs), std::string(out)}, kind_(Kind::names) {}
  ConvLayout(ConvDimensionNumbers numbers) : numbers_(std::move(numbers)), kind_(Kind::numbers) {}  // NOLINT: implicit

  bool is_default() const { return kind_ == Kind::none; }
  /// For operands of this rank. Throws ValueError for names that do not fit it or each other.
  ConvDimensionNumbers numbers(std::int64_t rank) const;

 private:
  enum class Kind : std::uint8_t { none, names, numbers };
  std::array<std::string, 3> names_;
  ConvDimensionNumbers numbers_;
  Kind kind_ = Kind::none;
};

/// The axes that a layout names, for operands of these shapes. Throws ValueError. Source:
/// jax.lax.conv_dimension_numbers.
ConvDimensionNumbers conv_dimension_numbers(const Shape& lhs, const Shape& rhs, const ConvLayout& layout);

struct ConvOptions {
  Dims lhs_dilation{};  ///< Elements of lhs come to stand so far apart, zeros between them; empty: all 1.
  Dims rhs_dilation{};  ///< The same for the weights (atrous convolution).
  ConvLayout dimension_numbers{};
  std::int64_t feature_group_count = 1;  ///< Features fall into so many groups, convolved apart (depthwise: all).
  std::int64_t batch_group_count = 1;    ///< The batch does, each group with output features of its own.
  /// The result's dtype, in which products are summed; not narrower than that of the operands.
  std::optional<DType> preferred_element_type{};
};

/// out[n, o, p] = sum over c, k of lhs[n, c, p*stride + k - low] * rhs[o, c, k], zero outside. lhs [N, C, spatial...],
/// rhs [O, C / feature_group_count, window...] in the layout that the options say. Differentiable in both. Throws
/// TypeError for dtypes that differ or are no numbers, ValueError for ranks, counts and amounts that do not fit.
/// Source: jax.lax.conv_general_dilated.
Array conv_general_dilated(const Array& lhs, const Array& rhs, const Dims& window_strides, const ConvPadding& padding,
                           const ConvOptions& options = {});
/// The same in the default layout. Source: jax.lax.conv, jax.lax.conv_with_general_padding.
Array conv(const Array& lhs, const Array& rhs, const Dims& window_strides, const ConvPadding& padding,
           std::optional<DType> preferred_element_type = {});
Array conv_with_general_padding(const Array& lhs, const Array& rhs, const Dims& window_strides,
                                const ConvPadding& padding, const Dims& lhs_dilation = {},
                                const Dims& rhs_dilation = {}, std::optional<DType> preferred_element_type = {});

struct ConvTransposeOptions {
  Dims rhs_dilation{};
  ConvLayout dimension_numbers{};  ///< Default: batch first, features last; weights [window..., in, out].
  bool transpose_kernel = false;   ///< Flip the window and swap its features: the gradient of a convolution with rhs.
  std::optional<DType> preferred_element_type{};
};

/// A convolution over lhs with `strides - 1` zeros between its elements, padded as the gradient of a convolution with
/// these strides and this padding would be ("SAME": the result is `strides` times as large). Throws ValueError as
/// conv_general_dilated, and for "SAME_LOWER". Source: jax.lax.conv_transpose.
Array conv_transpose(const Array& lhs, const Array& rhs, const Dims& strides, const ConvPadding& padding,
                     const ConvTransposeOptions& options = {});

/// What the window covers at each of its places, laid along the feature axis: feature c * prod(filter_shape) + k is
/// element k of the window over channel c. lhs floating. Source: jax.lax.conv_general_dilated_patches.
Array conv_general_dilated_patches(const Array& lhs, const Dims& filter_shape, const Dims& window_strides,
                                   const ConvPadding& padding, const ConvOptions& options = {});

/// A convolution whose weights differ from place to place: rhs [O, C * prod(filter_shape), places...] in the layout
/// that the options say, its second axis as that of conv_general_dilated_patches. Source:
/// jax.lax.conv_general_dilated_local.
Array conv_general_dilated_local(const Array& lhs, const Array& rhs, const Dims& window_strides,
                                 const ConvPadding& padding, const Dims& filter_shape, const ConvOptions& options = {});

}  // namespace fluxion::lax
