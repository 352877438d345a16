#include "lax/control_flow/lanes.hpp"

#include <bit>

#include "core/node.hpp"
#include "lax/control_flow/primitives.hpp"
#include "lax/control_flow/tape.hpp"
#include "lax/rows.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

namespace {

// In elementary operations on an element, of about 0.3 ns. Measured: a trip of a loop costs as much as its bookkeeping
// where its lanes cost this much together,
constexpr double least_bucket_cost = 1000;
// and an element that is gathered and put back costs as much as this.
constexpr double cost_of_moving = 16;

class CostVisitor final : public FieldVisitor {
 public:
  double cost = 0;
  void text(const char*, const std::string&) override {}
  void jaxpr(const char*, const JaxprPtr& j) override { cost += lane_cost(*j); }
  void jaxprs(const char*, const std::vector<JaxprPtr>& js) override {
    double most = 0;
    for (const auto& j : js) most = std::max(most, lane_cost(*j));
    cost += most;
  }

  static double lane_cost(const Jaxpr& jaxpr) {
    double total = 0;
    for (const auto& e : jaxpr.eqns) total += cost_of(jaxpr, e);
    return total;
  }

 private:
  static double size(const Aval& a) { return static_cast<double>(element_count(a.shape)); }
  static double cost_of(const Jaxpr& jaxpr, const Eqn& e) {
    double results = 0, operands = 0;
    for (const auto v : e.out) results += size(jaxpr.vars[static_cast<std::size_t>(v)]);
    for (const auto& a : e.in) operands += size(jaxpr.aval(a));
    if (e.prim->op()) return results * (takes_long(*e.prim->op()) ? 10 : 1);
    CostVisitor held;
    e.params.view().fields(held);
    constexpr double trips = 16;  // of a loop, for want of anything better
    return held.cost > 0 ? trips * held.cost : results + operands;
  }
  static bool takes_long(ir::Op op) {
    using enum ir::Op;
    switch (op) {
      case exp: case expm1: case log: case log1p: case sin: case cos: case tanh: case logistic: case cbrt: case erf:
      case erf_inv: case pow: return true;
      case exp2: case tan: case asin: case acos: case atan: case sinh: case cosh: case asinh: case acosh: case atanh:
      case erfc: case lgamma: case digamma: case atan2: case polygamma: return true;
      default: return false;
    }
  }
};

/// Whether a program holds a primitive, at any depth.
class PrimitiveFinder final : public FieldVisitor {
 public:
  explicit PrimitiveFinder(std::string_view name) : name_(name) {}
  void text(const char*, const std::string&) override {}
  void jaxpr(const char*, const JaxprPtr& j) override { in(*j); }
  void jaxprs(const char*, const std::vector<JaxprPtr>& js) override {
    for (const auto& j : js) in(*j);
  }
  bool in(const Jaxpr& jaxpr) {
    for (const auto& e : jaxpr.eqns) {
      found_ = found_ || e.prim->name() == name_;
      if (!found_) e.params.view().fields(*this);
    }
    return found_;
  }

 private:
  std::string_view name_;
  bool found_ = false;
};

/// Whether a program holds a loop that may run for ever where it is not meant to run.
bool holds_loop(const Jaxpr& jaxpr) { return PrimitiveFinder("while").in(jaxpr); }

/// Whether a program works over a named axis, its own or one around it.
class AxisFinder final : public FieldVisitor {
 public:
  bool found = false;
  void text(const char*, const std::string&) override {}
  void axes(const char*, const AxisNames&, const std::string&) override { found = true; }
  void jaxpr(const char*, const JaxprPtr& j) override { found = found || in(*j); }
  void jaxprs(const char*, const std::vector<JaxprPtr>& js) override {
    for (const auto& j : js) found = found || in(*j);
  }
  static bool in(const Jaxpr& jaxpr) {
    AxisFinder finder;
    for (const auto& e : jaxpr.eqns) e.params.view().fields(finder);
    return finder.found;
  }
};

Array count_true(const Array& mask) { return reduce_sum(convert_element_type(mask, DType::int32), {0}); }
Array int32(std::int64_t i) { return make_scalar(DType::int32, static_cast<double>(i)); }

/// How many are true, if that is known while the program is made.
std::optional<std::int64_t> known_count(const Array& mask) {
  if (concrete(mask) == nullptr) return {};
  std::int64_t n = 0;
  for_each_element(*concrete(mask), [&](const std::byte* b) { n += *b != std::byte{0}; });
  return n;
}

/// x where the lane is in `mask`, else y. Both have the leading axis of lanes.
Array choose(const Array& mask, const Array& y, const Array& x) {
  return select_n(broadcast_in_dim(mask, x.shape(), {0}), y, x);
}
/// A tape that keeps nothing in lanes outside of `mask`, where what is recorded is not used.
Array recording(const Array& mask, const Array& tape) {
  return choose(mask, broadcast_in_dim(tape_discard(), tape.shape(), {}), tape);
}
/// x, but without a derivative in lanes outside of `mask`: what they give is not used, and zero times the infinite
/// derivative of a result that is not used would be NaN.
Array guarded(const Array& mask, const Array& x) {
  if (is_tape(x.dtype())) return recording(mask, x);
  return is_inexact(x.dtype()) ? choose(mask, stop_gradient(x), x) : x;
}

/// Which lanes are gathered into a bucket.
struct Gathering {
  Array positions;  // int64[size]; the number of lanes where there are no more
  Array present;    // bool[size]
  Array source;     // positions, repeating the first instead

