// Elementwise kernels by plain loops over local blocks: for element types without SIMD batches. The compiler
// vectorises what it can, for blocks do not overlap; every element goes through the same function.
#pragma once

#include "kernels/eval/elements.hpp"
#include "kernels/kernels.hpp"

namespace fluxion::kernels::FLUXION_ISA {

constexpr std::size_t local_block = 128;  // elements

struct BlockSource {
  const void* from;
  bool scalar;
  std::size_t n;
};
/// An operand of which a scalar one is read once, others block by block.
template <class T> struct LocalBlock {
  alignas(64) T v[local_block];
  const T* from;
  bool scalar;

  LocalBlock(const BlockSource& s) : from(static_cast<const T*>(s.from)), scalar(s.scalar) {
    if (scalar)
      for (std::size_t j = 0; j < local_block && j < s.n; ++j) v[j] = *from;
  }
  void read(std::size_t first, std::size_t count) {
    if (!scalar) std::memcpy(v, from + first, count * sizeof(T));
  }
};

/// Function::call over In..., operand i one element if bit i of `mask` is set.
template <class Function, class Out, class... In>
struct Blocks {
  template <std::size_t... k>
  [[gnu::noinline]] static void all(void* const* args, std::size_t n, unsigned mask, std::index_sequence<k...>) {
    std::tuple<LocalBlock<In>...> in(BlockSource{args[k + 1], bool((mask >> k) & 1), n}...);
    alignas(64) Out result[local_block];
    for (std::size_t i = 0; i < n; i += local_block) {
      const std::size_t count = n - i < local_block ? n - i : local_block;
      (std::get<k>(in).read(i, count), ...);
      for (std::size_t j = 0; j < count; ++j) result[j] = Function::call(std::get<k>(in).v[j]...);
      std::memcpy(static_cast<Out*>(args[0]) + i, result, count * sizeof(Out));
    }
  }
  template <unsigned mask> static void run(void* const* args, std::size_t n) {
    all(args, n, mask, std::index_sequence_for<In...>{});
  }
};

template <class Function, class Out, class In>
Kernel unary_blocks() {
  return &Blocks<Function, Out, In>::template run<0>;
}

template <class Function, class Out, class In> Kernel binary_blocks(unsigned mask) {
  using B = Blocks<Function, Out, In, In>;
  switch (mask) {
    case 0: return &B::template run<0>;
    case 1: return &B::template run<1>;
    case 2: return &B::template run<2>;
    default: return nullptr;
  }
}

/// Of three operands; the first and the last are both scalars or neither is.
template <class Function, class T> Kernel ternary_blocks(unsigned mask) {
  using B = Blocks<Function, T, T, T, T>;
  return mask == 0 ? &B::template run<0> : mask == 5 ? &B::template run<5> : nullptr;
}

struct SelectElement {
  template <class T> static T call(std::uint8_t pred, T on_false, T on_true) { return pred != 0 ? on_true : on_false; }
};
/// Bits 1 and 2 of the mask are those of on_false and on_true.
template <class T> Kernel select_blocks(unsigned mask) {
  using B = Blocks<SelectElement, T, std::uint8_t, T, T>;
  switch (mask) {
    case 0: return &B::template run<0>;
    case 2: return &B::template run<2>;
    case 4: return &B::template run<4>;
    case 6: return &B::template run<6>;
    default: return nullptr;
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
