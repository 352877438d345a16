// A primitive: a name and its rules. This layer knows none by name.
//
// A primitive outside the elementwise table is one struct P with
//   name            static constexpr std::string_view
//   Params          a Hana struct (NoParams if there are none)
//   abstract_eval   (span<const Aval>, const Params&) -> Avals          checks operands, throws TypeError/ValueError
//   jvp             (const JvpArgs&, const Params&) -> JvpOut           or `linear`, or no_jvp{"reason"}
//   transpose       (const TransposeArgs&, const Params&) -> Arrays     or no_transpose{"reason"}
//   batch           (const BatchArgs&, const Params&) -> BatchOut       mapped axes are at 0 on entry and exit
//   lower           (ir::Builder&, span<const ir::ValueId>, const Params&) -> ir::Values
// and, where the defaults do not do,
//   linearize       like jvp, only for primitives that hold jaxprs
//   effect          (const Params&) -> Effect                           default: that of the held jaxprs
//   impl            (ArraySpan, const Params&) -> Arrays                evaluation without a program
//   locality, algebra  constants (below)
//   jet             (const JetArgs&, const Params&) -> JetOut           only for primitives that hold jaxprs
// `define<P>()` makes it a Primitive; a missing rule does not compile.
#pragma once

#include <concepts>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <fluxion/array.hpp>
#include <fluxion/extend/params.hpp>

namespace fluxion::ir {
enum class Op : std::uint8_t;
class Builder;  // src/ir/program.hpp
using ValueId = std::uint32_t;
using Values = std::vector<ValueId>;
}  // namespace fluxion::ir

namespace fluxion {

using Avals = std::vector<Aval>;
using AvalSpan = std::span<const Aval>;

/// Primals and tangents of a call; an empty handle among the tangents is a symbolic zero.
struct JvpArgs {
  ArraySpan primals, tangents;
};
struct JvpOut {
  Arrays primals, tangents;
};

/// One operand of an equation being transposed: linear (only its aval is known) or a known value.
struct TransposeArg {
  Array value;  // empty: linear
  Aval aval;
  bool linear() const { return value.is_empty_handle(); }
};
struct TransposeArgs {
  ArraySpan cotangents;  // one per result; empty handles are symbolic zeros, not all of them are
  std::span<const TransposeArg> operands;
};

/// The axis that vmap maps; the name is empty if it has none.
struct BatchAxis {
  std::int64_t size;
  std::string_view name;
};

/// Operands with their mapped axis moved to 0 where `mapped` says so; `size` is the extent of that axis. None need
/// be mapped where the operation uses the axis by name.
struct BatchArgs {
  std::int64_t size;
  ArraySpan operands;
  std::span<const char> mapped;
  std::string_view axis_name;

  /// For rules that transform a held program: collectives in it work over the same axis.
  BatchAxis axis() const { return {size, axis_name}; }
};
struct BatchOut {
  Arrays results;
  std::vector<char> mapped;
};

/// Values that move along curves: `series[i]` holds the derivatives of operand i by the curve's parameter, first to
/// last, `order` of them with empty handles for zeros, or none at all if the operand stands still.
struct JetArgs {
  ArraySpan primals;
  std::span<const Arrays> series;
  std::size_t order;
};
struct JetOut {
  Arrays primals;
  std::vector<Arrays> series;
};

/// How the elements of a result depend on those of the operands. Reverse mode sees by it where cotangents are zero.
enum class Locality : std::uint8_t {
  whole,        ///< In any way.
  elementwise,  ///< On those in the same place, and on operands of rank 0.
  moved,        ///< Each is an element of an operand, a sum of such, or zero.
  chosen,       ///< Operand 0, a bool, says whether it is that of operand 1 (false) or of operand 2 (true).
};

/// What a primitive is as a function of its operands. Taylor mode has formulas for some; the others follow from jvp.
enum class Algebra : std::uint8_t {
  general,
  linear,    ///< In all its operands together.
  bilinear,  ///< In each of its two operands.
  quotient,  ///< operand 0 / operand 1.
};

class Primitive {
 public:
  std::string_view name() const { return name_; }
  /// The kernel of an elementwise table row; such primitives have no parameters and one result.
  std::optional<ir::Op> op() const { return op_; }

  /// Of an elementwise row: operands of one float dtype need no further check of dtypes.
  bool takes_any_floats() const { return takes_any_floats_; }

  /// Hands the operation to the current trace, or evaluates it when there is none. (A member, because a free
  /// `bind` would lose to std::bind by argument-dependent lookup.)
  Arrays bind(ArraySpan args, ParamsView params) const;
  /// The same for the single result of most primitives.
  Array bind_one(ArraySpan args, ParamsView params) const;

