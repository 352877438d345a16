// Holds the results of rules against abstract_eval. Active in builds with FLUXION_DEBUG_CHECKS, else empty.
#pragma once

#include "core/primitive.hpp"

namespace fluxion {

#ifdef FLUXION_DEBUG_CHECKS
/// Primal results as abstract_eval says, tangents of their type (float0 and integer results have none).
void check_jvp_rule(const Primitive& p, ArraySpan args, ParamsView params, const JvpOut& out);
/// Mapped results have the extra axis in front, all others the element's aval.
void check_batch_rule(const Primitive& p, ArraySpan args, ParamsView params, const BatchOut& out, std::int64_t size);
/// One cotangent per operand, of the operand's type.
void check_transpose_rule(const Primitive& p, std::span<const TransposeArg> operands, ArraySpan cotangents);
#else
inline void check_jvp_rule(const Primitive&, ArraySpan, ParamsView, const JvpOut&) {}
inline void check_batch_rule(const Primitive&, ArraySpan, ParamsView, const BatchOut&, std::int64_t) {}
inline void check_transpose_rule(const Primitive&, std::span<const TransposeArg>, ArraySpan) {}
#endif

}  // namespace fluxion
