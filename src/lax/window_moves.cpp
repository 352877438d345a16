#include "lax/window_moves.hpp"

#include <algorithm>
#include <cstring>

#include "base/visit_dtype.hpp"
#include "core/node.hpp"

namespace fluxion::lax {

namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Joins entries that walk on where the next one ends, in both arrays.
std::vector<Strides> coalesced(const std::vector<Strides>& all) {
  std::vector<Strides> out;
  for (const auto& s : all) {
    if (s.extent == 1) continue;
    if (!out.empty() && out.back().operand == s.operand * s.extent && out.back().other == s.other * s.extent)
      out.back() = {out.back().extent * s.extent, s.operand, s.other};
    else
      out.push_back(s);
  }
  return out;
}

}  // namespace

WindowLayout::WindowLayout(const Windows& w) {
  const auto& d = w.dims;
  const auto operand = contiguous_strides(w.operand), other = contiguous_strides(w.other);
  std::size_t next = 0;
  for (std::size_t r = 0; r < w.other.size(); ++r) {
    if (contains(d.offset_dims, static_cast<std::int64_t>(r))) continue;
    const auto axis = static_cast<std::int64_t>(next++);  // of the indices
    std::int64_t step = 0;
    for (std::size_t k = 0; k < d.start_indices_batching_dims.size(); ++k)
      if (d.start_indices_batching_dims[k] == axis) step = operand[unsign(d.operand_batching_dims[k])];
    batch.push_back({w.other[r], step, other[r]});
  }
  std::vector<Strides> inside;
  next = 0;
  for (auto axis :
       remaining(static_cast<std::int64_t>(w.operand.size()), d.collapsed_slice_dims, d.operand_batching_dims))
    inside.push_back({w.slice_sizes[unsign(axis)], operand[unsign(axis)], other[unsign(d.offset_dims[next++])]});
  window = coalesced(inside);
  for (auto axis : d.start_index_map)
    components.push_back({operand[unsign(axis)], w.operand[unsign(axis)] - w.slice_sizes[unsign(axis)]});
}

namespace {

/// The starts of one window after the other: visit(offset in the operand, offset in the other array, whether it fits).
template <class Visit>
void for_each_window(const WindowLayout& w, bool clamp, const std::int64_t* index, const Visit& visit) {
  std::int64_t count = 1, operand = 0, other = 0;
  for (const auto& b : w.batch) count *= b.extent;
  std::vector<std::int64_t> at(w.batch.size(), 0);
  for (std::int64_t g = 0; g < count; ++g) {
    std::int64_t start = operand;
    bool fits = true;
    for (std::size_t k = 0; k < w.components.size(); ++k) {
      const auto& c = w.components[k];
      const auto i = index[k];
      if (i >= 0 && i <= c.last)
        start += i * c.step;
      else if (!clamp)
        fits = false;
      else if (i > c.last)
        start += c.last * c.step;
    }
    index += w.components.size();
    visit(start, other, fits);
    for (std::size_t d = w.batch.size(); d-- > 0;) {
      const auto& b = w.batch[d];
      operand += b.operand;
      other += b.other;
      if (++at[d] < b.extent) break;
      operand -= b.operand * b.extent;
      other -= b.other * b.extent;
      at[d] = 0;
    }
  }
}

/// The runs of a window: run(offset in the operand, offset in the other array, the walk along the run).
template <class Run>
void for_each_run(std::span<const Strides> window, std::int64_t operand, std::int64_t other, const Run& run) {
  if (window.size() <= 1) return run(operand, other, window.empty() ? Strides{1, 1, 1} : window[0]);
  for (std::int64_t i = 0; i < window[0].extent; ++i)
    for_each_run(window.subspan(1), operand + i * window[0].operand, other + i * window[0].other, run);
}

template <std::size_t bytes>
void copy_run(std::byte* to, std::int64_t to_step, const std::byte* from, std::int64_t from_step, std::int64_t n) {
  constexpr auto size = static_cast<std::int64_t>(bytes);
  if (n > 1 && to_step == 1 && from_step == 1) {
    std::memcpy(to, from, unsign(n) * bytes);
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) std::memcpy(to + i * to_step * size, from + i * from_step * size, bytes);
}

class Gather final : public HostFunction {
 public:
  Gather(const Windows& w, bool clamp, const FillValue& fill) : layout_(w), clamp_(clamp), fill_(fill) {}
  std::string name() const override { return "gather"; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    const auto* index = in[1].elements<std::int64_t>().data();
    switch (itemsize(in[0].dtype())) {
      case 1: return move<1>(in[0].bytes(), index, out[0].bytes());
      case 2: return move<2>(in[0].bytes(), index, out[0].bytes());
      case 4: return move<4>(in[0].bytes(), index, out[0].bytes());
      case 8: return move<8>(in[0].bytes(), index, out[0].bytes());
      case 16: return move<16>(in[0].bytes(), index, out[0].bytes());
      default: return;  // float0 has no bytes
    }
  }

