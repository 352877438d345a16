#include "lax/control_flow/recording.hpp"

#include "core/node.hpp"
#include "lax/control_flow/tape.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

Array index_scalar(std::int64_t i) { return make_scalar(DType::int64, false, &i); }
Aval index_aval() { return {{}, DType::int64, false}; }

namespace {

Aval tape_aval() { return {{}, DType::tape, false}; }

/// Which variables of a loop's body are the same in every trip: constants, carries that stay as they are, and what is
/// computed from those alone.
Mask unchanging(const Jaxpr& body, const Mask& unchanging_inputs) {
  Mask m(body.vars.size(), 0);
  for (std::size_t i = 0; i < body.in.size(); ++i) m[static_cast<std::size_t>(body.in[i])] = unchanging_inputs[i];
  for (const auto& e : body.eqns) {
    bool all = true;
    for (const auto& a : e.in) all = all && (a.is_literal() || m[static_cast<std::size_t>(a.var)]);
    for (const auto v : e.out) m[static_cast<std::size_t>(v)] = all;
  }
  return m;
}

}  // namespace

Recording::Recording(CountedBody body, const Mask& consts, const Mask& carry) : body_(std::move(body)), carry_(carry) {
  const auto linearized = [&] { return linearize_jaxpr(body_.jaxpr, joined({consts, {0}, carry_}), carry_); };
  for (auto grown = either(carry_, linearized()->out); grown != carry_; grown = either(carry_, linearized()->out)) carry_ = grown;
  const auto parts = linearized();
  const auto forward = without_consts(parts->forward, "loop");
  classify(*forward);
  make_forward(forward);
  make_linear(parts->linear, consts);
}

void Recording::classify(const Jaxpr& forward) {
  const auto n_carry = body_.n_carry(), n_in = forward.in.size();
  Mask fixed(n_in, 0);
  for (std::size_t i = 0; i < body_.n_consts; ++i) fixed[i] = 1;
  for (std::size_t k = 0; k < n_carry; ++k) {
    const auto i = body_.n_consts + 1 + k;
    fixed[i] = !forward.out[k].is_literal() && forward.out[k].var == forward.in[i];
    changes_.push_back(!fixed[i]);
  }
  const auto same = unchanging(forward, fixed);
  Jaxpr once = forward;
  once.out.clear();
  for (std::size_t k = n_carry; k < forward.out.size(); ++k) {
    const auto& a = forward.out[k];
    if (a.is_literal() || same[static_cast<std::size_t>(a.var)]) {
      kinds_.push_back(Kind::invariant);
      once.out.push_back(a);
    } else if (a.var == forward.in[body_.n_consts]) {
      kinds_.push_back(Kind::index);
    } else {
      kinds_.push_back(Kind::recorded);
      recorded_.push_back(forward.aval(a));
    }
  }
  invariants_ = std::make_shared<const Jaxpr>(dead_code_eliminated(once));
  invariant_avals_ = invariants_->out_avals();
}

void Recording::make_forward(const JaxprPtr& forward) {
  const auto n = forward->in.size(), n_carry = body_.n_carry();
  auto in = forward->in_avals();
  if (has_tape()) in.push_back(tape_aval());
  const auto made = traced(
      [&](const Arrays& xs) {
        const auto out = eval_jaxpr(*forward, part(xs, 0, n));
        Arrays values, results = part(out, 0, n_carry);
        for (std::size_t k = 0; k < kinds_.size(); ++k)
          if (kinds_[k] == Kind::recorded) values.push_back(out[n_carry + k]);
        if (has_tape()) results.push_back(tape_push(xs[n], xs[body_.n_consts], values));
        return results;
      },
      in, "loop");
  forward_ = std::make_shared<const Jaxpr>(dead_code_eliminated(*made));
}

void Recording::make_linear(const JaxprPtr& linear, const Mask& consts) {
  const auto const_tangents = chosen(body_.consts(), consts), carry_tangents = chosen(body_.carry(), carry_);
  Avals in;
  if (has_tape()) in.push_back(tape_aval());
  in = joined({in, invariant_avals_, {index_aval()}, const_tangents, carry_tangents});
  const auto first_invariant = static_cast<std::size_t>(has_tape()), index = first_invariant + invariant_avals_.size();
  linear_ = traced(
      [&](const Arrays& xs) {
        const auto values = has_tape() ? tape_read(xs[0], xs[index], recorded_) : Arrays{};
        Arrays args;
        std::size_t invariant = first_invariant, value = 0;
        for (const auto k : kinds_)
          args.push_back(k == Kind::invariant ? xs[invariant++] : k == Kind::index ? xs[index] : values[value++]);
        const auto tangents = part(xs, index + 1, const_tangents.size() + carry_tangents.size());
        return joined({part(tangents, 0, const_tangents.size()), eval_jaxpr(*linear, joined({args, tangents}))});
      },
      in, "loop");
}

// What the values of the trip's own inputs are does not matter: nothing that is asked for depends on them.
Arrays Recording::invariants(const Arrays& consts, const Arrays& init) const {
  return eval_jaxpr(*invariants_, joined({consts, Arrays{index_scalar(0)}, init}));
}

Arrays Recording::initial_tangents(const LoopValues& v) const {
  Arrays out;
  append_present(out, v.const_tangents);
  const auto avals = body_.carry();
  for (std::size_t k = 0; k < carry_.size(); ++k)
    if (carry_[k]) out.push_back(ops::instantiate(v.carry_tangents[k], avals[k]));
  return out;
}

Arrays Recording::final_tangents(const Arrays& tangents) const {
  const auto n = count(carry_);
  return spread(part(tangents, tangents.size() - n, n), carry_);
}

Arrays run_linear(const Recording& r, const LoopValues& v, const Array& n, const Array& tape, bool reverse) {
  Arrays consts;
  if (r.has_tape()) consts.push_back(tape);
  consts = joined({consts, r.invariants(v.consts, v.carry)});
  return r.final_tangents(bind_repeat(n, consts, r.initial_tangents(v), r.linear(), reverse));
}

}  // namespace fluxion::lax
