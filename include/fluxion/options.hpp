// Tags that select arguments and results at compile time: argnums<0, 2>, static_argnums<1>, has_aux.
#pragma once

#include <utility>

namespace fluxion {

template <int... I>
struct Argnums {};
/// Which arguments to differentiate; negative ones count from the last. One gives a bare gradient, several a
/// std::tuple in the order given. Source: jax.grad(argnums=...).
template <int... I>
inline constexpr Argnums<I...> argnums{};

template <int... I>
struct StaticArgnums {};
/// Which arguments are part of the program instead of its data; negative ones count from the last. Such an
/// argument may have any hashable, equality-comparable type: numbers, flags, enumerations, strings (C strings by
/// content), function pointers, captureless lambdas, types with == and std::hash, and containers and Hana structs
/// of these. The function is compiled once per value. Source: jax.jit(static_argnums=...).
template <int... I>
inline constexpr StaticArgnums<I...> static_argnums{};

template <int... I>
struct NondiffArgnums {};
/// Which arguments of a function with custom rules are not differentiated: values of any type, passed on as they are.
/// Rules receive them first. Negative ones count from the last. Source: jax.custom_jvp(nondiff_argnums=...).
template <int... I>
inline constexpr NondiffArgnums<I...> nondiff_argnums{};

template <int... I>
struct DonateArgnums {};
/// Which arguments of a jitted function give up their memory to its results; negative ones count from the last.
/// The arrays in them are deleted: any later use throws ValueError. Scalars are kept, and under a transformation
/// nothing is donated. Source: jax.jit(donate_argnums=...).
template <int... I>
inline constexpr DonateArgnums<I...> donate_argnums{};

struct HasAux {
  explicit constexpr HasAux() = default;
};
/// Says that f returns a pair {result, auxiliary}; the auxiliary part is passed on, not differentiated.
/// Source: jax.grad(has_aux=True).
inline constexpr HasAux has_aux{};

namespace detail {

template <int... I>
struct Positions {
  static constexpr int size = sizeof...(I);
  /// Where `i` stands in the list; -1 if it does not.
  static constexpr int find(int i) {
    int at = -1, n = 0;
    ((at = I == i ? n : at, ++n), ...);
    return at;
  }
};
/// All arguments of a call with N.
template <class Seq>
struct AllPositions;
template <int... I>
struct AllPositions<std::integer_sequence<int, I...>> { using type = Positions<I...>; };
template <int N>
using FirstN = typename AllPositions<std::make_integer_sequence<int, N>>::type;

template <int N, int... I>
constexpr bool in_range = ((I >= -N && I < N) && ...);
template <int N, int... I>
constexpr bool all_distinct = [] {
  const int v[] = {(I < 0 ? I + N : I)..., -1};
  for (unsigned i = 0; i < sizeof...(I); ++i)
    for (unsigned j = 0; j < i; ++j) if (v[i] == v[j]) return false;
  return true;
}();
/// Negative positions counted from the end of N.
template <int N, int... I>
using Normalised = Positions<(I < 0 ? I + N : I)...>;

/// The positions among N that are not in P, in order.
template <class P, int N, int At = 0, int... Kept>
struct ComplementOf {
  using type = typename std::conditional_t<(P::find(At) >= 0), ComplementOf<P, N, At + 1, Kept...>,
                                           ComplementOf<P, N, At + 1, Kept..., At>>::type;
};
template <class P, int N, int... Kept>
struct ComplementOf<P, N, N, Kept...> { using type = Positions<Kept...>; };
template <class P, int N>
using Complement = typename ComplementOf<P, N>::type;

}  // namespace detail
}  // namespace fluxion
