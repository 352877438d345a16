// Tapes: what loops whose number of trips is not known beforehand record for their derivatives. A tape is a finite
// sum of records under int64 indices: nothing recorded is zeros, recorded twice is added. It lives in a dtype of its
// own, so that shapes of tapes are shapes of handles: a vmapped loop has a tape per lane, a scan of loops a stack.
#pragma once

#include "core/primitive.hpp"

namespace fluxion::lax {

/// tape[S], i64[S], values [S, ...]: the tape with a record more for each element.
Array tape_push(const Array& tape, const Array& index, ArraySpan values);
/// The values under `index`: of record type `avals`, with the tape's axes in front.
Arrays tape_read(const Array& tape, const Array& index, const Avals& avals);
/// All records of both.
Array tape_add(const Array& a, const Array& b);
/// All records along the axes.
Array tape_sum(const Array& tapes, const Dims& axes);
/// Takes records and keeps none: for lanes whose results are not used, so that they neither copy nor fill anything.
Array tape_discard();
/// No records.
Array tape_empty(const Shape& shape = {});

}  // namespace fluxion::lax