  Gathering(const Array& live, std::int64_t size) : positions(true_positions(live, size)) {
    const auto lanes = make_scalar(DType::int64, static_cast<double>(live.shape()[0]));
    present = lt(positions, lanes);
    const auto first = broadcast_in_dim(reshape(slice(positions, {0}, {1}), {}), positions.shape(), {});
    source = select_n(present, first, positions);
  }
  Arrays taken(ArraySpan xs, const Mask& mapped) const {
    Arrays out(xs.begin(), xs.end());
    for (std::size_t i = 0; i < out.size(); ++i)
      if (mapped[i]) out[i] = take_rows(out[i], source);
    return out;
  }
  Arrays put_back(ArraySpan to, ArraySpan rows) const {
    Arrays out;
    for (std::size_t i = 0; i < to.size(); ++i) out.push_back(put_rows(to[i], positions, rows[i], 0, true));
    return out;
  }
};

/// A loop at one number of lanes after the other. Its values are the condition's constants, the body's, the carry.
class LaneWhile {
 public:
  explicit LaneWhile(const LaneLoop& loop)
      : loop_(loop), buckets_(buckets_for({loop.cond, loop.body}, loop.axis.size)), n_cond_(loop.cond_mapped.size()),
        n_body_(loop.body_mapped.size()), n_carry_(loop.body->out.size()),
        mapped_(joined({loop.cond_mapped, loop.body_mapped, Mask(n_carry_, 1)})), replaces_(must_replace()) {}

  Arrays run(const Arrays& values) const {
    const auto lanes = loop_.axis.size;
    return from(lanes, go_on(lanes, values), values);
  }

 private:
  BatchAxis axis(std::int64_t size) const { return {size, loop_.axis.name}; }
  Arrays cond_consts(const Arrays& v) const { return part(v, 0, n_cond_); }
  Arrays body_consts(const Arrays& v) const { return part(v, n_cond_, n_body_); }
  Arrays carry(const Arrays& v) const { return part(v, n_cond_ + n_body_, n_carry_); }

  /// Frozen lanes run on the values of a lane that goes on if their own might make the body run for ever, or give
  /// what lanes share an undefined derivative.
  bool must_replace() const {
    if (sees_other_lanes(*loop_.body)) return false;
    if (holds_loop(*loop_.body)) return true;
    const auto avals = loop_.body->in_avals();
    for (std::size_t i = 0; i < n_body_; ++i)
      if (!loop_.body_mapped[i] && is_inexact(avals[i].dtype)) return true;
    return false;
  }

  /// Which lanes go on, of `size`.
  Array go_on(std::int64_t size, const Arrays& v) const {
    const auto cond = batch_jaxpr(loop_.cond, axis(size), joined({loop_.cond_mapped, Mask(n_carry_, 1)}), {1});
    return eval_jaxpr(*without_consts(cond->closed, "while"), joined({cond_consts(v), carry(v)}))[0];
  }

  Arrays from(std::int64_t size, const Array& going, Arrays v) const {
    if (const auto live = known_count(going)) {
      if (*live == 0) return carry(v);
      if (const auto fits = buckets_.fitting(*live); fits < size) return gathered(fits, going, v);
    }
    const auto next = buckets_.below(size);
    const auto out = looped(size, next, going, v);
    std::copy(out.begin() + 1, out.end(), v.begin() + static_cast<std::ptrdiff_t>(n_cond_ + n_body_));
    if (next == 0) return carry(v);
    const auto live = known_count(out[0]);
    if (live && *live == 0) return carry(v);
    return gathered(live ? buckets_.fitting(*live) : next, out[0], v);
  }

  Arrays gathered(std::int64_t size, const Array& going, const Arrays& v) const {
    const Gathering bucket(going, size);
    return bucket.put_back(carry(v), from(size, bucket.present, bucket.taken(v, mapped_)));
  }

