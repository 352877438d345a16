// How far two arrays are apart, as StableHLO's checks measure it.
#pragma once

#include <string>

#include <fluxion/array.hpp>

namespace fluxion::test::stablehlo {

/// Empty if `got` passes the check ("expect_eq", "expect_close", "expect_almost_eq"), else what is wrong.
std::string difference(const std::string& check, const Array& got, const Array& expected);

}  // namespace fluxion::test::stablehlo
