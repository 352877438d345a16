// jit: a function is traced once per signature and runs as a compiled program.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <fluxion/detail/jit_call.hpp>
#include <fluxion/transforms/aot.hpp>

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

template <class F, class Statics, class Donated>
class JitFn;
template <class F, int... S, int... D>
class JitFn<F, StaticArgnums<S...>, DonateArgnums<D...>> {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>();

  JitFn(F f, JitOptions options) : f_(std::move(f)), options_(std::move(options)) {
    if constexpr (!has_identity) owner_ = std::make_shared<JitOwner>();
  }

  template <class... A>
  auto operator()(A&&... args) const {
    if constexpr (check<A...>()) return call<A...>(args...);
    else return Invalid{};
  }

  /// The program for arguments like these, not run: arrays, or ShapeDtypeStructs in their place.
  /// Source: jax.jit(f).trace.
  template <class... A>
  auto trace(A&&... args) const {
    if constexpr (check<A...>()) return traced<A...>(args...);
    else return Invalid{};
  }

  /// trace(args...).lower(). Source: jax.jit(f).lower.
  template <class... A>
  auto lower(A&&... args) const {
    if constexpr (check<A...>()) return traced<A...>(args...).lower();
    else return Invalid{};
  }

  void write_identity(IdentityWords& w) const { detail::write_identity(f_, w); }

 private:
  template <class... A>
  using Statics = Normalised<sizeof...(A), S...>;
  template <class... A>
  using Donations = Normalised<sizeof...(A), D...>;
  template <class... A>
  using Given = Complement<Statics<A...>, sizeof...(A)>;
  template <class... A>
  using Typed = TypedCall<F, Given<A...>, false, A...>;

  template <class... A>
  static constexpr bool check() {
    if constexpr (!in_range<sizeof...(A), S...>) {
      static_assert(dependent_false<F>, "fluxion::jit: static_argnums must name arguments of the call; count from 0, or "
                                        "from -1 at the end");
      return false;
    } else if constexpr (!in_range<sizeof...(A), D...>) {
      static_assert(dependent_false<F>, "fluxion::jit: donate_argnums must name arguments of the call; count from 0, or "
                                        "from -1 at the end");
      return false;
    } else if constexpr (((Statics<A...>::find(D < 0 ? D + int(sizeof...(A)) : D) >= 0) || ...)) {
      static_assert(dependent_false<F>, "fluxion::jit: a static argument cannot be donated, for it has no memory to give; "
                                        "take it out of donate_argnums");
      return false;
    } else if constexpr (valid_statics<F, A...>(Statics<A...>{})) {
      return traceable<F, Given<A...>, false, A...>();
    } else {
      return false;
    }
  }

  template <class... A>
  auto call(std::remove_reference_t<A>&... args) const {
    using Result = ResultOf<F, Given<A...>, A...>;
    if (jit_disabled()) {
      Typed<A...> direct(f_, args...);
      Arrays outs = direct(direct.leaves);
      return build_tree<Result>(direct.out, std::move(outs));
    }
    JitCall jit(owner_ ? owner_->id() : 0, type_word<void(F, std::decay_t<A>...)>());
    write_key<A...>(jit, args...);
    if (!jit.find()) {
      Typed<A...> call(f_, args...);
      jit.trace(call, name());
    }
    let_go<A...>(args...);
    jit.run();
    return build_tree<Result>(jit.out(), jit.results());
  }

  template <class... A>
  auto traced(std::remove_reference_t<A>&... args) const {
    Typed<A...> call(f_, args...);
    JitCall jit(owner_ ? owner_->id() : 0, type_word<void(F, std::decay_t<A>...)>());
    write_key<A...>(jit, args...);
    if (!jit.find()) jit.trace(call, name());
    return Traced<ResultOf<F, Given<A...>, A...>>(jit.staged(call));
  }

  std::string name() const { return options_.name.empty() ? callable_name(named_type<F>()) : options_.name; }

