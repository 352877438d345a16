// Transformations of jaxprs into jaxprs, for primitives that hold them: the held program is retraced under the
// transformation. Memoised by jaxpr and masks. Where a `force` mask is given, results in it are present in the
// output even if they are symbolic zeros or unmapped: branches and loop carries must agree in what they have.
#pragma once

#include <memory>
#include <vector>

#include "core/jaxpr.hpp"
#include "transforms/masks.hpp"

namespace fluxion {

/// A transformed program, its captured values (bound before its arguments) and which results it has.
struct TransformedJaxpr {
  ClosedJaxpr closed;
  Mask out;
};
using TransformedPtr = std::shared_ptr<const TransformedJaxpr>;

/// primals ++ tangents of inputs in `nonzero` -> primals ++ tangents of outputs in `out`.
TransformedPtr jvp_jaxpr(const JaxprPtr& jaxpr, const Mask& nonzero, const Mask& force = {});

/// primals ++ `order` derivatives of each input in `moving` -> primals ++ as many of each output in `out`.
TransformedPtr jet_jaxpr(const JaxprPtr& jaxpr, std::size_t order, const Mask& moving, const Mask& force = {});

/// Operands in `mapped` carry a leading axis of the axis's extent; results in `out` do. Collectives over the axis's
/// name are carried out.
TransformedPtr batch_jaxpr(const JaxprPtr& jaxpr, BatchAxis axis, const Mask& mapped, const Mask& force = {});

/// forward: primals -> results ++ residuals; linear: residuals ++ nonzero tangents -> tangents of outputs in `out`.
struct LinearizedJaxpr {
  ClosedJaxpr forward;
  JaxprPtr linear;
  std::size_t n_residuals;
  Mask out;
};
std::shared_ptr<const LinearizedJaxpr> linearize_jaxpr(const JaxprPtr& jaxpr, const Mask& nonzero, const Mask& force = {});

/// known inputs ++ cotangents of outputs in `nonzero_ct` -> cotangents of the linear inputs in `out` (one flag per input).
TransformedPtr transpose_jaxpr(const JaxprPtr& jaxpr, const Mask& linear, const Mask& nonzero_ct,
                               const Mask& force = {});

void clear_transform_cache();

}  // namespace fluxion
