// The inverse of printing a jaxpr. It knows no primitive: which there are is an argument.
#pragma once

#include <span>
#include <string_view>

#include <fluxion/extend/parse.hpp>
#include "core/jaxpr.hpp"

namespace fluxion {

/// The jaxpr that prints as `text`. Throws ValueError with line and column if there is none.
JaxprPtr parse(std::string_view text, std::span<const ReadablePrimitive> primitives);

/// What distinguishes operands from those that are wanted; empty if nothing does.
std::string difference(AvalSpan in, AvalSpan want);

}  // namespace fluxion
