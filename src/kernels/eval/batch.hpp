// xsimd under a namespace that names the instruction set this file is compiled for, so that the linker can
// never take one set's inline functions for another's. Every kernel source includes this first.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include <immintrin.h>

// Standard headers are in by now, so the renaming touches xsimd's own text only. There is no other way:
// the namespace is spelled in xsimd's headers.
#if defined(__AVX512F__)
#define FLUXION_ISA isa_avx512
#define xsimd xsimd_avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define FLUXION_ISA isa_avx2
#define xsimd xsimd_avx2
#else
#define FLUXION_ISA isa_baseline
#define xsimd xsimd_baseline
#endif

#include <xsimd/xsimd.hpp>

namespace fluxion::kernels::FLUXION_ISA {

namespace xs = ::xsimd;

#if defined(__AVX512F__)
using Arch = xs::avx512bw;
inline constexpr bool has_fma = true;
inline constexpr bool has_avx512 = true;
#elif defined(__AVX2__) && defined(__FMA__)
using Arch = xs::fma3<xs::avx2>;
inline constexpr bool has_fma = true;
inline constexpr bool has_avx512 = false;
#else
using Arch = xs::sse2;
inline constexpr bool has_fma = false;
inline constexpr bool has_avx512 = false;
#endif

template <class T>
using Batch = xs::batch<T, Arch>;
template <class B>
using Value = typename B::value_type;
template <class B>
using Mask = typename B::batch_bool_type;

}  // namespace fluxion::kernels::FLUXION_ISA

#undef xsimd
