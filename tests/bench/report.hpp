// The table of all cases: what they cost beside the hand-written version, and what that reaches of the machine.
#pragma once

#include <regex>

namespace fluxion::bench {

struct ReportOptions {
  std::regex filter;
  int repetitions = 7;
  double seconds = 0.01;  // of each repetition, at least
};

/// Prints the table. Returns the number of cases whose outputs do not agree.
int report(const ReportOptions& options);
/// Checks the outputs of all cases. Returns the number of those that do not agree.
int check(const std::regex& filter);

}  // namespace fluxion::bench
