// Looking for NaNs, for debug_nans.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion {

/// Whether a concrete float32 or float64 array holds a NaN; false for all others.
bool has_nan(const Array& x);

}  // namespace fluxion
