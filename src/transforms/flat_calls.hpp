// What the compiled halves of the typed transformations share.
#pragma once

#include <fluxion/detail/flat_calls.hpp>

#include "transforms/tree_nodes.hpp"

namespace fluxion::detail {

/// `arg0.layers[1].w` for each leaf of the call.
std::vector<std::string> leaf_paths(const FlatCall& f);
/// Throws TypeError naming the leaf that is an empty handle.
void check_leaves_hold_values(const FlatCall& f, const char* op);
/// As above, and every leaf must be floating.
void check_differentiable(const FlatCall& f, const char* op);
std::vector<Aval> avals_of(ArraySpan xs);

}  // namespace fluxion::detail
