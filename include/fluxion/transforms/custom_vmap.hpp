// custom_vmap: a function with its own batching rule.
#pragma once

#include <array>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <fluxion/control.hpp>
#include <fluxion/detail/custom_call.hpp>

namespace fluxion {

namespace detail {

/// What a batching rule returns: the results, and which of their leaves carry the mapped axis in front (one entry: all
/// or none).
struct VmapRuleResult {
  Flattened out;
  std::vector<char> batched;
};
struct CustomVmapFunction : CustomFunction {
  std::string rule_name;
  /// Leaves carry the mapped axis in front where their argument is batched.
  std::function<VmapRuleResult(std::int64_t size, const std::vector<char>& batched, const Arrays& leaves)> rule;
};
Flattened call_custom_vmap(const std::shared_ptr<const CustomVmapFunction>& f, const Arrays& leaves);

inline std::vector<char> batched_leaves(bool all) { return {static_cast<char>(all)}; }
inline std::vector<char> batched_leaves(const std::vector<bool>& each) { return {each.begin(), each.end()}; }

template <class F, class Rule>
class CustomVmapFn {
 public:
  using Wrapped = F;
  static constexpr bool has_identity = detail::has_identity<F>() && detail::has_identity<Rule>();

  CustomVmapFn(F f, Rule rule) : f_(std::move(f)), rule_(std::move(rule)) {}

  template <class... A>
  auto operator()(const A&... args) const {
    using All = FirstN<sizeof...(A)>;
    if constexpr (traceable<F, All, false, const A&...>()) {
      using Out = ResultOf<F, All, const A&...>;
      if constexpr (check_rule<Out, sizeof...(A), traced_t<A>...>()) return call<Out>(args...);
      else return Invalid{};
    } else {
      return Invalid{};
    }
  }

  void write_identity(IdentityWords& w) const {
    w.push_back(type_word<CustomVmapFn>());
    detail::write_identity(f_, w);
    detail::write_identity(rule_, w);
  }

 private:
  template <class Out, std::size_t N, class... T>
  static constexpr bool check_rule() {
    using Flags = std::array<bool, N>;
    if constexpr (!std::is_invocable_v<const Rule&, std::int64_t, const Flags&, const T&...>) {
      static_assert(dependent_false<Rule>, "fluxion::custom_vmap: the rule must be callable as rule(axis_size, in_batched, args...), "
                                           "where in_batched is a std::array<bool, number of arguments>");
    } else {
      using R = std::decay_t<std::invoke_result_t<const Rule&, std::int64_t, const Flags&, const T&...>>;
      if constexpr (!PairParts<R>::ok) {
        static_assert(dependent_false<Rule>, "fluxion::custom_vmap: the rule must return std::pair(result, out_batched)");
      } else if constexpr (!requires(typename PairParts<R>::Second b) { batched_leaves(b); }) {
        static_assert(dependent_false<Rule>, "fluxion::custom_vmap: out_batched must be a bool for all results, or a "
                                             "std::vector<bool> with one entry per leaf");
      } else if constexpr (!TreeLike<typename PairParts<R>::First>) {
        static_assert(dependent_false<Rule>, "fluxion::custom_vmap: the rule's result must be a tree of arrays");
      } else if constexpr (!std::is_same_v<traced_t<typename PairParts<R>::First>, traced_t<Out>>) {
        static_assert(dependent_false<Rule>, "fluxion::custom_vmap: the rule's result must have the type of the function's");
      } else {
        return true;
      }
    }
    return false;
  }

  template <class Out, class... A>
  auto call(const A&... args) const {
    using Args = CustomArguments<FirstN<sizeof...(A)>, std::make_integer_sequence<int, sizeof...(A)>, A...>;
    auto c = std::make_shared<CustomVmapFunction>();
    const Arrays leaves = Args::take_apart(c->in, args...);
    c->name = callable_name(named_type<F>());
    c->rule_name = callable_name(named_type<Rule>());
    c->arguments = Args::positions();
    const auto in = c->in;
    c->f = [f = f_, in](const Arrays& x) { return tree::flatten(std::apply(f, Args::build(in, x))); };
    c->rule = [rule = rule_, in](std::int64_t size, const std::vector<char>& batched, const Arrays& x) {
      std::array<bool, sizeof...(A)> flags;
      for (std::size_t i = 0; i < flags.size(); ++i) flags[i] = batched[i] != 0;
      const auto r = std::apply([&](const auto&... arg) { return rule(size, std::as_const(flags), arg...); }, Args::build(in, x));
      return VmapRuleResult{tree::flatten(std::get<0>(r)), batched_leaves(std::get<1>(r))};
    };
    auto out = call_custom_vmap(c, leaves);
    return tree::unflatten<Out>(out.structure, std::move(out.leaves));
  }

  [[no_unique_address]] F f_;
  [[no_unique_address]] Rule rule_;
};

/// The rule of sequential_vmap: one call after the other.
template <class F>
struct Sequentially {
  F f;
  template <std::size_t N, class... A>
  auto operator()(std::int64_t, const std::array<bool, N>& batched, const A&... args) const {
    const auto all = tree::flatten(std::tuple<A...>(args...));
    std::vector<char> mapped;
    std::size_t at = 0;
    ((mapped.resize(mapped.size() + tree::leaves(args).size(), static_cast<char>(batched[at])), ++at), ...);
    Arrays xs;
    for (std::size_t i = 0; i < mapped.size(); ++i)
      if (mapped[i]) xs.push_back(all.leaves[i]);
    const auto one = [&](const Arrays& elements) {
      Arrays leaves = all.leaves;
      for (std::size_t i = 0, next = 0; i < mapped.size(); ++i)
        if (mapped[i]) leaves[i] = elements[next++];
      return std::apply(f, tree::unflatten<std::tuple<A...>>(all.structure, std::move(leaves)));
    };
    return std::pair(map(one, xs), true);
  }
};

}  // namespace detail

/// f with its own batching rule: a function of the same arguments, equal to f, except that vmap of it gives what
/// rule(axis_size, in_batched, args...) says. in_batched is a std::array<bool, N> with an entry per argument; batched
/// arguments carry the mapped axis in front. The rule returns std::pair(result, out_batched), out_batched being a bool,
/// or a std::vector<bool> with an entry per leaf. Derivatives are those of f: of forward mode the rule is differentiated
/// where vmap is outside; reverse mode inside vmap maps the gradient of f without it. Throws ValueError or TypeError
/// when the rule's results do not fit. Source: jax.custom_batching.custom_vmap.
template <class F, class Rule>
auto custom_vmap(F f, Rule rule) { return detail::CustomVmapFn<F, Rule>(std::move(f), std::move(rule)); }

/// f, whose vmap calls it for one example after the other, in a loop. Source: jax.custom_batching.sequential_vmap.
template <class F>
auto sequential_vmap(F f) { return custom_vmap(f, detail::Sequentially<F>{f}); }

}  // namespace fluxion
