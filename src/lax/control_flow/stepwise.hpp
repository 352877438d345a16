// Control flow under disable_jit: loops and branches of C++ over the functions themselves, so that a debugger and
// print statements in bodies see the values of every trip. Types have been checked, by tracing, before.
#pragma once

#include <optional>
#include <span>

#include <fluxion/detail/flat.hpp>

namespace fluxion::lax {

/// Whether disable_jit holds and the value of `decisive` (which branch, how many trips) can be seen.
bool runs_stepwise(const Array& decisive);
bool runs_stepwise();

Arrays cond_stepwise(const Array& index, std::span<const detail::FlatFn> branches, const Arrays& operands,
                     std::span<const Aval> results);
/// Nothing if the condition cannot be seen before the first trip.
std::optional<Arrays> while_stepwise(const detail::FlatFn& cond, const detail::FlatFn& body, const Arrays& init);
/// body: i ++ carry -> carry, for i from `first` to before `last`.
Arrays fori_stepwise(const detail::FlatFn& body, const Array& first, const Array& last, Arrays carry);
/// body: carry ++ x -> carry ++ y, at least one trip.
Arrays scan_stepwise(const detail::FlatFn& body, Arrays carry, const Arrays& xs, std::int64_t length, bool reverse);

}  // namespace fluxion::lax