  template <class... A>
  void write_key(JitCall& jit, std::remove_reference_t<A>&... args) const {
    if constexpr (has_identity) detail::write_identity(f_, jit.key().words);
    if (!options_.name.empty()) jit.key().key(options_.name);
    jit.end_identity(type_word<F>());
    write_arguments<A...>(jit, std::make_integer_sequence<int, sizeof...(A)>{}, args...);
  }
  template <class... A, int... I>
  static void write_arguments(JitCall& jit, std::integer_sequence<int, I...>, std::remove_reference_t<A>&... args) {
    (write_argument<I, (Statics<A...>::find(I) >= 0), (Donations<A...>::find(I) >= 0)>(args, jit), ...);
  }
  template <int I, bool IsStatic, bool IsDonated, class A>
  static void write_argument(A& arg, JitCall& jit) {
    TreeWriter& w = jit.key();
    const std::size_t first = w.leaves.size();
    if constexpr (!IsStatic) TreeOf<A>::flatten(arg, w);
    else if constexpr (CString<std::decay_t<A>>) w.key(static_cast<const char*>(arg));
    else w.template fixed<std::remove_cv_t<A>>(arg);
    if constexpr (IsStatic) jit.end_static(I);
    if constexpr (IsDonated) jit.donate(first, w.leaves.size());
  }

  /// Trees passed as rvalues are moved from, so that the program may overwrite what nobody else holds.
  template <class... A>
  static void let_go(std::remove_reference_t<A>&... args) {
    give_up<Given<A...>, A...>(std::make_integer_sequence<int, sizeof...(A)>{}, args...);
  }
  template <class Traced, class... A, int... I>
  static void give_up(std::integer_sequence<int, I...>, std::remove_reference_t<A>&... args) {
    (drop<(Traced::find(I) >= 0 && std::is_rvalue_reference_v<A&&>)>(args), ...);
  }
  template <bool Drop, class A>
  static void drop(A& arg) {
    if constexpr (Drop && !std::is_const_v<A> && !Scalar<A>) [[maybe_unused]] const A gone = std::move(arg);
  }

  [[no_unique_address]] F f_;
  JitOptions options_;
  std::shared_ptr<const JitOwner> owner_;  // null if type and words identify the function
};

}  // namespace detail

/// f, compiled: traced once per signature (types, shapes, dtypes and weak types of the arguments, structure of
/// trees, static values, named axes and the guards in force), then run as a fused program. Results equal those of f to
/// the bit. Numbers become arrays, so a flag or a size that f branches on must be static: jit(f, static_argnums<1>).
/// f must be pure: what it captures is read at the first call with a signature and kept. Copies share programs,
/// and so do all jits of equal functions: of one captureless lambda or function class, of one function pointer,
/// and of transformations of these with equal options. Calls are safe from any number of threads.
/// Arguments passed as rvalues are moved from, and their memory is used for results where nobody else holds it:
/// `p = step(std::move(p), x)`. donate_argnums<0> does the same for an argument that is not moved.
/// jit(f).trace(args...) begins ahead-of-time compilation: see <fluxion/transforms/aot.hpp>.
/// Source: jax.jit.
template <class F>
auto jit(F f, JitOptions options = {}) {
  return detail::JitFn<F, StaticArgnums<>, DonateArgnums<>>(std::move(f), std::move(options));
}
template <class F, int... S>
auto jit(F f, StaticArgnums<S...>, JitOptions options = {}) {
  return detail::JitFn<F, StaticArgnums<S...>, DonateArgnums<>>(std::move(f), std::move(options));
}
template <class F, int... D>
auto jit(F f, DonateArgnums<D...>, JitOptions options = {}) {
  return detail::JitFn<F, StaticArgnums<>, DonateArgnums<D...>>(std::move(f), std::move(options));
}
template <class F, int... S, int... D>
auto jit(F f, StaticArgnums<S...>, DonateArgnums<D...>, JitOptions options = {}) {
  return detail::JitFn<F, StaticArgnums<S...>, DonateArgnums<D...>>(std::move(f), std::move(options));
}
template <class F, int... S, int... D>
auto jit(F f, DonateArgnums<D...>, StaticArgnums<S...>, JitOptions options = {}) {
  return detail::JitFn<F, StaticArgnums<S...>, DonateArgnums<D...>>(std::move(f), std::move(options));
}

/// Forgets every compiled program. Those that are running finish.
void clear_caches();

}  // namespace fluxion
