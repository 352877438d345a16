// Reverse mode within a budget. The trips are cut into leaves of so many that their records fit half of the budget;
// the carry is kept at the first trip of every stride of leaves, so many that they fit the other half. The linear loop
// runs from leaf to leaf: the carry there is computed from the last one kept, the leaf is run again on a tape of its
// own, and the linear loop of the leaf's trips goes along that tape. What is run again is the same program on the same
// values: results are those of the loop that records every trip, to the bit.
//
// With L trips in a leaf and C carries kept, n trips make m = ceil(n / L) leaves in strides of g = ceil(m / C) leaves.
// Besides the first run and the linear one, each trip is run once to place the carries, once in its leaf, and
// (g - 1) / 2 times on the average to come from a kept carry to its leaf.
#include <algorithm>

#include "core/node.hpp"
#include "lax/control_flow/recording.hpp"
#include "lax/control_flow/tape.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

namespace {

/// Bytes of a record on a tape, which doubles its memory when it is full.
std::int64_t bytes_on_tape(const Avals& avals) {
  constexpr std::int64_t header = 16;
  std::int64_t bytes = header;
  for (const auto& a : avals) bytes += (a.size() * static_cast<std::int64_t>(itemsize(a.dtype)) + 7) / 8 * 8;
  return 2 * bytes;
}

struct Division {
  std::int64_t leaf, carries;

  Division(const char* op, std::int64_t budget, std::int64_t carry, std::int64_t record) {
    if (budget < carry + record)
      throw ValueError(text(op, ": max_residual_bytes must hold one carry and the residuals of one trip, which take ",
                            carry + record, " bytes, got ", budget, "; raise it, or leave it out to record every trip"));
    carries = std::max<std::int64_t>(budget / 2 / carry, 1);
    leaf = std::max<std::int64_t>((budget - carries * carry) / record, 1);
    if (carries * carry + leaf * record > budget) carries = std::max<std::int64_t>((budget - leaf * record) / carry, 1);
  }
};

Array ceil_div(const Array& a, const Array& b) { return div(sub(add(a, b), index_scalar(1)), b); }

/// The body on trips `first`, first + 1, ... of n: consts ++ first ++ n ++ i ++ carry -> carry.
JaxprPtr from_trip(const JaxprPtr& body, std::size_t n_consts, bool reverse) {
  const auto all = body->in_avals();
  const auto consts = part(all, 0, n_consts), carry = part(all, n_consts + 1, all.size() - n_consts - 1);
  return traced(
      [&](const Arrays& xs) {
        const auto trip = add(xs[n_consts], xs[n_consts + 2]);
        const auto i = reverse ? sub(sub(xs[n_consts + 1], index_scalar(1)), trip) : trip;
        return eval_jaxpr(*body, joined({part(xs, 0, n_consts), {&i, 1}, part(xs, n_consts + 3, carry.size())}));
      },
      joined({consts, Avals(3, index_aval()), carry}), "loop");
}

/// A run of `count` trips from trip `first` of n.
Arrays run_trips(const JaxprPtr& body, const Arrays& consts, const Arrays& carry, const Array& first, const Array& count, const Array& n) {
  return bind_repeat(count, joined({consts, {&first, 1}, {&n, 1}}), carry, body, false);
}

class Checkpoints {
 public:
  Checkpoints(const char* op, const Recording& r, bool reverse, std::int64_t budget)
      : r_(r), n_consts_(r.body().n_consts), kept_(chosen(r.body().carry(), r.changes())),
        division_(op, budget, bytes_on_tape(kept_), bytes_on_tape(r.recorded())),
        body_(from_trip(r.body().jaxpr, n_consts_, reverse)), forward_(from_trip(r.forward(), n_consts_, reverse)),
        linear_(from_trip(r.linear(), r.n_linear_consts(), reverse)) {}

