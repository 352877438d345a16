// Smaller extents.
#pragma once

#include "testing/explain.hpp"

namespace fluxion::testing {

/// The least extent in [1, n] that fails, if those which fail are the large ones; n if no other fails.
std::int64_t smallest_extent(std::int64_t n, const std::function<bool(std::int64_t)>& fails);
/// A program with every extent n replaced by m, in avals and in parameters that hold shapes. `last`: values keep their
/// last elements rather than the first. Nothing if a primitive refuses it.
std::optional<Case> with_extent(const Case& c, std::int64_t n, std::int64_t m, bool last);

}  // namespace fluxion::testing
