// A function as a program at a point.
#pragma once

#include "core/jaxpr.hpp"
#include "testing/findings.hpp"

namespace fluxion::testing {

/// The jaxpr of f for arguments like these. A function that looks at concrete values (`if (x > 0)`), as grad allows, is
/// recorded along the path that it takes at `args`.
ClosedJaxpr program_of(const FlatFn& f, const Arrays& args);
/// The program as a function again, consts bound.
FlatFn function_of(const ClosedJaxpr& program);
/// Which arguments have tangents.
std::vector<char> active_of(const Arrays& args);

/// (arguments, then one tangent per active argument) -> results, then the tangents of those that have one.
FlatFn jvp_of(FlatFn f, std::vector<char> active);
/// The same by linearize.
FlatFn linearized_of(FlatFn f, std::vector<char> active);
/// (arguments, then one cotangent per result that has one) -> results, then one cotangent per active argument.
FlatFn vjp_of(FlatFn f, std::vector<char> active);

}  // namespace fluxion::testing
