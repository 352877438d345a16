#include "compiler/fourier_plan.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numbers>
#include <span>
#include <unordered_map>
#include <utility>

#include "base/buffer.hpp"
#include "compiler/parallel.hpp"

namespace fluxion::compiler {

namespace {

constexpr std::size_t largest_factor = 47;        // its square is still cheaper than a convolution
constexpr std::size_t longest_lane = 64;          // of lines that are not split
constexpr std::size_t parallel_elements = 1 << 15;

/// The radices of the passes, those with code of their own first.
std::vector<std::uint32_t> radices(std::size_t n) {
  std::vector<std::uint32_t> found;
  const auto divide = [&](std::uint32_t p) {
    for (; n % p == 0; n /= p) found.push_back(p);
  };
  std::size_t twos = 0;
  for (; n % 2 == 0; n /= 2) ++twos;
  for (; twos >= 5 || twos == 3; twos -= 3) found.push_back(8);
  for (; twos >= 2; twos -= 2) found.push_back(4);
  if (twos == 1) found.push_back(2);
  for (std::uint32_t p = 3; p <= largest_factor; p += 2) divide(p);
  return found;
}

std::size_t smooth_length(std::size_t n) {
  for (;; ++n) {
    auto rest = n;
    for (const std::size_t p : {2U, 3U, 5U})
      while (rest % p == 0) rest /= p;
    if (rest == 1) return n;
  }
}

template <class T> constexpr bool is_double = sizeof(T) == 8;

/// Plans by length, as long as somebody holds them.
template <class P>
std::shared_ptr<const P> shared_plan(std::size_t n) {
  static auto& mutex = *new std::mutex;  // never destroyed: arrays may be computed by destructors of statics
  static auto& plans = *new std::unordered_map<std::size_t, std::weak_ptr<const P>>;
  {
    const std::lock_guard lock(mutex);
    if (const auto found = plans.find(n); found != plans.end())
      if (auto plan = found->second.lock()) return plan;
  }
  auto plan = std::make_shared<const P>(n);
  const std::lock_guard lock(mutex);
  std::erase_if(plans, [](const auto& p) { return p.second.expired(); });
  auto& slot = plans[n];
  if (auto other = slot.lock()) return other;
  slot = plan;
  return plan;
}

}  // namespace

std::complex<double> root_of_unity(std::size_t a, std::size_t b) {
  // In units of an eighth of 2 pi / b; reflected into the first octant.
  std::size_t u = 8 * (a % b);
  const bool below = u > 4 * b;
  if (below) u = 8 * b - u;
  const bool left = u > 2 * b;
  if (left) u = 4 * b - u;
  const bool steep = u > b;
  if (steep) u = 2 * b - u;
  const double angle = std::numbers::pi / 4 * (static_cast<double>(u) / static_cast<double>(b));
  double re = std::cos(angle), im = std::sin(angle);
  if (steep) std::swap(re, im);
  return {left ? -re : re, below ? im : -im};
}

bool has_small_factors(std::size_t n) {
  for (std::size_t p = 2; p <= largest_factor; ++p)
    while (n % p == 0) n /= p;
  return n == 1;
}

template <class T>
LanePlan<T>::LanePlan(std::size_t n) : n_(n) {
  std::vector<std::size_t> starts;
  std::size_t left = n;
  const auto append = [&](std::complex<double> w) {
    twiddles_.push_back(static_cast<T>(w.real()));
    twiddles_.push_back(static_cast<T>(w.imag()));
  };
  for (const auto radix : radices(n)) {
    starts.push_back(twiddles_.size());
    const auto count = left / radix;
    for (std::size_t p = 0; p < count; ++p)
      for (std::size_t k = 1; k < radix; ++k) append(root_of_unity(p * k, left));
    for (std::size_t k = 0; k < radix; ++k) append(root_of_unity(k, radix));
    passes_.push_back({radix, count, nullptr});
    left = count;
  }
  for (std::size_t i = 0; i < passes_.size(); ++i) passes_[i].twiddles = twiddles_.data() + starts[i];
}

Scratch::Scratch(std::size_t bytes) : data_(static_cast<std::byte*>(allocate_raw(bytes))), bytes_(bytes) {}
Scratch::~Scratch() { free_raw(data_, bytes_); }

namespace {

/// Two panels of lanes.
template <class T>
struct Panels {
  explicit Panels(std::size_t rows)
      : bytes(rows * 2 * kernels::fft(is_double<T>).width * sizeof(T)), memory(2 * bytes) {}
  void* first() const { return memory.as<void>(); }
  void* transformed(const LanePlan<T>& plan) const {
    return kernels::fft(is_double<T>).transform(first(), memory.as<void>(bytes), plan.passes().data(), plan.passes().size());
  }
  std::size_t bytes;
  Scratch memory;
};

}  // namespace

// --- four steps ---------------------------------------------------------------------------------------------------------

template <class T>
class LinePlan<T>::Split {
 public:
  explicit Split(std::size_t n)
      : k_(kernels::fft(is_double<T>)), first_(near_root(n)), second_(n / first_.n()), row_(padded(second_.n())) {
    const auto n1 = first_.n();
    while (low_ * low_ < n1 && n1 > 32) low_ *= 2;
    if (n1 <= 32) low_ = n1;
    const auto high_rows = low_ == n1 ? 0 : (n1 + low_ - 1) / low_;
    low_factors_ = factors(low_, 1, n);
    high_factors_ = factors(high_rows, low_, n);
  }

