// What the typed jit asks of the library besides tracing and calling.
#pragma once

#include <fluxion/detail/flat.hpp>

#include "core/jaxpr.hpp"

namespace fluxion {

/// The jaxpr that an equation calls, if it is a call of a jitted function; else null.
JaxprPtr jitted_jaxpr(const Eqn& e);

}  // namespace fluxion

namespace fluxion::detail {

/// The part of the guards' state that a compiled program depends on.
std::size_t jit_config_key();
/// Whether `disable_jit` is in force on this thread.
bool jit_disabled();
/// Under `log_compiles`: one line on stderr.
void log_compile(const std::string& name, const std::vector<Aval>& in);

}  // namespace fluxion::detail
