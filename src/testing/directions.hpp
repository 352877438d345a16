// The directions along which derivatives are taken.
#pragma once

#include "testing/layout.hpp"
#include "testing/numbers.hpp"

namespace fluxion::testing {

/// Signed random directions at x: of all numbers, of one leaf, of a few numbers; each number's step is of the size of
/// the number, or of its leaf, by a power of two, so that narrow dtypes hold it exactly. Where there are at most
/// `n` numbers, each basis direction, too.
std::vector<Vec> directions(const Layout& layout, const Vec& x, std::size_t n, Numbers& numbers);

/// Random signed numbers of few digits, of size 1.
Vec coefficients(std::size_t n, Numbers& numbers);
/// `n` random ones and, where there are at most n numbers, the basis.
std::vector<Vec> covectors(std::size_t size, std::size_t n, Numbers& numbers);

}  // namespace fluxion::testing
