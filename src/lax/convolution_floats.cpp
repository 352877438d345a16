#include "lax/convolution_floats.hpp"

#include <memory>
#include <vector>

#include "core/dense.hpp"
#include "lax/convolution_windows.hpp"

namespace fluxion::lax {
namespace {

using Offsets = std::vector<std::ptrdiff_t>;

std::size_t unsign(Index n) { return static_cast<std::size_t>(n); }
Index rounded_up(Index n, Index to) { return (n + to - 1) / to * to; }

/// Elements that need not be initialised.
template <class T>
class Room {
 public:
  explicit Room(Index n) : data_(new T[unsign(n)]) {}
  T* get() const { return data_.get(); }

 private:
  std::unique_ptr<T[]> data_;
};

/// One channel as windows see it: padded and dilated, no larger than what they reach.
struct Frame {
  Dims extents, base, steps;  // steps: from element to element along each axis
  Index size;
  bool as_is;  // it is the channel itself

  explicit Frame(const ConvGeometry& g) : extents(g.places), base(g.low), steps(g.places.size(), 1), size(1) {
    bool inside = true;
    for (std::size_t d = 0; d < extents.size(); ++d) {
      extents[d] = (g.places[d] - 1) * g.strides[d] + (g.window[d] - 1) * g.rhs_dilation[d] + 1;
      inside = inside && g.low[d] == 0 && g.lhs_dilation[d] == 1 && extents[d] <= g.extents[d];
      base[d] = -g.low[d];
    }
    as_is = inside;
    if (as_is) extents = g.extents;
    for (auto d = extents.size(); d-- > 0; size *= extents[d]) steps[d] = size;
  }

  /// i * step along each axis, summed, for all i of a box in row-major order.
  void list(const Dims& box, const Dims& step, std::ptrdiff_t first, Offsets& to) const {
    Dims at(box.size(), 0);
    do {
      std::ptrdiff_t offset = first;
      for (std::size_t d = 0; d < box.size(); ++d) offset += at[d] * step[d] * steps[d];
      to.push_back(offset);
    } while (next(at, box));
  }
};

template <class T>
class FloatConvolution {
 public:
  FloatConvolution(const ConvGeometry& g, const T* x, const T* w, T* y)
      : g_(g),
        frame_(g),
        n_places_(element_count(g.places)),
        k_(g.in * element_count(g.window)),
        channel_(element_count(g.extents)),
        ones_(g.window.size(), 1),
        x_(x),
        w_(w),
        y_(y) {
    for (Index c = 0; c < g.in; ++c) frame_.list(g.window, g.rhs_dilation, c * frame_.size, offsets_);
  }

  void run() const {
    if (by_lines()) images();
    else places();
  }

 private:
  static constexpr DType dtype = dtype_of<T>;
  const Index rows = dense::tile_rows(dtype), columns = dense::tile_columns(dtype);

  double work() const { return double(g_.batch * g_.groups * g_.out) * double(n_places_) * double(k_); }

  /// From the first to the last place in a frame, and those between that are none.
  Index reach() const {
    Index n = 1;
    for (std::size_t d = 0; d < g_.places.size(); ++d) n += (g_.places[d] - 1) * frame_.steps[d];
    return n;
  }

  // Vectors of neighbouring places, or of output channels: whichever wastes fewer lanes. Both sum in one order.
  bool by_lines() const {
    for (const auto s : g_.strides)
      if (s != 1) return false;
    const double places = double(rounded_up(reach(), columns)) * double(rounded_up(g_.out, rows));
    const double channels = double(rounded_up(g_.out, columns)) * double(n_places_);
    return places <= 1.25 * channels;
  }

  /// The channels of one group of one image as frames.
  const T* frames(Index image, Index group, T* to) const {
    const T* const from = x_ + (image * g_.groups + group) * g_.in * channel_;
    if (frame_.as_is) return from;
    for (Index c = 0; c < g_.in; ++c)
      write_window(from + c * channel_, g_, {frame_.base, frame_.extents, ones_}, 0, to + c * frame_.size);
    return to;
  }

  // --- by lines: image by image, a line per window element and channel ---

