// How long tests run: short in the default suite, long under the preset `soak`.
#pragma once

#include <cstddef>

namespace fluxion::test {

/// Whether this is the long run.
bool soaking();
/// How many seeds, points or programs to try.
std::size_t seeds(std::size_t in_default_suite, std::size_t in_soak);

}  // namespace fluxion::test
