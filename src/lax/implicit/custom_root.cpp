// custom_root: the x with f(x) = 0, however it is found. Its derivative is that of the equation, not of the search:
// f(m, x(m)) = 0 gives dx = -(df/dx)^-1 (df/dm) dm, whose inverse is the user's tangent_solve.
#include "lax/implicit/implicit.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct CustomRoot {
  static constexpr std::string_view name = "custom_root";
  // f: consts ++ x -> f(x); solve: consts ++ guess -> x ++ aux; tangent_solve: consts ++ x ++ y -> (df/dx)^-1 y
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (JaxprPtr, f), (std::int64_t, num_consts), (JaxprPtr, solve), (JaxprPtr, tangent_solve));
    std::size_t n_consts() const { return static_cast<std::size_t>(num_consts); }
    std::size_t n_x() const { return f->out.size(); }
  };

  static std::string problem(AvalSpan in, const Params& p) {
    const auto n = static_cast<std::int64_t>(in.size()), x = static_cast<std::int64_t>(p.n_x());
    if (p.num_consts < 0 || p.num_consts > n - x || p.solve->out.size() < p.n_x()) return "num_consts must fit f and solve";
    Avals consts(in.begin(), in.begin() + p.num_consts);
    const auto out = p.f->out_avals();
    for (int i = 0; i < 2; ++i) {
      consts.insert(consts.end(), out.begin(), out.end());
      if (auto d = difference(consts, (i == 0 ? p.f : p.tangent_solve)->in_avals()); !d.empty()) return d;
    }
    if (auto d = difference(p.tangent_solve->out_avals(), out); !d.empty()) return d;
    const auto solved = p.solve->out_avals();
    if (auto d = difference(AvalSpan(solved).first(out.size()), out); !d.empty()) return d;
    return difference(in, p.solve->in_avals());
  }

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto want = p.solve->in_avals();
    for (std::size_t i = 0; i < want.size(); ++i)
      if (!same_type(want[i], in[i])) throw InternalError(text("custom_root: operand ", i, " must be ", want[i], ", got ", in[i]));
    return p.solve->out_avals();
  }

  static JvpOut derivative(const JvpArgs& args, const Params& p, bool recorded) {
    auto out = bind_all<CustomRoot>(args.primals, p);
    Arrays tangents(out.size());
    const auto at_solution = joined({args.primals.first(p.n_consts()), ArraySpan(out).first(p.n_x())});
    const auto moved = joined({args.tangents.first(p.n_consts()), Arrays(p.n_x())});
    auto rhs = pushed_forward(p.f, at_solution, moved, recorded);
    if (count(present(rhs)) == 0) return {std::move(out), std::move(tangents)};
    for (std::size_t i = 0; i < rhs.size(); ++i) rhs[i] = ops::instantiate(rhs[i], p.f->aval(p.f->out[i]));
    const auto dx = eval_jaxpr(*p.tangent_solve, joined({at_solution, rhs}));
    for (std::size_t i = 0; i < dx.size(); ++i) tangents[i] = neg(dx[i]);
    return {std::move(out), std::move(tangents)};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) { return derivative(args, p, false); }
  static JvpOut linearize(const JvpArgs& args, const Params& p) { return derivative(args, p, true); }
  static constexpr no_transpose transpose{"a root is not linear in what determines it"};

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto call = all_mapped(args, p.n_consts());
    const auto mapped = [&](const JaxprPtr& j) { return batched(j, args.axis(), call.mapped, "custom_root"); };
    return {bind_all<CustomRoot>(call.operands, {mapped(p.f), p.num_consts, mapped(p.solve), mapped(p.tangent_solve)}),
            Mask(p.solve->out.size(), 1)};
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) { return lower_jaxpr(*p.solve, b, in); }
};

}  // namespace

Arrays bind_custom_root(ArraySpan consts, ArraySpan guess, const JaxprPtr& f, const JaxprPtr& solve, const JaxprPtr& tangent_solve) {
  return bind_all<CustomRoot>(joined({consts, guess}), {f, static_cast<std::int64_t>(consts.size()), solve, tangent_solve});
}

void list_roots(Readables& to) {
  to.insert(to.end(), {readable<CustomRoot>(0, ReadablePrimitive::any)});
}

}  // namespace fluxion::lax
