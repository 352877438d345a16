// What a window sees of one channel, written out.
#pragma once

#include <algorithm>

#include "lax/convolution_kernel.hpp"

namespace fluxion::lax {

using Index = std::int64_t;

/// Elements base + i*step of one channel, for i over a box: a line of the matrix.
struct Lattice {
  Dims base, box, step;
};

/// Where `i*step + base` falls on an element of an axis with `extent` elements `dilation` apart; -1 where it does not.
inline Index element(Index at, Index extent, Index dilation) {
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
void write_window(const T* x, const ConvGeometry& g, const Lattice& w, std::size_t axis, T* out) {
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

/// The next of a box's places, row-major.
inline bool next(Dims& at, const Dims& box) {
  for (auto d = at.size(); d-- > 0;) {
    if (++at[d] < box[d]) return true;
    at[d] = 0;
  }
  return false;
}

/// base + i*step.
inline Dims stepped(const Dims& base, const Dims& i, const Dims& step) {
  Dims out = base;
  for (std::size_t d = 0; d < out.size(); ++d) out[d] += i[d] * step[d];
  return out;
}

}  // namespace fluxion::lax
