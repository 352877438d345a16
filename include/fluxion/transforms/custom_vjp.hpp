// custom_vjp, custom_gradient and linear_call: functions with their own reverse-mode rule.
#pragma once

#include <functional>

#include <fluxion/transforms/custom_jvp.hpp>

namespace fluxion {

namespace detail {

template <class T>
constexpr std::size_t tuple_length = 0;
template <class... T>
constexpr std::size_t tuple_length<std::tuple<T...>> = sizeof...(T);
template <class A, class B>
constexpr std::size_t tuple_length<std::pair<A, B>> = 2;

/// What a bwd rule returns, one entry per argument: a tuple of them, or for one argument its cotangent alone.
template <class R, std::size_t N>
constexpr bool is_cotangents = tuple_length<R> == N || (N == 1 && (TreeLike<R> || std::is_same_v<R, None>));

template <class T>
std::optional<Flattened> cotangent_of(const T& ct) {
  if constexpr (std::is_same_v<T, None>) return std::nullopt;
  else return tree::flatten(ct);
}
template <std::size_t N, class R>
std::vector<std::optional<Flattened>> cotangents_of(const R& r) {
  if constexpr (tuple_length<R> == N) {
    return std::apply([](const auto&... ct) { return std::vector<std::optional<Flattened>>{cotangent_of(ct)...}; }, r);
  } else {
    return {cotangent_of(r)};
  }
}

template <class F, class Fwd, class Bwd, class Nondiff>
class CustomVjpFn;
template <class F, class Fwd, class Bwd, int... N>
class CustomVjpFn<F, Fwd, Bwd, NondiffArgnums<N...>> {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>() && detail::has_identity<Fwd>() && detail::has_identity<Bwd>();

  CustomVjpFn(F f, Fwd fwd, Bwd bwd) : f_(std::move(f)), fwd_(std::move(fwd)), bwd_(std::move(bwd)) {}

  template <class... A>
  auto operator()(const A&... args) const {
    if constexpr (valid_custom_call<F>(NondiffArgnums<N...>{}, TypeList<A...>{})) return call<A...>(args...);
    else return Invalid{};
  }

  void write_identity(IdentityWords& w) const {
    w.push_back(type_word<CustomVjpFn>());
    detail::write_identity(f_, w);
    detail::write_identity(fwd_, w);
    detail::write_identity(bwd_, w);
  }

 private:
  template <class... A>
  using Arguments = CustomArguments<Complement<Normalised<sizeof...(A), N...>, sizeof...(A)>,
                                    std::make_integer_sequence<int, sizeof...(A)>, A...>;

  template <class Out, class Args>
  static constexpr bool check_rules() {
    using P = typename Args::Primals;
    if constexpr (!Args::template takes_all<Fwd>) {
      static_assert(dependent_false<Fwd>, "fluxion::custom_vjp: the fwd rule must be callable with the arguments of the function");
    } else {
      using R = decltype(std::declval<const Args&>().apply(std::declval<const Fwd&>(), std::declval<const P&>()));
      if constexpr (!PairParts<R>::ok) {
        static_assert(dependent_false<Fwd>, "fluxion::custom_vjp: the fwd rule must return std::pair(result, residuals)");
      } else if constexpr (!TreeLike<typename PairParts<R>::First> || !TreeLike<typename PairParts<R>::Second>) {
        static_assert(dependent_false<Fwd>, "fluxion::custom_vjp: the fwd rule must return trees of arrays; keep fixed values "
                                            "among the residuals as fx::Static<T>");
      } else if constexpr (!std::is_same_v<traced_t<typename PairParts<R>::First>, traced_t<Out>>) {
        static_assert(dependent_false<Fwd>, "fluxion::custom_vjp: the fwd rule's first result must have the type of the function's");
      } else {
        return check_bwd<Out, traced_t<typename PairParts<R>::Second>, Args>();
      }
    }
    return false;
  }
  template <class Out, class Res, class Args>
  static constexpr bool check_bwd() {
    if constexpr (!Args::template takes_kept<Bwd, const Res&, const traced_t<Out>&>) {
      static_assert(dependent_false<Bwd>, "fluxion::custom_vjp: the bwd rule must be callable as bwd(nondiff..., residuals, "
                                          "cotangent of the result)");
    } else {
      using Ct = decltype(std::declval<const Args&>().apply_kept(std::declval<const Bwd&>(), std::declval<const Res&>(),
                                                                 std::declval<const traced_t<Out>&>()));
      if constexpr (!is_cotangents<Ct, std::tuple_size_v<typename Args::Primals>>) {
        static_assert(dependent_false<Bwd>, "fluxion::custom_vjp: the bwd rule must return a std::tuple with one cotangent per "
                                            "differentiable argument; fx::none stands for zero");
      } else {
        return true;
      }
    }
    return false;
  }

