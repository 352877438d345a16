// Callbacks: functions of the host called from inside transformed and compiled functions, with concrete values.
// Source: jax.debug, jax.pure_callback, jax.experimental.io_callback.
//
// Options come first: fx::debug::print({.ordered = true}, "x = {}", x). A callback is kept for as long as programs
// that call it are, so what it captures by reference must live as long. It may be called on any thread that runs
// such a program; what it throws reaches whoever ran the program, as it was thrown; it may use all of Fluxion, and
// what it does is recorded by no transformation.
#pragma once

#include <iosfwd>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fluxion/detail/callable.hpp>
#include <fluxion/detail/flat_callbacks.hpp>
#include <fluxion/tree.hpp>

namespace fluxion {

namespace detail {

template <class F, class... A>
constexpr bool takes_trees() {
  if constexpr (!(TreeLike<A> && ...)) {
    static_assert(dependent_false<F>, "fluxion: what a callback is called with must be arrays, numbers or trees of these; "
                                      "capture everything else in the callback");
  } else if constexpr (!std::is_invocable_v<F&, const traced_t<A>&...>) {
    static_assert(dependent_false<F>, "fluxion: the callback cannot be called with these arguments; numbers arrive as "
                                      "fx::Array, trees as trees, and it must be callable with as many as are given");
  } else {
    return true;
  }
  return false;
}

/// The leaves and structures of the operands, and f as a function of such leaves: what it returns is given to `take`.
template <class F, class... A>
struct CallbackParts {
  TreeWriter operands;
  FlatFn call;

