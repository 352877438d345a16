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

/// Convolves any dtype with C++ arithmetic. Each image and group is a product of its own, so that how many there are of
/// either does not change the bits of any; but for wide windows with few places, where BLAS multiplies many images at
/// once.
HostKernel convolution_kernel(DType t, ConvGeometry g);

}  // namespace fluxion::lax
