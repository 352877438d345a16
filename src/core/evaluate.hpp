// Evaluation, declared here and defined by the compiler: core needs it, and must not know how it works.
#pragma once

#include <memory>

#include "core/jaxpr.hpp"

namespace fluxion {

using detail::Executable;

/// Carries out one operation on concrete arrays: an elementwise row through its kernel, anything else through
/// its lowered program, cached by primitive, params, avals and strides. No trace is consulted.
Arrays evaluate(const Primitive& p, ArraySpan args, ParamsView params);
/// The same for an elementwise table row, without any allocation but the result's.
Array evaluate_row(const Primitive& row, ArraySpan args);

/// Compiles a jaxpr whose inputs are all concrete arrays. Layouts are specialised at the first run.
std::shared_ptr<const Executable> compile(JaxprPtr jaxpr);
/// Runs it; `args` = consts then arguments, concrete. Results are appended to `out`.
void run(const Executable& e, ArraySpan args, Arrays& out);
/// The planned program, for FLUXION_DEBUG and tests.
std::string to_string(const Executable& e);

/// Drops every cached program.
void clear_evaluate_cache();

}  // namespace fluxion
