// What the compiled halves of the typed transformations share.
#pragma once

#include <fluxion/detail/flat_calls.hpp>

#include "transforms/tree_nodes.hpp"

namespace fluxion::detail {

/// `arg0.layers[1].w` for each leaf of the call.
std::vector<std::string> leaf_paths(const FlatCall& f);
/// Throws TypeError naming the leaf that is an empty handle.
void check_leaves_hold_values(const FlatCall& f, const char* op);
/// As above, and every leaf must be floating or complex, or as `dtypes` says.
void check_differentiable(const FlatCall& f, const char* op, GradDTypes dtypes);
std::vector<Aval> avals_of(ArraySpan xs);
/// The tangents or cotangents (`what`) of values with these avals: structure, shapes and dtypes checked, float0 arrays
/// made empty handles, which are symbolic zeros.
Arrays checked_tangents(const TreeWriter& given, const TreeDef& structure, std::span<const Aval> primals, const char* op,
                        const char* what, std::span<const std::string> roots);

}  // namespace fluxion::detail
