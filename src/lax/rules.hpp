// What rules of several families share: checks, axis arithmetic, batching of elementwise operands.
#pragma once

#include <string_view>

#include <fluxion/lax.hpp>
#include "base/text.hpp"
#include "core/ops.hpp"
#include "core/primitive.hpp"

namespace fluxion::lax {

/// {first, first+1, ..., last-1}
Dims iota_dims(std::int64_t first, std::int64_t last);
/// All axes of 0..rank-1 that are in none of the lists, ascending.
Dims remaining(std::int64_t rank, const Dims& a, const Dims& b = {});
/// p with p[order[i]] = i.
Dims inverse(const Dims& order);
/// Each axis moved up by one: the mapped axis has come in front.
Dims shifted(const Dims& axes);
bool contains(const Dims& axes, std::int64_t axis);

/// Throws ValueError unless axes are distinct and in [0, rank).
void check_axes(std::string_view op, std::string_view what, const Dims& axes, const Aval& of);
/// `a` itself, once its size is known to be representable. Throws ValueError.
Aval sized(std::string_view op, Aval a);
/// All dtypes have arithmetic.
inline void check_supported(std::string_view, const Aval&) {}

/// Common shape of elementwise operands: all equal, but for rank 0. Throws TypeError.
Shape elementwise_shape(std::string_view op, AvalSpan in);
/// Operands brought to one batched shape: mapped scalars that meet arrays, and unmapped arrays, are broadcast.
Arrays batched_operands(const BatchArgs& args);
/// The cotangent of an operand that may have been a scalar beside arrays: summed down to its shape.
Array unbroadcast(const Array& ct, const Aval& to);
/// A tangent of the operand's shape repeated to the result's.
Array broadcast_scalar(const Array& t, const Shape& shape);

}  // namespace fluxion::lax
