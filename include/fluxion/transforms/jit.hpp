// jit: a function is traced once per signature and runs as a compiled program.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <fluxion/detail/jit_call.hpp>

namespace fluxion {

struct JitOptions {
  /// The name in jaxprs and messages; by default that of the function object's class, "<lambda>" or "fn".
  std::string name;
};

namespace detail {

/// Whether the arguments at S may be static; otherwise stops the compilation.
template <class F, class... A, int... S>
constexpr bool valid_statics(Positions<S...>) {
  using List = std::tuple<A...>;
  if constexpr ((std::is_same_v<std::remove_cvref_t<std::tuple_element_t<S, List>>, Array> || ...)) {
    static_assert(dependent_false<F>, "fluxion::jit: an Array cannot be a static argument, because its elements are not "
                                      "part of the program; pass it as an ordinary argument");
  } else if constexpr (!(StaticValue<std::decay_t<std::tuple_element_t<S, List>>> && ...)) {
    static_assert(dependent_false<F>, "fluxion::jit: a static argument must be hashable; give its type operator== and "
                                      "std::hash, or adapt it with BOOST_HANA_ADAPT_STRUCT, and keep Arrays out of it");
  } else {
    return true;
  }
  return false;
}

template <class F, class Statics>
class JitFn;
template <class F, int... S>
class JitFn<F, StaticArgnums<S...>> {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>();

  JitFn(F f, JitOptions options) : f_(std::move(f)), options_(std::move(options)) {
    if constexpr (!has_identity) owner_ = std::make_shared<JitOwner>();
  }

  template <class... A>
  auto operator()(A&&... args) const {
    if constexpr (check<A...>()) return call<Statics<A...>, Traced<A...>, A...>(args...);
    else return Invalid{};
  }

  void write_identity(IdentityWords& w) const { detail::write_identity(f_, w); }

 private:
  template <class... A>
  using Statics = Normalised<sizeof...(A), S...>;
  template <class... A>
  using Traced = Complement<Statics<A...>, sizeof...(A)>;

  template <class... A>
  static constexpr bool check() {
    if constexpr (!in_range<sizeof...(A), S...>) {
      static_assert(dependent_false<F>, "fluxion::jit: static_argnums must name arguments of the call; count from 0, or "
                                        "from -1 at the end");
      return false;
    } else if constexpr (valid_statics<F, A...>(Statics<A...>{})) {
      return traceable<F, Traced<A...>, false, A...>();
    } else {
      return false;
    }
  }

  template <class St, class Tr, class... A>
  auto call(std::remove_reference_t<A>&... args) const {
    using Result = ResultOf<F, Tr, A...>;
    if (jit_disabled()) {
      TypedCall<F, Tr, false, A...> direct(f_, args...);
      Arrays outs = direct(direct.leaves);
      return build_tree<Result>(direct.out, std::move(outs));
    }
    JitCall jit(owner_ ? owner_->id() : 0, type_word<void(F, std::decay_t<A>...)>());
    write_key<St>(jit.key(), std::make_integer_sequence<int, sizeof...(A)>{}, args...);
    if (!jit.find()) {
      TypedCall<F, Tr, false, A...> traced(f_, args...);
      jit.trace(traced, options_.name.empty() ? callable_name(named_type<F>()) : options_.name);
    }
    jit.run();
    return build_tree<Result>(jit.out(), jit.results());
  }

  template <class St, int... I, class... A>
  void write_key(TreeWriter& w, std::integer_sequence<int, I...>, A&... args) const {
    if constexpr (has_identity) detail::write_identity(f_, w.words);
    if (!options_.name.empty()) w.key(options_.name);
    (write_argument<(St::find(I) >= 0)>(args, w), ...);
  }
  template <bool IsStatic, class A>
  static void write_argument(A& arg, TreeWriter& w) {
    if constexpr (!IsStatic) TreeOf<A>::flatten(arg, w);
    else if constexpr (CString<std::decay_t<A>>) w.key(static_cast<const char*>(arg));
    else w.template fixed<std::remove_cv_t<A>>(arg);
  }

  [[no_unique_address]] F f_;
  JitOptions options_;
  std::shared_ptr<const JitOwner> owner_;  // null if type and words identify the function
};

}  // namespace detail

/// f, compiled: traced once per signature (types, shapes, dtypes and weak types of the arguments, structure of
/// trees, static values, and the guards in force), then run as a fused program. Results equal those of f to the
/// bit. Numbers become arrays, so a flag or a size that f branches on must be static: jit(f, static_argnums<1>).
/// f must be pure: what it captures is read at the first call with a signature and kept. Copies share programs,
/// and so do all jits of equal functions: of one captureless lambda or function class, of one function pointer,
/// and of transformations of these with equal options. Calls are safe from any number of threads.
/// Source: jax.jit.
template <class F>
auto jit(F f, JitOptions options = {}) {
  return detail::JitFn<F, StaticArgnums<>>(std::move(f), std::move(options));
}
template <class F, int... S>
auto jit(F f, StaticArgnums<S...>, JitOptions options = {}) {
  return detail::JitFn<F, StaticArgnums<S...>>(std::move(f), std::move(options));
}

/// Forgets every compiled program. Those that are running finish.
void clear_caches();

}  // namespace fluxion
