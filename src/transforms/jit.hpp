// What the typed jit asks of the library besides tracing and calling.
#pragma once

#include <fluxion/detail/flat.hpp>

namespace fluxion::detail {

/// The part of the guards' state that a compiled program depends on.
std::size_t jit_config_key();
/// Whether `disable_jit` is in force on this thread.
bool jit_disabled();
/// Under `log_compiles`: one line on stderr.
void log_compile(const std::string& name, const std::vector<Aval>& in);

}  // namespace fluxion::detail
