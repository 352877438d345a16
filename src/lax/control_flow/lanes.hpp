// Control flow whose condition differs between the lanes of a mapped axis, without dead lanes: those that still run are
// gathered into buckets of fewer lanes, whose sizes are powers of two. Compositions of primitives, so that every
// transformation of the result follows.
#pragma once

#include "lax/control_flow/control_flow.hpp"

namespace fluxion::lax {

/// How many lanes of a program to run at once.
struct Buckets {
  std::int64_t lanes;     // of the mapped axis
  std::int64_t smallest;  // below this, gathering costs more than the lanes that it drops; `lanes`: always

  /// No bucket but all lanes.
  bool only_all() const { return smallest >= lanes; }
  /// The smallest bucket for `live` >= 1 lanes.
  std::int64_t fitting(std::int64_t live) const;
  /// The next smaller bucket than `size`; 0 if there is none.
  std::int64_t below(std::int64_t size) const;
};

/// Which buckets are worth it for programs that each lane runs. No bucket, if one of them must see all lanes.
Buckets buckets_for(const std::vector<JaxprPtr>& programs, std::int64_t lanes);

/// Whether what one lane does may depend on all others: the program holds a collective. Which of them share a bucket
/// would be seen.
bool sees_other_lanes(const Jaxpr& jaxpr);

/// A while loop per lane: mapped operands have the axis in front, all of the carry has.
struct LaneLoop {
  JaxprPtr cond, body;
  Mask cond_mapped, body_mapped;  // of the constants
  BatchAxis axis;
};
Arrays while_in_lanes(const LaneLoop& loop, ArraySpan cond_consts, ArraySpan body_consts, ArraySpan carry);

/// branches[index[lane]] per lane; `index` is int32[lanes] and in range. All results are mapped.
Arrays switch_in_lanes(const Array& index, ArraySpan operands, const Mask& mapped, const std::vector<JaxprPtr>& branches,
                       BatchAxis axis);

}  // namespace fluxion::lax
