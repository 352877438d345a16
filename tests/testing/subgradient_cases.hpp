// What each row of the sub-gradient table means as a call: a scalar function of vectors or scalars, and the
// point.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/flat.hpp"

namespace fluxion::test {

struct SubgradientCase {
  std::string function, where;  // as in the table
  std::function<Array(const Arrays&)> f;
  Arrays args;
};
const std::vector<SubgradientCase>& subgradient_cases();

}  // namespace fluxion::test
