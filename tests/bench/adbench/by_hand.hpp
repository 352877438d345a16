// The four benchmarks written by hand: objectives, and derivatives differentiated on paper, in the form that is
// fastest known here. They allocate nothing once they are made.
#pragma once

#include <array>
#include <vector>

#include "bench/bench.hpp"
#include "problems.hpp"

namespace adbench {

using Memory = fluxion::bench::Memory<double>;

class GmmByHand {
 public:
  explicit GmmByHand(const GmmInput& in);
  double objective();
  double gradient();  // the value; the gradient is in `derivative`
  Memory derivative;  // alphas, means, icf

 private:
  double prior(bool gradient);
  void forward(std::size_t k, bool keep);
  double normalised(bool gradient);
  void backward(std::size_t k);
  const GmmInput in_;
  std::size_t d_, k_, n_, padded_;          // points, rounded up to whole vectors
  Memory factor_, centred_, y_, z_, x_, sums_;
};

class BaByHand {
 public:
  explicit BaByHand(const BaInput& in);
  void objective();
  void jacobian();
  Memory residuals, derivative;  // [3 p]; [31 p]

 private:
  const BaInput in_;
};

class LstmByHand {
 public:
  explicit LstmByHand(const LstmInput& in);
  double objective();
  double gradient();
  Memory derivative;  // main, extra

 private:
  double run(bool keep);
  const LstmInput in_;
  std::size_t l_, b_, steps_;
  Memory main_, extra_, state_, now_, sequence_, kept_, predicted_;  // vectors padded to `width`
};

class HandByHand {
 public:
  explicit HandByHand(const HandInput& in);
  void objective();
  void jacobian();
  Memory residuals, derivative;  // [n, 3]; [n, 3, 26 or 28]

 private:
  using Affine = std::array<double, 12>;  // three rows of four
  void pose(bool turned);
  void skin(const std::vector<Affine>& transforms, const Memory& weights, const Memory& positions, std::size_t first,
            Memory& to) const;
  void write(const Memory& corners, double* to, std::size_t stride, double sign) const;
  Affine relative(std::size_t bone, int turned) const;
  std::vector<Affine> moved_by(std::size_t angle) const;
  const HandInput in_;
  std::size_t bones_, n_, corners_, columns_;  // corners: vertices per correspondence
  Affine rotation_{};                          // and translation
  std::vector<Affine> absolute_, transforms_;
  Memory weights_, positions_, posed_;         // of all vertices, padded to whole vectors
  Memory own_weights_, own_positions_, own_;   // of the corners alone
};

}  // namespace adbench