  /// Goes on at one size until at most `next` lanes live: going ++ carry.
  Arrays looped(std::int64_t size, std::int64_t next, const Array& going, const Arrays& v) const {
    const auto lane_body = without_consts(
        batch_jaxpr(loop_.body, axis(size), joined({loop_.body_mapped, Mask(n_carry_, 1)}), Mask(n_carry_, 1))->closed, "while");
    const auto consts = n_cond_ + n_body_;
    const auto cond = traced(
        [&](const Arrays& in) -> Arrays { return {next == 0 ? reduce_max(in[0], {0}) : gt(count_true(in[0]), int32(next))}; },
        joined({Avals{going.aval()}, avals_of(carry(v))}), "while");
    const auto body = traced(
        [&](const Arrays& in) {
          Arrays now = in;
          const auto live = now[consts];
          now.erase(now.begin() + static_cast<std::ptrdiff_t>(consts));
          const auto old = carry(now);
          auto next_carry = eval_jaxpr(*lane_body, inputs(live, now));
          for (std::size_t i = 0; i < n_carry_; ++i) {
            next_carry[i] = choose(live, old[i], next_carry[i]);
            now[consts + i] = next_carry[i];
          }
          next_carry.insert(next_carry.begin(), bitwise_and(live, go_on(size, now)));
          return next_carry;
        },
        joined({avals_of(part(v, 0, consts)), Avals{going.aval()}, avals_of(carry(v))}), "while");
    return bind_while({}, part(v, 0, consts), joined({{&going, 1}, carry(v)}), cond, body, loop_.max_residual_bytes);
  }

  /// What the body runs on: the body's constants and the carry.
  Arrays inputs(const Array& live, const Arrays& v) const {
    const auto first = replaces_ ? true_positions(live, 1) : Array();
    Arrays in;
    for (std::size_t i = n_cond_; i < v.size(); ++i) {
      const bool records = i >= n_cond_ + n_body_ && is_tape(v[i].dtype());
      in.push_back(!mapped_[i] ? v[i] : records ? recording(live, v[i]) : replaced(live, first, v[i]));
    }
    return in;
  }
  Array replaced(const Array& live, const Array& first, const Array& x) const {
    if (!replaces_) return is_tape(x.dtype()) ? x : guarded(live, x);
    auto row = take_rows(x, first);
    if (is_inexact(x.dtype())) row = stop_gradient(row);
    return choose(live, broadcast_in_dim(row, x.shape(), iota_dims(0, x.ndim())), x);
  }

  const LaneLoop& loop_;
  Buckets buckets_;
  std::size_t n_cond_, n_body_, n_carry_;
  Mask mapped_;
  bool replaces_;
};

/// One branch for the lanes that take it: results ++ operands -> results.
class LaneBranch {
 public:
  LaneBranch(JaxprPtr branch, const Mask& mapped, std::string_view axis_name)
      : branch_(std::move(branch)), mapped_(mapped), axis_name_(axis_name), n_out_(branch_->out.size()) {}

  Arrays all(std::int64_t size, ArraySpan operands) const {
    const auto run = batch_jaxpr(branch_, {size, axis_name_}, mapped_, Mask(n_out_, 1));
    return eval_jaxpr(*without_consts(run->closed, "cond"), operands);
  }
  Arrays in_bucket(std::int64_t size, const Array& takes, ArraySpan results, ArraySpan operands) const {
    const Gathering bucket(takes, size);
    auto in = bucket.taken(operands, mapped_);
    for (std::size_t i = 0; i < in.size(); ++i)
      if (mapped_[i]) in[i] = guarded(bucket.present, in[i]);
    return bucket.put_back(results, all(size, in));
  }
  /// All lanes run, on operands without a derivative where they do not take the branch.
  Arrays selected(std::int64_t lanes, const Array& takes, ArraySpan results, ArraySpan operands) const {
    Arrays in(operands.begin(), operands.end());
    Mask mapped = mapped_;
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (!mapped[i] && is_inexact(in[i].dtype())) {
        in[i] = ops::repeat_along_new_axis(in[i], lanes, 0);
        mapped[i] = 1;
      }
      if (mapped[i]) in[i] = guarded(takes, in[i]);
    }
    auto out = LaneBranch(branch_, mapped, axis_name_).all(lanes, in);
    for (std::size_t i = 0; i < out.size() && !results.empty(); ++i) out[i] = choose(takes, results[i], out[i]);
    return out;
  }

 private:
  JaxprPtr branch_;
  Mask mapped_;
  std::string_view axis_name_;
  std::size_t n_out_;
};

