// For each primitive and dtype a small program in which the primitive's rules are at work.
#pragma once

#include <string>
#include <vector>

#include "support/flat.hpp"

namespace fluxion::test {

struct CoverageProgram {
  std::string primitive, name;  // name: the case it is from
  DType dtype;
  FlatFn f;
  Arrays args;
  /// Why there is none: the primitive says that it does not take the dtype.
  std::string refused{};
  int order = 2;  // up to which its derivatives are checked
};

/// The dtypes of the coverage table's columns.
const std::vector<DType>& coverage_dtypes();
/// Small programs by the names of their primitives, for what the case table has no record of.
std::vector<CoverageProgram> programs_without_case(DType t);
/// One per primitive and dtype, or all of the case table.
std::vector<CoverageProgram> coverage_programs(bool all);

}  // namespace fluxion::test