  template <class Take>
  CallbackParts(F f, Take take, const A&... args) {
    (TreeOf<A>::flatten(args, operands), ...);
    call = [f = std::make_shared<F>(std::move(f)), in = TreeDef(operands), take = std::move(take)](const Arrays& leaves) {
      [[maybe_unused]] TreeReader reader(in, leaves);
      const std::tuple<traced_t<A>...> trees{TreeOf<A>::build(reader)...};  // braces: left to right
      return take([&]() -> decltype(auto) { return std::apply(*f, trees); });
    };
  }
};

/// The result of a callback that has one, checked against `like`.
template <class R, class F, class... A>
traced_t<R> callback_result(CallbackSpec spec, const char* op, F f, const R& like, const A&... args) {
  using Returned = std::decay_t<std::invoke_result_t<F&, const traced_t<A>&...>>;
  if constexpr (!TreeLike<Returned>) {
    static_assert(dependent_false<F>, "fluxion: a callback with a result must return an array or a tree of arrays");
  } else if constexpr (!std::is_same_v<traced_t<Returned>, traced_t<R>>) {
    static_assert(dependent_false<F>, "fluxion: the callback must return the type of tree that result_like is");
  } else {
    TreeWriter wanted;
    TreeOf<R>::flatten(like, wanted);
    const TreeDef out(wanted);
    CallbackParts<F, A...> parts(std::move(f), [out, op](const auto& result) {
      const Returned& tree = result();
      TreeWriter w;
      TreeOf<Returned>::flatten(tree, w);
      check_same_structure(out, TreeDef(w), op, {});
      return std::move(w.leaves);
    }, args...);
    spec.name = callable_name(typeid(F));
    spec.call = std::move(parts.call);
    spec.results = wanted_avals(wanted.leaves, op);
    return build_tree<R>(out, bind_callback(std::move(spec), parts.operands.leaves));
  }
}

}  // namespace detail

struct PureCallbackOptions {
  VmapMethod vmap_method = VmapMethod::sequential;
};
/// f(args...) as computed by the host: f takes concrete trees and returns a tree like `result_like`, of which only
/// shapes and dtypes matter: arrays, ShapeDtypeStructs or what eval_shape returns. f must be pure: it may be called
/// never, if its result is unused, or again. Throws TypeError when it is differentiated (give it a derivative with
/// custom_jvp), and TypeError or ValueError when f returns another dtype or shape. Source: jax.pure_callback.
template <class F, TreeLike R, class... A>
traced_t<R> pure_callback(PureCallbackOptions options, F f, const R& result_like, const A&... args) {
  if constexpr (detail::takes_trees<F, A...>())
    return detail::callback_result<R>({detail::CallbackKind::pure, {}, {}, {}, false, options.vmap_method},
                                      "pure_callback: the result", std::move(f), result_like, args...);
}
template <class F, TreeLike R, class... A>
traced_t<R> pure_callback(F f, const R& result_like, const A&... args) {
  return pure_callback(PureCallbackOptions{}, std::move(f), result_like, args...);
}

struct IoCallbackOptions {
  bool ordered = false;
};
/// As pure_callback, for functions with side effects: called exactly as often as the program says, also when the
/// result is unused; with {.ordered = true} in program order among all ordered callbacks. Under vmap it is called once
/// per lane; ordered ones throw ValueError there. Source: jax.experimental.io_callback.
template <class F, TreeLike R, class... A>
traced_t<R> io_callback(IoCallbackOptions options, F f, const R& result_like, const A&... args) {
  if constexpr (detail::takes_trees<F, A...>())
    return detail::callback_result<R>({detail::CallbackKind::io, {}, {}, {}, options.ordered},
                                      "io_callback: the result", std::move(f), result_like, args...);
}
template <class F, TreeLike R, class... A>
traced_t<R> io_callback(F f, const R& result_like, const A&... args) {
  return io_callback(IoCallbackOptions{}, std::move(f), result_like, args...);
}

namespace debug {

struct CallbackOptions {
  bool ordered = false;
};

/// Calls f(args...) with concrete trees whenever the program comes by here; what f returns is ignored. Under vmap once
/// per lane, under jvp and grad with the primal values; derivatives do not notice. Source: jax.debug.callback.
template <class F, class... A>
void callback(CallbackOptions options, F f, const A&... args) {
  if constexpr (detail::takes_trees<F, A...>()) {
    detail::CallbackParts<F, A...> parts(std::move(f), [](const auto& result) {
      static_cast<void>(result());
      return Arrays{};
    }, args...);
    detail::bind_callback({detail::CallbackKind::debug, detail::callable_name(typeid(F)), std::move(parts.call), {},
                           options.ordered}, parts.operands.leaves);
  }
}
template <class F, class... A>
void callback(F f, const A&... args) {
  callback(CallbackOptions{}, std::move(f), args...);
}

/// A value for a named field: print("loss = {loss:.3f}", fx::debug::arg("loss", loss)).
template <class T>
struct NamedArg {
  std::string_view name;
  const T& value;
};
template <class T>
NamedArg<T> arg(std::string_view name, const T& value) { return {name, value}; }

namespace detail {

template <class T>
fluxion::detail::PrintArg print_arg(const T& x, std::string_view name = {}) {
  if constexpr (std::is_same_v<T, Array>) return {std::string(name), x};
  else if constexpr (Scalar<T>) return {std::string(name), Array(x)};
  else if constexpr (std::is_convertible_v<const T&, std::string_view>) return {std::string(name), {}, std::string(std::string_view(x)), true};
  else static_assert(fluxion::detail::dependent_false<T>, "fluxion::debug::print: arguments must be arrays, numbers or "
                     "strings; name the arrays of a tree one by one, or use fx::debug::callback");
}
template <class T>
fluxion::detail::PrintArg print_arg(const NamedArg<T>& x) { return print_arg(x.value, x.name); }

}  // namespace detail

/// Prints the values that the arrays have whenever the program comes by here, and a newline. Fields are {} or {0} or
/// {name}, with a format {:.3f} as in std::format, which holds for every element of an array; {{ and }} are braces.
/// Throws ValueError, when the function is traced, if fields and arguments do not match. Source: jax.debug.print.
template <class... A>
void print(CallbackOptions options, std::string_view format, const A&... args) {
  fluxion::detail::print_flat(options.ordered, format, {detail::print_arg(args)...});
}
template <class... A>
void print(std::string_view format, const A&... args) {
  fluxion::detail::print_flat(false, format, {detail::print_arg(args)...});
}

/// Where the calling thread's debug::print writes, from its construction to the end of its scope; std::cout otherwise.
class [[nodiscard]] output_to {
 public:
  explicit output_to(std::ostream& os);
  ~output_to();
  output_to(const output_to&) = delete;

 private:
  std::ostream* saved_;
};

}  // namespace debug
}  // namespace fluxion
