// Convolutions of floats as products of matrices that are never written out.
#pragma once

#include "lax/convolution_kernel.hpp"

namespace fluxion::lax {

/// y = x convolved with w, for float and double; y is not empty.
template <class T>
void convolve_floats(const ConvGeometry& g, const T* x, const T* w, T* y);

}  // namespace fluxion::lax
