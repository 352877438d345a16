#include <type_traits>

#include "kernels/kernels.hpp"

namespace fluxion::kernels {
namespace {

/// Whether v comes before `best` in the search: greater, or the first NaN.
template <class T> bool beats(T v, T best) {
  if constexpr (std::is_floating_point_v<T>) return !(v <= best) & (best == best);
  else return v > best;
}

template <class T>
std::int64_t scan(const char* p, std::size_t n, std::ptrdiff_t stride) {
  T best = *reinterpret_cast<const T*>(p);
  std::int64_t at = 0;
  for (std::size_t i = 1; i < n; ++i) {
    const T v = *reinterpret_cast<const T*>(p + std::ptrdiff_t(i) * stride);
    if (!beats(v, best)) continue;
    best = v;
    at = std::int64_t(i);
  }
  return at;
}

/// Up to `columns` neighbours at once, so that memory is read along its rows.
template <class T>
void scan_columns(std::int64_t* out, const char* p, std::size_t n, std::ptrdiff_t n_stride, std::size_t columns,
                  std::ptrdiff_t stride) {
  T best[128];
  for (std::size_t c = 0; c < columns; ++c) {
    best[c] = *reinterpret_cast<const T*>(p + std::ptrdiff_t(c) * stride);
    out[c] = 0;
  }
  for (std::size_t i = 1; i < n; ++i) {
    const char* line = p + std::ptrdiff_t(i) * n_stride;
    for (std::size_t c = 0; c < columns; ++c) {
      const T v = *reinterpret_cast<const T*>(line + std::ptrdiff_t(c) * stride);
      const bool better = beats(v, best[c]);
      best[c] = better ? v : best[c];
      out[c] = better ? std::int64_t(i) : out[c];
    }
  }
}

template <class T>
void search(std::int64_t* out, const void* in, std::size_t outer, std::size_t n, std::size_t inner,
            std::ptrdiff_t outer_stride, std::ptrdiff_t n_stride, std::ptrdiff_t inner_stride) {
  constexpr std::size_t tile = 128;
  for (std::size_t o = 0; o < outer; ++o, out += inner) {
    const char* p = static_cast<const char*>(in) + std::ptrdiff_t(o) * outer_stride;
    if (inner < 4) {
      for (std::size_t c = 0; c < inner; ++c) out[c] = scan<T>(p + std::ptrdiff_t(c) * inner_stride, n, n_stride);
      continue;
    }
    for (std::size_t c = 0; c < inner; c += tile)
      scan_columns<T>(out + c, p + std::ptrdiff_t(c) * inner_stride, n, n_stride, inner - c < tile ? inner - c : tile,
                      inner_stride);
  }
}

}  // namespace

ArgMax argmax(DType t) {
  switch (t) {
    case DType::bool_: return &search<std::uint8_t>;
    case DType::int8: return &search<std::int8_t>;
    case DType::int16: return &search<std::int16_t>;
    case DType::uint8: return &search<std::uint8_t>;
    case DType::uint16: return &search<std::uint16_t>;
    case DType::int32: return &search<std::int32_t>;
    case DType::int64: return &search<std::int64_t>;
    case DType::uint32: return &search<std::uint32_t>;
    case DType::uint64: return &search<std::uint64_t>;
    case DType::float32: return &search<float>;
    case DType::float64: return &search<double>;
    default: return nullptr;
  }
}

}  // namespace fluxion::kernels
