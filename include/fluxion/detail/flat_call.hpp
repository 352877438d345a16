// A call of a typed function with some of its arguments taken apart into leaves: where types end and the
// erased transformations begin.
#pragma once

#include <cstddef>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fluxion/detail/callable.hpp>
#include <fluxion/detail/flat.hpp>
#include <fluxion/options.hpp>
#include <fluxion/tree.hpp>

namespace fluxion::detail {

/// The part of a call that the compiled library sees.
class FlatCall {
 public:
  /// Calls the function on other leaves of the same structure.
  Arrays operator()(const Arrays& in) { return run_(*this, in); }

  Arrays leaves;                      // of the arguments that are taken apart
  TreeDef in;                         // their structures in a row
  std::span<const int> arguments;     // their positions in the call
  std::size_t n_arguments = 0;        // of the whole call
  TreeDef out;                        // of the last result
  TreeDef aux;                        // of its auxiliary part, whose leaves follow those of the result

 protected:
  using Run = Arrays (*)(FlatCall&, const Arrays&);
  explicit FlatCall(Run run) : run_(run) {}

 private:
  Run run_;
};

/// Removes and returns the elements from `n` on.
Arrays split_off(Arrays& xs, std::size_t n);

/// The type f sees at position I: traced if I is in P, as passed otherwise.
template <class P, int I, class A>
constexpr auto seen_type() {
  if constexpr (P::find(I) >= 0) return std::type_identity<const traced_t<A>&>{};
  else return std::type_identity<std::remove_reference_t<A>&>{};
}

template <class F, class P, class Seq, class... A>
struct Invocation;
template <class F, class P, int... I, class... A>
struct Invocation<F, P, std::integer_sequence<int, I...>, A...> {
  static constexpr bool valid = std::is_invocable_v<const F&, typename decltype(seen_type<P, I, A>())::type...>;
  static auto result() {
    if constexpr (valid) {
      return std::type_identity<
          std::decay_t<std::invoke_result_t<const F&, typename decltype(seen_type<P, I, A>())::type...>>>{};
    } else {
      return std::type_identity<void>{};
    }
  }
  using Result = typename decltype(result())::type;
};
template <class F, class P, class... A>
using InvocationOf = Invocation<F, P, std::make_integer_sequence<int, sizeof...(A)>, A...>;
/// What f returns when the arguments at P are traced, decayed; void if it cannot be called so.
template <class F, class P, class... A>
using ResultOf = typename InvocationOf<F, P, A...>::Result;

template <class T>
struct PairParts { static constexpr bool ok = false; };
template <class A, class B>
struct PairParts<std::pair<A, B>> { static constexpr bool ok = true; using First = A; using Second = B; };
template <class A, class B>
struct PairParts<std::tuple<A, B>> { static constexpr bool ok = true; using First = A; using Second = B; };

/// The result without its auxiliary part, and that part.
template <bool Aux, class R>
struct ResultParts { using Out = R; using AuxPart = None; };
template <class R>
struct ResultParts<true, R> { using Out = typename PairParts<R>::First; using AuxPart = typename PairParts<R>::Second; };

template <class T>
constexpr bool is_array_like = std::is_same_v<T, Array> || Scalar<T>;
/// Stands for a result after a compile error, so that there is only one.
struct Invalid {
  template <class T>
  operator T() const;
};

template <class... T>
struct TypeList {};
/// The types of the arguments at P, in P's order.
template <class P, class... A>
struct SelectOf;
template <int... P, class... A>
struct SelectOf<Positions<P...>, A...> { using type = TypeList<std::remove_cvref_t<std::tuple_element_t<P, std::tuple<A...>>>...>; };
template <class P, class... A>
using Select = typename SelectOf<P, A...>::type;

/// Trees in a row read from their leaves: bare if one, else a tuple.
template <class T>
traced_t<T> build_row(TypeList<T>, const TreeDef& def, Arrays&& leaves) {
  return build_tree<T>(def, std::move(leaves));
}
template <class... T> requires(sizeof...(T) != 1)
std::tuple<traced_t<T>...> build_row(TypeList<T...>, const TreeDef& def, Arrays&& leaves) {
  TreeReader reader(def, std::move(leaves));
  return std::tuple<traced_t<T>...>{TreeOf<T>::build(reader)...};
}
template <class... T>
auto build_row_type(TypeList<T...> row) -> decltype(build_row(row, std::declval<const TreeDef&>(), Arrays{}));

/// Result and auxiliary part, read from their leaves in a row.
template <class Out, class Aux>
std::pair<traced_t<Out>, traced_t<Aux>> build_with_aux(const FlatCall& call, Arrays&& leaves) {
  Arrays rest = split_off(leaves, call.out.num_leaves());
  return {build_tree<Out>(call.out, std::move(leaves)), build_tree<Aux>(call.aux, std::move(rest))};
}

/// Reads the arguments at P back from leaves and calls f with them and the others as they are.
template <class F, class P, bool Aux, class... A>
class TypedCall;
template <class F, int... P, bool Aux, class... A>
class TypedCall<F, Positions<P...>, Aux, A...> final : public FlatCall {
 public:
  using Result = ResultOf<F, Positions<P...>, A...>;

