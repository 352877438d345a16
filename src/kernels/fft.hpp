// Fourier transforms of lines that lie side by side: each lane of a vector is a line of its own. What one instruction
// set offers; how a transform is made of it is in compiler/fourier.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fluxion::kernels {

/// One pass over a line: butterflies of `radix` points. Its twiddles are complex numbers [count][radix - 1],
/// exp(-2 pi i p k / (count radix)), and where the radix has no code of its own behind them its `radix` roots of unity.
struct FftPass {
  std::uint32_t radix;
  std::size_t count;
  const void* twiddles;
};

/// Complex elements of `rows` x `lanes`, distances in elements. `swapped` exchanges real and imaginary parts, which
/// turns a transform into its inverse.
struct FftBlock {
  const void* from;
  void* to;
  std::size_t rows, lanes;
  std::ptrdiff_t row, lane;
  bool swapped;
};

/// A panel whose rows are multiplied by factors [row][lane] = high[row / low_rows] * low[row % low_rows] (no `high`: by
/// low[row] alone), both as real parts, then imaginary parts, `factor_row` elements a row; then stored with rows and
/// lanes exchanged: lane l of the panel is a line of vectors from to + l * `line` elements, of `rows` padded lanes.
struct FftTurn {
  const void *panel, *high_real, *high_imag, *low_real, *low_imag;
  void* to;
  std::size_t rows, lanes, low_rows;
  std::ptrdiff_t factor_row, line;
};

/// Kernels of one precision. A panel is rows of one vector of real and one of imaginary parts.
struct FftKernels {
  std::size_t width;  // lanes of a vector
  /// A panel of up to `width` lanes from interleaved elements; the lanes beyond are zeros.
  void (*load)(void* panel, const FftBlock&);
  /// And back, times `scale`.
  void (*store)(const FftBlock&, const void* panel, double scale);
  /// All passes over a panel; `spare` is as large. Returns which of both holds the result.
  void* (*transform)(void* panel, void* spare, const FftPass* passes, std::size_t count);
  void (*turn)(const FftTurn&);
  /// Rows of one vector pair each, `row` vector pairs apart.
  void (*load_vectors)(void* panel, const void* from, std::size_t rows, std::ptrdiff_t row);
  /// The spectrum of n = 2 m real numbers (its first m + 1 elements) from the transform of the m pairs, and back (not
  /// divided); `turns` are exp(-2 pi i k / n) for k <= m / 2.
  void (*untangle)(void* spectrum, const void* pairs, const void* turns, std::size_t m);
  void (*tangle)(void* pairs, const void* spectrum, const void* turns, std::size_t m);
};

/// `is_double` chooses the precision.
const FftKernels& fft(bool is_double);

}  // namespace fluxion::kernels
