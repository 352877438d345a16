// How lines of one length are transformed. Short ones are lanes of a vector, each a transform of its own. A longer one
// is a matrix of n1 x n2 elements: its columns are transformed as lanes, multiplied by roots of unity and exchanged
// with its rows, whose transforms are lanes again (Bailey's four steps). What has a large prime factor becomes a
// convolution. Which it is depends on the length alone, so a line has the same bits wherever it lies.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "kernels/fft.hpp"

namespace fluxion::compiler {

/// exp(-2 pi i a / b), right to about a unit in the last place.
std::complex<double> root_of_unity(std::size_t a, std::size_t b);

/// Whether lanes of this length can be transformed: no prime factor is too large.
bool has_small_factors(std::size_t n);

/// The passes of lanes of length n.
template <class T>
class LanePlan {
 public:
  explicit LanePlan(std::size_t n);
  std::size_t n() const { return n_; }
  std::span<const kernels::FftPass> passes() const { return passes_; }

 private:
  std::size_t n_;
  std::vector<T> twiddles_;
  std::vector<kernels::FftPass> passes_;
};

/// Memory for the time of a call.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  template <class T> T* as(std::size_t byte = 0) const { return reinterpret_cast<T*>(data_ + byte); }

 private:
  std::byte* data_;
  std::size_t bytes_;
};

/// Complex lines of length n, contiguous one after the other; elements are pairs of T.
template <class T>
class LinePlan {
 public:
  explicit LinePlan(std::size_t n);
  ~LinePlan();
  /// Transforms `count` lines, times `scale`; `to` may be `from`. `inverse` has the other sign in the exponent.
  void run(const T* from, T* to, std::size_t count, bool inverse, double scale) const;
  /// The plan for a length; those in use are shared.
  static std::shared_ptr<const LinePlan> of(std::size_t n);

 private:
  class Split;
  class Chirp;
  void run_lanes(const T* from, T* to, std::size_t count, bool inverse, double scale) const;
  std::size_t n_;
  std::unique_ptr<LanePlan<T>> lanes_;
  std::unique_ptr<Split> split_;
  std::unique_ptr<Chirp> chirp_;
};

/// Along the middle axis of an outer x n x inner block, inner > 1.
template <class T>
class ColumnPlan {
 public:
  explicit ColumnPlan(std::size_t n);
  void run(const T* from, T* to, std::size_t outer, std::size_t inner, bool inverse, double scale) const;
  static std::shared_ptr<const ColumnPlan> of(std::size_t n);

 private:
  void gathered(const T* from, T* to, std::size_t inner, bool inverse, double scale) const;
  std::size_t n_;
  std::unique_ptr<LanePlan<T>> lanes_;
  std::shared_ptr<const LinePlan<T>> lines_;
};

/// Real lines of length n and the first n / 2 + 1 elements of their spectra.
template <class T>
class RealPlan {
 public:
  explicit RealPlan(std::size_t n);
  void forward(const T* from, T* to, std::size_t count) const;
  void inverse(const T* from, T* to, std::size_t count, double scale) const;
  static std::shared_ptr<const RealPlan> of(std::size_t n);

 private:
  std::size_t n_;
  std::shared_ptr<const LinePlan<T>> complex_;  // of n / 2 pairs; of n numbers if n is odd
  std::vector<T> turns_;
};

}  // namespace fluxion::compiler
