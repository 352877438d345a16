// Windows at starts that are int64 already, and negative only if they are outside.
#pragma once

#include <fluxion/lax/indexing.hpp>

namespace fluxion::lax {

Array dynamic_slice_at(const Array& x, Arrays starts, const Dims& slice_sizes);

}  // namespace fluxion::lax
