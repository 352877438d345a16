// What custom_jvp and custom_vjp share: results of a user's rules are held against what they must be, and rules that
// captured arrays are closed over before they are kept in a program.
#pragma once

#include <fluxion/detail/custom_call.hpp>

#include "core/jaxpr.hpp"
#include "transforms/masks.hpp"

namespace fluxion::custom {

using detail::CustomFunction;
using detail::Flattened;

/// Structure and avals of what the function returns.
struct Signature {
  TreeDef structure;
  Avals avals;
};
Avals avals_of(ArraySpan xs);
Arrays slice(ArraySpan xs, std::size_t first, std::size_t n);
Arrays joined(std::initializer_list<ArraySpan> lists);

/// `what` (of op) must be like the function's result. Throws ValueError or TypeError naming the leaf.
void check_like_result(const char* op, const std::string& what, const Signature& want, const Flattened& got);
/// The tangents or cotangents of values with these avals: the structure checked, integers' made symbolic zeros.
Arrays checked_tangents(const char* op, const std::string& what, const TreeDef& structure, AvalSpan of, const Flattened& got,
                        const std::string& root);
/// With zeros in place of symbolic zeros; of dtype float0 where the aval is not floating.
Arrays instantiated(ArraySpan tangents, AvalSpan primals);
/// Throws TypeError if a captured value has a tangent.
void check_no_captured_tangent(const char* op, ArraySpan consts, ArraySpan tangents);
/// Number of floating avals, and which they are.
Mask floating(AvalSpan avals);

/// While the rules of a function are traced ahead of their use, calls of the same function in them are not: a rule
/// may use the function that it belongs to.
class TracingAhead {
 public:
  explicit TracingAhead(const void* type);
  ~TracingAhead();
  TracingAhead(const TracingAhead&) = delete;
  static bool of(const void* type);
};

/// The axis of a vmap, kept by a rule that is mapped over it.
struct MappedAxis {
  std::int64_t size;
  std::string name;
  explicit MappedAxis(BatchAxis axis) : size(axis.size), name(axis.name) {}
};
/// Maps f over axis 0 of the `mapped` inputs; every result is mapped.
Arrays mapped_all(const detail::FlatFn& f, ArraySpan in, const Mask& mapped, const MappedAxis& axis);
/// The jaxpr of all operands of a call (captured values, of which the function's come first, then arguments).
JaxprPtr with_unused_consts(const ClosedJaxpr& f, AvalSpan all_consts);

}  // namespace fluxion::custom
