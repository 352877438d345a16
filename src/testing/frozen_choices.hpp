// The frozen primitives that choose among many elements: which ones they chose at the point, and with what
// shares.
#pragma once

#include "testing/frozen_pieces.hpp"

namespace fluxion::testing {

std::int64_t count(const Array& mask);
/// A strong float64.
Array number(double v);

Replay reduced_extremum(const AtPoint& at, Ties& ties);
Replay sorted_piece(const AtPoint& at, Ties& ties);
Replay top_piece(const AtPoint& at, Ties& ties);
Replay cumulative_extremum(const AtPoint& at, Ties& ties);
Replay window_extremum(const AtPoint& at, Ties& ties);
Replay scattered_extremum(const AtPoint& at, Ties& ties);
/// A gather whose fill value is of another dtype than the widened operand.
Replay gathered_places(const AtPoint& at);
Replay lu_piece(const AtPoint& at, Ties& ties);
/// Decompositions with singular derivatives where eigenvalues or singular values repeat: noted, and left as
/// they are.
Replay spectrum(const AtPoint& at, Ties& ties);

}  // namespace fluxion::testing
