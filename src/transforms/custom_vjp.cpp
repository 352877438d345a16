// custom_vjp: a function with its own reverse-mode rule. Its derivative is a linear_call whose transpose is the bwd
// rule; forward mode transposes that rule, which is linear in the cotangent. Source: jax.custom_vjp, which has no
// forward mode.
#include "base/text.hpp"
#include "core/ops.hpp"
#include "transforms/custom_rules.hpp"
#include "transforms/jaxpr_transforms.hpp"
#include "transforms/linear_call.hpp"
#include "transforms/linearity.hpp"
#include "transforms/linearize.hpp"
#include "transforms/tree_nodes.hpp"
#include "transforms/readable.hpp"

namespace fluxion {

namespace {

using custom::avals_of;
using custom::Flattened;
using custom::joined;
using custom::Signature;
using custom::slice;
using detail::CustomVjpFunction;

constexpr const char* kOp = "custom_vjp";

struct Forward {
  Arrays outs, residuals;
  TreeDef structure;  // of the residuals
};
/// The rules as pure functions; `consts` are values that the function and the rules captured.
struct FwdRule {
  std::string name;
  std::size_t n_consts;
  std::function<Forward(ArraySpan consts, ArraySpan args)> apply;
};
struct BwdRule {
  std::string name;
  /// Cotangents of all results (float0 where they are integers) to those of all arguments, symbolic zeros among them.
  std::function<Arrays(ArraySpan consts, const TreeDef& structure, ArraySpan residuals, ArraySpan cotangents)> apply;
};
using FwdRulePtr = std::shared_ptr<const FwdRule>;
using BwdRulePtr = std::shared_ptr<const BwdRule>;
std::string show(const FwdRulePtr& r) { return fluxion::show(r->name); }
std::string show(const BwdRulePtr& r) { return fluxion::show(r->name); }
FwdRulePtr parse_value(ValueParser& p, ParseAs<FwdRulePtr>) {
  const auto name = p.word();
  return std::make_shared<const FwdRule>(
      FwdRule{name, 0, [name](ArraySpan, ArraySpan) -> Forward { throw_unreadable_rule("custom_vjp", name); }});
}
BwdRulePtr parse_value(ValueParser& p, ParseAs<BwdRulePtr>) {
  const auto name = p.word();
  return std::make_shared<const BwdRule>(BwdRule{
      name, [name](ArraySpan, const TreeDef&, ArraySpan, ArraySpan) -> Arrays { throw_unreadable_rule("custom_vjp", name); }});
}
std::size_t hash_value(const FwdRulePtr& r) { return std::hash<FwdRulePtr>{}(r); }
std::size_t hash_value(const BwdRulePtr& r) { return std::hash<BwdRulePtr>{}(r); }

// --- the user's rules, checked ------------------------------------------------------------------------------------

Forward forward_checked(const CustomVjpFunction& c, ArraySpan args, std::optional<Signature>& want) {
  auto r = c.fwd({args.begin(), args.end()});
  check_results(r.out.leaves, kOp);
  check_results(r.residuals.leaves, kOp);
  if (!want) want = Signature{r.out.structure, avals_of(r.out.leaves)};
  custom::check_like_result(kOp, "the fwd rule's first result", *want, r.out);
  return {std::move(r.out.leaves), std::move(r.residuals.leaves), std::move(r.residuals.structure)};
}

Arrays backward_checked(const CustomVjpFunction& c, AvalSpan args, const TreeDef& out, const TreeDef& structure,
                        ArraySpan residuals, ArraySpan cotangents) {
  const auto cts = c.bwd({{residuals.begin(), residuals.end()}, structure}, {{cotangents.begin(), cotangents.end()}, out});
  const auto roots = argument_names(c.arguments);
  Arrays result;
  for (std::size_t i = 0, first = 0; i < cts.size(); ++i) {
    const auto n = c.in[i].num_leaves();
    const auto own = args.subspan(std::exchange(first, first + n), n);
    if (!cts[i]) result.resize(result.size() + n);
    else for (auto& ct : custom::checked_tangents(kOp, "the cotangent that the bwd rule returns", c.in[i], own, *cts[i], roots[i]))
      result.push_back(std::move(ct));
  }
  return result;
}

// --- the derivative -----------------------------------------------------------------------------------------------

/// cts of floating results -> cts of the chosen arguments, at a point.
struct Transposed {
  BwdRulePtr bwd;
  std::size_t n_consts;
  TreeDef structure;
  Avals args, outs;
  Mask chosen;

  Arrays backward(ArraySpan residuals, ArraySpan cts) const {
    const auto floating = custom::floating(outs);
    const auto all = bwd->apply(residuals.first(n_consts), structure, residuals.subspan(n_consts),
                                custom::instantiated(spread(cts, floating), outs));
    Arrays out;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (chosen[i]) out.push_back(all[i]);
    return out;
  }

