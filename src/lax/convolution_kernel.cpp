// Convolution by products of matrices: what the window covers is written out as a matrix, which the weights multiply.
#include "lax/convolution_kernel.hpp"

#include <cblas.h>

#include <algorithm>
#include <climits>
#include <complex>
#include <cstring>
#include <memory>
#include <type_traits>

#include "base/visit_dtype.hpp"

namespace fluxion::lax {
namespace {

using Index = std::int64_t;

/// Elements base + i*step of one channel, for i over a box: a line of the matrix.
struct Window {
  Dims base, box, step;
};

/// Where `i*step + base` falls on an element of an axis with `extent` elements `dilation` apart; -1 where it does not.
Index element(Index at, Index extent, Index dilation) {
  if (at < 0 || at % dilation != 0) return -1;
  return at / dilation < extent ? at / dilation : -1;
}

template <class T>
void write_line(const T* x, Index extent, Index dilation, Index base, Index step, Index n, T* out) {
  if (dilation != 1 && step == 1) {  // every so manieth is an element
    std::fill(out, out + n, T(0));
    for (Index i = ((-base) % dilation + dilation) % dilation; i < n; i += dilation) {
      const auto at = (base + i) / dilation;
      if (at >= 0 && at < extent) out[i] = x[at];
    }
    return;
  }
  if (dilation != 1) {
    for (Index i = 0; i < n; ++i) {
      const auto at = element(base + i * step, extent, dilation);
      out[i] = at < 0 ? T(0) : x[at];
    }
    return;
  }
  const auto first = base >= 0 ? 0 : std::min(n, (-base + step - 1) / step);
  const auto end = extent <= base ? first : std::max(first, std::min(n, (extent - base + step - 1) / step));
  std::fill(out, out + first, T(0));
  if (step == 1)
    std::copy(x + base + first, x + base + end, out + first);
  else
    for (Index i = first; i < end; ++i) out[i] = x[base + i * step];
  std::fill(out + end, out + n, T(0));
}

template <class T>
void write_window(const T* x, const ConvGeometry& g, const Window& w, std::size_t axis, T* out) {
  const auto rank = g.extents.size();
  if (rank == 0) {
    *out = *x;
  } else if (axis + 1 == rank) {
    write_line(x, g.extents[axis], g.lhs_dilation[axis], w.base[axis], w.step[axis], w.box[axis], out);
  } else {
    Index inner = 1, size = 1;
    for (auto d = axis + 1; d < rank; ++d) {
      inner *= g.extents[d];
      size *= w.box[d];
    }
    for (Index i = 0; i < w.box[axis]; ++i, out += size) {
      const auto at = element(w.base[axis] + i * w.step[axis], g.extents[axis], g.lhs_dilation[axis]);
      if (at < 0)
        std::fill(out, out + size, T(0));
      else
        write_window(x + at * inner, g, w, axis + 1, out);
    }
  }
}

bool next(Dims& at, const Dims& box) {
  for (auto d = at.size(); d-- > 0;) {
    if (++at[d] < box[d]) return true;
    at[d] = 0;
  }
  return false;
}

/// base + i*step.
Dims stepped(const Dims& base, const Dims& i, const Dims& step) {
  Dims out = base;
  for (std::size_t d = 0; d < out.size(); ++d) out[d] += i[d] * step[d];
  return out;
}

/// What multiplies the weights (out x k): k x places, or places x k, whichever has the longer lines.
enum class Orientation { places_inside, window_inside };

/// Rows of contiguous elements.
template <class T>
struct Rows {
  T* data;
  Index stride;
};
struct ProductSize {
  Index m, n, k;
};

// c (m x n) = a (m x k) times b (k x n, or n x k if transposed), or that added.
void gemm(Rows<const float> a, Rows<const float> b, bool transposed, Rows<float> c, ProductSize s, bool add) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, blasint(s.m), blasint(s.n),
              blasint(s.k), 1, a.data, blasint(a.stride), b.data, blasint(b.stride), add ? 1 : 0, c.data,
              blasint(c.stride));
}
void gemm(Rows<const double> a, Rows<const double> b, bool transposed, Rows<double> c, ProductSize s, bool add) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, blasint(s.m), blasint(s.n),
              blasint(s.k), 1, a.data, blasint(a.stride), b.data, blasint(b.stride), add ? 1 : 0, c.data,
              blasint(c.stride));
}

