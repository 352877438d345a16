// Transformations of jaxprs into jaxprs, for primitives that hold them: the held program is retraced under the
// transformation. Memoised by jaxpr and mask.
#pragma once

#include <memory>
#include <vector>

#include "core/jaxpr.hpp"

namespace fluxion {

using Mask = std::vector<char>;

/// A transformed program, its captured values (bound before its arguments) and which results it has.
struct TransformedJaxpr {
  ClosedJaxpr closed;
  Mask out;
};
using TransformedPtr = std::shared_ptr<const TransformedJaxpr>;

/// primals ++ tangents of inputs in `nonzero` -> primals ++ tangents of outputs in `out`.
TransformedPtr jvp_jaxpr(const JaxprPtr& jaxpr, const Mask& nonzero);

/// Operands in `mapped` carry a leading axis of extent n; results in `out` do.
TransformedPtr batch_jaxpr(const JaxprPtr& jaxpr, std::int64_t n, const Mask& mapped);

/// forward: primals -> results ++ residuals; linear: residuals ++ nonzero tangents -> tangents of outputs in `out`.
struct LinearizedJaxpr {
  ClosedJaxpr forward;
  JaxprPtr linear;
  std::size_t n_residuals;
  Mask out;
};
std::shared_ptr<const LinearizedJaxpr> linearize_jaxpr(const JaxprPtr& jaxpr, const Mask& nonzero);

/// known inputs ++ cotangents of outputs in `nonzero_ct` -> cotangents of the linear inputs in `out` (one flag per input).
TransformedPtr transpose_jaxpr(const JaxprPtr& jaxpr, const Mask& linear, const Mask& nonzero_ct);

void clear_transform_cache();

}  // namespace fluxion
