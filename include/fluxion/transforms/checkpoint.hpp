// checkpoint: a function whose intermediate values are computed again for its derivative instead of kept.
#pragma once

#include <iosfwd>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fluxion/detail/flat_calls.hpp>

namespace fluxion {

/// Which intermediate values a checkpointed function keeps for its derivative; all others are computed again.
struct CheckpointPolicy {
  enum class Kind : std::uint8_t {
    nothing, everything, dots, dots_without_batch, only_names, names_but, anything_but, both
  };
  Kind kind = Kind::nothing;
  std::vector<std::string> names = {};
  std::vector<CheckpointPolicy> parts = {};
  friend bool operator==(const CheckpointPolicy&, const CheckpointPolicy&) = default;
};

/// Source: jax.checkpoint_policies.
namespace checkpoint_policies {

/// A policy without parameters.
struct Plain {
  CheckpointPolicy::Kind kind;
  operator CheckpointPolicy() const { return {kind}; }
};
/// Nothing is kept but the arguments: the default.
inline constexpr Plain nothing_saveable{CheckpointPolicy::Kind::nothing};
/// As without checkpoint.
inline constexpr Plain everything_saveable{CheckpointPolicy::Kind::everything};
/// Matrix products are kept.
inline constexpr Plain dots_saveable{CheckpointPolicy::Kind::dots}, checkpoint_dots{CheckpointPolicy::Kind::dots};
/// Matrix products are kept unless they have batch dimensions.
inline constexpr Plain dots_with_no_batch_dims_saveable{CheckpointPolicy::Kind::dots_without_batch};
inline constexpr Plain checkpoint_dots_with_no_batch_dims{CheckpointPolicy::Kind::dots_without_batch};

/// The values that checkpoint_name gave one of these names are kept.
template <class... S>
CheckpointPolicy save_only_these_names(const S&... names) { return {CheckpointPolicy::Kind::only_names, {std::string(names)...}}; }
/// All values that have a name are kept, but for these names.
template <class... S>
CheckpointPolicy save_any_names_but_these(const S&... names) { return {CheckpointPolicy::Kind::names_but, {std::string(names)...}}; }
/// All values are kept, but for those with these names.
template <class... S>
CheckpointPolicy save_anything_except_these_names(const S&... names) {
  return {CheckpointPolicy::Kind::anything_but, {std::string(names)...}};
}
/// What either keeps.
inline CheckpointPolicy save_from_both_policies(CheckpointPolicy a, CheckpointPolicy b) {
  return {CheckpointPolicy::Kind::both, {}, {std::move(a), std::move(b)}};
}

}  // namespace checkpoint_policies

struct CheckpointOptions {
  CheckpointPolicy policy = {};
  /// Keeps the compiler from finding the values of the first computation again, which would keep them alive. Not needed
  /// in the body of a scan, whose two directions are two loops.
  bool prevent_cse = true;
};

/// A value kept between the two halves of a gradient, and where it comes from.
struct SavedResidual {
  Aval aval;
  std::string source;
};
std::ostream& operator<<(std::ostream& os, const SavedResidual& r);

namespace detail {

Arrays checkpoint_call(FlatCall& f, const CheckpointOptions& options);
Array named_value(const Array& x, const std::string& name);
std::vector<SavedResidual> saved_residuals_call(FlatCall& f);
void print_saved_residuals(std::ostream& os, const std::vector<SavedResidual>& residuals);

/// The arguments that are traced: trees, unless they are static.
template <class Statics, int N, class... A>
struct TracedTrees;
template <int... S, int N, class... A>
struct TracedTrees<Positions<S...>, N, A...> {
  template <int At, int... Kept>
  static constexpr auto collect() {
    if constexpr (At == N) return Positions<Kept...>{};
    else if constexpr (Positions<S...>::find(At) < 0 && TreeLike<std::tuple_element_t<At, std::tuple<A...>>>) {
      return collect<At + 1, Kept..., At>();
    } else {
      return collect<At + 1, Kept...>();
    }
  }
  using type = decltype(collect<0>());
};

template <class F, class Statics>
class CheckpointFn;
template <class F, int... S>
class CheckpointFn<F, StaticArgnums<S...>> {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>();

