// Calls whose arguments' memory may become that of results: arguments that only the call holds, and those that
// donate_argnums gives up.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include <fluxion/detail/flat.hpp>
#include "core/evaluate.hpp"

namespace fluxion::detail {

using LeafName = std::function<std::string(std::size_t)>;

/// Runs the function. `given` says which leaves are given up, empty for none: nobody can read those afterwards. Under a
/// transformation nothing is given up, and the result is false. `fates` is empty if no leaf's memory could have been reused.
/// Throws ValueError if a leaf that is given up is another argument too.
bool run_donating(const JitEntry& entry, const Arrays& leaves, std::span<const char> given, const LeafName& name,
                  std::vector<Fate>& fates, Arrays& results);

}  // namespace fluxion::detail