  // Zeros stand for symbolic zeros, whose cotangents are not used.
  Arrays forward(ArraySpan residuals, ArraySpan tangents) const {
    Avals in, wanted;
    for (const auto& a : outs)
      if (is_inexact(a.dtype)) in.push_back(a);
    for (std::size_t i = 0; i < args.size(); ++i)
      if (chosen[i]) wanted.push_back(args[i]);
    const Arrays at(residuals.begin(), residuals.end());
    const LinearTranspose push([&](const Arrays& cts) { return custom::instantiated(backward(at, cts), wanted); }, in, kOp,
                               "for forward mode, the bwd rule");
    return custom::instantiated(push(tangents), in);
  }
};

/// Results and their tangents. `record`: the derivative is recorded as one operation, with the rule as its transpose.
JvpOut differentiate(const FwdRule& fwd, const BwdRulePtr& bwd, ArraySpan consts, ArraySpan primals, ArraySpan tangents,
                     bool record) {
  auto r = fwd.apply(consts, primals);
  auto t = std::make_shared<Transposed>(
      Transposed{bwd, consts.size(), r.structure, avals_of(primals), avals_of(r.outs), present(tangents)});
  const auto residuals = joined({consts, r.residuals});
  Arrays given, pushed;
  append_present(given, tangents);
  if (record) {
    auto linear = std::make_shared<LinearFunction>();
    linear->name = "transpose(" + bwd->name + ")";
    linear->transpose_name = bwd->name;
    linear->n_residuals = residuals.size();
    for (const auto& a : t->outs)
      if (is_inexact(a.dtype)) linear->out.push_back(a);
    linear->f = [t](ArraySpan res, ArraySpan ts) { return t->forward(res, ts); };
    linear->transpose = [t](ArraySpan res, ArraySpan cts) { return t->backward(res, cts); };
    pushed = bind_linear_call(linear, residuals, given);
  } else {
    pushed = t->forward(residuals, given);
  }
  return {std::move(r.outs), spread(pushed, custom::floating(t->outs))};
}

// --- the primitive ------------------------------------------------------------------------------------------------

struct CustomVjpCall {
  static constexpr std::string_view name = "custom_vjp_call";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::string, name), (BwdRulePtr, bwd), (JaxprPtr, call_jaxpr), (FwdRulePtr, fwd),
                             (bool, symbolic_zeros));
  };

  static Avals abstract_eval(AvalSpan, const Params& p) { return p.call_jaxpr->out_avals(); }
  static std::string problem(AvalSpan in, const Params& p) { return difference(in, p.call_jaxpr->in_avals()); }

  static JvpOut differentiated(const JvpArgs& args, const Params& p, bool record) {
    const auto n = p.fwd->n_consts;
    custom::check_no_captured_tangent(kOp, args.primals.first(n), args.tangents.first(n));
    return differentiate(*p.fwd, p.bwd, args.primals.first(n), args.primals.subspan(n), args.tangents.subspan(n), record);
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) { return differentiated(args, p, false); }
  static JvpOut linearize(const JvpArgs& args, const Params& p) { return differentiated(args, p, true); }

  // Met where the function is applied to tangents, in which it must be linear.
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Arrays in;
    for (const auto& x : args.operands) in.push_back(x.value);
    return backward_pass(*p.call_jaxpr, in, args.cotangents);
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const Mask mapped(args.mapped.begin(), args.mapped.end()), all(p.call_jaxpr->out.size(), 1);
    const auto f = batch_jaxpr(p.call_jaxpr, args.axis(), mapped, all);
    const auto n = p.fwd->n_consts;
    const custom::MappedAxis axis(args.axis());
    const Mask of_consts(mapped.begin(), mapped.begin() + static_cast<std::ptrdiff_t>(n));
    const Mask of_args(mapped.begin() + static_cast<std::ptrdiff_t>(n), mapped.end());
    const auto& made = f->closed.consts;  // by batching rules of its own, such as custom_vmap's
    const auto fwd = std::make_shared<FwdRule>(*p.fwd);
    fwd->n_consts += made.size();
    fwd->apply = [one = p.fwd, mapped, axis, skip = made.size()](ArraySpan consts, ArraySpan primals) {
      return forward_mapped(*one, mapped, axis, consts.subspan(skip), primals);
    };
    const auto bwd = std::make_shared<BwdRule>(*p.bwd);
    bwd->apply = [one = p.bwd, of_consts, of_args, axis, skip = made.size()](ArraySpan consts, const TreeDef& structure,
                                                                             ArraySpan residuals, ArraySpan cts) {
      return backward_mapped(*one, of_consts, of_args, axis, consts.subspan(skip), structure, residuals, cts);
    };
    return {bind_all<CustomVjpCall>(joined({made, args.operands}), {p.name, bwd, f->closed.jaxpr, fwd, p.symbolic_zeros}), all};
  }

  static Forward forward_mapped(const FwdRule& one, const Mask& mapped, const custom::MappedAxis& axis, ArraySpan consts, ArraySpan primals) {
    Forward out;
    std::size_t n_out = 0;
    auto all = custom::mapped_all(
        [&](const Arrays& xs) {
          auto r = one.apply(ArraySpan(xs).first(consts.size()), ArraySpan(xs).subspan(consts.size()));
          n_out = r.outs.size();
          out.structure = std::move(r.structure);
          r.outs.insert(r.outs.end(), r.residuals.begin(), r.residuals.end());
          return std::move(r.outs);
        },
        joined({consts, primals}), mapped, axis);
    out.residuals = slice(all, n_out, all.size() - n_out);
    all.resize(n_out);
    out.outs = std::move(all);
    return out;
  }

  // An argument without the mapped axis has the sum of its cotangents.
  static Arrays backward_mapped(const BwdRule& one, Mask mapped, const Mask& of_args, const custom::MappedAxis& axis, ArraySpan consts,
                                const TreeDef& structure, ArraySpan residuals, ArraySpan cts) {
    Arrays in = joined({consts, residuals});
    mapped.resize(in.size(), 1);
    const auto values = custom::floating(avals_of(cts));  // float0 arrays have nothing to map
    Avals inner;
    for (std::size_t i = 0; i < cts.size(); ++i) {
      inner.push_back(cts[i].aval());
      inner.back().shape.erase(0);
      if (!values[i]) continue;
      in.push_back(cts[i]);
      mapped.push_back(1);
    }
    Mask nonzero;
    const auto n = consts.size(), m = residuals.size();
    auto out = custom::mapped_all(
        [&](const Arrays& xs) {
          const ArraySpan all(xs);
          const auto r = one.apply(all.first(n), structure, all.subspan(n, m),
                                   custom::instantiated(spread(all.subspan(n + m), values), inner));
          nonzero = present(r);
          Arrays found;
          append_present(found, r);
          return found;
        },
        in, mapped, axis);
    auto all = spread(out, nonzero);
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!of_args[i] && !all[i].is_empty_handle()) all[i] = ops::sum_leading_axis(all[i]);
    return all;
  }

  static JaxprPtr callee(const Params& p) { return p.call_jaxpr; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_jaxpr(*p.call_jaxpr, b, in);
  }
};

