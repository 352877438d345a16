// checkpoint: a call whose derivative computes again what it needs. Source: jax.checkpoint.
#include <fluxion/transforms/checkpoint.hpp>

#include <algorithm>
#include <functional>
#include <ostream>

#include "base/text.hpp"
#include "core/matrix_product.hpp"
#include "transforms/flat_calls.hpp"
#include "transforms/jaxpr_transforms.hpp"
#include "transforms/jit.hpp"
#include "transforms/linearize.hpp"
#include "transforms/remat.hpp"
#include "transforms/readable.hpp"

namespace fluxion {

using Kind = CheckpointPolicy::Kind;

static std::string show(const CheckpointPolicy& p) {
  std::string names;
  for (const auto& n : p.names) names += (names.empty() ? "" : ", ") + fluxion::show(n);
  switch (p.kind) {
    case Kind::nothing: return "None";
    case Kind::everything: return "everything_saveable";
    case Kind::dots: return "dots_saveable";
    case Kind::dots_without_batch: return "dots_with_no_batch_dims_saveable";
    case Kind::only_names: return "save_only_these_names(" + names + ")";
    case Kind::names_but: return "save_any_names_but_these(" + names + ")";
    case Kind::anything_but: return "save_anything_except_these_names(" + names + ")";
    case Kind::both: return "save_from_both_policies(" + show(p.parts[0]) + ", " + show(p.parts[1]) + ")";
  }
  return {};
}

static CheckpointPolicy parse_policy(ValueParser& p, int depth) {
  if (depth > 50) p.fail("a policy with fewer parts");
  const auto word = p.word();
  if (word == "None") return {};
  if (word == "everything_saveable") return {Kind::everything};
  if (word == "dots_saveable") return {Kind::dots};
  if (word == "dots_with_no_batch_dims_saveable") return {Kind::dots_without_batch};
  p.expect("(");
  if (word == "save_from_both_policies") {
    CheckpointPolicy both{Kind::both};
    both.parts.push_back(parse_policy(p, depth + 1));
    p.expect(",");
    both.parts.push_back(parse_policy(p, depth + 1));
    p.expect(")");
    return both;
  }
  CheckpointPolicy named{word == "save_only_these_names"              ? Kind::only_names
                         : word == "save_any_names_but_these"         ? Kind::names_but
                         : word == "save_anything_except_these_names" ? Kind::anything_but
                                                                      : Kind::nothing};
  if (named.kind == Kind::nothing) p.fail("the names of a checkpoint policy");
  while (!p.accept(")")) {
    named.names.push_back(p.word());
    if (!p.accept(",") && p.peek() != ')') p.fail("',' or ')'");
  }
  return named;
}
static CheckpointPolicy parse_value(ValueParser& p, ParseAs<CheckpointPolicy>) { return parse_policy(p, 0); }

static std::size_t hash_value(const CheckpointPolicy& p) {
  auto h = static_cast<std::size_t>(p.kind);
  for (const auto& n : p.names) h = hash_combine(h, std::hash<std::string>{}(n));
  for (const auto& part : p.parts) h = hash_combine(h, hash_value(part));
  return h;
}

namespace {

/// The identity, with a name for policies to know.
struct Name {
  static constexpr std::string_view name = "name";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::string, name));
  };
  static Avals abstract_eval(AvalSpan in, const Params&) { return {in[0]}; }
  // The tangent goes without the name: it is not the value that is meant.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    return {{bind_one<Name>(args.primals, p)}, {args.tangents[0]}};
  }
  static Arrays transpose(const TransposeArgs& args, const Params&) { return {args.cotangents[0]}; }
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {{bind_one<Name>(args.operands, p)}, {1}}; }
  static ir::Values lower(ir::Builder&, std::span<const ir::ValueId> in, const Params&) { return {in[0]}; }
};

const std::string* name_of(const Eqn& e) { return e.prim == &define<Name>() ? &e.params.as<Name::Params>().name : nullptr; }

bool saves(const CheckpointPolicy& p, const Eqn& e) {
  const auto* name = name_of(e);
  const bool listed = name != nullptr && std::find(p.names.begin(), p.names.end(), *name) != p.names.end();
  switch (p.kind) {
    case Kind::nothing: return false;
    case Kind::everything: return true;
    case Kind::dots: return ops::matrix_product(*e.prim, e.params.view()) != ops::MatrixProduct::none;
    case Kind::dots_without_batch: return ops::matrix_product(*e.prim, e.params.view()) == ops::MatrixProduct::plain;
    case Kind::only_names: return listed;
    case Kind::names_but: return name != nullptr && !listed;
    case Kind::anything_but: return !listed;
    case Kind::both: return saves(p.parts[0], e) || saves(p.parts[1], e);
  }
  return false;
}