template <class T>
class Convolution {
 public:
  explicit Convolution(const ConvGeometry& g)
      : g_(g),
        window_(element_count(g.window)),
        n_places_(element_count(g.places)),
        k_(g.in * window_),
        channel_(element_count(g.extents)),
        base_(g.low) {
    for (auto& b : base_) b = -b;
    const bool inside = g.places.empty() || g.places.back() >= g.window.back();
    orientation_ = inside ? Orientation::places_inside : Orientation::window_inside;
    is_lhs_ = window_ == 1 && g.extents == g.places && plain(g.strides) && plain(g.lhs_dilation) &&
              std::all_of(g.low.begin(), g.low.end(), [](Index n) { return n == 0; });
    small_ = double(g.out) * double(n_places_) * double(k_) <= kSmallWork || g.out > INT_MAX || n_places_ > INT_MAX ||
             k_ > INT_MAX;
  }

  void operator()(const T* x, const T* w, T* y) {
    if (g_.batch * g_.groups * g_.out * n_places_ == 0) return;
    if (k_ == 0) return std::fill(y, y + g_.batch * g_.groups * g_.out * n_places_, T(0));
    if constexpr (std::is_floating_point_v<T>) {
      if (!small_ && !is_lhs_ && orientation_ == Orientation::window_inside) return by_channels(x, w, y);
    }
    for (Index n = 0; n < g_.batch; ++n)
      for (Index group = 0; group < g_.groups; ++group)
        image(x + (n * g_.groups + group) * g_.in * channel_, w + group * g_.out * k_,
              y + (n * g_.groups + group) * g_.out * n_places_);
  }

 private:
  // As for dot_general: below this BLAS costs more than it saves. What is summed here is summed in order.
  static constexpr double kSmallWork = 32.0 * 32 * 32;
  // The matrix is made in pieces of about this many elements, which caches hold.
  static constexpr Index kPiece = Index{1} << 17;

  static bool plain(const Dims& d) {
    return std::all_of(d.begin(), d.end(), [](Index n) { return n == 1; });
  }

  void image(const T* x, const T* w, T* y) {
    if (is_lhs_) return product(w, x, y, n_places_);
    const auto rows = g_.places.empty() ? 1 : g_.places[0], row = n_places_ / rows;
    const auto at_once = std::clamp<Index>(kPiece / (k_ * row), 1, rows);
    if (matrix_ == nullptr) matrix_.reset(new T[static_cast<std::size_t>(k_ * row * at_once)]);
    for (Index first = 0; first < rows; first += at_once) {
      Dims base = base_, places = g_.places;
      if (!places.empty()) {
        places[0] = std::min(at_once, rows - first);
        base[0] += first * g_.strides[0];
      }
      fill(x, base, places);
      product(w, matrix_.get(), y + first * row, element_count(places));
    }
  }

  void fill(const T* x, const Dims& base, const Dims& places) {
    Dims at(places.size(), 0);
    T* to = matrix_.get();
    if (orientation_ == Orientation::places_inside) {
      const auto line = element_count(places);
      for (Index c = 0; c < g_.in; ++c) do {
          write_window(x + c * channel_, g_, {stepped(base, at, g_.rhs_dilation), places, g_.strides}, 0, to);
          to += line;
        } while (next(at, g_.window));
    } else {
      do {
        const Window w{stepped(base, at, g_.strides), g_.window, g_.rhs_dilation};
        for (Index c = 0; c < g_.in; ++c, to += window_) write_window(x + c * channel_, g_, w, 0, to);
      } while (next(at, places));
    }
  }