  JvpOut run(const LoopValues& v, const Array& n) const {
    const auto leaves = ceil_div(n, index_scalar(division_.leaf));
    const auto stride = mul(max(ceil_div(leaves, index_scalar(division_.carries)), index_scalar(1)), index_scalar(division_.leaf));
    auto swept = bind_repeat(ceil_div(n, stride), joined({v.consts, {&n, 1}, {&stride, 1}}),
                             joined({v.carry, Arrays{tape_empty()}}), sweep(), false);
    const auto kept = swept.back();
    swept.pop_back();
    Arrays fixed;
    for (std::size_t k = 0; k < v.carry.size(); ++k)
      if (!r_.changes()[k]) fixed.push_back(v.carry[k]);
    const Arrays where{n, stride, kept};
    const auto invariants = r_.invariants(v.consts, v.carry);
    const auto tangents = bind_repeat(leaves, joined({where, v.consts, fixed, invariants}), r_.initial_tangents(v),
                                      leaf(avals_of(fixed), r_.linear()->out_avals()), false);
    return {std::move(swept), r_.final_tangents(tangents)};
  }

 private:
  // consts, n, stride, j, carry, kept -> carry, kept
  JaxprPtr sweep() const {
    const auto carry = r_.body().carry();
    return traced(
        [&](const Arrays& xs) {
          const auto consts = part(xs, 0, n_consts_);
          const auto &n = xs[n_consts_], &stride = xs[n_consts_ + 1], &j = xs[n_consts_ + 2];
          const auto now = part(xs, n_consts_ + 3, carry.size());
          Arrays changing;
          for (std::size_t k = 0; k < now.size(); ++k)
            if (r_.changes()[k]) changing.push_back(now[k]);
          const auto kept = tape_push(xs.back(), j, changing);
          const auto first = mul(j, stride);
          return joined({run_trips(body_, consts, now, first, min(stride, sub(n, first)), n), {&kept, 1}});
        },
        joined({r_.body().consts(), Avals(3, index_aval()), carry, {Aval{{}, DType::tape, false}}}), "loop");
  }

  // n, stride, kept, consts, fixed carries, invariants, number of the leaf, tangents -> tangents
  JaxprPtr leaf(const Avals& fixed, const Avals& tangents) const {
    const Avals where{index_aval(), index_aval(), Aval{{}, DType::tape, false}};
    const auto& invariants = r_.invariant_avals();
    return traced(
        [&](const Arrays& xs) {
          std::size_t at = 0;
          const auto take = [&](std::size_t n) { return part(xs, std::exchange(at, at + n), n); };
          const auto w = take(3), consts = take(n_consts_), same = take(fixed.size()), inv = take(invariants.size());
          const auto q = take(1), dx = take(tangents.size());
          const auto &n = w[0], &stride = w[1];
          const auto first = mul(q[0], index_scalar(division_.leaf)), j = div(first, stride), from = mul(j, stride);
          const auto begin = run_trips(body_, consts, merged(tape_read(w[2], j, kept_), same), from, sub(first, from), n);
          const auto count = min(index_scalar(division_.leaf), sub(n, first));
          const auto tape = run_trips(forward_, consts, joined({begin, Arrays{tape_empty()}}), first, count, n).back();
          return run_trips(linear_, joined({{&tape, 1}, inv}), dx, first, count, n);
        },
        joined({where, r_.body().consts(), fixed, invariants, {index_aval()}, tangents}), "loop");
  }

  Arrays merged(const Arrays& changing, const Arrays& fixed) const {
    Arrays out;
    std::size_t c = 0, f = 0;
    for (const auto changes : r_.changes()) out.push_back(changes ? changing[c++] : fixed[f++]);
    return out;
  }

  const Recording& r_;
  std::size_t n_consts_;
  Avals kept_;
  Division division_;
  JaxprPtr body_, forward_, linear_;
};

}  // namespace

void check_may_run_again(const char* op, const Recording& r) {
  if (has_effects(*r.body().jaxpr))
    throw ValueError(text(op, ": a body whose trips are run again must have no effects, got callbacks in a loop with "
                          "max_residual_bytes; leave one of the two out"));
}

JvpOut run_within_budget(const char* op, const Recording& r, const LoopValues& v, const Array& n, bool reverse, std::int64_t bytes) {
  check_may_run_again(op, r);
  return Checkpoints(op, r, reverse, bytes).run(v, n);
}

}  // namespace fluxion::lax