// --- the call -----------------------------------------------------------------------------------------------------

class VjpCall final : public CustomCall {
 public:
  explicit VjpCall(std::shared_ptr<const CustomVjpFunction> c) : c_(std::move(c)) {}
  const TreeDef& structure() const { return structure_; }

  const char* name() const override { return kOp; }
  Arrays run(ArraySpan args) const override {
    auto r = c_->f({args.begin(), args.end()});
    structure_ = std::move(r.structure);
    return std::move(r.leaves);
  }

  // Forward mode uses the bwd rule at once; reverse mode later, so what it captured becomes residuals.
  JvpOut jvp(const JvpArgs& args) const override { return derivative(args, false); }
  JvpOut linearize(const JvpArgs& args) const override { return derivative(args, true); }

  Arrays record(ArraySpan args) const override {
    const auto in = avals_of(args);
    const auto f = trace_to_jaxpr([this](const Arrays& xs) { return run(xs); }, in, kOp);
    std::optional<Signature> want = Signature{structure_, f.jaxpr->out_avals()};
    Arrays consts = f.consts;
    FwdRulePtr fwd;
    BwdRulePtr bwd;
    if (c_->rules_capture && !custom::TracingAhead::of(c_->type)) {
      const custom::TracingAhead ahead(c_->type);
      std::tie(fwd, bwd) = traced_rules(in, want, consts);
    } else {
      fwd = kept_fwd(consts.size(), want);
      bwd = kept_bwd(in, structure_);
    }
    return bind_all<CustomVjpCall>(joined({consts, args}),
                                   {c_->name, bwd, custom::with_unused_consts(f, avals_of(consts)), fwd, false});
  }

 private:
  JvpOut derivative(const JvpArgs& args, bool record) const {
    std::optional<Signature> want;
    auto r = forward_checked(*c_, args.primals, want);
    structure_ = want->structure;
    const auto avals = avals_of(args.primals);
    const bool trace = record && c_->rules_capture;
    const auto [bwd, captured] = trace ? traced_bwd(avals, *want, r, 0) : std::pair(kept_bwd(avals, structure_), Arrays());
    const FwdRule fwd{c_->fwd_name, captured.size(), [&](ArraySpan, ArraySpan) { return std::move(r); }};
    return differentiate(fwd, bwd, captured, args.primals, args.tangents, record);
  }

