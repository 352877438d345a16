// Why a function is traced again, for log_compiles.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "transforms/jit_table.hpp"

namespace fluxion::detail {

/// What tells `now` from the closest of the programs that are kept: "arg0.w is f64[4], was f64[3]". Empty if none is
/// of the same function.
std::string why_traced_again(const JitRecord& now, std::span<const std::shared_ptr<const JitRecord>> kept);

}  // namespace fluxion::detail
