// Lowering for the 16-bit floats: they are computed in float32, and the result is rounded once.
#pragma once

#include "ir/program.hpp"

namespace fluxion::lax {

/// f(x) where f maps a value to a value of its own dtype; for halves through float32.
template <class F>
ir::ValueId widened(ir::Builder& b, ir::ValueId x, F f) {
  const auto t = b.type(x).dtype;
  return is_half(t) ? b.convert(f(b.convert(x, DType::float32)), t) : f(x);
}

}  // namespace fluxion::lax