  virtual Avals abstract_eval(AvalSpan in, ParamsView params) const = 0;
  virtual JvpOut jvp(const JvpArgs& args, ParamsView params) const = 0;
  /// jvp as reverse mode wants it: operations on tangents are recorded, the others evaluated. Only primitives
  /// that hold jaxprs need more than their jvp rule.
  virtual JvpOut linearize(const JvpArgs& args, ParamsView params) const { return jvp(args, params); }
  /// One cotangent per operand; empty for operands that are not linear or whose cotangent is zero.
  virtual Arrays transpose(const TransposeArgs& args, ParamsView params) const = 0;
  virtual BatchOut batch(const BatchArgs& args, ParamsView params) const = 0;
  virtual ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, ParamsView params) const = 0;
  /// The jaxpr that a call stands for; null for all other primitives.
  virtual JaxprPtr callee(ParamsView) const { return nullptr; }
  virtual Locality locality() const { return Locality::whole; }
  virtual Algebra algebra() const { return Algebra::general; }
  /// The results along curves; nothing where that follows from `callee`, `algebra` or `jvp`.
  virtual std::optional<JetOut> jet(const JetArgs&, ParamsView) const { return {}; }
  /// What it does besides computing its results.
  virtual Effect effect(ParamsView) const { return Effect::none; }
  /// Evaluation of what is not worth a program; nullopt for all others.
  virtual std::optional<Arrays> impl(ArraySpan, ParamsView) const { return std::nullopt; }
  /// Why there is no derivative or transpose; empty if there is one.
  virtual std::string_view no_jvp_reason() const { return {}; }
  virtual std::string_view no_transpose_reason() const { return {}; }

 protected:
  explicit Primitive(std::string_view name, std::optional<ir::Op> op = {}, bool takes_any_floats = false)
      : name_(name), op_(op), takes_any_floats_(takes_any_floats) {}
  ~Primitive() = default;

 private:
  std::string_view name_;
  std::optional<ir::Op> op_;
  bool takes_any_floats_;
};

/// jvp rule of a primitive that is linear in all its operands together: its tangent is itself.
struct Linear {};
inline constexpr Linear linear{};
/// The results have no derivative (their tangent is zero), for this reason.
struct no_jvp { std::string_view reason; };
/// Never met in a linear program, for this reason.
struct no_transpose { std::string_view reason; };

namespace detail {
JvpOut linear_jvp(const Primitive& p, const JvpArgs& args, ParamsView params);
JvpOut zero_jvp(const Primitive& p, const JvpArgs& args, ParamsView params);
[[noreturn]] void throw_no_transpose(const Primitive& p, std::string_view reason);

template <class R, class P>
concept JvpRule = std::same_as<R, Linear> || std::same_as<R, no_jvp> ||
                  std::is_invocable_r_v<JvpOut, R, const JvpArgs&, const P&>;
template <class R, class P>
concept TransposeRule =
    std::same_as<R, no_transpose> || std::is_invocable_r_v<Arrays, R, const TransposeArgs&, const P&>;
}  // namespace detail

/// Everything a primitive must say of itself.
template <class P>
concept PrimitiveRules = requires(AvalSpan avals, const BatchArgs& batch, ir::Builder& b,
                                  std::span<const ir::ValueId> values, const typename P::Params& params) {
  { P::name } -> std::convertible_to<std::string_view>;
  { P::abstract_eval(avals, params) } -> std::convertible_to<Avals>;
  { P::batch(batch, params) } -> std::convertible_to<BatchOut>;
  { P::lower(b, values, params) } -> std::convertible_to<ir::Values>;
  requires detail::JvpRule<std::remove_cvref_t<decltype(P::jvp)>, typename P::Params>;
  requires detail::TransposeRule<std::remove_cvref_t<decltype(P::transpose)>, typename P::Params>;
};

