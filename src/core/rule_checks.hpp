// Holds the results of rules against abstract_eval. Those of lowering always, for a user's primitive would write
// outside of its memory; the others in builds with FLUXION_DEBUG_CHECKS, else they are empty.
#pragma once

#include "core/primitive.hpp"

namespace fluxion {

[[noreturn]] void throw_wrong_lowering(const Primitive& p, const ir::Type& got, const Aval& want);
[[noreturn]] void throw_wrong_lowering(const Primitive& p, std::size_t got, std::size_t want);
/// A lowered result is of the type that abstract_eval says.
inline void check_lowered(const Primitive& p, const ir::Type& got, const Aval& want) {
  if (got.dtype != want.dtype || got.shape != want.shape) throw_wrong_lowering(p, got, want);
}

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