  void run(const T* from, T* to, bool inverse, double scale, bool parallel) const {
    const auto n1 = first_.n(), n2 = second_.n(), w = k_.width;
    const auto line = (n1 + w - 1) / w * 2 * w;  // elements of a row of the exchanged matrix
    const Scratch work(n2 * line * sizeof(T));
    T* const exchanged = work.template as<T>();
    for_panels((n2 + w - 1) / w, parallel, [&](std::size_t begin, std::size_t end) {
      const Panels<T> panels(n1);
      for (auto p = begin; p < end; ++p) columns(panels, from, exchanged, line, p * w, inverse);
    });
    for_panels((n1 + w - 1) / w, parallel, [&](std::size_t begin, std::size_t end) {
      const Panels<T> panels(n2);
      for (auto p = begin; p < end; ++p) {
        const auto lanes = std::min(w, n1 - p * w);
        k_.load_vectors(panels.first(), exchanged + p * 2 * w, n2, static_cast<std::ptrdiff_t>(line / (2 * w)));
        k_.store({nullptr, to + 2 * p * w, n2, lanes, static_cast<std::ptrdiff_t>(n1), 1, inverse},
                 panels.transformed(second_), scale);
      }
    });
  }

 private:
  static std::size_t padded(std::size_t n) { return (n + 15) / 16 * 16; }
  /// The divisor of n nearest below its root, of those that lanes can have.
  static std::size_t near_root(std::size_t n) {
    auto d = static_cast<std::size_t>(std::sqrt(static_cast<double>(n)));
    while (n % d != 0) --d;
    return d;
  }
  /// w^(step * row * lane) as real rows, then imaginary ones.
  std::vector<T> factors(std::size_t rows, std::size_t step, std::size_t n) const {
    std::vector<T> f(2 * rows * row_, T(0));
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t lane = 0; lane < second_.n(); ++lane) {
        const auto root = root_of_unity(step * r * lane, n);
        f[r * row_ + lane] = static_cast<T>(root.real());
        f[(rows + r) * row_ + lane] = static_cast<T>(root.imag());
      }
    return f;
  }
  template <class F>
  static void for_panels(std::size_t count, bool parallel, const F& f) {
    if (parallel) parallel_ranges(count, grain_of(count, 1), f);
    else f(0, count);
  }
  void columns(const Panels<T>& panels, const T* from, T* exchanged, std::size_t line, std::size_t column,
               bool inverse) const {
    const auto n1 = first_.n(), n2 = second_.n(), lanes = std::min(k_.width, n2 - column);
    k_.load(panels.first(), {from + 2 * column, nullptr, n1, lanes, static_cast<std::ptrdiff_t>(n2), 1, inverse});
    const T* const low = low_factors_.data() + column;
    const T* const high = high_factors_.empty() ? nullptr : high_factors_.data() + column;
    const auto imaginary = [](const T* real, const std::vector<T>& all) {
      return real == nullptr ? nullptr : real + all.size() / 2;
    };
    k_.turn({panels.transformed(first_), high, imaginary(high, high_factors_), low, imaginary(low, low_factors_),
             exchanged + column * line, n1, lanes, low_, static_cast<std::ptrdiff_t>(row_),
             static_cast<std::ptrdiff_t>(line)});
  }

