// Pooling: what a window over spatial axes covers, made one number per feature. Arrays are [batch..., spatial...,
// features], with any number of batch axes, also none. Names and semantics are flax.linen's.
#pragma once

#include <fluxion/array.hpp>
#include <fluxion/lax/reductions.hpp>

namespace fluxion::nn {

struct PoolOptions {
  Dims strides{};                        ///< One per spatial axis; all 1 if empty, as in flax.
  lax::WindowPadding padding = "VALID";  ///< "SAME", "SAME_LOWER", or {low, high} for each spatial axis.
};

/// The greatest, or smallest, element of each window; what is added by padding never is. The derivative goes to the
/// first element that attains it. Throws ValueError for windows, strides and padding that do not fit.
Array max_pool(const Array& x, const Dims& window, const PoolOptions& options = {});
Array min_pool(const Array& x, const Dims& window, const PoolOptions& options = {});
/// The mean over each window, where padding counts as zeros, or not at all. Integers become floats.
Array avg_pool(const Array& x, const Dims& window, const PoolOptions& options = {}, bool count_include_pad = true);

}  // namespace fluxion::nn
