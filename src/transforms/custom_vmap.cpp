// custom_vmap: a function with its own batching rule. Source: jax.custom_batching.custom_vmap.
#include <fluxion/transforms/custom_vmap.hpp>

#include "base/text.hpp"
#include "core/ops.hpp"
#include "transforms/custom_rules.hpp"
#include "transforms/jaxpr_transforms.hpp"
#include "transforms/jvp.hpp"
#include "transforms/linearize.hpp"
#include "transforms/readable.hpp"

namespace fluxion {

namespace {

using custom::joined;
using custom::slice;
using detail::CustomVmapFunction;

constexpr const char* kOp = "custom_vmap";

/// Operands that carry the mapped axis in front where `mapped` says so -> results likewise.
struct VmapRule {
  std::string name;
  std::size_t n_consts;  // leading operands: what the function captured
  std::function<BatchOut(std::int64_t size, const Mask& mapped, const Arrays& operands)> apply;
};
using VmapRulePtr = std::shared_ptr<const VmapRule>;
std::string show(const VmapRulePtr& r) { return fluxion::show(r->name); }
std::size_t hash_value(const VmapRulePtr& r) { return std::hash<VmapRulePtr>{}(r); }
VmapRulePtr parse_value(ValueParser& p, ParseAs<VmapRulePtr>) {
  const auto name = p.word();
  return std::make_shared<const VmapRule>(VmapRule{
      name, 0, [name](std::int64_t, const Mask&, const Arrays&) -> BatchOut { throw_unreadable_rule("custom_vmap", name); }});
}

Array with_axis(const Array& x, bool mapped, std::int64_t size) { return mapped ? x : ops::repeat_along_new_axis(x, size, 0); }

/// The user's rule: an argument is batched if any of its leaves is.
BatchOut apply_checked(const CustomVmapFunction& c, const custom::Signature& want, std::int64_t size, const Mask& mapped,
                       const Arrays& leaves) {
  Mask batched;
  Arrays in = leaves;
  for (std::size_t i = 0, first = 0; i < c.in.size(); ++i) {
    const auto n = c.in[i].num_leaves();
    bool any = false;
    for (std::size_t k = first; k < first + n; ++k) any = any || mapped[k];
    for (std::size_t k = first; any && k < first + n; ++k) in[k] = with_axis(in[k], mapped[k] != 0, size);
    batched.push_back(any);
    first += n;
  }
  auto r = c.rule(size, batched, in);
  const auto n = want.avals.size();
  if (r.batched.size() == 1) r.batched.assign(n, r.batched[0]);
  if (r.batched.size() != n)
    throw ValueError(text(kOp, ": out_batched must have one entry per leaf of the result, ", n, ", got ", r.batched.size(),
                          "; return a bool if it is the same for all"));
  auto expected = want;
  for (std::size_t i = 0; i < n; ++i)
    if (r.batched[i]) expected.avals[i].shape.insert(0, size);
  custom::check_like_result(kOp, "the rule's result", expected, r.out);
  return {std::move(r.out.leaves), std::move(r.batched)};
}

struct CustomVmapCall {
  static constexpr std::string_view name = "custom_vmap_call";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::string, name), (JaxprPtr, call_jaxpr), (VmapRulePtr, rule));
  };

  static Avals abstract_eval(AvalSpan, const Params& p) { return p.call_jaxpr->out_avals(); }
  static std::string problem(AvalSpan in, const Params& p) { return difference(in, p.call_jaxpr->in_avals()); }
  static detail::FlatFn inlined(const Params& p) {
    return [jaxpr = p.call_jaxpr](const Arrays& xs) { return eval_jaxpr(*jaxpr, xs); };
  }

  // The derivative has a rule too: the derivative of the rule.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto nonzero = present(args.tangents);
    const auto t = jvp_jaxpr(p.call_jaxpr, nonzero);
    const auto& made = t->closed.consts;  // by derivative rules of its own, such as custom_jvp's
    auto in = joined({made, args.primals});
    append_present(in, args.tangents);
    const auto n = p.call_jaxpr->out.size();
    auto rule = std::make_shared<VmapRule>(*p.rule);
    rule->n_consts += made.size();
    rule->apply = [one = p.rule, nonzero, out_nonzero = t->out, skip = made.size()](std::int64_t size, const Mask& mapped,
                                                                                   const Arrays& operands) {
      const Mask own(mapped.begin() + static_cast<std::ptrdiff_t>(skip), mapped.end());
      return apply_to_tangents(*one, nonzero, out_nonzero, size, own, slice(operands, skip, operands.size() - skip));
    };
    auto out = bind_all<CustomVmapCall>(in, {p.name, t->closed.jaxpr, rule});
    auto tangents = spread(ArraySpan(out).subspan(n), t->out);
    out.resize(n);
    return {std::move(out), std::move(tangents)};
  }

  static BatchOut apply_to_tangents(const VmapRule& one, const Mask& nonzero, const Mask& out_nonzero, std::int64_t size,
                                    const Mask& mapped, const Arrays& operands) {
    const auto n = nonzero.size();
    Arrays primals = slice(operands, 0, n), tangents = spread(ArraySpan(operands).subspan(n), nonzero);
    Mask both(mapped.begin(), mapped.begin() + static_cast<std::ptrdiff_t>(n));
    for (std::size_t i = 0, next = n; i < n; ++i) {
      if (!nonzero[i]) continue;
      const bool of_tangent = mapped[next++] != 0, of_primal = both[i] != 0;
      both[i] = of_primal || of_tangent;
      if (!both[i]) continue;
      primals[i] = with_axis(primals[i], of_primal, size);
      tangents[i] = with_axis(tangents[i], of_tangent, size);
    }
    Mask batched;
    auto out = jvp_symbolic(
        [&](const Arrays& xs) {
          auto r = one.apply(size, both, xs);
          batched = r.mapped;
          return std::move(r.results);
        },
        primals, tangents);
    for (std::size_t i = 0; i < out_nonzero.size(); ++i) {
      if (!out_nonzero[i]) continue;
      out.primals.push_back(ops::instantiate(out.tangents[i], out.primals[i].aval()));
      batched.push_back(batched[i]);
    }
    return {std::move(out.primals), std::move(batched)};
  }

  static JvpOut linearize(const JvpArgs& args, const Params& p) { return linearize_by_tracing(inlined(p), args); }

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Arrays in;
    for (const auto& x : args.operands) in.push_back(x.value);
    return backward_pass(*p.call_jaxpr, in, args.cotangents);
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto n = p.rule->n_consts;
    const Mask mapped(args.mapped.begin(), args.mapped.end());
    for (std::size_t i = 0; i < n; ++i)
      if (mapped[i])
        throw TypeError(text(kOp, ": a mapped value must be an argument, got ", args.operands[i].aval(),
                             " (with the mapped axis in front) that the function captured; pass it as an argument"));
    return p.rule->apply(args.size, mapped, {args.operands.begin(), args.operands.end()});
  }

  static JaxprPtr callee(const Params& p) { return p.call_jaxpr; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_jaxpr(*p.call_jaxpr, b, in);
  }
};

}  // namespace