  CheckpointFn(F f, CheckpointOptions options) : f_(std::move(f)), options_(std::move(options)) {}

  template <class... A>
  auto operator()(A&&... args) const {
    constexpr int n = sizeof...(A);
    if constexpr (!in_range<n, S...>) {
      static_assert(dependent_false<F>, "fluxion::checkpoint: static_argnums must name arguments of the call; count from 0, "
                                        "or from -1 at the end");
      return Invalid{};
    } else {
      using P = typename TracedTrees<Normalised<n, S...>, n, A...>::type;
      if constexpr (traceable<F, P, false, A...>()) {
        TypedCall<F, P, false, A...> call(f_, args...);
        Arrays outs = checkpoint_call(call, options_);
        return build_tree<ResultOf<F, P, A...>>(call.out, std::move(outs));
      } else {
        return Invalid{};
      }
    }
  }

  void write_identity(IdentityWords& w) const {
    write(w, options_.policy);
    w.push_back(options_.prevent_cse);
    detail::write_identity(f_, w);
  }

 private:
  static void write(IdentityWords& w, const CheckpointPolicy& p) {
    w.push_back(static_cast<std::uint64_t>(p.kind));
    w.push_back(p.names.size());
    for (const auto& name : p.names) {
      w.push_back(name.size());
      for (const char c : name) w.push_back(static_cast<unsigned char>(c));
    }
    for (const auto& part : p.parts) write(w, part);
  }

  [[no_unique_address]] F f_;
  CheckpointOptions options_;
};

}  // namespace detail

/// f with another trade of memory for time: values and derivatives are those of f, to the bit where the computations are
/// the same, but of the intermediate values only those that {.policy = ...} names are kept for the derivative; by default
/// none but the arguments. The others are computed again when the derivative is. Composes with all transformations; in
/// the body of a scan it is what bounds the memory of the gradient. Arguments that are trees are traced, numbers as
/// Arrays; others, and those at static_argnums, pass untouched. Source: jax.checkpoint.
template <class F>
auto checkpoint(F f, CheckpointOptions options = {}) {
  return detail::CheckpointFn<F, StaticArgnums<>>(std::move(f), std::move(options));
}
template <class F, int... S>
auto checkpoint(F f, StaticArgnums<S...>, CheckpointOptions options = {}) {
  return detail::CheckpointFn<F, StaticArgnums<S...>>(std::move(f), std::move(options));
}
/// The same by its other name. Source: jax.remat.
template <class F>
auto remat(F f, CheckpointOptions options = {}) { return checkpoint(std::move(f), std::move(options)); }

/// The same values, under a name that policies know. Source: jax.ad_checkpoint.checkpoint_name.
template <TreeLike T>
traced_t<T> checkpoint_name(const T& x, const std::string& name) {
  return tree::map([&name](const Array& leaf) { return detail::named_value(leaf, name); }, x);
}

/// The values that grad and vjp of f keep for the backward pass, for arguments like these: a function of the same
/// arguments. Source: jax.ad_checkpoint.saved_residuals.
template <class F>
auto saved_residuals(F f) {
  return [f = std::move(f)]<class... A>(const A&... args) -> std::vector<SavedResidual> {
    using P = detail::FirstN<sizeof...(A)>;
    if constexpr (detail::traceable<F, P, false, const A&...>()) {
      detail::TypedCall<F, P, false, const A&...> call(f, args...);
      return detail::saved_residuals_call(call);
    } else {
      return {};
    }
  };
}
/// Writes them, one per line: `f64[3] from the argument arg0`. Source: jax.ad_checkpoint.print_saved_residuals.
template <class F>
auto print_saved_residuals(std::ostream& os, F f) {
  return [&os, of = saved_residuals(std::move(f))](const auto&... args) { detail::print_saved_residuals(os, of(args...)); };
}

}  // namespace fluxion