  // A wide window with few places, as gradients of weights have it: channel by channel, the places of many images are
  // one matrix, for one image's would be too narrow.
  void by_channels(const T* x, const T* w, T* y) {
    const auto at_once = std::clamp<Index>(4 * kPiece / (n_places_ * window_), 1, g_.batch);
    const auto columns = at_once * n_places_;
    matrix_.reset(new T[static_cast<std::size_t>(columns * window_)]);
    const std::unique_ptr<T[]> sums(new T[static_cast<std::size_t>(g_.out * columns)]);
    for (Index group = 0; group < g_.groups; ++group)
      for (Index first = 0; first < g_.batch; first += at_once) {
        const auto images = std::min(at_once, g_.batch - first), n = images * n_places_;
        const auto channel = [&](Index image, Index c) { return ((first + image) * g_.groups + group) * g_.in + c; };
        for (Index c = 0; c < g_.in; ++c) {
          T* to = matrix_.get();
          for (Index image = 0; image < images; ++image) to = lines(x + channel(image, c) * channel_, to);
          gemm({w + group * g_.out * k_ + c * window_, k_}, {matrix_.get(), window_}, true, {sums.get(), n},
               {g_.out, n, window_}, c > 0);
        }
        for (Index image = 0; image < images; ++image)
          for (Index o = 0; o < g_.out; ++o) {
            const T* const from = sums.get() + o * n + image * n_places_;
            std::copy(from, from + n_places_, y + (((first + image) * g_.groups + group) * g_.out + o) * n_places_);
          }
      }
  }
  // What the window covers of one channel, place by place.
  T* lines(const T* x, T* to) const {
    Dims at(g_.places.size(), 0);
    do {
      write_window(x, g_, {stepped(base_, at, g_.strides), g_.window, g_.rhs_dilation}, 0, to);
      to += window_;
    } while (next(at, g_.places));
    return to;
  }

  // y (out rows, n_places_ apart) = w (out x k) times the matrix of n places.
  void product(const T* w, const T* m, T* y, Index n) const {
    const bool transposed = !is_lhs_ && orientation_ == Orientation::window_inside;
    if constexpr (std::is_floating_point_v<T>) {
      if (!small_) return gemm({w, k_}, {m, transposed ? k_ : n}, transposed, {y, n_places_}, {g_.out, n, k_}, false);
    }
    const Index place = transposed ? k_ : 1, step = transposed ? 1 : n;
    for (Index o = 0; o < g_.out; ++o) {
      T* const row = y + o * n_places_;
      std::fill(row, row + n, T(0));
      for (Index k = 0; k < k_; ++k) {
        const T a = w[o * k_ + k];
        for (Index p = 0; p < n; ++p) row[p] = multiplied(a, m[k * step + p * place], row[p]);
      }
    }
  }

  // a * b + c; integers wrap.
  static T multiplied(T a, T b, T c) {
    if constexpr (std::is_integral_v<T>) {
      const auto wide = [](T v) { return static_cast<std::uint64_t>(v); };
      return static_cast<T>(wide(a) * wide(b) + wide(c));
    } else {
      return a * b + c;
    }
  }

  const ConvGeometry& g_;
  Index window_, n_places_, k_, channel_;
  Dims base_;
  Orientation orientation_;
  bool is_lhs_, small_;
  std::unique_ptr<T[]> matrix_;
};

}  // namespace

HostKernel convolution_kernel(DType t, ConvGeometry g) {
  return [t, g = std::move(g)](std::span<const HostOperand> in, std::span<const HostResult> out) {
    visit_dtype(t, [&]<class T>() {
      if constexpr (!std::is_same_v<T, bool>) {
        Convolution<T> run(g);
        run(in[0].elements<T>().data(), in[1].elements<T>().data(), out[0].elements<T>().data());
      }
    });
  };
}

}  // namespace fluxion::lax
