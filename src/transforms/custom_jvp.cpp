// custom_jvp: a function with its own derivative rule. Where values are at hand the rule is run on them; in a program
// the call is an equation that holds the function's jaxpr and the rule. Source: jax.custom_jvp.
#include "base/text.hpp"
#include "core/ops.hpp"
#include "transforms/custom_rules.hpp"
#include "transforms/jaxpr_transforms.hpp"
#include "transforms/linearize.hpp"
#include "transforms/readable.hpp"

namespace fluxion {

namespace {

using custom::avals_of;
using custom::joined;
using custom::Signature;
using custom::slice;
using detail::CustomJvpFunction;

constexpr const char* kOp = "custom_jvp";

/// A rule as a pure function; the first operands of its call are values that the function and the rule captured.
struct JvpRule {
  std::string name;
  std::size_t n_consts;
  std::function<JvpOut(ArraySpan consts, ArraySpan primals, ArraySpan tangents)> apply;
};
using JvpRulePtr = std::shared_ptr<const JvpRule>;
std::string show(const JvpRulePtr& r) { return fluxion::show(r->name); }
std::size_t hash_value(const JvpRulePtr& r) { return std::hash<JvpRulePtr>{}(r); }
JvpRulePtr parse_value(ValueParser& p, ParseAs<JvpRulePtr>) {
  const auto name = p.word();
  return std::make_shared<const JvpRule>(
      JvpRule{name, 0, [name](ArraySpan, ArraySpan, ArraySpan) -> JvpOut { throw_unreadable_rule(kOp, name); }});
}

/// The user's rule, its results held against `want`, which the first use fills in if nothing else has.
JvpOut apply_checked(const CustomJvpFunction& c, ArraySpan primals, ArraySpan tangents, std::optional<Signature>& want) {
  const auto avals = avals_of(primals);
  auto r = c.rule({primals.begin(), primals.end()}, custom::instantiated(tangents, avals));
  if (!want) want = Signature{r.out.structure, {}};
  if (want->avals.empty()) {
    check_results(r.out.leaves, kOp);
    want->avals = avals_of(r.out.leaves);
  }
  custom::check_like_result(kOp, "the rule's primal result", *want, r.out);
  if (!r.tangent) return {std::move(r.out.leaves), Arrays(want->avals.size())};
  auto out = custom::checked_tangents(kOp, "the rule's tangent", want->structure, want->avals, *r.tangent, "result");
  return {std::move(r.out.leaves), std::move(out)};
}

struct CustomJvpCall {
  static constexpr std::string_view name = "custom_jvp_call";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::string, name), (JaxprPtr, call_jaxpr), (JvpRulePtr, jvp), (bool, symbolic_zeros));
  };

  static Avals abstract_eval(AvalSpan, const Params& p) { return p.call_jaxpr->out_avals(); }
  static std::string problem(AvalSpan in, const Params& p) { return difference(in, p.call_jaxpr->in_avals()); }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto n = p.jvp->n_consts;
    custom::check_no_captured_tangent(kOp, args.primals.first(n), args.tangents.first(n));
    return p.jvp->apply(args.primals.first(n), args.primals.subspan(n), args.tangents.subspan(n));
  }

  static JvpOut linearize(const JvpArgs& args, const Params& p) {
    return linearize_by_rule([&](ArraySpan tangents) { return jvp({args.primals, tangents}, p); }, args.tangents, kOp);
  }

  // Met where the function is applied to tangents, in which it must be linear.
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Arrays in;
    for (const auto& x : args.operands) in.push_back(x.value);
    return backward_pass(*p.call_jaxpr, in, args.cotangents);
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const Mask mapped(args.mapped.begin(), args.mapped.end()), all(p.call_jaxpr->out.size(), 1);
    const auto f = batch_jaxpr(p.call_jaxpr, args.axis(), mapped, all);
    const auto rule = std::make_shared<JvpRule>(*p.jvp);
    const auto& made = f->closed.consts;  // by batching rules of its own, such as custom_vmap's
    rule->n_consts += made.size();
    rule->apply = [one = p.jvp, mapped, n = made.size(), axis = custom::MappedAxis(args.axis())](
                      ArraySpan consts, ArraySpan primals, ArraySpan tangents) {
      return apply_mapped(*one, mapped, axis, consts.subspan(n), primals, tangents);
    };
    return {bind_all<CustomJvpCall>(joined({made, args.operands}), {p.name, f->closed.jaxpr, rule, p.symbolic_zeros}), all};
  }

  static JvpOut apply_mapped(const JvpRule& rule, Mask mapped, const custom::MappedAxis& axis, ArraySpan consts,
                             ArraySpan primals, ArraySpan tangents) {
    Arrays in = joined({consts, primals});
    for (std::size_t i = 0; i < tangents.size(); ++i)
      if (!tangents[i].is_empty_handle()) {
        in.push_back(tangents[i]);
        mapped.push_back(mapped[consts.size() + i]);
      }
    const auto nonzero = present(tangents);
    Mask nonzero_out;
    auto out = custom::mapped_all(
        [&](const Arrays& xs) {
          const ArraySpan all(xs);
          const auto n = consts.size() + primals.size();
          auto r = rule.apply(all.first(consts.size()), all.subspan(consts.size(), primals.size()), spread(all.subspan(n), nonzero));
          nonzero_out = present(r.tangents);
          append_present(r.primals, r.tangents);
          return std::move(r.primals);
        },
        in, mapped, axis);
    const auto n = nonzero_out.size();
    auto ts = spread(ArraySpan(out).subspan(n), nonzero_out);
    out.resize(n);
    return {std::move(out), std::move(ts)};
  }

  static JaxprPtr callee(const Params& p) { return p.call_jaxpr; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_jaxpr(*p.call_jaxpr, b, in);
  }
};

