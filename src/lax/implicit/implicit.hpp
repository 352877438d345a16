// What custom_root and custom_linear_solve share. Both are primitives that hold jaxprs, all of which take the same
// captured values in front of their own arguments.
#pragma once

#include "lax/control_flow/control_flow.hpp"

namespace fluxion::lax {

/// The tangents of a jaxpr's results, symbolic zeros in and out. With `recorded`, what is linear in the tangents is
/// kept apart from the rest, as reverse mode needs; else loops of unknown length are no obstacle.
Arrays pushed_forward(const JaxprPtr& jaxpr, ArraySpan primals, ArraySpan tangents, bool recorded);

/// All operands after the captured values mapped, and so all results.
struct BatchedCall {
  Arrays operands;
  Mask mapped;
};
BatchedCall all_mapped(const BatchArgs& args, std::size_t n_consts);
/// `jaxpr` for such a call, whose captured values are mapped as in `consts`.
JaxprPtr batched(const JaxprPtr& jaxpr, BatchAxis axis, const Mask& consts, const char* op);

/// The solution of f(x) = 0 where solve finds it; jaxprs as in custom_root.cpp.
Arrays bind_custom_root(ArraySpan consts, ArraySpan guess, const JaxprPtr& f, const JaxprPtr& solve, const JaxprPtr& tangent_solve);
/// `transposed` is {vecmat, transpose_solve} or empty.
Arrays bind_custom_linear_solve(ArraySpan consts, ArraySpan b, const JaxprPtr& matvec, const JaxprPtr& solve,
                                const std::vector<JaxprPtr>& transposed);

}  // namespace fluxion::lax
