// A jaxpr's derivative as a program that computes again what it needs, but for what is to be kept.
#pragma once

#include <functional>

#include "core/jaxpr.hpp"
#include "transforms/masks.hpp"

namespace fluxion {

struct Rematerialized {
  Arrays consts;                  // precede the operands of the jaxpr in those of `forward`
  JaxprPtr forward;               // operands -> results ++ kept intermediate values
  std::vector<std::size_t> kept;  // which operands of `forward` the derivative needs
  JaxprPtr linear;                // those ++ kept intermediate values ++ nonzero tangents -> tangents of results in `out`
  Mask out;
};

/// `saves` says of an operation of the function, or one that its derivative wants at the point, whether its results
/// are kept. Calls of jitted functions are looked into.
Rematerialized rematerialized(const JaxprPtr& jaxpr, const Mask& nonzero, const std::function<bool(const Eqn&)>& saves);

}  // namespace fluxion
