// What policies need to know of matrix products: declared here and defined by lax, as are the operations of
// core/ops.hpp.
#pragma once

#include <optional>

#include <fluxion/array.hpp>
#include "core/params.hpp"

namespace fluxion {
class Primitive;
}

namespace fluxion::ops {

enum class MatrixProduct : std::uint8_t { none, plain, batched };
/// Whether an operation is a matrix product, and if so whether it has batch dimensions.
MatrixProduct matrix_product(const Primitive& p, ParamsView params);

/// Of an operation that repeats its operand along new axes or axes of extent 1: which axis of the result each of the
/// operand's becomes; null for all others.
const Dims* repetition(const Primitive& p, ParamsView params);
/// A matrix product of `operands`, of which number `which` is `source` repeated as `dims` say, with the free axes that
/// it is repeated along left out of the product and the product repeated instead. Nothing where there are none.
std::optional<Array> product_before_repetition(ParamsView params, ArraySpan operands, std::size_t which,
                                               const Array& source, const Dims& dims);

}  // namespace fluxion::ops
