// What policies need to know of matrix products: declared here and defined by lax, as are the operations of
// core/ops.hpp.
#pragma once

#include "core/params.hpp"

namespace fluxion {
class Primitive;
}

namespace fluxion::ops {

enum class MatrixProduct : std::uint8_t { none, plain, batched };
/// Whether an operation is a matrix product, and if so whether it has batch dimensions.
MatrixProduct matrix_product(const Primitive& p, ParamsView params);

}  // namespace fluxion::ops
