// Reading and writing the first few lanes of a vector without touching memory beyond them.
#pragma once

#include "kernels/eval/simd.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// The first `count` < W elements at p, the others `fill`.
template <class B> B load_partial(const Value<B>* p, std::size_t count, Value<B> fill) {
  using T = Value<B>;
#if defined(__AVX512F__)
  const auto rest = (__m512i)B(fill).data;
  const std::uint64_t mask = (std::uint64_t(1) << count) - 1;
  __m512i v;
  if constexpr (sizeof(T) == 1) v = _mm512_mask_loadu_epi8(rest, mask, p);
  else if constexpr (sizeof(T) == 4) v = _mm512_mask_loadu_epi32(rest, __mmask16(mask), p);
  else v = _mm512_mask_loadu_epi64(rest, __mmask8(mask), p);
  return B((typename B::register_type)v);
#else
#if defined(__AVX2__)
  if constexpr (sizeof(T) >= 4) {
    using Index = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    Lanes<Index, B> index;
    for (std::size_t i = 0; i < B::size; ++i) index[i] = Index(i);
    const auto mask = (__m256i)(index < Index(count));
    __m256i v;
    if constexpr (sizeof(T) == 4) v = _mm256_maskload_epi32(reinterpret_cast<const int*>(p), mask);
    else v = _mm256_maskload_epi64(reinterpret_cast<const long long*>(p), mask);
    return B((typename B::register_type)_mm256_blendv_epi8((__m256i)B(fill).data, v, mask));
  }
#endif
  alignas(64) T buffer[B::size];
  B(fill).store_aligned(buffer);
  for (std::size_t i = 0; i < count; ++i) buffer[i] = p[i];
  return B::load_aligned(buffer);
#endif
}

/// Writes the first `count` lanes.
template <class B> void store_partial(Value<B>* p, B v, std::size_t count) {
#if defined(__AVX512F__)
  const auto x = (__m512i)v.data;
  const std::uint64_t mask = (std::uint64_t(1) << count) - 1;
  if constexpr (sizeof(Value<B>) == 1) return _mm512_mask_storeu_epi8(p, mask, x);
  else if constexpr (sizeof(Value<B>) == 4) return _mm512_mask_storeu_epi32(p, __mmask16(mask), x);
  else return _mm512_mask_storeu_epi64(p, __mmask8(mask), x);
#endif
  alignas(64) Value<B> buffer[B::size];
  v.store_aligned(buffer);
  for (std::size_t i = 0; i < count; ++i) p[i] = buffer[i];
}

template <std::size_t by, class V, std::size_t... i>
V rotate_lanes(V v, std::index_sequence<i...>) {
  return __builtin_shufflevector(v, v, int((i + by) % sizeof...(i))...);
}
/// Lane i becomes lane i + by, modulo W.
template <std::size_t by, class B> B rotate_lanes(B x) {
  return from_lanes<B>(rotate_lanes<by>(lanes(x), std::make_index_sequence<B::size>{}));
}

}  // namespace fluxion::kernels::FLUXION_ISA