struct Checkpoint {
  static constexpr std::string_view name = "checkpoint";
  using Policy = CheckpointPolicy;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (bool, differentiated), (JaxprPtr, jaxpr), (CheckpointPolicy, policy), (bool, prevent_cse));
  };

  static Avals abstract_eval(AvalSpan, const Params& p) { return p.jaxpr->out_avals(); }
  static std::string problem(AvalSpan in, const Params& p) { return difference(in, p.jaxpr->in_avals()); }

  static Params with(const Params& p, JaxprPtr jaxpr, bool differentiated) {
    return {differentiated || p.differentiated, std::move(jaxpr), p.policy, p.prevent_cse};
  }
  static Arrays call(const Params& p, const ClosedJaxpr& closed, ArraySpan args) {
    Arrays all = closed.consts;
    all.insert(all.end(), args.begin(), args.end());
    return bind_all<Checkpoint>(all, with(p, closed.jaxpr, false));
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto t = jvp_jaxpr(p.jaxpr, present(args.tangents));
    Arrays in(args.primals.begin(), args.primals.end());
    append_present(in, args.tangents);
    auto out = call(p, t->closed, in);
    const auto n = p.jaxpr->out.size();
    auto tangents = spread(ArraySpan(out).subspan(n), t->out);
    out.resize(n);
    return {std::move(out), std::move(tangents)};
  }

  static JvpOut linearize(const JvpArgs& args, const Params& p) {
    const auto r = rematerialized(p.jaxpr, present(args.tangents), [&](const Eqn& e) { return saves(p.policy, e); });
    Arrays operands = r.consts;
    operands.insert(operands.end(), args.primals.begin(), args.primals.end());
    auto out = bind_all<Checkpoint>(operands, with(p, r.forward, false));
    const auto n = p.jaxpr->out.size();
    Arrays in;
    for (auto i : r.kept) in.push_back(operands[i]);
    in.insert(in.end(), out.begin() + static_cast<std::ptrdiff_t>(n), out.end());
    append_present(in, args.tangents);
    out.resize(n);
    if (count(r.out) == 0) return {std::move(out), Arrays(n)};
    return {std::move(out), spread(bind_all<Checkpoint>(in, with(p, r.linear, true)), r.out)};
  }

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Mask linear;
    Arrays in;
    for (const auto& x : args.operands) {
      linear.push_back(x.linear());
      if (!x.linear()) in.push_back(x.value);
    }
    append_present(in, args.cotangents);
    const auto t = transpose_jaxpr(p.jaxpr, linear, present(args.cotangents));
    return spread(call(p, t->closed, in), t->out);
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto t = batch_jaxpr(p.jaxpr, args.axis(), Mask(args.mapped.begin(), args.mapped.end()));
    return {call(p, t->closed, args.operands), t->out};
  }

  static JaxprPtr callee(const Params& p) { return p.jaxpr; }

  // What is computed again is a program of its own, which starts when the cotangents are there: merged with what was
  // computed before, it would keep those values alive. A choice among one branch is such a program.
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    if (!p.differentiated || !p.prevent_cse) return lower_jaxpr(*p.jaxpr, b, in);
    return b.cond(b.constant(DType::int32, 0.0), in, {lower_to_program(*p.jaxpr)});
  }
};

/// Where a value comes from; calls are looked into. `input` says it of inputs.
std::string source_of(const Jaxpr& jaxpr, const Atom& a, const std::function<std::string(std::size_t)>& input) {
  if (a.is_literal()) return "a literal";
  for (std::size_t i = 0; i < jaxpr.in.size(); ++i)
    if (jaxpr.in[i] == a.var) return input(i);
  for (const auto& e : jaxpr.eqns)
    for (std::size_t k = 0; k < e.out.size(); ++k) {
      if (e.out[k] != a.var) continue;
      if (const auto* name = name_of(e)) return "the name " + *name;
      const auto callee = e.prim->callee(e.params.view());
      if (callee == nullptr) return "the output of " + std::string(e.prim->name());
      return source_of(*callee, callee->out[k], [&](std::size_t i) { return source_of(jaxpr, e.in[i], input); });
    }
  return "?";
}

}  // namespace

std::ostream& operator<<(std::ostream& os, const SavedResidual& r) { return os << r.aval << " from " << r.source; }

namespace detail {

Arrays checkpoint_call(FlatCall& f, const CheckpointOptions& options) {
  check_leaves_hold_values(f, "checkpoint");
  if (current_trace() == nullptr) return f(f.leaves);
  const auto closed = trace_to_jaxpr([&f](const Arrays& xs) { return f(xs); }, avals_of(f.leaves), "checkpoint");
  Arrays in = closed.consts;
  in.insert(in.end(), f.leaves.begin(), f.leaves.end());
  return bind_all<Checkpoint>(in, {false, closed.jaxpr, options.policy, options.prevent_cse});
}

Array named_value(const Array& x, const std::string& name) {
  if (current_trace() == nullptr) return x;
  return bind_one<Name>({&x, 1}, {name});
}

std::vector<SavedResidual> saved_residuals_call(FlatCall& f) {
  check_leaves_hold_values(f, "saved_residuals");
  const auto in = avals_of(f.leaves);
  std::vector<char> nonzero;
  for (const auto& a : in) nonzero.push_back(is_inexact(a.dtype));
  const auto closed = trace_to_jaxpr(
      [&](const Arrays& xs) {
        auto s = linearize_symbolic([&f](const Arrays& ys) { return f(ys); }, xs, nonzero, "saved_residuals", [] { return std::size_t{0}; });
        return s.linear.consts;
      },
      in, "saved_residuals");
  const auto paths = leaf_paths(f);
  std::vector<SavedResidual> out;
  std::vector<VarId> seen;
  for (const auto& a : closed.jaxpr->out) {
    if (a.is_literal() || std::find(seen.begin(), seen.end(), a.var) != seen.end()) continue;
    seen.push_back(a.var);
    const auto input = [&](std::size_t i) {
      const auto n = closed.jaxpr->n_consts;
      return i < n ? std::string("a captured value") : "the argument " + paths[i - n];
    };
    out.push_back({closed.jaxpr->aval(a), source_of(*closed.jaxpr, a, input)});
  }
  return out;
}

void print_saved_residuals(std::ostream& os, const std::vector<SavedResidual>& residuals) {
  for (const auto& r : residuals) os << r << '\n';
}

}  // namespace detail
void list_checkpoints(std::vector<ReadablePrimitive>& to) {
  to.insert(to.end(), {readable<Checkpoint>(0, ReadablePrimitive::any), readable<Name>(1)});
}

}  // namespace fluxion
