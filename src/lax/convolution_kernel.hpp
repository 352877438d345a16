// The convolution of row-major arrays, as compiled programs call it.
#pragma once

#include <fluxion/extend/lower.hpp>

namespace fluxion::lax {

/// lhs [batch, groups * in, extents...], rhs [groups * out, in, window...], result [batch, groups * out, places...].
struct ConvGeometry {
  std::int64_t batch, groups, in, out;
  Dims extents, window, places;
  Dims strides, lhs_dilation, rhs_dilation, low;
};

/// Convolves any dtype with C++ arithmetic. An element is the sum over input channels and the window in row-major order,
/// so that nothing else that is computed with it changes its bits.
HostKernel convolution_kernel(DType t, ConvGeometry g);

}  // namespace fluxion::lax
