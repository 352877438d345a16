// Functions that bring rules of their own, erased: the compiled halves of custom_jvp, custom_vjp and linear_call.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fluxion/detail/flat_calls.hpp>

namespace fluxion::detail {

using tree::Flattened;

/// A call of a function with rules: what its arguments are, and the function on their leaves.
struct CustomFunction {
  std::string name;
  const void* type = nullptr;      // of the function with its rules
  bool rules_capture = true;       // whether the rules can hold arrays besides their arguments
  std::vector<int> arguments;      // positions of the differentiable arguments in the call
  std::vector<TreeDef> in;         // the structure of each
  std::function<Flattened(const Arrays&)> f;
};

struct JvpRuleResult {
  Flattened out;
  std::optional<Flattened> tangent;  // none: zero
};
struct CustomJvpFunction : CustomFunction {
  std::string rule_name;
  /// Both lists have one array per leaf; tangents of integers are of dtype float0.
  std::function<JvpRuleResult(const Arrays& primals, const Arrays& tangents)> rule;
};
Flattened call_custom_jvp(const std::shared_ptr<const CustomJvpFunction>& f, const Arrays& leaves);

struct CustomVjpFunction : CustomFunction {
  struct Forward {
    Flattened out, residuals;
  };
  std::string fwd_name, bwd_name;
  std::function<Forward(const Arrays&)> fwd;
  /// One cotangent per argument; none where it is zero. `out` is the structure of the result.
  std::function<std::vector<std::optional<Flattened>>(const Flattened& residuals, const Flattened& cotangent)> bwd;
};
Flattened call_custom_vjp(const std::shared_ptr<const CustomVjpFunction>& f, const Arrays& leaves);

/// f(residuals, linear) with the given transpose.
struct LinearCallFunction {
  std::string name, transpose_name;
  std::function<Flattened(const Arrays& residuals, const Arrays& linear)> f;
  std::function<Flattened(const Arrays& residuals, const Flattened& cotangent)> transpose;
};
Flattened call_linear(const LinearCallFunction& f, const Arrays& residuals, const Flattened& linear);

/// A function as a program, with the values that it captured.
struct Converted {
  ClosedJaxpr closed;
  TreeDef out;
};
/// f traced on arrays like these.
Converted convert(const char* op, const std::function<Flattened(const Arrays&)>& f, const Arrays& like);
/// Its results, for captured values in place of its own.
Arrays call_converted(const Converted& f, const Arrays& consts, const Arrays& leaves);

/// A call's arguments (of types A, without references): those at D as trees of arrays, the others kept as they
/// are. Owns all that it holds.
template <class D, class Seq, class... A>
class CustomArguments;
template <int... D, int... I, class... A>
class CustomArguments<Positions<D...>, std::integer_sequence<int, I...>, A...> {
  template <int K>
  using Arg = std::tuple_element_t<K, std::tuple<A...>>;
  template <int K>
  static constexpr bool is_kept = Positions<D...>::find(K) < 0;
  template <int K>
  using Kept = std::conditional_t<is_kept<K>, std::decay_t<const Arg<K>&>, None>;

 public:
  using Primals = std::tuple<traced_t<Arg<D>>...>;
  /// Whether the kept arguments cannot hold arrays.
  static constexpr bool kept_are_static = ((!is_kept<I> || StaticValue<Kept<I>>) && ...);

  explicit CustomArguments(const A&... args) : kept_(keep<I>(args)...) {}

  static std::vector<int> positions() { return {D...}; }
  /// The leaves of the arguments at D; their structures are appended to `in`.
  static Arrays take_apart(std::vector<TreeDef>& in, const A&... args) {
    const std::tuple<const A&...> all(args...);
    Arrays leaves;
    const auto one = [&](const auto& arg) {
      auto flat = tree::flatten(arg);
      in.push_back(std::move(flat.structure));
      leaves.insert(leaves.end(), flat.leaves.begin(), flat.leaves.end());
    };
    (one(std::get<D>(all)), ...);
    return leaves;
  }
  static Primals build(const std::vector<TreeDef>& in, const Arrays& leaves) {
    std::size_t at = 0, next = 0;
    const auto one = [&]<class T>(std::type_identity<T>) {
      const auto first = leaves.begin() + static_cast<std::ptrdiff_t>(next);
      const auto n = in[at].num_leaves();
      next += n;
      return tree::unflatten<T>(in[at++], Arrays(first, first + static_cast<std::ptrdiff_t>(n)));
    };
    return Primals{one(std::type_identity<Arg<D>>{})...};  // braces: left to right
  }

  /// f(all arguments).
  template <class F>
  auto apply(const F& f, const Primals& primals) const { return f(argument<I>(primals)...); }
  /// f(kept arguments, rest...).
  template <class F, class... R>
  auto apply_kept(const F& f, const R&... rest) const {
    return [&]<int... K>(Positions<K...>) { return f(std::get<K>(kept_)..., rest...); }(
        Complement<Positions<D...>, sizeof...(A)>{});
  }
  template <class F, class... R>
  static constexpr bool takes_kept = []<int... K>(Positions<K...>) {
    return std::is_invocable_v<const F&, const Kept<K>&..., R...>;
  }(Complement<Positions<D...>, sizeof...(A)>{});
  template <class F>
  static constexpr bool takes_all = std::is_invocable_v<const F&, std::conditional_t<is_kept<I>, const Kept<I>&, const traced_t<Arg<I>>&>...>;

 private:
  template <int K>
  static Kept<K> keep(const Arg<K>& value) {
    if constexpr (is_kept<K>) return value;
    else return {};
  }
  template <int K>
  const auto& argument(const Primals& primals) const {
    if constexpr (constexpr int at = Positions<D...>::find(K); at >= 0) return std::get<at>(primals);
    else return std::get<K>(kept_);
  }

  std::tuple<Kept<I>...> kept_;
};

/// Whether a rule that is a function object cannot hold arrays.
template <class... R>
constexpr bool captures_nothing = (has_identity<R>() && ...);

}  // namespace fluxion::detail
