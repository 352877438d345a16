// Loops whose number of trips is not known beforehand, in reverse mode: the loop runs while a tape records what the
// derivative needs of each trip, and the derivative is a counted loop along the tape.
#pragma once

#include "lax/control_flow/control_flow.hpp"
#include "lax/control_flow/primitives.hpp"

namespace fluxion::lax {

/// A body: consts ++ i ++ carry -> carry.
struct CountedBody {
  JaxprPtr jaxpr;
  std::size_t n_consts;

  std::size_t n_carry() const { return jaxpr->out.size(); }
  Avals consts() const { return part(jaxpr->in_avals(), 0, n_consts); }
  Avals carry() const { return jaxpr->out_avals(); }
};

/// A loop's operands and their tangents; empty handles are symbolic zeros.
struct LoopValues {
  Arrays consts, carry, const_tangents, carry_tangents;
};

/// The residuals of a loop's body that are the same in every trip, and the program that computes them before the loop.
struct Invariants {
  Mask which;        // by residual
  JaxprPtr program;  // the body's operands -> those residuals
};
/// `forward`: consts ++ trip's own ++ carry ++ trip's own -> carry ++ ... ++ residuals, which begin at `first_residual`;
/// the carry's operands begin at `first_carry`. Constants, carries that stay as they are and what is computed from
/// those alone do not change.
Invariants invariants_of(const Jaxpr& forward, std::size_t n_consts, std::size_t first_carry, std::size_t n_carry,
                         std::size_t first_residual);

/// A body linearised once. Residuals are of three kinds: values that no trip changes become constants of the linear
/// loop, the index is its own index, and the others are recorded.
class Recording {
 public:
  /// Tangents of the constants and carries that have any before the loop.
  Recording(CountedBody body, const Mask& consts, const Mask& carry);

  /// Which carries have tangents after the loop, and in every trip.
  const Mask& carry() const { return carry_; }
  /// Which carries a trip changes.
  const Mask& changes() const { return changes_; }
  const CountedBody& body() const { return body_; }
  /// The type of a record; no tape is needed if it is empty.
  const Avals& recorded() const { return recorded_; }
  bool has_tape() const { return !recorded_.empty(); }

  /// consts ++ i ++ carry ++ tape -> carry ++ tape.
  const JaxprPtr& forward() const { return forward_; }
  /// Residuals that are the same in every trip.
  Arrays invariants(const Arrays& consts, const Arrays& init) const;
  const Avals& invariant_avals() const { return invariant_avals_; }
  /// tape ++ invariants ++ i ++ tangents -> tangents. Those of the constants are carried too, unchanged: so the
  /// transposed loop carries their cotangents, and adds to them in one order however the trips are divided.
  const JaxprPtr& linear() const { return linear_; }
  std::size_t n_linear_consts() const { return linear_->in.size() - 1 - linear_->out.size(); }

  /// The tangents that the linear loop starts with, zeros where a carry gets its tangent in a trip.
  Arrays initial_tangents(const LoopValues& v) const;
  /// The tangents of the carry, symbolic zeros where there is none, from those that the linear loop ends with.
  Arrays final_tangents(const Arrays& tangents) const;

 private:
  enum class Kind : char { invariant, index, recorded };

  void classify(const Jaxpr& forward);
  void make_forward(const JaxprPtr& forward);
  void make_linear(const JaxprPtr& linear, const Mask& consts);

  CountedBody body_;
  Mask carry_, changes_;
  std::vector<Kind> kinds_;
  Avals recorded_, invariant_avals_;
  JaxprPtr invariants_, forward_, linear_;
};

/// The tangents of the carry: n trips of the linear loop along `tape` (an empty handle if nothing was recorded).
Arrays run_linear(const Recording& r, const LoopValues& v, const Array& n, const Array& tape, bool reverse);

/// Throws ValueError if a body that is run again within a budget has effects, which would happen again.
void check_may_run_again(const char* op, const Recording& r);

/// n trips within a budget: the final carry, and its tangents. Only every so many-th carry is kept, and the linear loop
/// runs the trips between them again. `op` names the loop in messages.
JvpOut run_within_budget(const char* op, const Recording& r, const LoopValues& v, const Array& n, bool reverse, std::int64_t bytes);

/// i64 scalars.
Array index_scalar(std::int64_t i);
Aval index_aval();

}  // namespace fluxion::lax
