// The control-flow primitives as functions of jaxprs.
#pragma once

#include "core/jaxpr.hpp"

namespace fluxion::lax {

/// The results of branches[index], the int32 index clamped into range. All branches take `operands`.
Arrays bind_cond(const Array& index, ArraySpan operands, const std::vector<JaxprPtr>& branches);

/// cond: cond_consts ++ carry -> bool; body: body_consts ++ carry -> carry.
Arrays bind_while(ArraySpan cond_consts, ArraySpan body_consts, ArraySpan carry, const JaxprPtr& cond, const JaxprPtr& body);

/// body: consts ++ carry ++ x -> carry ++ y. Returns carry ++ ys.
Arrays bind_scan(ArraySpan consts, ArraySpan carry, ArraySpan xs, const JaxprPtr& body, std::int64_t length, bool reverse);

/// scan and while along curves.
JetOut jet_scan(const JetArgs& args, const JaxprPtr& body, std::int64_t length, std::size_t n_carry, std::size_t n_consts, bool reverse);
JetOut jet_while(const JetArgs& args, const JaxprPtr& cond, std::size_t n_cond, const JaxprPtr& body, std::size_t n_body);

}  // namespace fluxion::lax
