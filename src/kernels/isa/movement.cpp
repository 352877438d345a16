#include "kernels/eval/convert.hpp"
#include "kernels/eval/threefry.hpp"
#include "kernels/isa/lookup.hpp"
#include "kernels/isa/loops.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

template <class To, class From>
void convert(void* const* args, std::size_t n) {
  auto* out = static_cast<To*>(args[0]);
  const auto* in = static_cast<const From*>(args[1]);
  for (std::size_t i = 0; i < n; ++i) out[i] = convert_element<To>(in[i]);
}

template <class From> Kernel convert_from(DType to) {
  switch (to) {
    case DType::bool_: return &convert<Flag, From>;
    case DType::int32: return &convert<std::int32_t, From>;
    case DType::int64: return &convert<std::int64_t, From>;
    case DType::uint32: return &convert<std::uint32_t, From>;
    case DType::uint64: return &convert<std::uint64_t, From>;
    case DType::float32: return &convert<float, From>;
    case DType::float64: return &convert<double, From>;
    default: return nullptr;
  }
}

template <class T>
void iota(void* const* args, std::size_t n) {
  auto* out = static_cast<T*>(args[0]);
  const std::int64_t start = *static_cast<const std::int64_t*>(args[1]);
  // Counting in 32 bits where that is enough: the conversion of 64-bit integers is not vectorised everywhere.
  constexpr std::int64_t bound = std::int64_t(1) << 30;
  if (start >= -bound && start <= bound && n <= std::size_t(bound)) {
    const auto first = std::int32_t(start), count = std::int32_t(n);
    for (std::int32_t i = 0; i < count; ++i) out[i] = T(first + i);
  } else {
    for (std::size_t i = 0; i < n; ++i) out[i] = T(std::int64_t(std::uint64_t(start) + i));
  }
}

/// args are {out0, out1, key0, key1, count0, count1}.
template <bool scalar_key>
void threefry(void* const* args, std::size_t n) {
  using T = std::uint32_t;
  using B = Batch<T>;
  T* out[] = {static_cast<T*>(args[0]), static_cast<T*>(args[1])};
  const Cursor<Values<T>, scalar_key> key0(args[2]), key1(args[3]);
  const T* count[] = {static_cast<const T*>(args[4]), static_cast<const T*>(args[5])};
  const auto block = [](T* to0, T* to1, B k0, B k1, const T* c0, const T* c1) {
    auto x0 = bits(B::load_unaligned(c0)), x1 = bits(B::load_unaligned(c1));
    threefry_2x32(x0, x1, bits(k0), bits(k1));
    from_lanes<B>(x0).store_unaligned(to0);
    from_lanes<B>(x1).store_unaligned(to1);
  };
  std::size_t i = 0;
  for (; i + B::size <= n; i += B::size)
    block(out[0] + i, out[1] + i, key0.at(i), key1.at(i), count[0] + i, count[1] + i);
  if (i == n) return;
  alignas(64) T buffer[6][B::size];
  for (std::size_t k = scalar_key ? 2 : 0; k < 4; ++k) pad<Values<T>>(buffer[k], args[k + 2], i, n - i);
  if constexpr (scalar_key) block(buffer[4], buffer[5], key0.at(0), key1.at(0), buffer[2], buffer[3]);
  else block(buffer[4], buffer[5], B::load_aligned(buffer[0]), B::load_aligned(buffer[1]), buffer[2], buffer[3]);
  for (std::size_t j = 0; i + j < n; ++j) {
    out[0][i + j] = buffer[4][j];
    out[1][i + j] = buffer[5][j];
  }
}

}  // namespace

Kernel convert_kernel(DType from, DType to) {
  switch (from) {
    case DType::bool_: return convert_from<Flag>(to);
    case DType::int32: return convert_from<std::int32_t>(to);
    case DType::int64: return convert_from<std::int64_t>(to);
    case DType::uint32: return convert_from<std::uint32_t>(to);
    case DType::uint64: return convert_from<std::uint64_t>(to);
    case DType::float32: return convert_from<float>(to);
    case DType::float64: return convert_from<double>(to);
    default: return nullptr;
  }
}

Kernel iota_kernel(DType t) {
  switch (t) {
    case DType::int32: return &iota<std::int32_t>;
    case DType::int64: return &iota<std::int64_t>;
    case DType::uint32: return &iota<std::uint32_t>;
    case DType::uint64: return &iota<std::uint64_t>;
    case DType::float32: return &iota<float>;
    case DType::float64: return &iota<double>;
    default: return nullptr;
  }
}

Kernel threefry_kernel(unsigned scalar_mask) {
  return scalar_mask == 0 ? &threefry<false> : scalar_mask == 3 ? &threefry<true> : nullptr;
}

}  // namespace fluxion::kernels::FLUXION_ISA
