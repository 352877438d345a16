// Jaxprs from text, as programs that can be run, and as pictures. Not included by <fluxion/fluxion.hpp>.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fluxion/extend/parse.hpp>
#include <fluxion/transforms/jaxpr.hpp>

namespace fluxion {

struct ParseOptions {
  /// The values of the constants, which stand before the semicolon; without them the program cannot be run.
  Arrays consts = {};
  /// Primitives that are not the library's: readable<P>(number of operands).
  std::vector<ReadablePrimitive> primitives = {};
};

/// The jaxpr that prints as `text`, which may be laid out in any way. Arguments and literals are strong, for weakness
/// is not printed. The rules of custom_jvp, custom_vjp and custom_vmap are C++ functions that no text holds: their
/// calls have values, and throw UnsupportedError where the rule is needed. What calls the host (callbacks, linear_call)
/// is refused. ValueError with line and column for anything else.
ClosedJaxpr parse_jaxpr(std::string_view text);
ClosedJaxpr parse_jaxpr(std::string_view text, const ParseOptions& options);

/// The results of a jaxpr for these arguments; one operation after the other in the current trace, so that it can be
/// jitted, mapped and differentiated. ValueError unless shapes and dtypes are the jaxpr's. Source: jax.core.eval_jaxpr.
Arrays eval_jaxpr(const ClosedJaxpr& jaxpr, const Arrays& args);

/// The jaxpr as a graph for Graphviz: operations are boxes, arguments and results ellipses, values arrows with their
/// avals; a jaxpr that an operation holds is a cluster.
std::string to_dot(const ClosedJaxpr& jaxpr);

}  // namespace fluxion
