// cond: one of several programs, chosen by an index. Its rules transform every branch and make the branches
// agree in which results they have.
#include "core/node.hpp"
#include "lax/control_flow/lanes.hpp"
#include "lax/control_flow/primitives.hpp"
#include "lax/rules.hpp"
#include "transforms/jet.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

using Branches = std::vector<JaxprPtr>;

struct CondParams {
  BOOST_HANA_DEFINE_STRUCT(CondParams, (Branches, branches));
};

template <class Self>
struct CondRules {
  using Params = CondParams;

  static std::string problem(AvalSpan in, const Params& p) {
    if (p.branches.empty()) return "there must be a branch";
    for (const auto& b : p.branches) {
      if (auto d = difference(in.subspan(1), b->in_avals()); !d.empty()) return d;
      if (auto d = difference(b->out_avals(), p.branches[0]->out_avals()); !d.empty()) return "the branches' results: " + d;
    }
    return {};
  }

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (in.empty() || in[0].dtype != DType::int32 || in[0].ndim() != 0)
      throw InternalError("cond: the index must be an int32 scalar");
    for (const auto& b : p.branches) {
      const auto want = b->in_avals();
      for (std::size_t i = 0; i < want.size(); ++i)
        if (!same_type(want[i], in[i + 1])) throw InternalError(text("cond: operand ", i, " must be ", want[i], ", got ", in[i + 1]));
    }
    return p.branches[0]->out_avals();
  }

  /// Transforms all branches, then again so that each has the results that any has.
  template <class Transform>
  static auto agreeing(const Branches& branches, const Transform& transform) {
    Mask force(transform(branches[0], Mask{})->out.size(), 0);
    for (const auto& b : branches) force = either(force, transform(b, Mask{})->out);
    std::vector<decltype(transform(branches[0], force))> out;
    for (const auto& b : branches) out.push_back(transform(b, force));
    return out;
  }
  template <class Transform>
  static std::pair<Branches, Mask> transformed(const Branches& branches, const Transform& transform) {
    Branches out;
    const auto all = agreeing(branches, transform);
    for (const auto& t : all) out.push_back(without_consts(t->closed, "cond"));
    return {out, all[0]->out};
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto nonzero = present(args.tangents.subspan(1));
    const auto [branches, mask] =
        transformed(p.branches, [&](const auto& b, const Mask& force) { return jvp_jaxpr(b, nonzero, force); });
    Arrays in(args.primals.begin(), args.primals.end());
    append_present(in, args.tangents.subspan(1));
    auto out = bind_all<Self>(in, {branches});
    auto tangents = spread(ArraySpan(out).subspan(mask.size()), mask);
    out.resize(mask.size());
    return {std::move(out), std::move(tangents)};
  }

  static JetOut jet(const JetArgs& args, const Params& p) {
    const auto moves = moving(args.series.subspan(1));
    const auto [branches, mask] = transformed(
        p.branches, [&](const auto& b, const Mask& force) { return jet_jaxpr(b, args.order, moves, force); });
    return jet_results(bind_all<Self>(jet_operands(args), {branches}), mask, args.order);
  }

  static JvpOut linearize(const JvpArgs& args, const Params& p) {
    const auto nonzero = present(args.tangents.subspan(1));
    const auto parts =
        agreeing(p.branches, [&](const auto& b, const Mask& force) { return linearize_jaxpr(b, nonzero, force); });
    return Self::recomputes ? linearize_again(args, p, nonzero, parts) : linearize_stored(args, p, nonzero, parts);
  }

  // The linear branches make their residuals anew from the operands.
  template <class Parts>
  static JvpOut linearize_again(const JvpArgs& args, const Params& p, const Mask& nonzero, const Parts& parts) {
    const auto operands = p.branches[0]->in_avals();
    Branches linear;
    for (const auto& t : parts) {
      const auto run = without_consts(t->forward, Self::name.data());
      linear.push_back(traced(
          [&](const Arrays& xs) {
            const auto out = eval_jaxpr(*run, part(xs, 0, operands.size()));
            const auto residuals = part(out, run->out.size() - t->n_residuals, t->n_residuals);
            return eval_jaxpr(*t->linear, joined({residuals, ArraySpan(xs).subspan(operands.size())}));
          },
          joined({operands, chosen(operands, nonzero)}), Self::name.data()));
    }
    Arrays in(args.primals.begin(), args.primals.end());
    append_present(in, args.tangents.subspan(1));
    return {bind_all<Self>(args.primals, p), spread(bind_all<Self>(in, {linear}), parts[0]->out)};
  }

  // Every branch returns the residuals of all, zeros in place of the others'.
  template <class Parts>
  static JvpOut linearize_stored(const JvpArgs& args, const Params& p, const Mask& nonzero, const Parts& parts) {
    const auto n_out = p.branches[0]->out.size();
    Avals residuals;
    for (const auto& t : parts) residuals = joined({residuals, part(t->forward.jaxpr->out_avals(), n_out, t->n_residuals)});
    Branches forward, linear;
    std::size_t first = 0;
    const auto tangent_avals = chosen(p.branches[0]->in_avals(), nonzero);
    for (const auto& t : parts) {
      const auto run = without_consts(t->forward, "cond");
      forward.push_back(traced([&](const Arrays& xs) { return with_residuals(*run, xs, n_out, residuals, first); },
                               p.branches[0]->in_avals(), "cond"));
      linear.push_back(traced(
          [&](const Arrays& xs) {
            const auto own = part(xs, first, t->n_residuals);
            return eval_jaxpr(*t->linear, joined({own, ArraySpan(xs).subspan(residuals.size())}));
          },
          joined({residuals, tangent_avals}), "cond"));
      first += t->n_residuals;
    }
    auto out = bind_all<Self>(args.primals, {forward});
    const auto stored = part(out, n_out, residuals.size());
    out.resize(n_out);
    Arrays in = joined({args.primals.first(1), stored});
    append_present(in, args.tangents.subspan(1));
    return {std::move(out), spread(bind_all<Self>(in, {linear}), parts[0]->out)};
  }

  static Arrays with_residuals(const Jaxpr& forward, const Arrays& xs, std::size_t n_out, const Avals& residuals,
                               std::size_t first) {
    const auto out = eval_jaxpr(forward, xs);
    auto results = part(out, 0, n_out);
    for (std::size_t i = 0; i < residuals.size(); ++i) {
      const bool own = i >= first && i < first + out.size() - n_out;
      results.push_back(own ? out[n_out + i - first] : ops::zeros_like_aval(residuals[i]));
    }
    return results;
  }

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Mask linear;
    Arrays in{args.operands[0].value};
    for (const auto& x : args.operands.subspan(1)) {
      linear.push_back(x.linear());
      if (!x.linear()) in.push_back(x.value);
    }
    append_present(in, args.cotangents);
    const auto [branches, mask] = transformed(p.branches, [&](const auto& b, const Mask& force) {
      return transpose_jaxpr(b, linear, present(args.cotangents), force);
    });
    auto cts = spread(bind_all<Self>(in, {branches}), mask);
    cts.insert(cts.begin(), Array());
    return cts;
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const Mask mapped(args.mapped.begin() + 1, args.mapped.end());
    if (args.mapped[0]) {
      check_lanes_have_no_order("cond", p.branches);
      return {switch_in_lanes(clamp_index(args.operands[0], p.branches.size()), args.operands.subspan(1), mapped, p.branches, args.axis()),
              Mask(p.branches[0]->out.size(), 1)};
    }
    const auto [branches, mask] = transformed(
        p.branches, [&](const auto& b, const Mask& force) { return batch_jaxpr(b, args.axis(), mapped, force); });
    return {bind_all<Self>(args.operands, {branches}), mask};
  }

  static Array clamp_index(const Array& index, std::size_t n) {
    const auto last = make_scalar(DType::int32, static_cast<double>(n) - 1), zero = make_scalar(DType::int32, 0.0);
    return min(max(index, zero), last);
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    std::vector<ir::ProgramPtr> programs;
    for (const auto& j : p.branches) programs.push_back(lower_to_program(*j));
    return b.cond(in[0], in.subspan(1), std::move(programs));
  }
};

struct Cond : CondRules<Cond> {
  static constexpr std::string_view name = "cond";
  static constexpr bool recomputes = false;
};

// One of several programs that do the same for different numbers of lanes. Storing the residuals of each, beside zeros
// in place of the others', would cost more than making them anew for the lanes that there are.
struct BucketCond : CondRules<BucketCond> {
  static constexpr std::string_view name = "cond_buckets";
  static constexpr bool recomputes = true;
};

}  // namespace

Arrays bind_bucket_cond(const Array& index, ArraySpan operands, const std::vector<JaxprPtr>& branches) {
  return bind_all<BucketCond>(joined({{&index, 1}, operands}), {branches});
}

Arrays bind_cond(const Array& index, ArraySpan operands, const std::vector<JaxprPtr>& branches) {
  return bind_all<Cond>(joined({{&index, 1}, operands}), {branches});
}

void list_conds(Readables& to) {
  to.insert(to.end(), {readable<Cond>(1, ReadablePrimitive::any), readable<BucketCond>(1, ReadablePrimitive::any)});
}

}  // namespace fluxion::lax
