// check_grads and its kin: functions whose derivatives, batches and programs are held against what they must be.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fluxion/detail/flat_call.hpp>
#include <fluxion/testing/options.hpp>
#include <fluxion/testing/report.hpp>

namespace fluxion::testing {

namespace detail {
using fluxion::detail::FlatFn;

enum class Check { grads, vmap, jit, pure, transpose, all };

/// A function of leaves, the leaves, and what messages call them: `arg0.layers[1].w`.
struct Subject {
  FlatFn f;
  Arrays args;
  std::vector<std::string> paths;
};
/// Carries out a check.
Report run_check(Check check, const Subject& subject, const CheckOptions& options);
/// Returns the report if it passed, else throws CheckError.
Report passed_or_throw(Report report);

template <class T>
constexpr bool is_tuple = false;
template <class... T>
constexpr bool is_tuple<std::tuple<T...>> = true;

/// The arguments of a call: a std::tuple of them, or one that is no tuple.
template <class A>
auto as_tuple(const A& args) {
  if constexpr (is_tuple<A>) return std::apply([](const auto&... a) { return std::tuple<decltype(a)...>(a...); }, args);
  else return std::tuple<const A&>(args);
}

template <class F, class Given, class... A>
Report check_call(Check check, const F& f, const std::tuple<A...>& args, const CheckOptions& options) {
  if constexpr (fluxion::detail::traceable<F, Given, false, A...>()) {
    return std::apply([&](A... a) {
      fluxion::detail::TypedCall<F, Given, false, A...> call(f, a...);
      std::vector<std::string> roots;
      for (int i : call.arguments) roots.push_back("arg" + std::to_string(i));
      return run_check(check,
                       {[&call](const Arrays& in) { return call(in); }, call.leaves, call.in.paths(roots)},
                       options);
    }, args);
  } else {
    return {};
  }
}

template <class F, class A, int... S>
Report check_typed(Check check, const F& f, const A& args, StaticArgnums<S...>, const CheckOptions& options) {
  const auto tuple = as_tuple(args);
  constexpr int n = static_cast<int>(std::tuple_size_v<std::decay_t<decltype(tuple)>>);
  if constexpr (n == 0) {
    static_assert(fluxion::detail::dependent_false<F>, "fluxion::testing: a function to be checked needs an argument");
    return {};
  } else if constexpr (!fluxion::detail::in_range<n, S...>) {
    static_assert(fluxion::detail::dependent_false<F>,
                  "fluxion::testing: a static argument's number is out of range of the arguments given");
    return {};
  } else {
    using Given = fluxion::detail::Complement<fluxion::detail::Normalised<n, S...>, n>;
    return check_call<std::decay_t<const F&>, Given>(check, f, tuple, options);
  }
}
}  // namespace detail

/// Holds the derivatives of f at `args` against references of known accuracy, up to `options.order`, forward
/// and reverse, along many signed directions. `args` is a std::tuple of the arguments, or the only one; each
/// is a tree, and integer leaves are not differentiated. The reference of a float32 program is its jaxpr
/// evaluated in float64; derivatives come from a complex step where the program is analytic, else from
/// Richardson extrapolation, whose own estimate of error, with that of rounding, is the tolerance of each
/// element. At a kink derivatives are held against docs/subgradients.md. Also: the inner-product identity,
/// linearity in the tangent, linearize against jvp, symmetry of second derivatives, agreement under jit, vmap
/// and checkpoint, dtypes and shapes of tangents. Throws CheckError on disagreement, with the fault reduced
/// to one primitive and rule, and when too little could be decided. Source: jax.test_util.check_grads;
/// Ridders, Advances in Engineering Software 4 (1982); Squire and Trapp, SIAM Review 40 (1998).
template <class F, class A>
Report check_grads(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::grads, f, args, StaticArgnums<>{}, options));
}
template <class F, class A, int... S>
Report check_grads(const F& f, const A& args, StaticArgnums<S...> statics, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::grads, f, args, statics, options));
}
/// The same, as a report that says whether it passed instead of an exception.
template <class F, class A>
[[nodiscard]] Report report_grads(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::grads, f, args, StaticArgnums<>{}, options);
}
template <class F, class A, int... S>
[[nodiscard]] Report report_grads(const F& f, const A& args, StaticArgnums<S...> statics,
                                  const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::grads, f, args, statics, options);
}