  template <class... A>
  auto call(const A&... args) const {
    using Args = Arguments<A...>;
    using Out = decltype(std::declval<const Args&>().apply(f_, std::declval<const typename Args::Primals&>()));
    if constexpr (check_rules<Out, Args>()) {
      using Res = typename PairParts<decltype(std::declval<const Args&>().apply(
          fwd_, std::declval<const typename Args::Primals&>()))>::Second;
      auto c = std::make_shared<CustomVjpFunction>();
      const Arrays leaves = Args::take_apart(c->in, args...);
      c->name = callable_name(named_type<F>());
      c->fwd_name = callable_name(named_type<Fwd>());
      c->bwd_name = callable_name(named_type<Bwd>());
      c->type = &type_tag<void(CustomVjpFn, A...)>;
      c->rules_capture = !(captures_nothing<Fwd, Bwd> && Args::kept_are_static);
      c->arguments = Args::positions();
      const auto kept = std::make_shared<const Args>(args...);
      const auto in = c->in;
      c->f = [f = f_, kept, in](const Arrays& x) { return tree::flatten(kept->apply(f, Args::build(in, x))); };
      c->fwd = [fwd = fwd_, kept, in](const Arrays& x) {
        const auto r = kept->apply(fwd, Args::build(in, x));
        return CustomVjpFunction::Forward{tree::flatten(std::get<0>(r)), tree::flatten(std::get<1>(r))};
      };
      c->bwd = [bwd = bwd_, kept](const Flattened& residuals, const Flattened& ct) {
        return cotangents_of<std::tuple_size_v<typename Args::Primals>>(
            kept->apply_kept(bwd, tree::unflatten<Res>(residuals.structure, residuals.leaves),
                             tree::unflatten<Out>(ct.structure, ct.leaves)));
      };
      auto out = call_custom_vjp(c, leaves);
      return tree::unflatten<Out>(out.structure, std::move(out.leaves));
    } else {
      return Invalid{};
    }
  }

