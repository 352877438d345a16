// custom_linear_solve: the x with A x = b, however it is found. A dx = db - dA x gives its tangent by the same
// solver, and the transposed solver its cotangent.
#include "lax/implicit/implicit.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct CustomLinearSolve {
  static constexpr std::string_view name = "custom_linear_solve";
  // matvec: consts ++ x -> A x; solve: consts ++ b -> x ++ aux; transposed: the same two for the transpose of A, or
  // none
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (JaxprPtr, matvec), (std::int64_t, num_consts), (JaxprPtr, solve),
                             (std::vector<JaxprPtr>, transposed));
    std::size_t n_consts() const { return static_cast<std::size_t>(num_consts); }
    std::size_t n_x() const { return matvec->out.size(); }
  };

  static std::string problem(AvalSpan in, const Params& p) {
    const auto n = static_cast<std::int64_t>(in.size()), x = static_cast<std::int64_t>(p.n_x());
    if (p.num_consts < 0 || p.num_consts > n - x) return "num_consts must fit matvec and solve";
    if (!p.transposed.empty() && p.transposed.size() != 2) return "transposed must have no or two jaxprs";
    std::vector<JaxprPtr> all{p.matvec, p.solve};
    all.insert(all.end(), p.transposed.begin(), p.transposed.end());
    for (const auto& j : all) {
      const auto out = j->out_avals();
      if (out.size() < p.n_x()) return "each of the jaxprs must give x";
      if (auto d = difference(AvalSpan(out).first(p.n_x()), in.last(p.n_x())); !d.empty()) return d;
      if (auto d = difference(in, j->in_avals()); !d.empty()) return d;
    }
    return {};
  }

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto want = p.solve->in_avals();
    for (std::size_t i = 0; i < want.size(); ++i)
      if (!same_type(want[i], in[i]))
        throw InternalError(text("custom_linear_solve: operand ", i, " must be ", want[i], ", got ", in[i]));
    return p.solve->out_avals();
  }

  static JvpOut derivative(const JvpArgs& args, const Params& p, bool recorded) {
    auto out = bind_all<CustomLinearSolve>(args.primals, p);
    Arrays tangents(out.size());
    const auto consts = args.primals.first(p.n_consts());
    const auto ax = pushed_forward(p.matvec, joined({consts, ArraySpan(out).first(p.n_x())}),
                                   joined({args.tangents.first(p.n_consts()), Arrays(p.n_x())}), recorded);
    auto rhs = part(args.tangents, p.n_consts(), p.n_x());
    for (std::size_t i = 0; i < rhs.size(); ++i)
      rhs[i] = ops::add_tangents(rhs[i], ax[i].is_empty_handle() ? Array() : neg(ax[i]));
    if (count(present(rhs)) == 0) return {std::move(out), std::move(tangents)};
    for (std::size_t i = 0; i < rhs.size(); ++i) rhs[i] = ops::instantiate(rhs[i], out[i].aval());
    const auto dx = bind_all<CustomLinearSolve>(joined({consts, rhs}), p);
    for (std::size_t i = 0; i < rhs.size(); ++i) tangents[i] = dx[i];
    return {std::move(out), std::move(tangents)};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) { return derivative(args, p, false); }
  static JvpOut linearize(const JvpArgs& args, const Params& p) { return derivative(args, p, true); }

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    if (p.transposed.empty())
      throw TypeError("custom_linear_solve: reverse mode needs a solver of the transposed system, got none; pass "
                      "transpose_solve, or fx::symmetric if matvec is its own transpose, or use forward mode (fx::jvp, "
                      "fx::jacfwd)");
    Arrays in;
    for (const auto& x : args.operands.first(p.n_consts())) in.push_back(x.value);
    for (std::size_t i = 0; i < p.n_x(); ++i)
      in.push_back(ops::instantiate(args.cotangents[i], args.operands[p.n_consts() + i].aval));
    const auto found = bind_all<CustomLinearSolve>(in, {p.transposed[0], p.num_consts, p.transposed[1], {p.matvec, p.solve}});
    Arrays cts(p.n_consts());
    cts.insert(cts.end(), found.begin(), found.begin() + static_cast<std::ptrdiff_t>(p.n_x()));
    return cts;
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto call = all_mapped(args, p.n_consts());
    const auto mapped = [&](const JaxprPtr& j) { return batched(j, args.axis(), call.mapped, "custom_linear_solve"); };
    std::vector<JaxprPtr> transposed;
    for (const auto& j : p.transposed) transposed.push_back(mapped(j));
    return {bind_all<CustomLinearSolve>(call.operands, {mapped(p.matvec), p.num_consts, mapped(p.solve), transposed}),
            Mask(p.solve->out.size(), 1)};
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) { return lower_jaxpr(*p.solve, b, in); }
};

}  // namespace

Arrays bind_custom_linear_solve(ArraySpan consts, ArraySpan b, const JaxprPtr& matvec, const JaxprPtr& solve,
                                const std::vector<JaxprPtr>& transposed) {
  return bind_all<CustomLinearSolve>(joined({consts, b}), {matvec, static_cast<std::int64_t>(consts.size()), solve, transposed});
}

void list_linear_solves(Readables& to) {
  to.insert(to.end(), {readable<CustomLinearSolve>(0, ReadablePrimitive::any)});
}

}  // namespace fluxion::lax
