// Which primitives parse_jaxpr knows without being told.
#pragma once

#include <vector>

#include <fluxion/extend/parse.hpp>

namespace fluxion {

const std::vector<ReadablePrimitive>& library_primitives();

}  // namespace fluxion
