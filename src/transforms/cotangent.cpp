#include "transforms/cotangent.hpp"

#include "core/node.hpp"
#include "core/ops.hpp"

namespace fluxion {

namespace {

bool same_pred(const Cotangent& a, const Cotangent& b) { return a.pred.node_or_null() == b.pred.node_or_null(); }

// True where the cotangent may differ from zero.
Array support(const Cotangent& c) { return c.when ? c.pred : ops::negation(c.pred); }

}  // namespace

bool Cotangent::limited_like(const Cotangent& other) const { return same_pred(*this, other) && when == other.when; }

Array settled(const Cotangent& c) {
  return c.is_zero() || !c.limited() || c.applied ? c.value : ops::keep_where(c.pred, c.when, c.value);
}

Cotangent limited_to(const Cotangent& c, const Array& pred, bool when) {
  if (!c.limited()) return {c.value, pred, when, false};
  const Cotangent further{c.value, pred, when, false};
  if (c.limited_like(further)) return {c.value, pred, when, c.applied};
  return {c.value, ops::both(support(c), support(further)), true, false};
}

Cotangent sum(const Cotangent& a, const Cotangent& b, bool track) {
  if (a.is_zero()) return b;
  if (b.is_zero()) return a;
  if (a.limited_like(b)) return {ops::add_tangents(a.value, b.value), a.pred, a.when, a.applied && b.applied};
  Cotangent out{ops::add_tangents(settled(a), settled(b))};
  const bool everywhere = !a.limited() || !b.limited() || same_pred(a, b);
  if (track && !everywhere) out.pred = ops::either(support(a), support(b));
  return out;
}

}  // namespace fluxion
