// The transformations of a FlatCall: compiled halves of the typed functions of transforms/.
#pragma once

#include <memory>
#include <vector>

#include <fluxion/detail/flat_call.hpp>

namespace fluxion {
struct VmapOptions;
}

namespace fluxion::detail {

struct GradResult {
  Arrays outs;   // the value, then the leaves of the auxiliary part
  Arrays grads;  // one per leaf
};
/// Which dtypes are differentiated: integers too, with float0 gradients; complex ones only, to complex results.
struct GradDTypes {
  bool allow_int = false, holomorphic = false;
};
GradResult grad_call(FlatCall& f, const char* op, GradDTypes dtypes);

PrimalsTangents jvp_call(FlatCall& f, const TreeWriter& tangents);

/// The derivative of a call at a point, with the structures of what goes in and comes out.
struct Derivative {
  LinearMap map;
  TreeDef in, out;
};
struct LinearizedCall {
  Arrays outs;
  std::shared_ptr<const Derivative> derivative;
};
LinearizedCall linearize_call(FlatCall& f, const char* op);
/// J t and J^T ct, after checking structure, shapes and dtypes.
Arrays push_forward(const Derivative& d, const TreeWriter& tangents);
Arrays pull_back(const Derivative& d, const TreeWriter& cotangents);

Arrays vmap_call(FlatCall& f, const VmapOptions& options);

struct JacobianResult {
  std::vector<Arrays> jacobian;  // for each leaf of the arguments, the derivative of each leaf of the result
  Arrays aux;
};
JacobianResult jacobian_call(FlatCall& f, bool forward, GradDTypes dtypes);

ClosedJaxpr jaxpr_call(FlatCall& f, const char* op);
/// Arrays without values that have the avals of the results.
Arrays eval_shape_call(FlatCall& f);
Array abstract_array(const Aval& aval);

}  // namespace fluxion::detail
