// Fourier transforms on the host: one line of any length, and lines along the axes of a row-major block.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

#include <fluxion/detail/dims.hpp>

namespace fluxion::lax {

using Complex = std::complex<double>;

/// y_k = sum_j x_j exp(-+2 pi i j k / n), not divided by n, in O(n log n) for any n >= 1. One call at a time.
class LineTransform {
 public:
  LineTransform(std::size_t n, bool inverse);
  LineTransform(LineTransform&&) noexcept;
  ~LineTransform();
  /// `from` and `to` do not overlap.
  void operator()(const Complex* from, Complex* to);

 private:
  class Impl;
  class Factors;
  class Chirp;
  std::unique_ptr<Impl> impl_;
};

/// In place along each of the last axes of row-major blocks of one shape, except for the last `skip` of them.
class BlockTransform {
 public:
  BlockTransform(Shape shape, std::size_t skip, bool inverse);
  void operator()(Complex* block);

 private:
  Shape shape_;
  std::vector<LineTransform> lines_;  // for the axes that are transformed, outermost first
  std::vector<Complex> from_, to_;
};

}  // namespace fluxion::lax
