// while: a carry goes through a body as long as a condition on it holds. How often is not known beforehand, so reverse
// mode counts the trips and records their residuals on a tape (recording.hpp).
#include <array>

#include "core/node.hpp"
#include "lax/control_flow/lanes.hpp"
#include "lax/control_flow/primitives.hpp"
#include "lax/control_flow/recording.hpp"
#include "lax/control_flow/tape.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct While {
  static constexpr std::string_view name = "while";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (JaxprPtr, body_jaxpr), (std::int64_t, body_nconsts), (JaxprPtr, cond_jaxpr),
                             (std::int64_t, cond_nconsts), (Budget, max_residual_bytes));
    std::size_t n_cond() const { return static_cast<std::size_t>(cond_nconsts); }
    std::size_t n_body() const { return static_cast<std::size_t>(body_nconsts); }
    std::size_t n_carry() const { return body_jaxpr->out.size(); }
  };

  /// Operands, tangents or masks in their three groups.
  template <class List>
  struct Groups {
    List cond, body, carry;
    Groups(const List& all, const Params& p)
        : cond(part(all, 0, p.n_cond())), body(part(all, p.n_cond(), p.n_body())),
          carry(part(all, p.n_cond() + p.n_body(), p.n_carry())) {}
  };

  static std::string problem(AvalSpan in, const Params& p) {
    const auto body = p.body_jaxpr->in_avals(), cond = p.cond_jaxpr->in_avals(), truth = p.cond_jaxpr->out_avals();
    const auto carry = p.n_carry();
    if (p.cond_nconsts < 0 || p.body_nconsts < 0 || body.size() != p.n_body() + carry || cond.size() != p.n_cond() + carry)
      return "cond_nconsts and body_nconsts must fit the condition and the body";
    if (truth.size() != 1 || !same_type(truth[0], {{}, DType::bool_})) return "the condition must be a bool";
    if (in.size() != p.n_cond() + p.n_body() + carry) return "the operands must be those of the condition and the body";
    if (auto d = difference(in.first(p.n_cond()), AvalSpan(cond).first(p.n_cond())); !d.empty()) return d;
    if (auto d = difference(AvalSpan(cond).subspan(p.n_cond()), in.last(carry)); !d.empty()) return d;
    return difference(in.subspan(p.n_cond()), body);
  }

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const Groups<Avals> g(Avals(in.begin(), in.end()), p);
    const auto want = p.body_jaxpr->out_avals();
    for (std::size_t i = 0; i < want.size(); ++i)
      if (!same_type(want[i], g.carry[i]))
        throw InternalError(text("while: carry ", i, " must stay ", g.carry[i], ", the body gives ", want[i]));
    return want;
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const Groups<Arrays> x(Arrays(args.primals.begin(), args.primals.end()), p);
    const Groups<Arrays> t(Arrays(args.tangents.begin(), args.tangents.end()), p);
    const auto body_mask = present(t.body);
    auto carry_mask = present(t.carry);
    const auto transformed = [&](const Mask& force) { return jvp_jaxpr(p.body_jaxpr, joined({body_mask, carry_mask}), force); };
    for (auto grown = either(carry_mask, transformed(carry_mask)->out); grown != carry_mask;
         grown = either(carry_mask, transformed(carry_mask)->out))
      carry_mask = grown;
    const auto jvp_body = without_consts(transformed(carry_mask)->closed, "while");

    const Groups<Avals> a(joined({part(p.cond_jaxpr->in_avals(), 0, p.n_cond()), p.body_jaxpr->in_avals()}), p);
    const auto body_tangents = chosen(a.body, body_mask), carry_tangents = chosen(a.carry, carry_mask);
    const auto n_b = p.n_body(), n_bt = body_tangents.size(), n_c = p.n_carry(), n_ct = carry_tangents.size();
    // (constants, their tangents, carry, its tangents) as the body of the new loop takes them
    const auto body = traced(
        [&](const Arrays& xs) {
          return eval_jaxpr(*jvp_body, joined({part(xs, 0, n_b), part(xs, n_b + n_bt, n_c), part(xs, n_b, n_bt),
                                               part(xs, n_b + n_bt + n_c, n_ct)}));
        },
        joined({a.body, body_tangents, a.carry, carry_tangents}), "while");
    const auto cond = traced([&](const Arrays& xs) { return eval_jaxpr(*p.cond_jaxpr, part(xs, 0, p.n_cond() + n_c)); },
                             joined({a.cond, a.carry, carry_tangents}), "while");
    Arrays body_consts = x.body, carry = x.carry;
    append_present(body_consts, t.body);
    for (std::size_t i = 0; i < n_c; ++i)
      if (carry_mask[i]) carry.push_back(ops::instantiate(t.carry[i], a.carry[i]));
    auto out = bind_while(x.cond, body_consts, carry, cond, body, p.max_residual_bytes);
    auto tangents = spread(part(out, n_c, n_ct), carry_mask);
    out.resize(n_c);
    return {std::move(out), std::move(tangents)};
  }

  static JetOut jet(const JetArgs& args, const Params& p) {
    return jet_while(args, p.cond_jaxpr, p.n_cond(), p.body_jaxpr, p.n_body());
  }

  static JvpOut linearize(const JvpArgs& args, const Params& p) {
    const Groups<Arrays> x(Arrays(args.primals.begin(), args.primals.end()), p);
    const Groups<Arrays> t(Arrays(args.tangents.begin(), args.tangents.end()), p);
    if (count(present(t.body)) + count(present(t.carry)) == 0)  // the condition has no derivative
      return {bind_all<While>(args.primals, p), Arrays(p.n_carry())};
    const Recording r(counted_body(p), present(t.body), present(t.carry));
    const LoopValues v{x.body, x.carry, t.body, t.carry};
    const bool within_budget = p.max_residual_bytes && r.has_tape();
    const bool records = r.has_tape() && !within_budget;
    if (within_budget) check_may_run_again("while_loop", r);
    auto out = run_counting(p, x, records ? r.forward() : r.body().jaxpr, records);
    const auto n = out[p.n_carry()], tape = records ? out.back() : Array();
    out.resize(p.n_carry());
    if (within_budget) return {std::move(out), run_within_budget("while_loop", r, v, n, false, *p.max_residual_bytes).tangents};
    return {std::move(out), run_linear(r, v, n, tape, false)};
  }

  /// The body with the number of the trip, which it does not look at.
  static CountedBody counted_body(const Params& p) {
    const auto avals = p.body_jaxpr->in_avals();
    const auto consts = part(avals, 0, p.n_body()), carry = part(avals, p.n_body(), p.n_carry());
    const auto body = traced(
        [&](const Arrays& xs) {
          return eval_jaxpr(*p.body_jaxpr, joined({part(xs, 0, p.n_body()), part(xs, p.n_body() + 1, p.n_carry())}));
        },
        joined({consts, {index_aval()}, carry}), "while");
    return {body, p.n_body()};
  }

  /// carry ++ trips (++ tape) of the loop with a counted body.
  static Arrays run_counting(const Params& p, const Groups<Arrays>& x, const JaxprPtr& counted, bool records) {
    const auto n_b = p.n_body(), n_carry = p.n_carry();
    const auto cond_avals = p.cond_jaxpr->in_avals();
    auto carry = joined({p.body_jaxpr->out_avals(), {index_aval()}});
    Arrays init = joined({x.carry, Arrays{index_scalar(0)}});
    if (records) {
      carry.push_back({{}, DType::tape, false});
      init.push_back(tape_empty());
    }
    const auto cond = traced([&](const Arrays& xs) { return eval_jaxpr(*p.cond_jaxpr, part(xs, 0, cond_avals.size())); },
                             joined({part(cond_avals, 0, p.n_cond()), carry}), "while");
    const auto body = traced(
        [&](const Arrays& xs) {
          const auto trip = xs[n_b + n_carry];
          auto in = joined({part(xs, 0, n_b), Arrays{trip}, part(xs, n_b, n_carry)});
          if (records) in.push_back(xs.back());
          auto out = eval_jaxpr(*counted, in);
          out.insert(out.begin() + static_cast<std::ptrdiff_t>(n_carry), add(trip, index_scalar(1)));
          return out;
        },
        joined({part(p.body_jaxpr->in_avals(), 0, n_b), carry}), "while");
    return bind_while(x.cond, x.body, init, cond, body);
  }

  static constexpr no_transpose transpose{"the number of trips is not known"};

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const Groups<Mask> m(Mask(args.mapped.begin(), args.mapped.end()), p);
    const Groups<Arrays> x(Arrays(args.operands.begin(), args.operands.end()), p);
    auto carry = m.carry;
    const auto body_of = [&](const Mask& force) { return batch_jaxpr(p.body_jaxpr, args.axis(), joined({m.body, carry}), force); };
    for (auto grown = either(carry, body_of(carry)->out); grown != carry; grown = either(carry, body_of(carry)->out)) carry = grown;
    if (batch_jaxpr(p.cond_jaxpr, args.axis(), joined({m.cond, carry}))->out[0] != 0) {
      check_lanes_have_no_order("while_loop", std::array{p.cond_jaxpr, p.body_jaxpr});
      const Mask all(p.n_carry(), 1);
      return {while_in_lanes({p.cond_jaxpr, p.body_jaxpr, m.cond, m.body, args.axis(), p.max_residual_bytes}, x.cond, x.body,
                             repeated(x.carry, m.carry, all, args.size)),
              all};
    }
    const auto body = without_consts(body_of(carry)->closed, "while");
    const auto cond = without_consts(batch_jaxpr(p.cond_jaxpr, args.axis(), joined({m.cond, carry}))->closed, "while");
    return {bind_while(x.cond, x.body, repeated(x.carry, m.carry, carry, args.size), cond, body, p.max_residual_bytes), carry};
  }

  static Arrays repeated(const Arrays& xs, const Mask& mapped, const Mask& wanted, std::int64_t n) {
    Arrays out = xs;
    for (std::size_t i = 0; i < out.size(); ++i)
      if (wanted[i] && !mapped[i]) out[i] = ops::repeat_along_new_axis(out[i], n, 0);
    return out;
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return b.while_loop(in, {lower_to_program(*p.cond_jaxpr), lower_to_program(*p.body_jaxpr), p.n_cond(), p.n_body()});
  }
};

}  // namespace

Arrays bind_while(ArraySpan cond_consts, ArraySpan body_consts, ArraySpan carry, const JaxprPtr& cond, const JaxprPtr& body,
                  const Budget& max_residual_bytes) {
  const While::Params p{body, static_cast<std::int64_t>(body_consts.size()), cond, static_cast<std::int64_t>(cond_consts.size()),
                        max_residual_bytes};
  return bind_all<While>(joined({cond_consts, body_consts, carry}), p);
}

BatchOut batch_while(const BatchArgs& args, std::size_t cond_consts, std::size_t body_consts, const JaxprPtr& cond,
                     const JaxprPtr& body, const Budget& max_residual_bytes) {
  const While::Params p{body, static_cast<std::int64_t>(body_consts), cond, static_cast<std::int64_t>(cond_consts),
                        max_residual_bytes};
  return define<While>().batch(args, ParamsView::of(p));
}

void list_whiles(Readables& to) {
  to.insert(to.end(), {readable<While>(0, ReadablePrimitive::any)});
}

}  // namespace fluxion::lax
