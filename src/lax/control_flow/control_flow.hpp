// What cond, while and scan share: functions traced into jaxprs without captured values, and argument lists in
// groups.
#pragma once

#include <fluxion/detail/flat_control.hpp>
#include "core/jaxpr.hpp"
#include "transforms/jaxpr_transforms.hpp"

namespace fluxion::lax {

/// A jaxpr made from a closed one: constant arrays become operations on literals. InternalError if a traced value was
/// captured, ValueError for more than 4096 elements.
JaxprPtr without_consts(const ClosedJaxpr& closed, const char* op);

/// Traces on avals, with the function seeing arrays; nothing may be captured.
JaxprPtr traced(const detail::FlatFn& f, AvalSpan in, const char* op);

/// Throws ValueError if a program has ordered effects, of which lanes that go different ways would know no order.
void check_lanes_have_no_order(const char* op, std::span<const JaxprPtr> held);
/// " at .w", for messages; nothing for a leaf that is the whole tree.
std::string at_leaf(const detail::LeafPath& path, std::size_t i);
/// The extent of the leading axes of xs, which is `length` if that is given. Throws ValueError.
std::int64_t scan_length(const char* op, const Arrays& xs, std::optional<std::int64_t> length, const detail::LeafPath& path);

/// xs[first, first + n).
Arrays part(ArraySpan xs, std::size_t first, std::size_t n);
Mask part(const Mask& m, std::size_t first, std::size_t n);
Avals part(const Avals& avals, std::size_t first, std::size_t n);
/// One list after another.
Arrays joined(std::initializer_list<ArraySpan> lists);
Mask joined(std::initializer_list<Mask> lists);
Avals joined(std::initializer_list<Avals> lists);
/// Avals of the elements that the mask has.
Avals chosen(const Avals& avals, const Mask& mask);
Avals avals_of(ArraySpan xs);
/// With a leading axis of extent n.
Aval stacked(const Aval& a, std::int64_t n);

}  // namespace fluxion::lax