namespace detail {

Flattened call_custom_vmap(const std::shared_ptr<const CustomVmapFunction>& f, const Arrays& leaves) {
  for (const auto& x : leaves)
    if (x.is_empty_handle()) throw TypeError("custom_vmap: every argument must hold a value, got an empty handle; assign it first");
  if (current_trace() == nullptr) return f->f(leaves);
  TreeDef structure;
  const auto closed = trace_to_jaxpr(
      [&](const Arrays& xs) {
        auto r = f->f(xs);
        structure = std::move(r.structure);
        return std::move(r.leaves);
      },
      custom::avals_of(leaves), kOp);
  const auto n = closed.consts.size();
  const custom::Signature want{structure, closed.jaxpr->out_avals()};
  auto apply = [f, want, n](std::int64_t size, const Mask& mapped, const Arrays& operands) {
    return apply_checked(*f, want, size, Mask(mapped.begin() + static_cast<std::ptrdiff_t>(n), mapped.end()),
                         slice(operands, n, operands.size() - n));
  };
  auto out = bind_all<CustomVmapCall>(joined({closed.consts, leaves}),
                                      {f->name, closed.jaxpr, std::make_shared<VmapRule>(VmapRule{f->rule_name, n, std::move(apply)})});
  return {std::move(out), std::move(structure)};
}

}  // namespace detail
void list_custom_vmap(std::vector<ReadablePrimitive>& to) {
  to.insert(to.end(), {readable<CustomVmapCall>(0, ReadablePrimitive::any)});
}

}  // namespace fluxion
