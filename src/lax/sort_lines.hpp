// Sorting on the host: rows of n contiguous elements.
#pragma once

#include <span>

#include <fluxion/extend/host.hpp>

namespace fluxion::lax {

/// Sorts all rows of the operands, of one shape whose last extent is n, by the first `num_keys` of them, stably.
void sort_rows(std::span<const HostOperand> in, std::span<const HostResult> out, std::size_t num_keys);
/// Of each row of in the k greatest, descending, into out[0], and their int32 positions into out[1].
void top_rows(const HostOperand& in, std::span<const HostResult> out, std::size_t k);
/// The positions (int32 or int64) of queries in sorted rows; behind equal elements if `right`.
void search_rows(const HostOperand& sorted, const HostOperand& queries, const HostResult& out, bool right);

}  // namespace fluxion::lax