/// Holds vmap(f), for every choice of mapped leaves (all where there are few, else a random selection), against f of
/// each lane: to the bit where the contract says so.
template <class F, class A>
Report check_vmap(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::vmap, f, args, StaticArgnums<>{}, options));
}
template <class F, class A, int... S>
Report check_vmap(const F& f, const A& args, StaticArgnums<S...> statics, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::vmap, f, args, statics, options));
}
/// The same, as a report that says whether it passed instead of an exception.
template <class F, class A>
[[nodiscard]] Report report_vmap(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::vmap, f, args, StaticArgnums<>{}, options);
}
template <class F, class A, int... S>
[[nodiscard]] Report report_vmap(const F& f, const A& args, StaticArgnums<S...> statics,
                                 const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::vmap, f, args, statics, options);
}

/// Holds jit(f), and the interpreted jaxpr, against eager evaluation, to the bit.
template <class F, class A>
Report check_jit(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::jit, f, args, StaticArgnums<>{}, options));
}
template <class F, class A, int... S>
Report check_jit(const F& f, const A& args, StaticArgnums<S...> statics, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::jit, f, args, statics, options));
}
/// The same, as a report that says whether it passed instead of an exception.
template <class F, class A>
[[nodiscard]] Report report_jit(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::jit, f, args, StaticArgnums<>{}, options);
}
template <class F, class A, int... S>
[[nodiscard]] Report report_jit(const F& f, const A& args, StaticArgnums<S...> statics,
                                const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::jit, f, args, statics, options);
}

/// Holds f to be a pure function: the same results twice, the same jaxpr twice, nothing of the trace left behind, no
/// state that shows when f is called again after its jaxpr ran elsewhere.
template <class F, class A>
Report check_pure(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::pure, f, args, StaticArgnums<>{}, options));
}
template <class F, class A, int... S>
Report check_pure(const F& f, const A& args, StaticArgnums<S...> statics, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::pure, f, args, statics, options));
}
/// The same, as a report that says whether it passed instead of an exception.
template <class F, class A>
[[nodiscard]] Report report_pure(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::pure, f, args, StaticArgnums<>{}, options);
}
template <class F, class A, int... S>
[[nodiscard]] Report report_pure(const F& f, const A& args, StaticArgnums<S...> statics,
                                 const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::pure, f, args, statics, options);
}

/// For a linear f: holds its transpose against the inner-product identity, transposes it twice, and f to be linear.
template <class F, class A>
Report check_transpose(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::transpose, f, args, StaticArgnums<>{}, options));
}
template <class F, class A, int... S>
Report check_transpose(const F& f, const A& args, StaticArgnums<S...> statics, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::transpose, f, args, statics, options));
}
/// The same, as a report that says whether it passed instead of an exception.
template <class F, class A>
[[nodiscard]] Report report_transpose(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::transpose, f, args, StaticArgnums<>{}, options);
}
template <class F, class A, int... S>
[[nodiscard]] Report report_transpose(const F& f, const A& args, StaticArgnums<S...> statics,
                                      const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::transpose, f, args, statics, options);
}

/// All of the above; check_transpose only where f is linear.
template <class F, class A>
Report check_all(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::all, f, args, StaticArgnums<>{}, options));
}
template <class F, class A, int... S>
Report check_all(const F& f, const A& args, StaticArgnums<S...> statics, const CheckOptions& options = {}) {
  return detail::passed_or_throw(detail::check_typed(detail::Check::all, f, args, statics, options));
}
/// The same, as a report that says whether it passed instead of an exception.
template <class F, class A>
[[nodiscard]] Report report_all(const F& f, const A& args, const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::all, f, args, StaticArgnums<>{}, options);
}
template <class F, class A, int... S>
[[nodiscard]] Report report_all(const F& f, const A& args, StaticArgnums<S...> statics,
                                const CheckOptions& options = {}) {
  return detail::check_typed(detail::Check::all, f, args, statics, options);
}

}  // namespace fluxion::testing
