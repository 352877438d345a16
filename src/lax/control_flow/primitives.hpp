// The control-flow primitives as functions of jaxprs.
#pragma once

#include <optional>

#include "core/jaxpr.hpp"

namespace fluxion::lax {

/// The results of branches[index], the int32 index clamped into range. All branches take `operands`.
Arrays bind_cond(const Array& index, ArraySpan operands, const std::vector<JaxprPtr>& branches);

/// The same for branches that do one thing for different numbers of lanes: the derivative computes what it needs of
/// the chosen branch anew instead of storing it.
Arrays bind_bucket_cond(const Array& index, ArraySpan operands, const std::vector<JaxprPtr>& branches);
/// The most bytes that reverse mode may keep of a loop's trips; none is no limit.
using Budget = std::optional<std::int64_t>;

/// cond: cond_consts ++ carry -> bool; body: body_consts ++ carry -> carry.
Arrays bind_while(ArraySpan cond_consts, ArraySpan body_consts, ArraySpan carry, const JaxprPtr& cond, const JaxprPtr& body,
                  const Budget& max_residual_bytes = {});
/// Its batching rule: operands are cond_consts ++ body_consts ++ carry.
BatchOut batch_while(const BatchArgs& args, std::size_t cond_consts, std::size_t body_consts, const JaxprPtr& cond,
                     const JaxprPtr& body, const Budget& max_residual_bytes);

/// body: consts ++ i ++ carry -> carry, for i = 0 ... n - 1, or n - 1 ... 0 in reverse; n and i are i64 scalars.
Arrays bind_repeat(const Array& n, ArraySpan consts, ArraySpan carry, const JaxprPtr& body, bool reverse,
                   const Budget& max_residual_bytes = {});

/// body: consts ++ carry ++ x -> carry ++ y. Returns carry ++ ys. `unroll` trips are compiled as one.
Arrays bind_scan(ArraySpan consts, ArraySpan carry, ArraySpan xs, const JaxprPtr& body, std::int64_t length, bool reverse,
                 std::int64_t unroll = 1);

/// How a scan goes.
struct Trips {
  std::int64_t length;
  bool reverse;
  std::int64_t unroll;
};
/// scan, while and repeat along curves.
JetOut jet_scan(const JetArgs& args, const JaxprPtr& body, std::size_t n_consts, std::size_t n_carry, const Trips& trips);
JetOut jet_while(const JetArgs& args, const JaxprPtr& cond, std::size_t n_cond, const JaxprPtr& body, std::size_t n_body);
JetOut jet_repeat(const JetArgs& args, const JaxprPtr& body, std::size_t n_consts, bool reverse, const Budget& max_residual_bytes);

}  // namespace fluxion::lax
