// scan: a carry goes through a body once per element of xs. Reverse mode stores what the derivative needs of each
// trip as further ys, and transposes to a scan in the other direction.
#include <algorithm>

#include "core/node.hpp"
#include "lax/control_flow/recording.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct Scan {
  static constexpr std::string_view name = "scan";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (JaxprPtr, jaxpr), (std::int64_t, length), (std::int64_t, num_carry),
                             (std::int64_t, num_consts), (bool, reverse), (std::int64_t, unroll));
    std::size_t n_consts() const { return static_cast<std::size_t>(num_consts); }
    std::size_t n_carry() const { return static_cast<std::size_t>(num_carry); }
    std::size_t n_xs() const { return jaxpr->in.size() - n_consts() - n_carry(); }
    std::size_t n_ys() const { return jaxpr->out.size() - n_carry(); }
  };

  /// Operands, tangents, avals or masks in their three groups.
  template <class List>
  struct Groups {
    List consts, carry, xs;
    Groups(const List& all, const Params& p)
        : consts(part(all, 0, p.n_consts())), carry(part(all, p.n_consts(), p.n_carry())),
          xs(part(all, p.n_consts() + p.n_carry(), p.n_xs())) {}
  };
  static Arrays list(ArraySpan xs) { return {xs.begin(), xs.end()}; }

  static std::string problem(AvalSpan in, const Params& p) {
    const auto want = p.jaxpr->in_avals(), out = p.jaxpr->out_avals();
    const auto n = static_cast<std::int64_t>(want.size()), m = static_cast<std::int64_t>(out.size());
    if (p.length < 0 || p.unroll < 1) return "length must not be negative, and unroll must be positive";
    if (p.num_consts < 0 || p.num_carry < 0 || p.num_consts > n || p.num_carry > n - p.num_consts || p.num_carry > m)
      return "num_consts and num_carry must fit the body";
    if (in.size() != want.size()) return text(n, " operands are required, got ", in.size());
    return difference(AvalSpan(out).first(p.n_carry()), AvalSpan(want).subspan(p.n_consts(), p.n_carry()));
  }

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto want = p.jaxpr->in_avals();
    for (std::size_t i = 0; i < want.size(); ++i) {
      const bool is_x = i >= p.n_consts() + p.n_carry();
      const auto expected = is_x ? stacked(want[i], p.length) : want[i];
      if (!same_type(in[i], expected)) throw InternalError(text("scan: operand ", i, " must be ", expected, ", got ", in[i]));
    }
    auto out = p.jaxpr->out_avals();
    for (std::size_t i = p.n_carry(); i < out.size(); ++i) out[i] = stacked(out[i], p.length);
    return out;
  }

  /// Which carries have tangents (or are mapped) once the loop has run, given how one trip spreads them.
  template <class Spread>
  static Mask settled(Mask carry, const Spread& spread_once) {
    for (auto grown = either(carry, spread_once(carry)); grown != carry; grown = either(carry, spread_once(carry))) carry = grown;
    return carry;
  }
  static Mask force_carry(const Mask& carry, const Params& p) { return joined({carry, Mask(p.n_ys(), 0)}); }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const Groups<Arrays> x(list(args.primals), p), t(list(args.tangents), p);
    const auto consts = present(t.consts), xs = present(t.xs);
    const auto body_for = [&](const Mask& carry) { return jvp_jaxpr(p.jaxpr, joined({consts, carry, xs}), force_carry(carry, p)); };
    const auto carry = settled(present(t.carry), [&](const Mask& m) { return part(body_for(m)->out, 0, p.n_carry()); });
    const auto transformed = body_for(carry);
    const auto jvp_body = without_consts(transformed->closed, "scan");
    const Groups<Avals> a(p.jaxpr->in_avals(), p);
    const auto ct = chosen(a.consts, consts), rt = chosen(a.carry, carry), xt = chosen(a.xs, xs);
    const auto n_out_tangents = count(transformed->out);
    // consts, their tangents, carry, its tangents, x, its tangents -> carry, its tangents, y, its tangents
    const auto body = traced(
        [&](const Arrays& in) {
          std::size_t at = 0;
          const auto take = [&](std::size_t n) { return part(in, std::exchange(at, at + n), n); };
          const auto c = take(a.consts.size()), dc = take(ct.size()), r = take(a.carry.size()), dr = take(rt.size());
          const auto v = take(a.xs.size()), dv = take(xt.size());
          const auto out = eval_jaxpr(*jvp_body, joined({c, r, v, dc, dr, dv}));
          const auto n = p.jaxpr->out.size();
          return joined({part(out, 0, p.n_carry()), part(out, n, rt.size()), part(out, p.n_carry(), p.n_ys()),
                         part(out, n + rt.size(), n_out_tangents - rt.size())});
        },
        joined({a.consts, ct, a.carry, rt, a.xs, xt}), "scan");
    Arrays all_consts = x.consts, all_carry = x.carry, all_xs = x.xs;
    append_present(all_consts, t.consts);
    for (std::size_t i = 0; i < carry.size(); ++i)
      if (carry[i]) all_carry.push_back(ops::instantiate(t.carry[i], a.carry[i]));
    append_present(all_xs, t.xs);
    const auto out = bind_scan(all_consts, all_carry, all_xs, body, p.length, p.reverse, p.unroll);
    const auto first_y = p.n_carry() + rt.size();
    return {joined({part(out, 0, p.n_carry()), part(out, first_y, p.n_ys())}),
            spread(joined({part(out, p.n_carry(), rt.size()), part(out, first_y + p.n_ys(), n_out_tangents - rt.size())}),
                   transformed->out)};
  }

  static JetOut jet(const JetArgs& args, const Params& p) {
    return jet_scan(args, p.jaxpr, p.n_consts(), p.n_carry(), {p.length, p.reverse, p.unroll});
  }

  static JvpOut linearize(const JvpArgs& args, const Params& p) {
    const Groups<Arrays> x(list(args.primals), p), t(list(args.tangents), p);
    const auto consts = present(t.consts), xs = present(t.xs);
    const auto body_for = [&](const Mask& carry) { return linearize_jaxpr(p.jaxpr, joined({consts, carry, xs}), force_carry(carry, p)); };
    const auto carry = settled(present(t.carry), [&](const Mask& m) { return part(body_for(m)->out, 0, p.n_carry()); });
    const auto body = body_for(carry);
    const auto n_out = p.jaxpr->out.size();
    const auto forward = without_consts(body->forward, "scan");
    const auto same = invariants_of(*forward, p.n_consts(), p.n_consts(), p.n_carry(), n_out);
    const auto stacks = stacking(forward, same.which, n_out);
    auto out = bind_scan(x.consts, x.carry, x.xs, stacks, p.length, p.reverse, p.unroll);
    const auto residuals = part(out, n_out, stacks->out.size() - n_out);
    out.resize(n_out);
    if (count(body->out) == 0) return {std::move(out), Arrays(n_out)};

    const Groups<Avals> a(p.jaxpr->in_avals(), p);
    const auto ct = chosen(a.consts, consts), rt = chosen(a.carry, carry), xt = chosen(a.xs, xs);
    const auto stacked_avals = part(stacks->out_avals(), n_out, residuals.size()), same_avals = same.program->out_avals();
    // tangents of consts, residuals that stay, tangents of the carry, residuals, tangents of x -> those of carry and y
    const auto linear = traced(
        [&](const Arrays& in) {
          std::size_t at = 0;
          const auto take = [&](std::size_t n) { return part(in, std::exchange(at, at + n), n); };
          const auto dc = take(ct.size()), fixed = take(same_avals.size()), dr = take(rt.size());
          const auto own = take(residuals.size()), dx = take(xt.size());
          Arrays all;
          for (std::size_t k = 0, f = 0, o = 0; k < same.which.size(); ++k) all.push_back(same.which[k] ? fixed[f++] : own[o++]);
          return eval_jaxpr(*body->linear, joined({all, dc, dr, dx}));
        },
        joined({ct, same_avals, rt, stacked_avals, xt}), "scan");
    Arrays loop_consts, carry_tangents, per_trip = residuals;
    append_present(loop_consts, t.consts);
    // What the values of the trip's own operands are does not matter: nothing that is asked for depends on them.
    loop_consts = joined({loop_consts, eval_jaxpr(*same.program, joined({x.consts, x.carry, Arrays(p.n_xs())}))});
    for (std::size_t i = 0; i < carry.size(); ++i)
      if (carry[i]) carry_tangents.push_back(ops::instantiate(t.carry[i], a.carry[i]));
    append_present(per_trip, t.xs);
    const auto tangents = bind_scan(loop_consts, carry_tangents, per_trip, linear, p.length, p.reverse, p.unroll);
    return {std::move(out), spread(tangents, body->out)};
  }

  /// `forward` without the residuals that no trip changes.
  static JaxprPtr stacking(const JaxprPtr& forward, const Mask& same, std::size_t n_out) {
    Jaxpr out = *forward;
    out.out.resize(n_out);
    for (std::size_t k = 0; k < same.size(); ++k)
      if (!same[k]) out.out.push_back(forward->out[n_out + k]);
    return std::make_shared<const Jaxpr>(dead_code_eliminated(out));
  }

  // The carry of the transposed scan: cotangents of the carry, and sums of those of the linear consts.
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Mask linear;
    Arrays known;
    for (const auto& o : args.operands) {
      linear.push_back(o.linear());
      if (!o.linear()) known.push_back(o.value);
    }
    const Groups<Mask> m(linear, p);
    // A known initial carry of a linear scan is zeros that stand for a symbolic zero: the carry is linear all the same.
    const auto n_known_carry = p.n_carry() - count(m.carry);
    const Mask in_body = joined({m.consts, Mask(p.n_carry(), 1), m.xs});
    const Groups<Avals> a(p.jaxpr->in_avals(), p);
    const auto out_avals = p.jaxpr->out_avals();
    const auto ct_y = part(out_avals, p.n_carry(), p.n_ys());
    const auto acc = chosen(a.consts, m.consts);
    const auto n_known = p.n_consts() - acc.size(), n_r = p.n_carry(), n_known_xs = p.n_xs() - count(m.xs);
    const auto known_consts = part(known, 0, n_known), known_xs = part(known, n_known + n_known_carry, n_known_xs);
    const auto back = without_consts(transpose_jaxpr(p.jaxpr, in_body, Mask(out_avals.size(), 1), in_body)->closed, "scan");
    Mask not_consts = m.consts, not_xs = m.xs;
    for (auto& c : not_consts) c = !c;
    for (auto& c : not_xs) c = !c;
    // known consts, sums, cotangents of the carry, of y, known x -> sums, cotangents of the carry, of x
    const auto body = traced(
        [&](const Arrays& in) {
          std::size_t at = 0;
          const auto take = [&](std::size_t n) { return part(in, std::exchange(at, at + n), n); };
          const auto kc = take(n_known), sums = take(acc.size()), cr = take(n_r), cy = take(ct_y.size()), kx = take(n_known_xs);
          auto out = eval_jaxpr(*back, joined({kc, kx, cr, cy}));
          for (std::size_t i = 0; i < sums.size(); ++i) out[i] = ops::add_tangents(sums[i], out[i]);
          return out;
        },
        joined({chosen(a.consts, not_consts), acc, a.carry, ct_y, chosen(a.xs, not_xs)}), "scan");
    Arrays carry, xs;
    for (const auto& s : acc) carry.push_back(ops::zeros_like_aval(s));
    for (std::size_t i = 0; i < n_r; ++i) carry.push_back(ops::instantiate(args.cotangents[i], a.carry[i]));
    for (std::size_t i = 0; i < ct_y.size(); ++i) xs.push_back(ops::instantiate(args.cotangents[n_r + i], stacked(ct_y[i], p.length)));
    xs = joined({xs, known_xs});
    const auto out = bind_scan(known_consts, carry, xs, body, p.length, !p.reverse, p.unroll);
    auto cts = spread(out, in_body);
    for (std::size_t i = 0; i < cts.size(); ++i)
      if (!linear[i]) cts[i] = Array();
    return cts;
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const Groups<Mask> m(Mask(args.mapped.begin(), args.mapped.end()), p);
    const Groups<Arrays> x(list(args.operands), p);
    const auto body_for = [&](const Mask& carry) {
      return batch_jaxpr(p.jaxpr, args.axis(), joined({m.consts, carry, m.xs}), force_carry(carry, p));
    };
    const auto carry = settled(m.carry, [&](const Mask& c) { return part(body_for(c)->out, 0, p.n_carry()); });
    const auto body = body_for(carry);
    Arrays init = x.carry, xs = x.xs;
    for (std::size_t i = 0; i < init.size(); ++i)
      if (carry[i] && !m.carry[i]) init[i] = ops::repeat_along_new_axis(init[i], args.size, 0);
    for (std::size_t i = 0; i < xs.size(); ++i)  // trips lead, then the mapped axis
      if (m.xs[i]) xs[i] = ops::move_axis(xs[i], 0, 1);
    auto out = bind_scan(x.consts, init, xs, without_consts(body->closed, "scan"), p.length, p.reverse, p.unroll);
    for (std::size_t i = p.n_carry(); i < out.size(); ++i)
      if (body->out[i]) out[i] = ops::move_axis(out[i], 1, 0);
    return {std::move(out), body->out};
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    if (p.unroll > 1 && p.length > 1) return lower_jaxpr(*unrolled(p), b, in);
    return b.scan(in, {lower_to_program(*p.jaxpr), p.n_consts(), p.n_carry(), p.length, p.reverse});
  }

  // A scan over blocks of `unroll` trips, then the trips that are left, written out: a chain of the same operations.
  static JaxprPtr unrolled(const Params& p) {
    const SetTrace none(nullptr);
    const auto k = std::min(p.unroll, p.length), blocks = p.length / k, whole = blocks * k, rest = p.length - whole;
    const Groups<Avals> a(p.jaxpr->in_avals(), p);
    const auto xs_avals = [&](std::int64_t n) {
      Avals xs;
      for (const auto& x : a.xs) xs.push_back(stacked(x, n));
      return xs;
    };
    const auto block = traced([&](const Arrays& in) { return trips(p, Groups<Arrays>(in, p), k); },
                              joined({a.consts, a.carry, xs_avals(k)}), "scan");
    return traced(
        [&](const Arrays& in) {
          const Groups<Arrays> x(in, p);
          const auto first = p.reverse ? rest : 0;  // of the elements in blocks
          Arrays blocked, ys;
          for (const auto& v : x.xs) blocked.push_back(reshape(rows(v, first, whole), prefixed({blocks, k}, v)));
          const auto out = bind_scan(x.consts, x.carry, blocked, block, blocks, p.reverse);
          Groups<Arrays> left = x;
          left.carry = part(out, 0, p.n_carry());
          for (auto& v : left.xs) v = rows(v, p.reverse ? 0 : whole, rest);
          auto end = rest == 0 ? out : trips(p, left, rest);
          for (std::size_t i = p.n_carry(); i < end.size(); ++i) {
            const auto y = reshape(out[i], prefixed({whole}, out[i], 2));
            if (rest == 0) end[i] = y;
            else end[i] = p.reverse ? concatenate(Arrays{end[i], y}, 0) : concatenate(Arrays{y, end[i]}, 0);
          }
          return end;
        },
        joined({a.consts, a.carry, xs_avals(p.length)}), "scan");
  }

  // `n` >= 1 trips one after the other: the carry, and ys stacked.
  static Arrays trips(const Params& p, const Groups<Arrays>& x, std::int64_t n) {
    auto carry = x.carry;
    std::vector<Arrays> ys(p.n_ys());
    for (std::int64_t t = 0; t < n; ++t) {
      const auto i = p.reverse ? n - 1 - t : t;
      Arrays element;
      for (const auto& v : x.xs) element.push_back(reshape(rows(v, i, 1), prefixed({}, v)));
      const auto out = eval_jaxpr(*p.jaxpr, joined({x.consts, carry, element}));
      carry = part(out, 0, p.n_carry());
      for (std::size_t j = 0; j < ys.size(); ++j) {
        const auto& y = out[p.n_carry() + j];
        ys[j].push_back(reshape(y, prefixed({1}, y, 0)));
      }
    }
    for (std::size_t j = 0; j < ys.size(); ++j) {
      if (p.reverse) std::reverse(ys[j].begin(), ys[j].end());
      carry.push_back(concatenate(ys[j], 0));
    }
    return carry;
  }

  // x[first:first+n]
  static Array rows(const Array& x, std::int64_t first, std::int64_t n) {
    Dims start(x.shape().size(), 0), limit = x.shape();
    start[0] = first;
    limit[0] = first + n;
    return slice(x, start, limit);
  }
  // The shape of x with its `drop` leading extents replaced.
  static Shape prefixed(Shape lead, const Array& x, std::size_t drop = 1) {
    for (auto i = drop; i < x.shape().size(); ++i) lead.push_back(x.shape()[i]);
    return lead;
  }
};

}  // namespace

Arrays bind_scan(ArraySpan consts, ArraySpan carry, ArraySpan xs, const JaxprPtr& body, std::int64_t length, bool reverse,
                 std::int64_t unroll) {
  Scan::Params p{body, length, static_cast<std::int64_t>(carry.size()), static_cast<std::int64_t>(consts.size()), reverse, unroll};
  return bind_all<Scan>(joined({consts, carry, xs}), p);
}

void list_scans(Readables& to) {
  to.insert(to.end(), {readable<Scan>(0, ReadablePrimitive::any)});
}

}  // namespace fluxion::lax