namespace detail {

/// True if P is a primitive; otherwise stops the compilation with the rule that is missing.
template <class P>
constexpr bool has_rules() {
  if constexpr (!requires { { P::name } -> std::convertible_to<std::string_view>; }) {
    static_assert(never<P>, "fluxion: a primitive needs `static constexpr std::string_view name`");
  } else if constexpr (!requires { typename P::Params; }) {
    static_assert(never<P>, "fluxion: a primitive needs a Hana struct `Params`; `using Params = fluxion::NoParams` if "
                            "it has none");
  } else if constexpr (!requires(AvalSpan in, const typename P::Params& p) {
                         { P::abstract_eval(in, p) } -> std::convertible_to<Avals>;
                       }) {
    static_assert(never<P>, "fluxion: a primitive needs the rule `static Avals abstract_eval(AvalSpan, const Params&)`");
  } else if constexpr (!requires { requires JvpRule<std::remove_cvref_t<decltype(P::jvp)>, typename P::Params>; }) {
    static_assert(never<P>, "fluxion: a primitive needs the rule `static JvpOut jvp(const JvpArgs&, const Params&)`, or "
                            "`static constexpr Linear jvp = linear`, or `static constexpr no_jvp jvp{\"reason\"}`");
  } else if constexpr (!requires { requires TransposeRule<std::remove_cvref_t<decltype(P::transpose)>, typename P::Params>; }) {
    static_assert(never<P>, "fluxion: a primitive needs the rule `static Arrays transpose(const TransposeArgs&, const "
                            "Params&)`, or `static constexpr no_transpose transpose{\"reason\"}`");
  } else if constexpr (!requires(const BatchArgs& args, const typename P::Params& p) {
                         { P::batch(args, p) } -> std::convertible_to<BatchOut>;
                       }) {
    static_assert(never<P>, "fluxion: a primitive needs the rule `static BatchOut batch(const BatchArgs&, const Params&)`");
  } else if constexpr (!PrimitiveRules<P>) {
    static_assert(never<P>, "fluxion: a primitive needs the rule `static ir::Values lower(ir::Builder&, "
                            "std::span<const ir::ValueId>, const Params&)`");
  } else {
    return true;
  }
  return false;
}

template <class P>
class PrimitiveOf final : public Primitive {
  using Pm = typename P::Params;
  using Jvp = std::remove_cvref_t<decltype(P::jvp)>;
  using Tr = std::remove_cvref_t<decltype(P::transpose)>;

 public:
  PrimitiveOf() : Primitive(P::name) {}
  Avals abstract_eval(AvalSpan in, ParamsView p) const override { return P::abstract_eval(in, p.as<Pm>()); }
  JvpOut jvp(const JvpArgs& args, ParamsView p) const override {
    if constexpr (std::same_as<Jvp, Linear>) return linear_jvp(*this, args, p);
    else if constexpr (std::same_as<Jvp, no_jvp>) return zero_jvp(*this, args, p);
    else return P::jvp(args, p.as<Pm>());
  }
  JvpOut linearize(const JvpArgs& args, ParamsView p) const override {
    if constexpr (requires { P::linearize(args, p.as<Pm>()); }) return P::linearize(args, p.as<Pm>());
    else return jvp(args, p);
  }
  Arrays transpose(const TransposeArgs& args, ParamsView p) const override {
    if constexpr (std::same_as<Tr, no_transpose>) throw_no_transpose(*this, P::transpose.reason);
    else return P::transpose(args, p.as<Pm>());
  }
  BatchOut batch(const BatchArgs& args, ParamsView p) const override { return P::batch(args, p.as<Pm>()); }
  ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, ParamsView p) const override {
    return P::lower(b, in, p.as<Pm>());
  }
  JaxprPtr callee(ParamsView p) const override {
    if constexpr (requires { P::callee(p.as<Pm>()); }) return P::callee(p.as<Pm>());
    else return nullptr;
  }
  Effect effect(ParamsView p) const override {
    if constexpr (requires { P::effect(p.as<Pm>()); }) return P::effect(p.as<Pm>());
    else return held_effect(p.as<Pm>());
  }
  std::optional<Arrays> impl(ArraySpan args, ParamsView p) const override {
    if constexpr (requires { P::impl(args, p.as<Pm>()); }) return P::impl(args, p.as<Pm>());
    else return std::nullopt;
  }
  Locality locality() const override {
    if constexpr (requires { P::locality; }) return P::locality;
    else return Locality::whole;
  }
  Algebra algebra() const override {
    if constexpr (std::same_as<Jvp, Linear>) return Algebra::linear;
    else if constexpr (requires { P::algebra; }) return P::algebra;
    else return Algebra::general;
  }
  std::optional<JetOut> jet(const JetArgs& args, ParamsView p) const override {
    if constexpr (requires { P::jet(args, p.as<Pm>()); }) return P::jet(args, p.as<Pm>());
    else return {};
  }
  std::string_view no_jvp_reason() const override {
    if constexpr (std::same_as<Jvp, no_jvp>) return P::jvp.reason;
    else return {};
  }
  std::string_view no_transpose_reason() const override {
    if constexpr (std::same_as<Tr, no_transpose>) return P::transpose.reason;
    else return {};
  }
};

}  // namespace detail

/// The one Primitive object of rules P; primitives are compared by address. Never destroyed.
template <class P>
const Primitive& define() {
  if constexpr (detail::has_rules<P>()) {
    static const auto& instance = *new detail::PrimitiveOf<P>();
    return instance;
  } else {
    std::terminate();  // what is missing has been said
  }
}

/// Binds the primitive P with its parameters: hands the operation to the current transformation, or evaluates it.
template <class P>
Arrays bind_all(ArraySpan args, const typename P::Params& params) {
  return define<P>().bind(args, ParamsView::of(params));
}
/// The same for the single result of most primitives.
template <class P>
Array bind_one(ArraySpan args, const typename P::Params& params) {
  return define<P>().bind_one(args, ParamsView::of(params));
}

}  // namespace fluxion