/// Results that a branch will write.
Arrays unwritten(const Jaxpr& branch, std::int64_t lanes) {
  Arrays out;
  for (const auto& a : branch.out_avals()) out.push_back(ops::zeros_like_aval(stacked(a, lanes)));
  return out;
}

/// Runs the branch in the smallest bucket that fits; which one that is, is known when the program runs.
Arrays in_fitting_bucket(const LaneBranch& branch, const Buckets& buckets, const Array& takes, const Arrays& results,
                         ArraySpan operands) {
  if (const auto live = known_count(takes))
    return *live == 0 ? results : branch.in_bucket(buckets.fitting(*live), takes, results, operands);
  const auto in = joined({{&takes, 1}, results, operands});
  const auto avals = avals_of(in);
  std::vector<std::int64_t> sizes;
  for (auto size = buckets.lanes; size > 0; size = buckets.below(size)) sizes.insert(sizes.begin(), size);
  std::vector<JaxprPtr> programs{traced([&](const Arrays& xs) { return part(xs, 1, results.size()); }, avals, "cond")};
  const auto live = count_true(takes);
  auto which = convert_element_type(gt(live, int32(0)), DType::int32);
  for (const auto size : sizes) {
    programs.push_back(traced(
        [&](const Arrays& xs) {
          return branch.in_bucket(size, xs[0], ArraySpan(xs).subspan(1, results.size()), ArraySpan(xs).subspan(1 + results.size()));
        },
        avals, "cond"));
    if (size < buckets.lanes) which = add(which, convert_element_type(gt(live, int32(size)), DType::int32));
  }
  return bind_bucket_cond(which, in, programs);
}

}  // namespace

std::int64_t Buckets::fitting(std::int64_t live) const {
  return std::min(lanes, std::max(smallest, static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(live)))));
}

std::int64_t Buckets::below(std::int64_t size) const {
  const auto next = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(size - 1)));
  return size > 1 && next >= smallest ? next : 0;
}

// An effect would happen once more for a lane that pads a bucket.
bool sees_other_lanes(const Jaxpr& jaxpr) { return AxisFinder::in(jaxpr) || has_effects(jaxpr); }

Buckets buckets_for(const std::vector<JaxprPtr>& programs, std::int64_t lanes) {
  double cost = 0;
  for (const auto& p : programs) {
    if (sees_other_lanes(*p)) return {lanes, lanes};
    cost += CostVisitor::lane_cost(*p);
  }
  Buckets b{lanes, 1};
  while (b.smallest < lanes && static_cast<double>(b.smallest) * cost < least_bucket_cost) b.smallest *= 2;
  return b;
}

Arrays while_in_lanes(const LaneLoop& loop, ArraySpan cond_consts, ArraySpan body_consts, ArraySpan carry) {
  return LaneWhile(loop).run(joined({cond_consts, body_consts, carry}));
}

namespace {

/// Whether a branch is as good run on all lanes, or must be.
bool selects(const JaxprPtr& branch, const Mask& mapped, std::int64_t lanes) {
  if (sees_other_lanes(*branch)) return true;
  if (holds_loop(*branch)) return false;
  // What such a function has captured must not get lanes, which selecting may give it.
  if (PrimitiveFinder("custom_vmap_call").in(*branch)) return false;
  double moved = 0;
  for (const auto& a : joined({chosen(branch->in_avals(), mapped), branch->out_avals()})) moved += static_cast<double>(element_count(a.shape));
  return buckets_for({branch}, lanes).only_all() || CostVisitor::lane_cost(*branch) < cost_of_moving * moved;
}

}  // namespace

// Branches that are as good selected come first: they leave something in all lanes, and the others write over it.
Arrays switch_in_lanes(const Array& index, ArraySpan operands, const Mask& mapped, const std::vector<JaxprPtr>& branches,
                       BatchAxis axis) {
  const auto lanes = axis.size;
  const auto takes = [&](std::size_t k) { return eq(index, int32(static_cast<std::int64_t>(k))); };
  Arrays out;
  std::vector<std::size_t> gathered;
  for (std::size_t k = 0; k < branches.size(); ++k) {
    if (selects(branches[k], mapped, lanes)) out = LaneBranch(branches[k], mapped, axis.name).selected(lanes, takes(k), out, operands);
    else gathered.push_back(k);
  }
  if (out.empty()) out = unwritten(*branches[0], lanes);
  for (const auto k : gathered)
    out = in_fitting_bucket(LaneBranch(branches[k], mapped, axis.name), buckets_for({branches[k]}, lanes), takes(k), out, operands);
  return out;
}

}  // namespace fluxion::lax
