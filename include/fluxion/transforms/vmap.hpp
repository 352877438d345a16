// vmap: a function of single examples becomes one of batches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <fluxion/axes.hpp>
#include <fluxion/detail/flat_calls.hpp>

namespace fluxion {

struct VmapOptions {
  /// Which axis of each argument is mapped: one entry for all arguments, or a list with one per argument.
  Axes in_axes = 0;
  /// Where the mapped axis goes in each result.
  Axes out_axes = 0;
  /// What psum, axis_index and the other collectives call the mapped axis; empty for no name.
  std::string axis_name = {};
  /// Its size: needed only where in_axes maps nothing, and checked elsewhere.
  std::optional<std::int64_t> axis_size = {};
  /// Whether a mapped result whose out_axes is none is summed over the axis instead of refused.
  bool sum_match = false;
};

namespace detail {

/// Trees of arrays are mapped; numbers have no axis and pass untouched, as all else does.
template <class A>
constexpr bool is_mappable = TreeLike<A> && !Scalar<std::remove_cvref_t<A>>;
template <class Seq, class... A>
struct MappableOf;
template <int... I, class... A>
struct MappableOf<std::integer_sequence<int, I...>, A...> {
  template <class Kept, int At>
  struct Add;
  template <int... K, int At>
  struct Add<Positions<K...>, At> { using type = Positions<K..., At>; };
  template <int At, class Kept>
  static constexpr auto collect() {
    if constexpr (At == sizeof...(A)) return Kept{};
    else if constexpr (is_mappable<std::tuple_element_t<At, std::tuple<A...>>>) {
      return collect<At + 1, typename Add<Kept, At>::type>();
    } else {
      return collect<At + 1, Kept>();
    }
  }
  using type = decltype(collect<0, Positions<>>());
};

template <class F>
class VmapFn {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>();

  VmapFn(F f, VmapOptions options) : f_(std::move(f)), options_(std::move(options)) {}

  template <class... A>
  auto operator()(A&&... args) const {
    using P = typename MappableOf<std::make_integer_sequence<int, sizeof...(A)>, A...>::type;
    if constexpr (P::size == 0) {
      static_assert(dependent_false<F>, "fluxion::vmap: at least one argument must be an array or a tree of arrays");
      return Invalid{};
    } else if constexpr (traceable<F, P, false, A...>()) {
      TypedCall<F, P, false, A...> call(f_, args...);
      Arrays outs = vmap_call(call, options_);
      return build_tree<ResultOf<F, P, A...>>(call.out, std::move(outs));
    } else {
      return Invalid{};
    }
  }

  void write_identity(IdentityWords& w) const {
    options_.in_axes.write_identity(w);
    options_.out_axes.write_identity(w);
    w.push_back(options_.axis_name.size());
    w.insert(w.end(), options_.axis_name.begin(), options_.axis_name.end());
    w.push_back(options_.axis_size ? 1 : 0);
    w.push_back(static_cast<std::uint64_t>(options_.axis_size.value_or(0)));
    w.push_back(options_.sum_match ? 1 : 0);
    detail::write_identity(f_, w);
  }

 private:
  [[no_unique_address]] F f_;
  VmapOptions options_;
};

}  // namespace detail

/// Maps f over one axis of its arguments: result[i] = f(args[i]...), computed at once. Axes are given by
/// {.in_axes = ..., .out_axes = ...}; negative ones count from the end, those of results from the end of the
/// mapped result. Numbers, and arguments that are not trees, have no axis: give them none; they pass untouched.
/// With {.axis_name = "i"} the function may use collectives over the axis: see <fluxion/collectives.hpp>.
/// Throws ValueError when mapped sizes differ, nothing is mapped, or an axis does not exist; each names the leaf.
/// Source: jax.vmap.
template <class F>
auto vmap(F f, VmapOptions options = {}) {
  return detail::VmapFn<F>(std::move(f), std::move(options));
}

}  // namespace fluxion