  TypedCall(const F& f, std::remove_reference_t<A>&... args) : FlatCall(&run), f_(f), args_(args...) {
    TreeWriter w;
    (TreeOf<std::tuple_element_t<P, std::tuple<A...>>>::flatten(std::get<P>(args_), w), ...);
    in = TreeDef(w);
    leaves = std::move(w.leaves);
    arguments = positions_;
    n_arguments = sizeof...(A);
  }

 private:
  static constexpr int positions_[] = {P..., -1};

  static Arrays run(FlatCall& base, const Arrays& in) {
    auto& self = static_cast<TypedCall&>(base);
    TreeReader reader(self.in, in);
    const std::tuple<traced_t<std::tuple_element_t<P, std::tuple<A...>>>...> traced{
        TreeOf<std::tuple_element_t<P, std::tuple<A...>>>::build(reader)...};  // braces: left to right
    return self.call(traced, std::make_integer_sequence<int, sizeof...(A)>{});
  }

  template <int I, class Traced>
  auto& argument(const Traced& traced) {
    if constexpr (constexpr int at = Positions<P...>::find(I); at >= 0) return std::get<at>(traced);
    else return std::get<I>(args_);
  }

  template <class Traced, int... I>
  Arrays call(const Traced& traced, std::integer_sequence<int, I...>) {
    const Result& r = f_(argument<I>(traced)...);
    TreeWriter w;
    if constexpr (Aux) {
      using Parts = PairParts<Result>;
      TreeOf<typename Parts::First>::flatten(std::get<0>(r), w);
      TreeWriter aux_writer;
      TreeOf<typename Parts::Second>::flatten(std::get<1>(r), aux_writer);
      aux = TreeDef(aux_writer);
      out = TreeDef(w);
      for (Array& x : aux_writer.leaves) w.leaves.push_back(std::move(x));
    } else {
      TreeOf<Result>::flatten(r, w);
      out = TreeDef(w);
    }
    return std::move(w.leaves);
  }

  const F& f_;
  std::tuple<std::remove_reference_t<A>&...> args_;
};

// --- what a call must satisfy, as one short compile error ---------------------------------------

/// True if the arguments at P are trees, f can be called with them traced, and returns a tree; otherwise stops
/// the compilation with the one thing to change.
template <class F, class P, class... A, int... I>
constexpr bool traceable_arguments(Positions<I...>) {
  constexpr TreeProblem problem = first_problem<std::remove_cvref_t<std::tuple_element_t<I, std::tuple<A...>>>...>();
  if constexpr (problem == TreeProblem::not_a_tree) {
    static_assert(dependent_false<F>,
                  "fluxion: an argument of a transformed function must be an array, a number or a tree of these; "
                  "adapt its struct with BOOST_HANA_ADAPT_STRUCT, wrap the member in fx::Static, or (under jit) mark "
                  "the argument with fx::static_argnums");
  } else if constexpr (problem == TreeProblem::number_in_struct) {
    static_assert(dependent_false<F>,
                  "fluxion: a number as a member of a struct cannot hold a traced value; make the member fx::Array "
                  "to trace it, or fx::Static<T> to keep it fixed");
  } else if constexpr (problem == TreeProblem::unhashable_static) {
    static_assert(dependent_false<F>,
                  "fluxion: the T of fx::Static<T> must be hashable and not an Array; give it operator== and "
                  "std::hash, or adapt it with BOOST_HANA_ADAPT_STRUCT");
  } else if constexpr (problem == TreeProblem::no_default) {
    static_assert(dependent_false<F>,
                  "fluxion: a struct that is a tree must be default-constructible; give its members initialisers");
  } else if constexpr (!InvocationOf<F, P, A...>::valid) {
    static_assert(dependent_false<F>,
                  "fluxion: the function cannot be called with these arguments once they are traced; numbers arrive "
                  "as fx::Array, so take `const fx::Array&` (or mark the argument with fx::static_argnums under jit), "
                  "take trees by value or const reference, and pass as many arguments as it has parameters");
  } else {
    return true;
  }
  return false;
}

template <class F, class P, bool Aux, class... A>
constexpr bool traceable() {
  if constexpr (traceable_arguments<F, P, A...>(P{})) {
    using R = ResultOf<F, P, A...>;
    if constexpr (std::is_void_v<R>) {
      static_assert(dependent_false<F>, "fluxion: a transformed function must return its results, got void");
    } else if constexpr (Aux && !PairParts<R>::ok) {
      static_assert(dependent_false<F>, "fluxion: with fx::has_aux the function must return a std::pair {result, auxiliary}");
    } else if constexpr (tree_problem<R>() != TreeProblem::none) {
      static_assert(dependent_false<F>,
                    "fluxion: a transformed function must return an array or a tree of arrays; adapt the returned "
                    "struct with BOOST_HANA_ADAPT_STRUCT, its numbers as fx::Array or fx::Static<T>");
    } else {
      return true;
    }
  }
  return false;
}

}  // namespace fluxion::detail
