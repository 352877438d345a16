// Loops along curves: the derivatives of what moves are carried beside the values, all of one order or none.
#include "transforms/jet.hpp"

#include "lax/control_flow/control_flow.hpp"
#include "lax/control_flow/primitives.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

namespace {

/// One group of a loop's operands: values, and the derivatives of those that move, one operand after the other.
struct Group {
  Arrays values, derivatives;
  Avals avals, derivative_avals;

  // `mask` says what must have derivatives: zeros are made where there are none.
  Group(const JetArgs& args, std::size_t first, const Mask& mask, const Avals& element_avals) : avals(element_avals) {
    values = part(args.primals, first, mask.size());
    for (std::size_t i = 0; i < mask.size(); ++i) {
      if (!mask[i]) continue;
      auto series = args.series[first + i];
      series.resize(args.order);
      for (const auto& x : series) derivatives.push_back(ops::instantiate(x, ops::tangent_aval(values[i].aval())));
      derivative_avals.insert(derivative_avals.end(), args.order, ops::tangent_aval(avals[i]));
    }
  }
  Arrays all() const { return joined({values, derivatives}); }
  Avals all_avals() const { return joined({avals, derivative_avals}); }
};

/// Which carries move once the loop has run, given how one trip spreads that.
template <class Spread>
Mask settled(Mask carry, const Spread& spread_once) {
  for (auto grown = either(carry, spread_once(carry)); grown != carry; grown = either(carry, spread_once(carry))) carry = grown;
  return carry;
}

}  // namespace

JetOut jet_scan(const JetArgs& args, const JaxprPtr& jaxpr, std::size_t n_consts, std::size_t n_carry, const Trips& trips) {
  const auto n_xs = jaxpr->in.size() - n_consts - n_carry, n_ys = jaxpr->out.size() - n_carry;
  const auto mask = moving(args.series);
  const auto m_consts = part(mask, 0, n_consts), m_xs = part(mask, n_consts + n_carry, n_xs);
  const auto body_for = [&](const Mask& carry) {
    return jet_jaxpr(jaxpr, args.order, joined({m_consts, carry, m_xs}), joined({carry, Mask(n_ys, 0)}));
  };
  const auto m_carry = settled(part(mask, n_consts, n_carry), [&](const Mask& m) { return part(body_for(m)->out, 0, n_carry); });
  const auto transformed = body_for(m_carry);
  const auto inner = without_consts(transformed->closed, "scan");
  const auto avals = jaxpr->in_avals();
  const Group consts(args, 0, m_consts, part(avals, 0, n_consts)), carry(args, n_consts, m_carry, part(avals, n_consts, n_carry)),
      xs(args, n_consts + n_carry, m_xs, part(avals, n_consts + n_carry, n_xs));
  const auto n_dcarry = carry.derivatives.size(), n_out = jaxpr->out.size();
  // consts, carry and x, each with its derivatives behind -> carry with its derivatives, y with its derivatives
  const auto body = traced(
      [&](const Arrays& in) {
        std::size_t at = 0;
        const auto take = [&](std::size_t n) { return part(in, std::exchange(at, at + n), n); };
        const auto c = take(n_consts), dc = take(consts.derivatives.size()), r = take(n_carry), dr = take(n_dcarry);
        const auto v = take(n_xs), dv = take(xs.derivatives.size());
        const auto out = eval_jaxpr(*inner, joined({c, r, v, dc, dr, dv}));
        return joined({part(out, 0, n_carry), part(out, n_out, n_dcarry), part(out, n_carry, n_ys),
                       part(out, n_out + n_dcarry, out.size() - n_out - n_dcarry)});
      },
      joined({consts.all_avals(), carry.all_avals(), xs.all_avals()}), "scan");
  const auto out = bind_scan(consts.all(), carry.all(), xs.all(), body, trips.length, trips.reverse, trips.unroll);
  const auto first_y = n_carry + n_dcarry, first_dy = first_y + n_ys;
  return jet_results(joined({part(out, 0, n_carry), part(out, first_y, n_ys), part(out, n_carry, n_dcarry),
                             part(out, first_dy, out.size() - first_dy)}),
                     transformed->out, args.order);
}

JetOut jet_while(const JetArgs& args, const JaxprPtr& cond_jaxpr, std::size_t n_cond, const JaxprPtr& body_jaxpr, std::size_t n_body) {
  const auto n_carry = body_jaxpr->out.size();
  const auto mask = moving(args.series);
  const auto m_body = part(mask, n_cond, n_body);
  const auto body_for = [&](const Mask& carry) { return jet_jaxpr(body_jaxpr, args.order, joined({m_body, carry}), carry); };
  const auto m_carry = settled(part(mask, n_cond + n_body, n_carry), [&](const Mask& m) { return body_for(m)->out; });
  const auto inner = without_consts(body_for(m_carry)->closed, "while");
  const auto avals = body_jaxpr->in_avals();
  const Group body_consts(args, n_cond, m_body, part(avals, 0, n_body)), carry(args, n_cond + n_body, m_carry, part(avals, n_body, n_carry));
  const auto n_dbody = body_consts.derivatives.size();
  const auto body = traced(
      [&](const Arrays& xs) {
        const auto first = n_body + n_dbody;
        return eval_jaxpr(*inner, joined({part(xs, 0, n_body), part(xs, first, n_carry), part(xs, n_body, n_dbody),
                                          part(xs, first + n_carry, carry.derivatives.size())}));
      },
      joined({body_consts.all_avals(), carry.all_avals()}), "while");
  const auto cond = traced([&](const Arrays& xs) { return eval_jaxpr(*cond_jaxpr, part(xs, 0, n_cond + n_carry)); },
                           joined({part(cond_jaxpr->in_avals(), 0, n_cond), carry.all_avals()}), "while");
  const auto out = bind_while(args.primals.first(n_cond), body_consts.all(), carry.all(), cond, body);
  return jet_results(out, m_carry, args.order);
}

JetOut jet_repeat(const JetArgs& args, const JaxprPtr& jaxpr, std::size_t n_consts, bool reverse, const Budget& max_residual_bytes) {
  const auto n_carry = jaxpr->out.size();
  const auto mask = moving(args.series);
  const auto m_consts = part(mask, 1, n_consts);
  const auto body_for = [&](const Mask& carry) { return jet_jaxpr(jaxpr, args.order, joined({m_consts, {0}, carry}), carry); };
  const auto m_carry = settled(part(mask, 1 + n_consts, n_carry), [&](const Mask& m) { return body_for(m)->out; });
  const auto inner = without_consts(body_for(m_carry)->closed, "repeat");
  const auto avals = jaxpr->in_avals();
  const Group consts(args, 1, m_consts, part(avals, 0, n_consts)), carry(args, 1 + n_consts, m_carry, part(avals, 1 + n_consts, n_carry));
  // consts with their derivatives, i, carry with its derivatives -> carry with its derivatives
  const auto body = traced(
      [&](const Arrays& in) {
        std::size_t at = 0;
        const auto take = [&](std::size_t n) { return part(in, std::exchange(at, at + n), n); };
        const auto c = take(n_consts), dc = take(consts.derivatives.size()), i = take(1), r = take(n_carry);
        return eval_jaxpr(*inner, joined({c, i, r, dc, take(carry.derivatives.size())}));
      },
      joined({consts.all_avals(), part(avals, n_consts, 1), carry.all_avals()}), "repeat");
  return jet_results(bind_repeat(args.primals[0], consts.all(), carry.all(), body, reverse, max_residual_bytes), m_carry, args.order);
}

}  // namespace fluxion::lax
