// repeat: a carry goes through a body a number of times that is a value. What the derivatives of loops are made of;
// its own derivatives, transposes and lanes are loops of the same kind, or while where lanes differ in their trips.
#include "lax/control_flow/recording.hpp"

#include "core/node.hpp"
#include "lax/control_flow/tape.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

struct Repeat {
  static constexpr std::string_view name = "repeat";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (JaxprPtr, jaxpr), (std::int64_t, num_consts), (bool, reverse), (Budget, max_residual_bytes));
    std::size_t n_consts() const { return static_cast<std::size_t>(num_consts); }
    std::size_t n_carry() const { return jaxpr->out.size(); }
    CountedBody body() const { return {jaxpr, n_consts()}; }
  };

  /// Operands, tangents or masks behind n in their two groups.
  template <class List>
  struct Groups {
    List consts, carry;
    Groups(const List& all, const Params& p) : consts(part(all, 1, p.n_consts())), carry(part(all, 1 + p.n_consts(), p.n_carry())) {}
  };
  static Arrays list(ArraySpan xs) { return {xs.begin(), xs.end()}; }

  static std::string problem(AvalSpan in, const Params& p) {
    const auto body = p.jaxpr->in_avals(), out = p.jaxpr->out_avals();
    if (p.num_consts < 0 || body.size() != p.n_consts() + 1 + p.n_carry()) return "num_consts must fit the body";
    if (!same_type(body[p.n_consts()], index_aval())) return "the body's index must be an i64 scalar";
    if (in.size() != body.size()) return text(body.size(), " operands are required, got ", in.size());
    return difference(out, AvalSpan(body).last(p.n_carry()));
  }

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (in.empty() || !same_type(in[0], index_aval())) throw InternalError("repeat: the number of trips must be an i64 scalar");
    const auto want = joined({p.body().consts(), p.body().carry()});
    for (std::size_t i = 0; i < want.size(); ++i)
      if (i + 1 >= in.size() || !same_type(want[i], in[i + 1]))
        throw InternalError(text("repeat: operand ", i + 1, " must be ", want[i], ", the body's"));
    return p.body().carry();
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const Groups<Arrays> x(list(args.primals), p), t(list(args.tangents), p);
    const auto consts = present(t.consts);
    auto carry = present(t.carry);
    const auto transformed = [&] { return jvp_jaxpr(p.jaxpr, joined({consts, {0}, carry}), carry); };
    for (auto grown = either(carry, transformed()->out); grown != carry; grown = either(carry, transformed()->out)) carry = grown;
    const auto jvp_body = without_consts(transformed()->closed, "repeat");
    const auto ct = chosen(p.body().consts(), consts), rt = chosen(p.body().carry(), carry);
    // consts, their tangents, i, carry, its tangents -> carry, its tangents
    const auto body = traced(
        [&](const Arrays& in) {
          std::size_t at = 0;
          const auto take = [&](std::size_t n) { return part(in, std::exchange(at, at + n), n); };
          const auto c = take(p.n_consts()), dc = take(ct.size()), i = take(1), r = take(p.n_carry()), dr = take(rt.size());
          return eval_jaxpr(*jvp_body, joined({c, i, r, dc, dr}));
        },
        joined({p.body().consts(), ct, {index_aval()}, p.body().carry(), rt}), "repeat");
    Arrays all_consts = x.consts, all_carry = x.carry;
    append_present(all_consts, t.consts);
    const auto avals = p.body().carry();
    for (std::size_t k = 0; k < carry.size(); ++k)
      if (carry[k]) all_carry.push_back(ops::instantiate(t.carry[k], avals[k]));
    auto out = bind_repeat(args.primals[0], all_consts, all_carry, body, p.reverse, p.max_residual_bytes);
    auto tangents = spread(part(out, p.n_carry(), rt.size()), carry);
    out.resize(p.n_carry());
    return {std::move(out), std::move(tangents)};
  }

  static JetOut jet(const JetArgs& args, const Params& p) {
    return jet_repeat(args, p.jaxpr, p.n_consts(), p.reverse, p.max_residual_bytes);
  }

  static JvpOut linearize(const JvpArgs& args, const Params& p) {
    const Groups<Arrays> x(list(args.primals), p), t(list(args.tangents), p);
    const auto& n = args.primals[0];
    const Recording r(p.body(), present(t.consts), present(t.carry));
    const LoopValues v{x.consts, x.carry, t.consts, t.carry};
    if (p.max_residual_bytes && r.has_tape()) return run_within_budget("fori_loop", r, v, n, p.reverse, *p.max_residual_bytes);
    Arrays init = x.carry;
    if (r.has_tape()) init.push_back(tape_empty());
    auto out = bind_repeat(n, x.consts, init, r.forward(), p.reverse);
    const auto tape = r.has_tape() ? out.back() : Array();
    out.resize(p.n_carry());
    return {std::move(out), run_linear(r, v, n, tape, p.reverse)};
  }

  // The carry of the transposed loop: sums of the cotangents of the linear consts, and cotangents of the carry. A known
  // initial carry of a linear loop is zeros that stand for a symbolic zero: the carry is linear all the same.
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Mask linear;
    for (const auto& o : args.operands) linear.push_back(o.linear());
    const Groups<Mask> m(linear, p);
    const auto n_carry = p.n_carry();
    Arrays known;
    for (std::size_t k = 0; k < p.n_consts(); ++k)
      if (!m.consts[k]) known.push_back(args.operands[1 + k].value);
    const Mask in_body = joined({m.consts, {0}, Mask(n_carry, 1)});
    const auto back = without_consts(transpose_jaxpr(p.jaxpr, in_body, Mask(n_carry, 1), in_body)->closed, "repeat");
    const auto sums = chosen(p.body().consts(), m.consts);
    Mask not_linear = m.consts;
    for (auto& c : not_linear) c = !c;
    // known consts, i, sums, cotangents of the carry -> sums, cotangents of the carry
    const auto body = traced(
        [&](const Arrays& in) {
          const auto first = known.size() + 1;
          auto out = eval_jaxpr(*back, joined({part(in, 0, first), part(in, first + sums.size(), n_carry)}));
          for (std::size_t k = 0; k < sums.size(); ++k) out[k] = ops::add_tangents(in[first + k], out[k]);
          return out;
        },
        joined({chosen(p.body().consts(), not_linear), {index_aval()}, sums, p.body().carry()}), "repeat");
    Arrays init;
    for (const auto& s : sums) init.push_back(ops::zeros_like_aval(s));
    const auto avals = p.body().carry();
    for (std::size_t k = 0; k < n_carry; ++k) init.push_back(ops::instantiate(args.cotangents[k], avals[k]));
    const auto out = bind_repeat(args.operands[0].value, known, init, body, !p.reverse);
    auto cts = spread(out, joined({{0}, m.consts, Mask(n_carry, 1)}));
    for (std::size_t i = 0; i < cts.size(); ++i)
      if (!linear[i]) cts[i] = Array();
    return cts;
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    if (args.mapped[0]) return batch_trips(args, p);
    const Groups<Mask> m(Mask(args.mapped.begin(), args.mapped.end()), p);
    const Groups<Arrays> x(list(args.operands), p);
    auto carry = m.carry;
    const auto transformed = [&] { return batch_jaxpr(p.jaxpr, args.axis(), joined({m.consts, {0}, carry}), carry); };
    for (auto grown = either(carry, transformed()->out); grown != carry; grown = either(carry, transformed()->out)) carry = grown;
    Arrays init = x.carry;
    for (std::size_t k = 0; k < init.size(); ++k)
      if (carry[k] && !m.carry[k]) init[k] = ops::repeat_along_new_axis(init[k], args.size, 0);
    const auto body = without_consts(transformed()->closed, "repeat");
    return {bind_repeat(args.operands[0], x.consts, init, body, p.reverse, p.max_residual_bytes), carry};
  }

  // Lanes with trips of their own: while counts them.
  static BatchOut batch_trips(const BatchArgs& args, const Params& p) {
    const auto consts = p.body().consts(), carry = p.body().carry();
    const auto n_c = consts.size();
    const auto cond = traced([](const Arrays& xs) { return Arrays{lt(xs[1], xs[0])}; },
                             joined({{index_aval()}, {index_aval()}, carry}), "repeat");
    // n, consts, trips done, carry -> trips done, carry
    const auto body = traced(
        [&](const Arrays& xs) {
          const auto& done = xs[1 + n_c];
          const auto next = add(done, index_scalar(1));
          const auto i = p.reverse ? sub(xs[0], next) : done;
          return joined({{&next, 1}, eval_jaxpr(*p.jaxpr, joined({part(xs, 1, n_c), {&i, 1}, part(xs, 2 + n_c, carry.size())}))});
        },
        joined({{index_aval()}, consts, {index_aval()}, carry}), "repeat");
    const Groups<Arrays> x(list(args.operands), p);
    const Groups<Mask> m(Mask(args.mapped.begin(), args.mapped.end()), p);
    const auto n = args.operands.first(1);
    const auto zero = index_scalar(0);
    const auto operands = joined({n, n, x.consts, {&zero, 1}, x.carry});
    const auto mapped = joined({{1, 1}, m.consts, {0}, m.carry});
    auto out = batch_while({args.size, operands, mapped, args.axis_name}, 1, 1 + n_c, cond, body, p.max_residual_bytes);
    out.results.erase(out.results.begin());
    out.mapped.erase(out.mapped.begin());
    return out;
  }

  // consts of the cond: n; of the body: n, consts; carry: trips done, carry.
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const ir::Type index{DType::int64, {}};
    const auto types = [](ir::Builder& to, const Avals& avals) {
      ir::Values values;
      for (const auto& a : avals) values.push_back(to.input({a.dtype, a.shape}));
      return values;
    };
    ir::Builder cond;
    const auto n = cond.input(index), at = cond.input(index);
    types(cond, p.body().carry());
    const auto more = cond.map(ir::Op::lt, {at, n});

    ir::Builder body;
    const auto trips = body.input(index);
    auto args = types(body, p.body().consts());
    const auto done = body.input(index);
    const auto next = body.map(ir::Op::add, {done, body.constant(DType::int64, 1.0)});
    args.push_back(p.reverse ? body.map(ir::Op::sub, {trips, next}) : done);
    for (const auto v : types(body, p.body().carry())) args.push_back(v);
    ir::Values results{next};
    for (const auto v : lower_jaxpr(*p.jaxpr, body, args)) results.push_back(v);

    ir::Values operands{in[0], in[0]};
    operands.insert(operands.end(), in.begin() + 1, in.begin() + 1 + static_cast<std::ptrdiff_t>(p.n_consts()));
    operands.push_back(b.constant(DType::int64, 0.0));
    operands.insert(operands.end(), in.begin() + 1 + static_cast<std::ptrdiff_t>(p.n_consts()), in.end());
    auto out = b.while_loop(operands, {std::make_shared<const ir::Program>(cond.finish({more})),
                                       std::make_shared<const ir::Program>(body.finish(std::move(results))), 1, 1 + p.n_consts()});
    out.erase(out.begin());
    return out;
  }
};

}  // namespace

Arrays bind_repeat(const Array& n, ArraySpan consts, ArraySpan carry, const JaxprPtr& body, bool reverse,
                   const Budget& max_residual_bytes) {
  const Repeat::Params p{body, static_cast<std::int64_t>(consts.size()), reverse, max_residual_bytes};
  return bind_all<Repeat>(joined({{&n, 1}, consts, carry}), p);
}

void list_repeats(Readables& to) {
  to.insert(to.end(), {readable<Repeat>(1, ReadablePrimitive::any)});
}

}  // namespace fluxion::lax