class JvpCall final : public CustomCall {
 public:
  explicit JvpCall(std::shared_ptr<const CustomJvpFunction> c) : c_(std::move(c)) {}
  const TreeDef& structure() const { return want_->structure; }

  const char* name() const override { return kOp; }
  Arrays run(ArraySpan args) const override {
    auto r = c_->f({args.begin(), args.end()});
    want_ = Signature{std::move(r.structure), {}};
    return std::move(r.leaves);
  }
  JvpOut jvp(const JvpArgs& args) const override { return apply_checked(*c_, args.primals, args.tangents, want_); }
  JvpOut linearize(const JvpArgs& args) const override {
    return linearize_by_rule([&](ArraySpan tangents) { return apply_checked(*c_, args.primals, tangents, want_); }, args.tangents, kOp);
  }

  Arrays record(ArraySpan args) const override {
    const auto in = avals_of(args);
    const auto f = trace_to_jaxpr([this](const Arrays& xs) { return run(xs); }, in, kOp);
    want_->avals = f.jaxpr->out_avals();
    const bool ahead = c_->rules_capture && !custom::TracingAhead::of(c_->type);
    const auto [rule, captured] = ahead ? traced_rule(in, f.consts.size()) : kept_rule(f.consts.size());
    const auto consts = joined({f.consts, captured});
    return bind_all<CustomJvpCall>(joined({consts, args}),
                                   {c_->name, custom::with_unused_consts(f, avals_of(consts)), rule, false});
  }

 private:
  /// To be run when it is needed; it captured nothing.
  std::pair<JvpRulePtr, Arrays> kept_rule(std::size_t n_consts) const {
    auto apply = [c = c_, want = want_](ArraySpan, ArraySpan primals, ArraySpan tangents) {
      auto w = want;
      return apply_checked(*c, primals, tangents, w);
    };
    return {std::make_shared<JvpRule>(JvpRule{c_->rule_name, n_consts, std::move(apply)}), {}};
  }
  /// Traced now, while what it captured can be used; the captured values become operands.
  std::pair<JvpRulePtr, Arrays> traced_rule(const Avals& in, std::size_t n_own) const {
    const custom::TracingAhead ahead(c_->type);
    const auto floating = custom::floating(in);
    auto avals = in;
    for (std::size_t i = 0; i < in.size(); ++i)
      if (floating[i]) avals.push_back(in[i]);
    Mask nonzero_out;
    auto closed = trace_to_jaxpr(
        [&](const Arrays& xs) {
          const ArraySpan all(xs);
          auto r = apply_checked(*c_, all.first(in.size()), spread(all.subspan(in.size()), floating), want_);
          nonzero_out = present(r.tangents);
          append_present(r.primals, r.tangents);
          return std::move(r.primals);
        },
        avals, kOp);
    const auto n_consts = n_own + closed.consts.size();
    auto apply = [jaxpr = closed.jaxpr, n_own, floating, nonzero_out](ArraySpan consts, ArraySpan primals, ArraySpan tangents) {
      Arrays xs = joined({consts.subspan(n_own), primals});
      for (std::size_t i = 0; i < tangents.size(); ++i)
        if (floating[i]) xs.push_back(ops::instantiate(tangents[i], primals[i].aval()));
      auto out = eval_jaxpr(*jaxpr, xs);
      auto ts = spread(ArraySpan(out).subspan(nonzero_out.size()), nonzero_out);
      out.resize(nonzero_out.size());
      return JvpOut{std::move(out), std::move(ts)};
    };
    return {std::make_shared<JvpRule>(JvpRule{c_->rule_name, n_consts, std::move(apply)}), std::move(closed.consts)};
  }

  std::shared_ptr<const CustomJvpFunction> c_;
  mutable std::optional<Signature> want_;  // of the result, as soon as the function or the rule has run
};

}  // namespace

namespace detail {

Flattened call_custom_jvp(const std::shared_ptr<const CustomJvpFunction>& f, const Arrays& leaves) {
  for (const auto& x : leaves)
    if (x.is_empty_handle()) throw TypeError("custom_jvp: every argument must hold a value, got an empty handle; assign it first");
  const JvpCall call(f);
  auto out = call_custom(call, leaves);
  return {std::move(out), call.structure()};
}

}  // namespace detail
void list_custom_jvp(std::vector<ReadablePrimitive>& to) {
  to.insert(to.end(), {readable<CustomJvpCall>(0, ReadablePrimitive::any)});
}

}  // namespace fluxion
