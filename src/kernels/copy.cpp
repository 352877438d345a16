#include <cstdlib>
#include <cstring>
#include <utility>

#include <fluxion/error.hpp>
#include "kernels/element.hpp"
#include "kernels/isa.hpp"

namespace fluxion::kernels {
namespace {

using Index = std::int64_t;

struct Dim {
  Index size, dst, src;
};

template <std::size_t size>
void move_element(char* dst, const char* src) {
  using E = typename Element<size>::type;
  *reinterpret_cast<E*>(dst) = *reinterpret_cast<const E*>(src);
}

/// A long line is filled by copies of its beginning, which are as wide as the machine can; one of zeros as the C library
/// knows best, which need not read what it overwrites.
template <std::size_t size>
void fill_line(char* dst, const char* element, Index n) {
  using E = typename Element<size>::type;
  constexpr Index begun = 256, most = 4096;
  const E value = *reinterpret_cast<const E*>(element);
  if (value == E(0)) {
    std::memset(dst, 0, std::size_t(n) * size);
    return;
  }
  const Index few = n < begun ? n : begun;
  for (Index i = 0; i < few; ++i) reinterpret_cast<E*>(dst)[i] = value;
  for (Index done = few; done < n;) {
    const Index known = done < most ? done : most, next = n - done < known ? n - done : known;
    std::memcpy(dst + done * Index(size), dst, std::size_t(next) * size);
    done += next;
  }
}

template <std::size_t size>
void copy_line(char* dst, const char* src, const Dim& d) {
  constexpr Index step = size;
  if (d.dst == step && d.src == step) {
    std::memcpy(dst, src, std::size_t(d.size) * size);
  } else if (d.dst == step && d.src == 0) {
    fill_line<size>(dst, src, d.size);
  } else if (d.dst == step && d.src == -step && isa().reordering(size).reverse != nullptr) {
    isa().reordering(size).reverse(dst, src, std::size_t(d.size));
  } else if (d.dst == step) {
    for (Index i = 0; i < d.size; ++i) move_element<size>(dst + i * step, src + i * d.src);
  } else {
    for (Index i = 0; i < d.size; ++i) move_element<size>(dst + i * d.dst, src + i * d.src);
  }
}

/// `row` is contiguous in the source, `line` in the destination. A block reads eight cache lines, which stay
/// in cache even where their distance is a power of two, and uses them up.
template <std::size_t size>
void transpose(char* dst, const char* src, const Dim& row, const Dim& line) {
  if (const auto kernel = isa().reordering(size).transpose)
    return kernel({dst, src, row.dst, line.src, std::size_t(line.size), std::size_t(row.size)});
  constexpr Index row_block = size < 64 ? 64 / size : 1, line_block = 8;
  for (Index i0 = 0; i0 < row.size; i0 += row_block) {
    const Index i1 = i0 + row_block < row.size ? i0 + row_block : row.size;
    for (Index j0 = 0; j0 < line.size; j0 += line_block) {
      const Index j1 = j0 + line_block < line.size ? j0 + line_block : line.size;
      for (Index i = i0; i < i1; ++i)
        for (Index j = j0; j < j1; ++j)
          move_element<size>(dst + i * row.dst + j * Index(size), src + i * Index(size) + j * line.src);
    }
  }
}

/// Dimensions ordered by destination stride, innermost last, and merged where both sides allow it.
struct Block {
  static constexpr std::size_t max_dims = 64;
  Dim dims[max_dims];
  std::size_t ndim = 0;
  bool empty = false;

  Block(const Index* dst_strides, const Index* src_strides, const Index* shape, std::size_t n) {
    if (n > max_dims) throw InternalError("copy_strided: at most 64 dimensions, got " + std::to_string(n));
    for (std::size_t i = 0; i < n; ++i) {
      if (shape[i] == 0) empty = true;
      if (shape[i] != 1) insert({shape[i], dst_strides[i], src_strides[i]});
    }
    merge();
  }

 private:
  void insert(const Dim& d) {
    std::size_t at = ndim++;
    for (; at > 0 && std::llabs(dims[at - 1].dst) < std::llabs(d.dst); --at) dims[at] = dims[at - 1];
    dims[at] = d;
  }
  void merge() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < ndim; ++i) {
      Dim& outer = dims[kept == 0 ? 0 : kept - 1];
      const Dim inner = dims[i];
      if (kept > 0 && outer.dst == inner.dst * inner.size && outer.src == inner.src * inner.size)
        outer = {outer.size * inner.size, inner.dst, inner.src};
      else
        dims[kept++] = inner;
    }
    ndim = kept;
  }
};

