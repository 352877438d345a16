// What the convolution primitive and the functions around it share.
#pragma once

#include <vector>

#include <fluxion/lax/convolution.hpp>

#include "core/primitive.hpp"

namespace fluxion::lax {

std::string show(const ConvDimensionNumbers& d);
std::size_t hash_value(const ConvDimensionNumbers& d);
std::string show(const std::vector<PadAmounts>& pads);
std::size_t hash_value(const std::vector<PadAmounts>& pads);

struct ConvParams {
  BOOST_HANA_DEFINE_STRUCT(ConvParams, (std::int64_t, batch_group_count), (ConvDimensionNumbers, dimension_numbers),
                           (std::int64_t, feature_group_count), (Dims, lhs_dilation),
                           (std::vector<PadAmounts>, padding), (Dims, rhs_dilation), (Dims, window_strides));
};

/// The extents along these axes.
Dims picked(const Shape& shape, const Dims& axes);
/// The axes behind the first two.
Dims spatial(const Dims& spec);
/// (n - 1) * dilation + 1 along each axis; 0 of nothing.
Dims dilated(const Dims& extents, const Dims& dilation);

Array bind_conv(const Array& lhs, const Array& rhs, const ConvParams& p);

}  // namespace fluxion::lax
