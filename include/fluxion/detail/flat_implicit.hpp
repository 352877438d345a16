// Implicit differentiation over leaves: the compiled halves of implicit.hpp.
#pragma once

#include <functional>

#include <fluxion/detail/flat.hpp>
#include <fluxion/tree_def.hpp>

namespace fluxion::detail {

/// A solver of g(x) = y: from g and y to the leaves of x.
using FlatSolver = std::function<Arrays(const FlatFn& g, const Arrays& y)>;

/// f: x -> f(x), of x's avals; solve: guess -> x, then auxiliary leaves; tangent_solve: linear g, y -> x. `in` is the
/// structure of the guess, for messages. Returns what solve does.
Arrays custom_root_flat(const FlatFn& f, const Arrays& guess, const FlatFn& solve, const FlatSolver& tangent_solve,
                        const TreeDef& in);

/// matvec: x -> A x; solve: b -> x, then auxiliary leaves; transpose_solve the same for the transpose of A, which it
/// is given; it may be empty. With `symmetric`, matvec and solve are their own transposes.
Arrays custom_linear_solve_flat(const FlatFn& matvec, const Arrays& b, const FlatFn& solve, const FlatSolver& transpose_solve,
                                bool symmetric, const TreeDef& in);

}  // namespace fluxion::detail