  const kernels::FftKernels& k_;
  LanePlan<T> first_, second_;
  std::size_t row_, low_ = 1;
  std::vector<T> low_factors_, high_factors_;
};

// --- a convolution ------------------------------------------------------------------------------------------------------

/// With 2 j k = j^2 + k^2 - (k - j)^2, in float64 whatever T. Source: Bluestein 1970.
template <class T>
class LinePlan<T>::Chirp {
 public:
  using Complex = std::complex<double>;

  explicit Chirp(std::size_t n) : n_(n), size_(smooth_length(2 * n - 1)), plan_(LinePlan<double>::of(size_)), chirp_(n), kernel_(size_) {
    for (std::size_t k = 0; k < n; ++k) {
      chirp_[k] = root_of_unity(k * k % (2 * n), 2 * n);
      kernel_[k == 0 ? 0 : size_ - k] = kernel_[k] = std::conj(chirp_[k]);
    }
    transform(kernel_.data(), false, 1 / static_cast<double>(size_));
  }
  void run(const T* from, T* to, bool inverse, double scale) const {
    const Scratch memory(size_ * sizeof(Complex));
    Complex* const a = memory.as<Complex>();
    for (std::size_t k = 0; k < n_; ++k) {
      const Complex x(from[2 * k], from[2 * k + 1]);
      a[k] = times(inverse ? Complex(x.imag(), x.real()) : x, chirp_[k]);
    }
    std::fill(a + n_, a + size_, Complex());
    transform(a, false, 1);
    for (std::size_t k = 0; k < size_; ++k) a[k] = times(a[k], kernel_[k]);
    transform(a, true, 1);
    for (std::size_t k = 0; k < n_; ++k) {
      const auto y = times(a[k], chirp_[k]) * scale;
      to[2 * k] = static_cast<T>(inverse ? y.imag() : y.real());
      to[2 * k + 1] = static_cast<T>(inverse ? y.real() : y.imag());
    }
  }

 private:
  // The library's operator looks for infinities.
  static Complex times(Complex a, Complex b) {
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
  }
  void transform(Complex* x, bool inverse, double scale) const {
    auto* const parts = reinterpret_cast<double*>(x);
    plan_->run(parts, parts, 1, inverse, scale);
  }
  std::size_t n_, size_;
  std::shared_ptr<const LinePlan<double>> plan_;
  std::vector<Complex> chirp_, kernel_;
};

// --- lines --------------------------------------------------------------------------------------------------------------

template <class T>
LinePlan<T>::LinePlan(std::size_t n) : n_(n) {
  if (!has_small_factors(n)) chirp_ = std::make_unique<Chirp>(n);
  else if (n > longest_lane) split_ = std::make_unique<Split>(n);
  else lanes_ = std::make_unique<LanePlan<T>>(n);
}
template <class T> LinePlan<T>::~LinePlan() = default;
template <class T> std::shared_ptr<const LinePlan<T>> LinePlan<T>::of(std::size_t n) { return shared_plan<LinePlan>(n); }

