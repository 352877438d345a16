// FLUXION_DEBUG=stage,stage: what the compiler prints to stderr while it works.
#pragma once

#include <string_view>

namespace fluxion::compiler {

/// Whether the environment variable FLUXION_DEBUG names `stage` (passes, program).
bool debug_stage(std::string_view stage);

}  // namespace fluxion::compiler