  // Rules to be run when they are needed; they captured nothing, or are used within the call.
  FwdRulePtr kept_fwd(std::size_t n_consts, const std::optional<Signature>& want) const {
    return std::make_shared<FwdRule>(FwdRule{c_->fwd_name, n_consts, [c = c_, want](ArraySpan, ArraySpan args) {
                                               auto w = want;
                                               return forward_checked(*c, args, w);
                                             }});
  }
  BwdRulePtr kept_bwd(const Avals& in, const TreeDef& out) const {
    return std::make_shared<BwdRule>(BwdRule{c_->bwd_name, [c = c_, in, out](ArraySpan, const TreeDef& structure, ArraySpan res, ArraySpan cts) {
                                               return backward_checked(*c, in, out, structure, res, cts);
                                             }});
  }

  /// The bwd rule as a program, whose captured values are `consts` from `first` on.
  std::pair<BwdRulePtr, Arrays> traced_bwd(const Avals& in, const Signature& out, const Forward& r, std::size_t first) const {
    const auto floating = custom::floating(out.avals);
    auto avals = avals_of(r.residuals);
    const auto n = avals.size();
    for (std::size_t i = 0; i < floating.size(); ++i)
      if (floating[i]) avals.push_back(out.avals[i]);
    Mask nonzero;
    auto closed = trace_to_jaxpr(
        [&](const Arrays& xs) {
          const auto cts = custom::instantiated(spread(ArraySpan(xs).subspan(n), floating), out.avals);
          const auto found = backward_checked(*c_, in, out.structure, r.structure, ArraySpan(xs).first(n), cts);
          nonzero = present(found);
          Arrays values;
          append_present(values, found);
          return values;
        },
        avals, kOp);
    auto apply = [jaxpr = closed.jaxpr, first, count = closed.consts.size(), floating, nonzero](
                     ArraySpan consts, const TreeDef&, ArraySpan residuals, ArraySpan cts) {
      Arrays xs = joined({consts.subspan(first, count), residuals});
      for (std::size_t i = 0; i < cts.size(); ++i)
        if (floating[i]) xs.push_back(cts[i]);
      return spread(eval_jaxpr(*jaxpr, xs), nonzero);
    };
    return {std::make_shared<BwdRule>(BwdRule{c_->bwd_name, std::move(apply)}), std::move(closed.consts)};
  }

  /// Both rules as programs; what they captured is appended to `consts`.
  std::pair<FwdRulePtr, BwdRulePtr> traced_rules(const Avals& in, std::optional<Signature>& want, Arrays& consts) const {
    Forward r;
    const auto n_out = want->avals.size();
    const auto closed = trace_to_jaxpr(
        [&](const Arrays& xs) {
          r = forward_checked(*c_, xs, want);
          return joined({r.outs, r.residuals});
        },
        in, kOp);
    const auto first = consts.size();
    const auto avals = closed.jaxpr->out_avals();
    for (std::size_t i = n_out; i < avals.size(); ++i) r.residuals[i - n_out] = detail::abstract_array(avals[i]);
    consts = joined({consts, closed.consts});
    auto [bwd, captured] = traced_bwd(in, *want, r, consts.size());
    consts = joined({consts, captured});
    auto apply = [jaxpr = closed.jaxpr, first, count = closed.consts.size(), n_out, structure = r.structure](ArraySpan all, ArraySpan args) {
      const auto out = eval_jaxpr(*jaxpr, joined({all.subspan(first, count), args}));
      return Forward{slice(out, 0, n_out), slice(out, n_out, out.size() - n_out), structure};
    };
    return {std::make_shared<FwdRule>(FwdRule{c_->fwd_name, consts.size(), std::move(apply)}), bwd};
  }

  std::shared_ptr<const CustomVjpFunction> c_;
  mutable TreeDef structure_;  // of the result, once the function or its fwd rule has run
};

}  // namespace

namespace detail {

Flattened call_custom_vjp(const std::shared_ptr<const CustomVjpFunction>& f, const Arrays& leaves) {
  for (const auto& x : leaves)
    if (x.is_empty_handle()) throw TypeError("custom_vjp: every argument must hold a value, got an empty handle; assign it first");
  const VjpCall call(f);
  auto out = call_custom(call, leaves);
  return {std::move(out), call.structure()};
}

}  // namespace detail
void list_custom_vjp(std::vector<ReadablePrimitive>& to) {
  to.insert(to.end(), {readable<CustomVjpCall>(0, ReadablePrimitive::any)});
}

}  // namespace fluxion