template <class T>
void LinePlan<T>::run_lanes(const T* from, T* to, std::size_t count, bool inverse, double scale) const {
  const auto& k = kernels::fft(is_double<T>);
  const Panels<T> panels(n_);
  for (std::size_t line = 0; line < count; line += k.width) {
    const auto at = 2 * line * n_, lanes = std::min(k.width, count - line);
    const auto step = static_cast<std::ptrdiff_t>(n_);
    k.load(panels.first(), {from + at, nullptr, n_, lanes, 1, step, inverse});
    k.store({nullptr, to + at, n_, lanes, 1, step, inverse}, panels.transformed(*lanes_), scale);
  }
}

template <class T>
void LinePlan<T>::run(const T* from, T* to, std::size_t count, bool inverse, double scale) const {
  const bool large = n_ * count >= parallel_elements;
  const auto some = [&](std::size_t begin, std::size_t end) {
    if (lanes_) return run_lanes(from + 2 * begin * n_, to + 2 * begin * n_, end - begin, inverse, scale);
    for (auto i = begin; i < end; ++i) {
      const auto at = 2 * i * n_;
      if (split_) split_->run(from + at, to + at, inverse, scale, large && count < 4);
      else chirp_->run(from + at, to + at, inverse, scale);
    }
  };
  if (large && count >= 4) parallel_ranges(count, grain_of(count, lanes_ ? 16 : 1), some);
  else some(0, count);
}

// --- columns ------------------------------------------------------------------------------------------------------------

template <class T>
ColumnPlan<T>::ColumnPlan(std::size_t n) : n_(n) {
  if (has_small_factors(n)) lanes_ = std::make_unique<LanePlan<T>>(n);
  else lines_ = LinePlan<T>::of(n);
}
template <class T> std::shared_ptr<const ColumnPlan<T>> ColumnPlan<T>::of(std::size_t n) { return shared_plan<ColumnPlan>(n); }

template <class T>
void ColumnPlan<T>::gathered(const T* from, T* to, std::size_t inner, bool inverse, double scale) const {
  const Scratch memory(2 * n_ * sizeof(T));
  T* const line = memory.as<T>();
  for (std::size_t c = 0; c < inner; ++c) {
    for (std::size_t i = 0; i < n_; ++i) std::copy_n(from + 2 * (i * inner + c), 2, line + 2 * i);
    lines_->run(line, line, 1, inverse, scale);
    for (std::size_t i = 0; i < n_; ++i) std::copy_n(line + 2 * i, 2, to + 2 * (i * inner + c));
  }
}

template <class T>
void ColumnPlan<T>::run(const T* from, T* to, std::size_t outer, std::size_t inner, bool inverse, double scale) const {
  const auto& k = kernels::fft(is_double<T>);
  const auto panels = (inner + k.width - 1) / k.width;
  const auto some = [&](std::size_t begin, std::size_t end) {
    const Panels<T> own(lanes_ ? n_ : 0);
    for (auto i = begin; i < end; ++i) {
      const auto block = 2 * (i / panels) * n_ * inner, column = i % panels * k.width;
      if (!lanes_) {
        if (column == 0) gathered(from + block, to + block, inner, inverse, scale);
        continue;
      }
      const auto lanes = std::min(k.width, inner - column);
      const auto row = static_cast<std::ptrdiff_t>(inner);
      k.load(own.first(), {from + block + 2 * column, nullptr, n_, lanes, row, 1, inverse});
      k.store({nullptr, to + block + 2 * column, n_, lanes, row, 1, inverse}, own.transformed(*lanes_), scale);
    }
  };
  if (outer * n_ * inner >= parallel_elements) parallel_ranges(outer * panels, grain_of(outer * panels, 1), some);
  else some(0, outer * panels);
}