  [[no_unique_address]] F f_;
  [[no_unique_address]] Fwd fwd_;
  [[no_unique_address]] Bwd bwd_;
};

}  // namespace detail

/// f with its own reverse-mode derivative: a function of the same arguments, equal to f. fwd(args...) returns
/// std::pair(f(args...), residuals), the latter any tree; bwd(nondiff..., residuals, ct) returns a std::tuple with the
/// cotangent J^T ct of each differentiable argument (for one argument it may come alone); fx::none, and empty handles
/// as leaves, stand for zero. Cotangents of integer leaves are float0 arrays, and those returned for them empty.
/// Forward mode works too, unlike in JAX: it transposes bwd, which must be linear in ct. Rules run when the function is
/// differentiated, and are differentiated for higher orders. Throws TypeError or ValueError when a rule's result does
/// not fit, and when a differentiated value is captured instead of passed. Source: jax.custom_vjp.
template <class F, class Fwd, class Bwd>
auto custom_vjp(F f, Fwd fwd, Bwd bwd) {
  return detail::CustomVjpFn<F, Fwd, Bwd, NondiffArgnums<>>(std::move(f), std::move(fwd), std::move(bwd));
}
template <class F, class Fwd, class Bwd, int... N>
auto custom_vjp(F f, Fwd fwd, Bwd bwd, NondiffArgnums<N...>) {
  return detail::CustomVjpFn<F, Fwd, Bwd, NondiffArgnums<N...>>(std::move(f), std::move(fwd), std::move(bwd));
}

namespace detail {

/// A pullback that gives a Tuple of cotangents, as a program; compared by identity.
template <class Tuple>
struct GradientProgram {
  std::shared_ptr<const Converted> program;
  friend bool operator==(const GradientProgram&, const GradientProgram&) = default;
};
struct GradientBackward {
  template <class Tuple, class Ct>
  auto operator()(const std::tuple<Static<GradientProgram<Tuple>>, Arrays>& residuals, const Ct& ct) const {
    const auto& program = *std::get<0>(residuals)->program;
    return tree::unflatten<Tuple>(program.out, call_converted(program, std::get<1>(residuals), tree::leaves(ct)));
  }
};

/// The three functions of custom_vjp that a function with its own pullback amounts to.
template <class F>
struct GradientValue {
  F f;
  template <class... A>
  auto operator()(const A&... args) const { return std::get<0>(f(args...)); }
};
/// The residuals are what the pullback captured.
template <class F>
struct GradientForward {
  F f;
  template <class... A>
  auto operator()(const A&... args) const {
    auto r = f(args...);
    auto& out = std::get<0>(r);
    auto& pullback = std::get<1>(r);
    using Out = std::remove_cvref_t<decltype(out)>;
    using Cts = std::decay_t<decltype(pullback(std::declval<const traced_t<Out>&>()))>;
    const auto ct = tree::flatten(out);
    auto program = std::make_shared<const Converted>(convert("custom_gradient", [&](const Arrays& leaves) {
      const auto cts = pullback(tree::unflatten<Out>(ct.structure, leaves));
      if constexpr (tuple_length<Cts> == 0) return tree::flatten(std::tuple<Cts>(cts));
      else return tree::flatten(cts);
    }, ct.leaves));
    auto captured = program->closed.consts;
    using Tuple = typename std::conditional_t<tuple_length<Cts> == 0, std::type_identity<std::tuple<Cts>>, std::type_identity<Cts>>::type;
    return std::pair(std::move(out), std::tuple<Static<GradientProgram<Tuple>>, Arrays>({{std::move(program)}}, std::move(captured)));
  }
};

}  // namespace detail

/// A function that brings its own pullback: f(args...) returns std::pair(result, pullback), where pullback(ct) gives a
/// std::tuple with the cotangent of each argument (for one argument it may come alone). Source: jax.custom_gradient.
template <class F>
auto custom_gradient(F f) {
  return custom_vjp(detail::GradientValue<F>{f}, detail::GradientForward<F>{f}, detail::GradientBackward{});
}

/// A linear map with its own transpose: f(residuals, linear), of which f_transpose(residuals, ct)
/// is the transpose, and of that f again. Throws ValueError or TypeError when f_transpose's result is not like
/// `linear`. Source: jax.custom_derivatives.linear_call.
template <class F, class T, TreeLike R, TreeLike L>
auto linear_call(const F& f, const T& f_transpose, const R& residuals, const L& linear) {
  using Res = traced_t<R>;
  using Lin = traced_t<L>;
  if constexpr (!std::is_invocable_v<const F&, const Res&, const Lin&>) {
    static_assert(detail::dependent_false<F>, "fluxion::linear_call: f must be callable as f(residuals, linear)");
    return detail::Invalid{};
  } else {
    using Out = std::decay_t<std::invoke_result_t<const F&, const Res&, const Lin&>>;
    const auto res = tree::flatten(residuals);
    const auto lin = tree::flatten(linear);
    const auto rebuilt = [](const auto& flat, const Arrays& leaves, auto type) {
      return tree::unflatten<typename decltype(type)::type>(flat.structure, leaves);
    };
    const auto out = detail::call_linear(
        {detail::callable_name(typeid(F)), detail::callable_name(typeid(T)),
         [&](const Arrays& r, const Arrays& x) {
           return tree::flatten(f(rebuilt(res, r, std::type_identity<R>{}), rebuilt(lin, x, std::type_identity<L>{})));
         },
         [&](const Arrays& r, const detail::Flattened& ct) {
           return tree::flatten(f_transpose(rebuilt(res, r, std::type_identity<R>{}),
                                            tree::unflatten<Out>(ct.structure, ct.leaves)));
         }},
        res.leaves, lin);
    return tree::unflatten<Out>(out.structure, out.leaves);
  }
}

}  // namespace fluxion

template <class Tuple>
struct std::hash<fluxion::detail::GradientProgram<Tuple>> {
  std::size_t operator()(const fluxion::detail::GradientProgram<Tuple>& p) const {
    return std::hash<std::shared_ptr<const fluxion::detail::Converted>>{}(p.program);
  }
};