 private:
  template <std::size_t bytes>
  void move(const std::byte* from, const std::int64_t* index, std::byte* to) const {
    constexpr auto size = static_cast<std::int64_t>(bytes);
    for_each_window(layout_, clamp_, index, [&](std::int64_t start, std::int64_t at, bool fits) {
      for_each_run(layout_.window, start, at, [&](std::int64_t x, std::int64_t y, const Strides& s) {
        if (fits)
          copy_run<bytes>(to + y * size, s.other, from + x * size, s.operand, s.extent);
        else
          copy_run<bytes>(to + y * size, s.other, fill_.bits.data(), 0, s.extent);
      });
    });
  }
  WindowLayout layout_;
  bool clamp_;
  FillValue fill_;
};

// Signed integers wrap, so they are added as unsigned ones. A NaN on either side wins an extremum, and complex numbers
// are ordered by their real parts, then by their imaginary ones, as lax's elementwise operations do.
template <Combine op>
struct Element {
  template <class T>
  static T call(T x, T y) {
    if constexpr (op == Combine::min || op == Combine::max)
      return extremum(x, y);
    else if constexpr (std::is_same_v<T, bool>)
      return op == Combine::mul ? x && y : x || y;
    else if constexpr (std::is_integral_v<T>)
      return static_cast<T>(arithmetic(static_cast<std::uint64_t>(x), static_cast<std::uint64_t>(y)));
    else
      return arithmetic(x, y);
  }

 private:
  template <class T>
  static T arithmetic(T x, T y) {
    if constexpr (op == Combine::add)
      return x + y;
    else if constexpr (op == Combine::sub)
      return x - y;
    else
      return x * y;
  }
  template <class T>
  static bool less(T x, T y) {
    return x < y;
  }
  template <class T>
  static bool less(std::complex<T> x, std::complex<T> y) {
    return x.real() == y.real() ? x.imag() < y.imag() : x.real() < y.real();
  }
  template <class T>
  static T extremum(T x, T y) {
    if (x != x) return x;
    if (y != y) return y;
    return (op == Combine::min ? less(x, y) : less(y, x)) ? x : y;  // the second of two zeros
  }
};

class Scatter final : public HostFunction {
 public:
  Scatter(const Windows& w, bool clamp, Combine combine) : layout_(w), clamp_(clamp), combine_(combine) {}
  std::string name() const override {
    constexpr const char* names[] = {"scatter",     "scatter_add", "scatter_sub",
                                     "scatter_mul", "scatter_min", "scatter_max"};
    return names[static_cast<std::size_t>(combine_)];
  }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    const auto* index = in[2].elements<std::int64_t>().data();
    if (in[0].size_in_bytes() != 0) std::memcpy(out[0].bytes(), in[0].bytes(), in[0].size_in_bytes());
    switch (combine_) {
      case Combine::set: return set(in[1], index, out[0]);
      case Combine::add: return combine<Combine::add>(in[1], index, out[0]);
      case Combine::sub: return combine<Combine::sub>(in[1], index, out[0]);
      case Combine::mul: return combine<Combine::mul>(in[1], index, out[0]);
      case Combine::min: return combine<Combine::min>(in[1], index, out[0]);
      case Combine::max: return combine<Combine::max>(in[1], index, out[0]);
    }
  }

 private:
  void set(const HostOperand& updates, const std::int64_t* index, const HostResult& out) const {
    switch (itemsize(out.dtype())) {
      case 1: return move<1>(updates.bytes(), index, out.bytes());
      case 2: return move<2>(updates.bytes(), index, out.bytes());
      case 4: return move<4>(updates.bytes(), index, out.bytes());
      case 8: return move<8>(updates.bytes(), index, out.bytes());
      case 16: return move<16>(updates.bytes(), index, out.bytes());
      default: return;
    }
  }
  template <class Run>
  void for_each(const std::int64_t* index, const Run& run) const {
    for_each_window(layout_, clamp_, index, [&](std::int64_t start, std::int64_t at, bool fits) {
      if (fits) for_each_run(layout_.window, start, at, run);
    });
  }
  template <std::size_t bytes>
  void move(const std::byte* from, const std::int64_t* index, std::byte* to) const {
    constexpr auto size = static_cast<std::int64_t>(bytes);
    for_each(index, [&](std::int64_t x, std::int64_t y, const Strides& s) {
      copy_run<bytes>(to + x * size, s.operand, from + y * size, s.other, s.extent);
    });
  }
  template <Combine op>
  void combine(const HostOperand& updates, const std::int64_t* index, const HostResult& out) const {
    visit_dtype(out.dtype(), [&]<class T>() {
      const T* const from = updates.elements<T>().data();
      T* const to = out.elements<T>().data();
      for_each(index, [&](std::int64_t x, std::int64_t y, const Strides& s) {
        for (std::int64_t i = 0; i < s.extent; ++i) {
          auto& element = to[x + i * s.operand];
          element = Element<op>::call(element, from[y + i * s.other]);
        }
      });
    });
  }
  WindowLayout layout_;
  bool clamp_;
  Combine combine_;
};

}  // namespace

HostFunctionPtr gather_function(const Windows& w, bool clamp, const FillValue& fill) {
  return std::make_shared<Gather>(w, clamp, fill);
}
HostFunctionPtr scatter_function(const Windows& w, bool clamp, Combine combine) {
  return std::make_shared<Scatter>(w, clamp, combine);
}

}  // namespace fluxion::lax
