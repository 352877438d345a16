// Implicit differentiation: solutions of equations, differentiated by the equation instead of through the solver.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include <fluxion/detail/flat_implicit.hpp>
#include <fluxion/options.hpp>
#include <fluxion/tree.hpp>

namespace fluxion {

struct Symmetric {
  explicit constexpr Symmetric() = default;
};
/// Says that matvec is its own transpose, so that one solver serves both. Source: custom_linear_solve(symmetric=True).
inline constexpr Symmetric symmetric{};

namespace detail {

/// What a solver is given: a linear function of trees of type T.
template <class T>
using LinearFn = std::function<T(const T&)>;

/// The result of a solver that says, with Aux, {solution, auxiliary}.
template <bool Aux, class R>
struct Solved {
  static constexpr bool ok = true;
  using X = R;
};
template <class R>
struct Solved<true, R> {
  static constexpr bool ok = false;
  using X = void;
};
template <class A, class B>
struct Solved<true, std::pair<A, B>> {
  static constexpr bool ok = true;
  using X = A;
  using AuxPart = B;
};

template <class T>
T tree_of(const TreeDef& def, const Arrays& leaves) {
  TreeReader reader(def, leaves);
  return TreeOf<T>::build(reader);
}
/// The leaves of a result that must have the structure `want`.
template <class T>
Arrays leaves_like(const T& result, const TreeDef& want, const char* what) {
  auto flat = tree::flatten(result);
  check_same_structure(want, flat.structure, what, {});
  return std::move(flat.leaves);
}
/// The same of a solver's result; the leaves of an auxiliary part follow, and `aux` becomes its structure.
template <bool Aux, class R>
Arrays solved_leaves(const R& result, const TreeDef& want, TreeDef& aux, const char* what) {
  if constexpr (Aux) {
    Arrays out = leaves_like(result.first, want, what);
    auto rest = tree::flatten(result.second);
    aux = std::move(rest.structure);
    out.insert(out.end(), rest.leaves.begin(), rest.leaves.end());
    return out;
  } else {
    return leaves_like(result, want, what);
  }
}
/// The solution alone, or {solution, auxiliary}.
template <bool Aux, class R, class T>
auto solution(const TreeDef& def, const TreeDef& aux, Arrays leaves) {
  if constexpr (Aux) {
    using Rest = traced_t<typename Solved<true, R>::AuxPart>;
    const auto n = static_cast<std::ptrdiff_t>(def.num_leaves());
    return std::pair<T, Rest>(tree_of<T>(def, Arrays(leaves.begin(), leaves.begin() + n)),
                              tree_of<Rest>(aux, Arrays(leaves.begin() + n, leaves.end())));
  } else {
    return tree_of<T>(def, leaves);
  }
}

/// Whether `Solver(g, y)` gives an X, with an auxiliary part if Aux; otherwise stops the compilation.
template <bool Aux, class Solver, class G, class T>
constexpr bool valid_solver() {
  if constexpr (!std::invocable<const Solver&, const G&, const T&>) {
    static_assert(dependent_false<Solver>, "fluxion: a solver must be callable with (function, tree) as documented; take "
                                           "the function by `const auto&`");
  } else {
    using R = std::decay_t<std::invoke_result_t<const Solver&, const G&, const T&>>;
    if constexpr (!Solved<Aux, R>::ok) {
      static_assert(dependent_false<Solver>, "fluxion: with fx::has_aux the solver must return a std::pair {solution, auxiliary}");
    } else if constexpr (!TreeLike<typename Solved<Aux, R>::X>) {
      static_assert(dependent_false<Solver>, "fluxion: a solver must return a tree of the unknown's type");
    } else if constexpr (!std::same_as<traced_t<typename Solved<Aux, R>::X>, T>) {
      static_assert(dependent_false<Solver>, "fluxion: a solver must return a tree of the unknown's type");
    } else {
      return true;
    }
  }
  return false;
}
/// Whether F maps a T to a T; otherwise stops the compilation.
template <class F, class T>
constexpr bool valid_equation() {
  if constexpr (!std::invocable<const F&, const T&>) {
    static_assert(dependent_false<F>, "fluxion: the equation must be callable with the unknown, a tree of Arrays; close over "
                                      "all else");
  } else if constexpr (!TreeLike<std::decay_t<std::invoke_result_t<const F&, const T&>>>) {
    static_assert(dependent_false<F>, "fluxion: the equation must return a tree of the unknown's type");
  } else if constexpr (!std::same_as<traced_t<std::decay_t<std::invoke_result_t<const F&, const T&>>>, T>) {
    static_assert(dependent_false<F>, "fluxion: the equation must return a tree of the unknown's type");
  } else {
    return true;
  }
  return false;
}

template <class T, class F>
FlatFn flat_equation(const F& f, const TreeDef& in, const char* what) {
  return [&f, &in, what](const Arrays& leaves) { return leaves_like(f(tree_of<T>(in, leaves)), in, what); };
}
template <class T>
LinearFn<T> typed_linear(const FlatFn& g, const TreeDef& in) {
  return [&g, &in](const T& x) { return tree_of<T>(in, g(leaves_like(x, in, "the argument of a linear function"))); };
}

template <bool Aux, class F, class X, class S, class Ts>
auto custom_root(const F& f, const X& initial_guess, const S& solve, const Ts& tangent_solve) {
  using T = traced_t<X>;
  if constexpr (valid_equation<F, T>()) {
    if constexpr (valid_solver<Aux, S, F, T>()) {
      if constexpr (valid_solver<false, Ts, LinearFn<T>, T>()) {
        using R = std::decay_t<std::invoke_result_t<const S&, const F&, const T&>>;
        const auto guess = tree::flatten(initial_guess);
        const TreeDef& in = guess.structure;
        TreeDef aux;
        auto out = custom_root_flat(
            flat_equation<T>(f, in, "custom_root: the result of f"), guess.leaves,
            [&](const Arrays& leaves) {
              return solved_leaves<Aux>(solve(f, tree_of<T>(in, leaves)), in, aux, "custom_root: the result of solve");
            },
            [&](const FlatFn& g, const Arrays& y) {
              return leaves_like(tangent_solve(typed_linear<T>(g, in), tree_of<T>(in, y)), in,
                                 "custom_root: the result of tangent_solve");
            },
            in);
        return solution<Aux, R, T>(in, aux, std::move(out));
      }
    }
  }
}

/// Stands for the transpose_solve that was not given.
struct NoSolver {};

template <bool Aux, class A, class B, class S, class Ts>
auto custom_linear_solve(const A& matvec, const B& b, const S& solve, const Ts& transpose_solve, bool symmetric) {
  using T = traced_t<B>;
  constexpr bool transposes = !std::same_as<Ts, NoSolver>;
  if constexpr (valid_equation<A, T>()) {
    if constexpr (valid_solver<Aux, S, A, T>()) {
      using R = std::decay_t<std::invoke_result_t<const S&, const A&, const T&>>;
      const auto rhs = tree::flatten(b);
      const TreeDef& in = rhs.structure;
      TreeDef aux, transposed_aux;
      FlatSolver transposed;
      if constexpr (transposes) {
        if constexpr (valid_solver<Aux, Ts, LinearFn<T>, T>()) {
          transposed = [&](const FlatFn& vecmat, const Arrays& y) {
            return solved_leaves<Aux>(transpose_solve(typed_linear<T>(vecmat, in), tree_of<T>(in, y)), in, transposed_aux,
                                      "custom_linear_solve: the result of transpose_solve");
          };
        }
      }
      auto out = custom_linear_solve_flat(
          flat_equation<T>(matvec, in, "custom_linear_solve: the result of matvec"), rhs.leaves,
          [&](const Arrays& leaves) {
            return solved_leaves<Aux>(solve(matvec, tree_of<T>(in, leaves)), in, aux, "custom_linear_solve: the result of solve");
          },
          transposed, symmetric, in);
      return solution<Aux, R, T>(in, aux, std::move(out));
    }
  }
}

}  // namespace detail

/// The x with f(x) = 0 that solve(f, initial_guess) finds, differentiated by the implicit function theorem with respect
/// to everything that f closes over: dx = -(df/dx)^-1 df, whatever solve does, and to any order. x is a tree of floating
/// leaves, f(x) one of the same structure, shapes and dtypes. tangent_solve(g, y) gives the x with g(x) = y for a linear
/// function g, by operations that are linear in y: `y / g(1.0)` for a scalar, else a direct solver or
/// custom_linear_solve. The derivative with respect to the guess is zero.
/// Throws TypeError or ValueError naming the leaf that does not fit. Source: jax.lax.custom_root.
template <class F, TreeLike X, class S, class Ts>
auto custom_root(const F& f, const X& initial_guess, const S& solve, const Ts& tangent_solve) {
  return detail::custom_root<false>(f, initial_guess, solve, tangent_solve);
}
/// solve returns {x, auxiliary}, and so does this; the auxiliary part is not differentiated.
template <class F, TreeLike X, class S, class Ts>
auto custom_root(const F& f, const X& initial_guess, const S& solve, const Ts& tangent_solve, HasAux) {
  return detail::custom_root<true>(f, initial_guess, solve, tangent_solve);
}

/// The x with matvec(x) = b that solve(matvec, b) finds, differentiated with respect to b and to everything that matvec
/// closes over, to any order: A dx = db - dA x, solved by solve again. matvec is linear (not checked), and maps trees
/// of b's structure, shapes and dtypes to such. Reverse mode needs transpose_solve(vecmat, b), which solves the transposed
/// system, or fx::symmetric; without either it throws TypeError, and forward mode works.
/// Throws TypeError or ValueError naming the leaf that does not fit. Source: jax.lax.custom_linear_solve.
template <class A, TreeLike B, class S>
auto custom_linear_solve(const A& matvec, const B& b, const S& solve) {
  return detail::custom_linear_solve<false>(matvec, b, solve, detail::NoSolver{}, false);
}
template <class A, TreeLike B, class S>
auto custom_linear_solve(const A& matvec, const B& b, const S& solve, Symmetric) {
  return detail::custom_linear_solve<false>(matvec, b, solve, detail::NoSolver{}, true);
}
template <class A, TreeLike B, class S, class Ts>
auto custom_linear_solve(const A& matvec, const B& b, const S& solve, const Ts& transpose_solve) {
  return detail::custom_linear_solve<false>(matvec, b, solve, transpose_solve, false);
}
/// The solvers return {x, auxiliary}, and so does this; the auxiliary part is not differentiated.
template <class A, TreeLike B, class S>
auto custom_linear_solve(const A& matvec, const B& b, const S& solve, HasAux) {
  return detail::custom_linear_solve<true>(matvec, b, solve, detail::NoSolver{}, false);
}
template <class A, TreeLike B, class S>
auto custom_linear_solve(const A& matvec, const B& b, const S& solve, Symmetric, HasAux) {
  return detail::custom_linear_solve<true>(matvec, b, solve, detail::NoSolver{}, true);
}
template <class A, TreeLike B, class S, class Ts>
auto custom_linear_solve(const A& matvec, const B& b, const S& solve, const Ts& transpose_solve, HasAux) {
  return detail::custom_linear_solve<true>(matvec, b, solve, transpose_solve, false);
}

}  // namespace fluxion
