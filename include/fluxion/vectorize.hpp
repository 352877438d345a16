// Functions of single elements, vectors or matrices, applied along the axes of larger arrays.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fluxion/axis.hpp>
#include <fluxion/detail/flat_call.hpp>

namespace fluxion {

template <int... I>
struct Excluded {};
/// Which arguments of a vectorized function are passed on as they are: values of any type. Negative ones
/// count from the last. Source: jax.numpy.vectorize(excluded=...).
template <int... I>
inline constexpr Excluded<I...> excluded{};

struct VectorizeOptions {
  /// The axes that f itself works along: "(m,n),(n)->(m)". Empty: f takes scalars and returns scalars.
  std::string signature = {};
};

namespace detail {

/// Runs f, a function of core arrays, over the broadcast leading axes of args. Checks both against the
/// signature.
Arrays vectorize_flat(const FlatFn& f, const Arrays& args, std::size_t n_excluded,
                      const std::string& signature);
/// Throws ValueError if the signature is malformed.
void check_signature(const std::string& signature);

template <class F, class Ex>
class VectorizeFn;
template <class F, int... E>
class VectorizeFn<F, Excluded<E...>> {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>();

  VectorizeFn(F f, VectorizeOptions options) : f_(std::move(f)), options_(std::move(options)) {
    check_signature(options_.signature);
  }

  template <class... A>
  auto operator()(A&&... args) const {
    constexpr int n = sizeof...(A);
    if constexpr (!in_range<n, E...> || !all_distinct<n, E...>) {
      static_assert(dependent_false<F>,
                    "fluxion::vectorize: excluded must name arguments of the call, each once; count from 0, "
                    "or from -1 at the end");
      return Invalid{};
    } else {
      using P = Complement<Normalised<n, E...>, n>;
      if constexpr (P::size == 0) {
        static_assert(
            dependent_false<F>,
            "fluxion::vectorize: an argument to vectorize over is required; leave one out of excluded");
        return Invalid{};
      } else if constexpr (!arrays_at(P{}, TypeList<A...>{})) {
        static_assert(dependent_false<F>,
                      "fluxion::vectorize: arguments must be arrays or numbers; name others in fx::excluded");
        return Invalid{};
      } else if constexpr (traceable<F, P, false, A...>()) {
        TypedCall<F, P, false, A...> call(f_, args...);
        Arrays outs = vectorize_flat([&](const Arrays& in) { return call(in); }, call.leaves, sizeof...(E),
                                     options_.signature);
        return build_tree<ResultOf<F, P, A...>>(call.out, std::move(outs));
      } else {
        return Invalid{};
      }
    }
  }

  void write_identity(IdentityWords& w) const {
    w.push_back(type_word<VectorizeFn>());
    w.push_back(options_.signature.size());
    w.insert(w.end(), options_.signature.begin(), options_.signature.end());
    detail::write_identity(f_, w);
  }

 private:
  template <int... P, class... A>
  static constexpr bool arrays_at(Positions<P...>, TypeList<A...>) {
    return (is_array_like<std::remove_cvref_t<std::tuple_element_t<P, std::tuple<A...>>>> && ...);
  }

  [[no_unique_address]] F f_;
  VectorizeOptions options_;
};

}  // namespace detail

/// f, a function of arrays of the ranks that the signature says, becomes one of arrays with more axes in
/// front, over which it is mapped; these broadcast. vectorize(dot, {.signature = "(n),(n)->()"}). Results are
/// arrays or tuples of them. Throws ValueError for a malformed signature, arguments or results of too small a
/// rank, and sizes that disagree. Source: jax.numpy.vectorize.
template <class F>
auto vectorize(F f, VectorizeOptions options = {}) {
  return detail::VectorizeFn<F, Excluded<>>(std::move(f), std::move(options));
}
template <class F, int... E>
auto vectorize(F f, Excluded<E...>, VectorizeOptions options = {}) {
  return detail::VectorizeFn<F, Excluded<E...>>(std::move(f), std::move(options));
}

/// f of each vector along an axis; the axes of its result take the place of that axis. f is called once,
/// traced. Source: jax.numpy.apply_along_axis.
Array apply_along_axis(const std::function<Array(const Array&)>& f, std::int64_t axis, const Array& x);
/// f(x, axis) for one axis after the other; f keeps the axis or reduces it, which is then put back with
/// size 1. Source: jax.numpy.apply_over_axes.
Array apply_over_axes(const std::function<Array(const Array&, std::int64_t)>& f, const Array& x,
                      const Axis& axes);

}  // namespace fluxion
