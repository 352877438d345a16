// What the typed jit asks of the library besides tracing and calling.
#pragma once

#include <fluxion/detail/flat.hpp>
#include "core/evaluate.hpp"

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
/// A line on stderr for a function that is traced, and another one if it was before.
void log_compile(const std::string& name, const std::vector<Aval>& in, const std::string& why_again);

/// Whether a call is not seen by any transformation, and runs at once.
bool runs_directly(const JitEntry& entry, ArraySpan args);
/// Runs such a call; results may be written over arguments that are free.
void run_jit(const JitEntry& entry, const Arrays& args, std::span<Fate> fates, Arrays& out);
/// Compiled now if it is not yet. Throws TypeError if the function captured a traced value.
const Executable& executable_of(const JitEntry& entry);

}  // namespace fluxion::detail
