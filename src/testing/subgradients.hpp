// What Fluxion's derivatives are where a function has none, or an infinite one: the table of
// docs/subgradients.md.
#pragma once

#include <string_view>
#include <vector>

namespace fluxion::testing {

/// One row: a function, the point, and the derivative that every transformation gives there.
struct Subgradient {
  std::string_view function;     ///< "maximum, minimum"
  std::string_view where;        ///< "x = y"
  std::string_view derivative;   ///< In words: "1/2 in x, 1/2 in y".
  std::vector<double> gradient;  ///< Of the row's example, argument by argument; NaN: not finite.
  std::string_view jax = "the same";
};

/// All rows, in the document's order.
const std::vector<Subgradient>& subgradients();

}  // namespace fluxion::testing
