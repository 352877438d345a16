// custom_jvp: a function with its own derivative rule.
#pragma once

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fluxion/detail/custom_call.hpp>

namespace fluxion {

namespace detail {

/// Whether nondiff_argnums<N...> fits a call of f, and f can be traced; otherwise stops the compilation.
template <class F, int... N, class... A>
constexpr bool valid_custom_call(NondiffArgnums<N...>, TypeList<A...>) {
  constexpr int n = sizeof...(A);
  if constexpr (!in_range<n, N...> || !all_distinct<n, N...>) {
    static_assert(dependent_false<F>, "fluxion: nondiff_argnums must name arguments of the call, each once; count from 0, "
                                      "or from -1 at the end");
  } else if constexpr (sizeof...(N) == n) {
    static_assert(dependent_false<F>, "fluxion: a function with custom rules needs an argument to differentiate; leave "
                                      "one out of nondiff_argnums");
  } else {
    return traceable<F, Complement<Normalised<n, N...>, n>, false, const A&...>();
  }
  return false;
}

template <class F, class Rule, class Nondiff>
class CustomJvpFn;
template <class F, class Rule, int... N>
class CustomJvpFn<F, Rule, NondiffArgnums<N...>> {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>() && detail::has_identity<Rule>();

  CustomJvpFn(F f, Rule rule) : f_(std::move(f)), rule_(std::move(rule)) {}

  template <class... A>
  auto operator()(const A&... args) const {
    if constexpr (valid_custom_call<F>(NondiffArgnums<N...>{}, TypeList<A...>{})) return call<A...>(args...);
    else return Invalid{};
  }

  void write_identity(IdentityWords& w) const {
    w.push_back(type_word<CustomJvpFn>());
    detail::write_identity(f_, w);
    detail::write_identity(rule_, w);
  }

 private:
  template <class... A>
  using Arguments = CustomArguments<Complement<Normalised<sizeof...(A), N...>, sizeof...(A)>,
                                    std::make_integer_sequence<int, sizeof...(A)>, A...>;

  template <class Out, class Args>
  static constexpr bool check_rule() {
    using P = typename Args::Primals;
    if constexpr (!Args::template takes_kept<Rule, const P&, const P&>) {
      static_assert(dependent_false<Rule>,
                    "fluxion::custom_jvp: the rule must be callable as rule(nondiff..., primals, tangents), where primals "
                    "and tangents are std::tuples of the differentiable arguments");
    } else {
      using R = decltype(std::declval<const Args&>().apply_kept(std::declval<const Rule&>(), std::declval<const P&>(),
                                                                std::declval<const P&>()));
      if constexpr (!PairParts<R>::ok) {
        static_assert(dependent_false<Rule>, "fluxion::custom_jvp: the rule must return std::pair(result, tangent of the result)");
      } else if constexpr (!TreeLike<typename PairParts<R>::First> || !TreeLike<typename PairParts<R>::Second>) {
        static_assert(dependent_false<Rule>, "fluxion::custom_jvp: the rule must return trees of arrays");
      } else if constexpr (!std::is_same_v<traced_t<typename PairParts<R>::First>, traced_t<Out>>) {
        static_assert(dependent_false<Rule>, "fluxion::custom_jvp: the rule's first result must have the type of the function's");
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
    if constexpr (check_rule<Out, Args>()) {
      auto c = std::make_shared<CustomJvpFunction>();
      const Arrays leaves = Args::take_apart(c->in, args...);
      c->name = callable_name(named_type<F>());
      c->rule_name = callable_name(named_type<Rule>());
      c->type = &type_tag<void(CustomJvpFn, A...)>;
      c->rules_capture = !(captures_nothing<Rule> && Args::kept_are_static);
      c->arguments = Args::positions();
      const auto kept = std::make_shared<const Args>(args...);
      const auto in = c->in;
      c->f = [f = f_, kept, in](const Arrays& x) { return tree::flatten(kept->apply(f, Args::build(in, x))); };
      c->rule = [rule = rule_, kept, in](const Arrays& x, const Arrays& dx) {
        const auto r = kept->apply_kept(rule, Args::build(in, x), Args::build(in, dx));
        using Tangent = std::remove_cvref_t<decltype(std::get<1>(r))>;
        JvpRuleResult out{tree::flatten(std::get<0>(r)), {}};
        if constexpr (!std::is_same_v<Tangent, None>) out.tangent = tree::flatten(std::get<1>(r));
        return out;
      };
      auto out = call_custom_jvp(c, leaves);
      return tree::unflatten<Out>(out.structure, std::move(out.leaves));
    } else {
      return Invalid{};
    }
  }

  [[no_unique_address]] F f_;
  [[no_unique_address]] Rule rule_;
};

}  // namespace detail

/// f with its own derivative: a function of the same arguments, equal to f, whose derivative in every transformation
/// and to every order is what the rule says. rule(nondiff..., primals, tangents) takes two std::tuples of the
/// differentiable arguments and returns std::pair(f(primals...), J tangents), an expression linear in the tangents;
/// fx::none as the second stands for zero. The rule runs when the function is differentiated, and is itself
/// differentiated for higher orders. Tangents of integer leaves are float0 arrays; those of integer results may be
/// anything empty. Throws TypeError or ValueError when the rule's results differ from f's in structure, shape or dtype,
/// and when a differentiated value is captured instead of passed. Source: jax.custom_jvp.
template <class F, class Rule>
auto custom_jvp(F f, Rule rule) {
  return detail::CustomJvpFn<F, Rule, NondiffArgnums<>>(std::move(f), std::move(rule));
}
template <class F, class Rule, int... N>
auto custom_jvp(F f, Rule rule, NondiffArgnums<N...>) {
  return detail::CustomJvpFn<F, Rule, NondiffArgnums<N...>>(std::move(f), std::move(rule));
}

}  // namespace fluxion
