// Which stop_gradient equations hold a derivative back.
#pragma once

#include <map>
#include <set>

#include "core/jaxpr.hpp"

namespace fluxion::testing {

/// A value that only helps to solve an implicit equation (the factors of a matrix for custom_linear_solve, the guess of
/// custom_root) has no part in the derivative of the solution, stopped or not: the solution is what the equation says.
/// Such stops must not be held fixed when the argument moves, or the equation would not be solved any more.
class LiveStops {
 public:
  /// Whether this stop_gradient of `jaxpr` is of another sort.
  bool holds(const Eqn& stop, const Jaxpr& jaxpr);

 private:
  std::map<const Jaxpr*, std::set<const Eqn*>> known_;
};

}  // namespace fluxion::testing
