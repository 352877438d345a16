// while: a carry goes through a body as long as a condition on it holds. Forward mode and batching; its trip count
// is not known beforehand, so reverse mode has nothing to store residuals in.
#include "core/node.hpp"
#include "lax/control_flow/lanes.hpp"
#include "lax/control_flow/primitives.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

namespace {

struct While {
  static constexpr std::string_view name = "while";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (JaxprPtr, body_jaxpr), (std::int64_t, body_nconsts), (JaxprPtr, cond_jaxpr),
                             (std::int64_t, cond_nconsts));
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
    auto out = bind_while(x.cond, body_consts, carry, cond, body);
    auto tangents = spread(part(out, n_c, n_ct), carry_mask);
    out.resize(n_c);
    return {std::move(out), std::move(tangents)};
  }

  static JetOut jet(const JetArgs& args, const Params& p) {
    return jet_while(args, p.cond_jaxpr, p.n_cond(), p.body_jaxpr, p.n_body());
  }

  static JvpOut linearize(const JvpArgs&, const Params&) {
    throw TypeError("while_loop: reverse mode needs a loop whose number of trips is known, got one that depends on values;"
                    " use fx::scan, or fx::fori_loop with integer bounds, or forward mode (fx::jvp, fx::jacfwd)");
  }
  static constexpr no_transpose transpose{"the number of trips is not known"};

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const Groups<Mask> m(Mask(args.mapped.begin(), args.mapped.end()), p);
    const Groups<Arrays> x(Arrays(args.operands.begin(), args.operands.end()), p);
    auto carry = m.carry;
    const auto body_of = [&](const Mask& force) { return batch_jaxpr(p.body_jaxpr, args.axis(), joined({m.body, carry}), force); };
    for (auto grown = either(carry, body_of(carry)->out); grown != carry; grown = either(carry, body_of(carry)->out)) carry = grown;
    if (batch_jaxpr(p.cond_jaxpr, args.axis(), joined({m.cond, carry}))->out[0] != 0) {
      const Mask all(p.n_carry(), 1);
      return {while_in_lanes({p.cond_jaxpr, p.body_jaxpr, m.cond, m.body, args.axis()}, x.cond, x.body,
                             repeated(x.carry, m.carry, all, args.size)),
              all};
    }
    const auto body = without_consts(body_of(carry)->closed, "while");
    const auto cond = without_consts(batch_jaxpr(p.cond_jaxpr, args.axis(), joined({m.cond, carry}))->closed, "while");
    return {bind_while(x.cond, x.body, repeated(x.carry, m.carry, carry, args.size), cond, body), carry};
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

Arrays bind_while(ArraySpan cond_consts, ArraySpan body_consts, ArraySpan carry, const JaxprPtr& cond, const JaxprPtr& body) {
  While::Params p{body, static_cast<std::int64_t>(body_consts.size()), cond, static_cast<std::int64_t>(cond_consts.size())};
  return bind_all<While>(joined({cond_consts, body_consts, carry}), p);
}

}  // namespace fluxion::lax
