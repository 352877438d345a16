#include "lax/control_flow/recording.hpp"

#include <algorithm>

#include "core/node.hpp"
#include "lax/control_flow/tape.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

Array index_scalar(std::int64_t i) { return make_scalar(DType::int64, false, &i); }
Aval index_aval() { return {{}, DType::int64, false}; }

namespace {

Aval tape_aval() { return {{}, DType::tape, false}; }

bool stays(const Jaxpr& body, std::size_t k, std::size_t operand) {
  return !body.out[k].is_literal() && body.out[k].var == body.in[operand];
}

}  // namespace

Invariants invariants_of(const Jaxpr& forward, std::size_t n_consts, std::size_t first_carry, std::size_t n_carry,
                         std::size_t first_residual) {
  std::vector<char> same(forward.vars.size(), 0);
  const auto is_same = [&](const Atom& a) { return a.is_literal() || same[static_cast<std::size_t>(a.var)] != 0; };
  for (std::size_t i = 0; i < n_consts; ++i) same[static_cast<std::size_t>(forward.in[i])] = 1;
  for (std::size_t k = 0; k < n_carry; ++k)
    if (stays(forward, k, first_carry + k)) same[static_cast<std::size_t>(forward.in[first_carry + k])] = 1;
  for (const auto& e : forward.eqns) {
    const bool pure = effect_of(e) == Effect::none;  // what the world says may be new in every trip
    for (const auto v : e.out) same[static_cast<std::size_t>(v)] = pure && std::all_of(e.in.begin(), e.in.end(), is_same);
  }
  Invariants found;
  Jaxpr program = forward;
  program.out.clear();
  std::erase_if(program.eqns, [](const Eqn& e) { return effect_of(e) != Effect::none; });  // they happen in the loop
  for (std::size_t k = first_residual; k < forward.out.size(); ++k) {
    found.which.push_back(is_same(forward.out[k]));
    if (found.which.back()) program.out.push_back(forward.out[k]);
  }
  found.program = std::make_shared<const Jaxpr>(dead_code_eliminated(program));
  return found;
}

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
  const auto n_carry = body_.n_carry(), first_carry = body_.n_consts + 1;
  for (std::size_t k = 0; k < n_carry; ++k) changes_.push_back(!stays(forward, k, first_carry + k));
  const auto invariants = invariants_of(forward, body_.n_consts, first_carry, n_carry, n_carry);
  for (std::size_t k = 0; k < invariants.which.size(); ++k) {
    const auto& a = forward.out[n_carry + k];
    const bool index = !a.is_literal() && a.var == forward.in[body_.n_consts];
    kinds_.push_back(invariants.which[k] ? Kind::invariant : index ? Kind::index : Kind::recorded);
    if (kinds_.back() == Kind::recorded) recorded_.push_back(forward.aval(a));
  }
  invariants_ = invariants.program;
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
