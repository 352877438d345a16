#include "kernels/eval/threefry.hpp"
#include "kernels/isa/lookup.hpp"
#include "kernels/isa/loops.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

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

Kernel threefry_kernel(unsigned scalar_mask) {
  return scalar_mask == 0 ? &threefry<false> : scalar_mask == 3 ? &threefry<true> : nullptr;
}

}  // namespace fluxion::kernels::FLUXION_ISA