/// Lines of a few bytes, contiguous on both sides: a call per line would cost more than the line.
template <std::size_t bytes>
void copy_lines(char* dst, const char* src, const Dim* dims, std::size_t outer) {
  if (outer == 0) {
    std::memcpy(dst, src, bytes);
    return;
  }
  if (outer == 1) {
    for (Index i = 0; i < dims->size; ++i) std::memcpy(dst + i * dims->dst, src + i * dims->src, bytes);
    return;
  }
  for (Index i = 0; i < dims->size; ++i)
    copy_lines<bytes>(dst + i * dims->dst, src + i * dims->src, dims + 1, outer - 1);
}
/// False if no such lines are known.
bool copy_lines(char* dst, const char* src, const Dim* dims, std::size_t outer, Index bytes) {
  switch (bytes) {
    case 8: return copy_lines<8>(dst, src, dims, outer), true;
    case 16: return copy_lines<16>(dst, src, dims, outer), true;
    case 24: return copy_lines<24>(dst, src, dims, outer), true;
    case 32: return copy_lines<32>(dst, src, dims, outer), true;
    case 40: return copy_lines<40>(dst, src, dims, outer), true;
    case 48: return copy_lines<48>(dst, src, dims, outer), true;
    case 64: return copy_lines<64>(dst, src, dims, outer), true;
    case 128: return copy_lines<128>(dst, src, dims, outer), true;
    default: return false;
  }
}

template <std::size_t size>
void copy_outer(char* dst, const char* src, const Dim* dims, std::size_t outer, const Dim* row, const Dim& line) {
  if (outer == 0) {
    if (row != nullptr) transpose<size>(dst, src, *row, line);
    else copy_line<size>(dst, src, line);
    return;
  }
  for (Index i = 0; i < dims->size; ++i)
    copy_outer<size>(dst + i * dims->dst, src + i * dims->src, dims + 1, outer - 1, row, line);
}

/// A line of few elements costs more than its elements: where neither dimension is contiguous and both together stay
/// in cache, the longer one is the line.
void prefer_long_line(Dim& outer, Dim& line, std::size_t size) {
  constexpr Index few = 4, cached = 1 << 18;
  if (line.size <= few && line.dst != Index(size) && outer.size > line.size &&
      std::llabs(outer.dst) * outer.size <= cached)
    std::swap(outer, line);
}

template <std::size_t size>
void copy(char* dst, const char* src, Block& block) {
  if (block.ndim == 0) return move_element<size>(dst, src);
  if (block.ndim > 1) prefer_long_line(block.dims[block.ndim - 2], block.dims[block.ndim - 1], size);
  const Dim line = block.dims[block.ndim - 1];
  std::size_t outer = block.ndim - 1;
  if (line.dst == Index(size) && line.src == Index(size) && outer > 0 &&
      copy_lines(dst, src, block.dims, outer, line.size * Index(size)))
    return;
  Dim row;
  const Dim* found = nullptr;
  if (line.dst == Index(size) && line.src != Index(size) && line.src != 0) {
    for (std::size_t i = 0; i < outer && found == nullptr; ++i) {
      if (block.dims[i].src != Index(size)) continue;
      row = block.dims[i];
      found = &row;
      for (std::size_t j = i; j + 1 < outer; ++j) block.dims[j] = block.dims[j + 1];
    }
    if (found != nullptr) --outer;
  }
  copy_outer<size>(dst, src, block.dims, outer, found, line);
}

}  // namespace

void copy_strided(void* dst, const std::int64_t* dst_strides, const void* src, const std::int64_t* src_strides,
                  const std::int64_t* shape, std::size_t ndim, std::size_t itemsize) {
  Block block(dst_strides, src_strides, shape, ndim);
  if (block.empty) return;
  auto* to = static_cast<char*>(dst);
  const auto* from = static_cast<const char*>(src);
  switch (itemsize) {
    case 1: return copy<1>(to, from, block);
    case 2: return copy<2>(to, from, block);
    case 4: return copy<4>(to, from, block);
    case 8: return copy<8>(to, from, block);
    case 16: return copy<16>(to, from, block);
    default: throw InternalError("copy_strided: itemsize must be 1, 2, 4, 8 or 16, got " + std::to_string(itemsize));
  }
}

void fence_streams() { __builtin_ia32_sfence(); }

}  // namespace fluxion::kernels