// --- real signals -------------------------------------------------------------------------------------------------------

template <class T>
RealPlan<T>::RealPlan(std::size_t n) : n_(n), complex_(LinePlan<T>::of(n % 2 == 0 ? n / 2 : n)) {
  if (n % 2 != 0) return;
  for (std::size_t k = 0; k <= n / 4; ++k) {
    const auto w = root_of_unity(k, n);
    turns_.push_back(static_cast<T>(w.real()));
    turns_.push_back(static_cast<T>(w.imag()));
  }
}
template <class T> std::shared_ptr<const RealPlan<T>> RealPlan<T>::of(std::size_t n) { return shared_plan<RealPlan>(n); }

namespace {
/// Groups of lines that fill lanes.
template <class F>
void for_groups(std::size_t count, std::size_t n, const F& f) {
  constexpr std::size_t lines = 16;
  const auto groups = (count + lines - 1) / lines;
  const auto some = [&](std::size_t begin, std::size_t end) {
    for (auto g = begin; g < end; ++g) f(g * lines, std::min(lines, count - g * lines));
  };
  if (groups >= 4 && count * n >= parallel_elements) parallel_ranges(groups, grain_of(groups, 1), some);
  else some(0, groups);
}
}  // namespace

template <class T>
void RealPlan<T>::forward(const T* from, T* to, std::size_t count) const {
  const auto half = n_ / 2 + 1;
  for_groups(count, n_, [&](std::size_t first, std::size_t lines) {
    const T* const x = from + first * n_;
    T* const y = to + 2 * first * half;
    const Scratch memory(2 * n_ * lines * sizeof(T));
    T* const z = memory.as<T>();
    if (n_ % 2 == 0) {
      complex_->run(x, z, lines, false, 1);
      for (std::size_t i = 0; i < lines; ++i)
        kernels::fft(is_double<T>).untangle(y + 2 * i * half, z + i * n_, turns_.data(), n_ / 2);
      return;
    }
    for (std::size_t i = 0; i < lines * n_; ++i) {
      z[2 * i] = x[i];
      z[2 * i + 1] = T(0);
    }
    complex_->run(z, z, lines, false, 1);
    for (std::size_t i = 0; i < lines; ++i) std::copy_n(z + 2 * i * n_, 2 * half, y + 2 * i * half);
  });
}

template <class T>
void RealPlan<T>::inverse(const T* from, T* to, std::size_t count, double scale) const {
  const auto half = n_ / 2 + 1;
  for_groups(count, n_, [&](std::size_t first, std::size_t lines) {
    const T* const x = from + 2 * first * half;
    T* const y = to + first * n_;
    if (n_ % 2 == 0) {
      for (std::size_t i = 0; i < lines; ++i)
        kernels::fft(is_double<T>).tangle(y + i * n_, x + 2 * i * half, turns_.data(), n_ / 2);
      return complex_->run(y, y, lines, true, scale);
    }
    const Scratch memory(2 * n_ * lines * sizeof(T));
    T* const z = memory.as<T>();
    for (std::size_t i = 0; i < lines; ++i) {
      const T* const known = x + 2 * i * half;
      T* const all = z + 2 * i * n_;
      std::copy_n(known, 2 * half, all);
      all[1] = T(0);
      for (std::size_t k = 1; k < half; ++k) {
        all[2 * (n_ - k)] = known[2 * k];
        all[2 * (n_ - k) + 1] = -known[2 * k + 1];
      }
    }
    complex_->run(z, z, lines, true, scale);
    for (std::size_t i = 0; i < lines * n_; ++i) y[i] = z[2 * i];
  });
}

template class LanePlan<float>;
template class LanePlan<double>;
template class LinePlan<float>;
template class LinePlan<double>;
template class ColumnPlan<float>;
template class ColumnPlan<double>;
template class RealPlan<float>;
template class RealPlan<double>;

}  // namespace fluxion::compiler
