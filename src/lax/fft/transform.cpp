#include "lax/fft/transform.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <kissfft/kissfft.hh>

namespace fluxion::lax {

class LineTransform::Impl {
 public:
  virtual ~Impl() = default;
  virtual void run(const Complex* from, Complex* to) = 0;
};

/// Lengths with small prime factors only: a prime factor p costs O(n p).
class LineTransform::Factors final : public Impl {
 public:
  Factors(std::size_t n, bool inverse) : plan_(n, inverse) {}
  void run(const Complex* from, Complex* to) override { plan_.transform(from, to); }

 private:
  kissfft<double> plan_;
};

namespace {

std::size_t largest_prime_factor(std::size_t n) {
  std::size_t largest = 1;
  for (std::size_t p = 2; p * p <= n; ++p)
    for (; n % p == 0; n /= p) largest = p;
  return std::max(largest, n);
}

// The smallest 2^a 3^b 5^c that is not below n.
std::size_t smooth_length(std::size_t n) {
  for (;; ++n) {
    auto rest = n;
    for (const std::size_t p : {2U, 3U, 5U})
      while (rest % p == 0) rest /= p;
    if (rest == 1) return n;
  }
}

}  // namespace

/// Any length as a convolution, with 2 j k = j^2 + k^2 - (k - j)^2. Source: Bluestein 1970.
class LineTransform::Chirp final : public Impl {
 public:
  Chirp(std::size_t n, bool inverse)
      : n_(n), size_(smooth_length(2 * n - 1)), chirp_(n), kernel_(size_), a_(size_), b_(size_), forward_(size_, false),
        backward_(size_, true) {
    for (std::size_t k = 0; k < n; ++k) {
      const auto turns = static_cast<double>(k * k % (2 * n)) / static_cast<double>(n);
      chirp_[k] = std::polar(1.0, (inverse ? 1 : -1) * std::numbers::pi * turns);
    }
    for (std::size_t k = 0; k < n; ++k) a_[k] = a_[k == 0 ? 0 : size_ - k] = std::conj(chirp_[k]);
    forward_.transform(a_.data(), kernel_.data());
    for (auto& x : kernel_) x /= static_cast<double>(size_);
  }
  void run(const Complex* from, Complex* to) override {
    for (std::size_t k = 0; k < n_; ++k) a_[k] = from[k] * chirp_[k];
    std::fill(a_.begin() + static_cast<std::ptrdiff_t>(n_), a_.end(), Complex());
    forward_.transform(a_.data(), b_.data());
    for (std::size_t k = 0; k < size_; ++k) b_[k] *= kernel_[k];
    backward_.transform(b_.data(), a_.data());
    for (std::size_t k = 0; k < n_; ++k) to[k] = a_[k] * chirp_[k];
  }

 private:
  std::size_t n_, size_;
  std::vector<Complex> chirp_, kernel_, a_, b_;
  kissfft<double> forward_, backward_;
};

LineTransform::LineTransform(std::size_t n, bool inverse) {
  constexpr std::size_t largest_worth_its_square = 50;
  if (largest_prime_factor(n) > largest_worth_its_square) impl_ = std::make_unique<Chirp>(n, inverse);
  else impl_ = std::make_unique<Factors>(n, inverse);
}
LineTransform::LineTransform(LineTransform&&) noexcept = default;
LineTransform::~LineTransform() = default;
void LineTransform::operator()(const Complex* from, Complex* to) { impl_->run(from, to); }

BlockTransform::BlockTransform(Shape shape, std::size_t skip, bool inverse) : shape_(std::move(shape)) {
  std::size_t longest = 0;
  for (std::size_t i = 0; i + skip < shape_.size(); ++i) {
    const auto n = static_cast<std::size_t>(shape_[i]);
    lines_.emplace_back(n, inverse);
    longest = std::max(longest, n);
  }
  from_.resize(longest);
  to_.resize(longest);
}

void BlockTransform::operator()(Complex* block) {
  const auto total = static_cast<std::size_t>(element_count(shape_));
  for (std::size_t axis = 0, outer = total; axis < lines_.size(); ++axis) {
    const auto n = static_cast<std::size_t>(shape_[axis]);
    const auto stride = outer / n;  // elements behind this axis
    for (std::size_t start = 0; start < total; start += outer)
      for (std::size_t lane = 0; lane < stride; ++lane) {
        auto* line = block + start + lane;
        for (std::size_t i = 0; i < n; ++i) from_[i] = line[i * stride];
        lines_[axis](from_.data(), to_.data());
        for (std::size_t i = 0; i < n; ++i) line[i * stride] = to_[i];
      }
    outer = stride;
  }
}

}  // namespace fluxion::lax
