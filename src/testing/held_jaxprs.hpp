// The equations of a jaxpr, those of the jaxprs among their parameters included.
#pragma once

#include <functional>

#include "core/jaxpr.hpp"

namespace fluxion::testing {

/// Calls f for every equation, the outer before the inner.
void for_each_equation(const Jaxpr& jaxpr, const std::function<void(const Eqn&)>& f);

}  // namespace fluxion::testing
