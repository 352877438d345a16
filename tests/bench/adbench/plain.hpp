// The four objectives as one would write them in C++ first: scalar loops over one point, observation, step or vertex
// after the other, as in the benchmark suite's hand-differentiated programs.
#pragma once

#include "problems.hpp"

namespace adbench {

double gmm_plain(const GmmInput& in);
Numbers ba_plain(const BaInput& in);  // residuals [3 p]
double lstm_plain(const LstmInput& in);
Numbers hand_plain(const HandInput& in);  // residuals [n, 3]

}  // namespace adbench