  void images() const {
    const Index m = rounded_up(g_.out, rows), packed = m * k_;
    const Room<T> weights(g_.groups * packed);
    for (Index group = 0; group < g_.groups; ++group)
      dense::pack_weights(dtype, w_ + group * g_.out * k_, g_.out, k_, weights.get() + group * packed);
    dense::in_parallel(g_.batch * g_.groups, work(), [&](Index begin, Index end) {
      const Room<T> framed(frame_.as_is ? 1 : g_.in * frame_.size), sums(m * reach());
      for (Index i = begin; i < end; ++i) {
        const Index image = i / g_.groups, group = i % g_.groups;
        image_of(frames(image, group, framed.get()), weights.get() + group * packed, sums.get(),
                 y_ + i * g_.out * n_places_);
      }
    });
  }

  void image_of(const T* x, const T* weights, T* sums, T* y) const {
    const Index m = rounded_up(g_.out, rows), n = reach();
    const dense::Lines product{dtype, m, n, k_, offsets_.data()};
    if (n == n_places_ && m == g_.out) return dense::lines(product, weights, x, y, n);
    dense::lines(product, weights, x, sums, n);
    const Index line = g_.places.empty() ? 1 : g_.places.back();
    const Dims rest(g_.places.data(), g_.places.empty() ? 0 : g_.places.size() - 1);
    Offsets starts;
    frame_.list(rest, ones_, 0, starts);
    for (Index o = 0; o < g_.out; ++o)
      for (const auto start : starts) y = std::copy_n(sums + o * n + start, line, y);
  }

  // --- by places: many images at once, a row per place ---

  void places() const {
    const Index frames_of_one = g_.in * frame_.size;
    const bool in_place = frame_.as_is && g_.groups == 1;
    const Index all = g_.batch * n_places_;
    const Room<T> framed(in_place ? 1 : g_.batch * frames_of_one);
    Offsets starts;
    for (Index image = 0; image < g_.batch; ++image) frame_.list(g_.places, g_.strides, image * frames_of_one, starts);
    starts.resize(unsign(rounded_up(all, rows)), 0);
    for (Index group = 0; group < g_.groups; ++group) {
      if (!in_place)
        dense::in_parallel(g_.batch, work() / double(g_.groups), [&](Index begin, Index end) {
          for (Index image = begin; image < end; ++image) {
            T* const to = framed.get() + image * frames_of_one;
            const T* const from = frames(image, group, to);
            if (from != to) std::copy_n(from, frames_of_one, to);
          }
        });
      const Index tiles = rounded_up(all, rows) / rows;
      dense::in_parallel(tiles, work() / double(g_.groups), [&](Index begin, Index end) {
        rows_of(in_place ? x_ : framed.get(), starts, group, begin * rows, end * rows);
      });
    }
  }

  // Rows are computed in pieces that the second-level cache holds until they are turned into places of channels.
  void rows_of(const T* x, const Offsets& starts, Index group, Index begin, Index end) const {
    const Index width = rounded_up(g_.out, columns), all = g_.batch * n_places_;
    const Index piece = std::max(rows, (Index{1} << 16) / width / rows * rows);
    const Room<T> sums(std::min(piece, end - begin) * width);
    for (Index first = begin; first < end; first += piece) {
      const Index last = std::min(first + piece, end);
      dense::places({dtype, last - first, g_.out, k_, starts.data() + first, offsets_.data()}, x,
                    w_ + group * g_.out * k_, sums.get(), width);
      for (Index o = 0; o < g_.out; ++o)
        for (Index i = first; i < std::min(last, all); ++i)
          y_[((i / n_places_ * g_.groups + group) * g_.out + o) * n_places_ + i % n_places_] =
              sums.get()[(i - first) * width + o];
    }
  }

  const ConvGeometry& g_;
  Frame frame_;
  Index n_places_, k_, channel_;
  Dims ones_;
  const T *x_, *w_;
  T* y_;
  Offsets offsets_;
};

}  // namespace

template <class T>
void convolve_floats(const ConvGeometry& g, const T* x, const T* w, T* y) {
  if (g.in * element_count(g.window) == 0) {
    std::fill_n(y, g.batch * g.groups * g.out * element_count(g.places), T(0));
    return;
  }
  FloatConvolution<T>(g, x, w, y).run();
}

template void convolve_floats<float>(const ConvGeometry&, const float*, const float*, float*);
template void convolve_floats<double>(const ConvGeometry&, const double*, const double*, double*);

}  // namespace fluxion::lax
