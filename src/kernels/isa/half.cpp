// Operations on halves: those of float32 between conversions, block by block. Each result is rounded once.
#include "kernels/eval/elements.hpp"
#include "kernels/isa/blocks.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

constexpr std::size_t block = 256;
constexpr auto op_count = static_cast<std::size_t>(ir::Op::count_);

template <class H> void widen(float* to, const void* from, std::size_t n) {
  for (std::size_t j = 0; j < n; ++j) to[j] = widened(static_cast<const H*>(from)[j]);
}

template <class H>
[[gnu::noinline]] void run(ir::Op op, unsigned mask, void* const* args, std::size_t n) {
  const Kernel kernel = float32_kernel(op, mask);
  const auto operands = static_cast<std::size_t>(ir::arity(op));
  const bool flags = ir::is_comparison(op);
  alignas(64) float in[3][block], out[block];
  for (std::size_t k = 0; k < operands; ++k)
    if ((mask >> k) & 1) widen<H>(in[k], args[k + 1], 1);
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t count = n - i < block ? n - i : block;
    for (std::size_t k = 0; k < operands; ++k)
      if (!((mask >> k) & 1)) widen<H>(in[k], static_cast<const H*>(args[k + 1]) + i, count);
    void* floats[] = {flags ? static_cast<void*>(static_cast<std::uint8_t*>(args[0]) + i) : out, in[0], in[1], in[2]};
    kernel(floats, count);
    if (flags) continue;
    auto* to = static_cast<H*>(args[0]) + i;
    for (std::size_t j = 0; j < count; ++j) to[j] = narrowed<H>(out[j]);
  }
}

template <class H, std::size_t at>
void one(void* const* args, std::size_t n) {
  run<H>(static_cast<ir::Op>(at / 3), unsigned(at % 3), args, n);
}

template <class H, std::size_t... at>
Kernel find(std::size_t wanted, std::index_sequence<at...>) {
  static constexpr Kernel kernels[] = {&one<H, at>...};
  return kernels[wanted];
}

/// The neighbour of x towards y, which is not that of the float.
struct NextAfterElement {
  template <class H> static H call(H x, H y) {
    const float a = widened(x), b = widened(y);
    if (a != a || b != b) return narrowed<H>(a + b);
    if (a == b) return y;
    const auto bits = std::uint16_t(x);
    if (a == 0) return H((std::uint16_t(y) & 0x8000) | 1);
    return H(std::uint16_t((a < b) == (a > 0) ? bits + 1 : bits - 1));
  }
};

}  // namespace

Kernel half_kernel(ir::Op op, DType t, unsigned mask) {
  if (op == ir::Op::nextafter)
    return t == DType::float16 ? binary_blocks<NextAfterElement, Half, Half>(mask)
                               : binary_blocks<NextAfterElement, BrainHalf, BrainHalf>(mask);
  if (op == ir::Op::select) return narrow_kernel(op, DType::uint16, mask);
  if (mask > 2 || float32_kernel(op, mask) == nullptr) return nullptr;
  const std::size_t wanted = static_cast<std::size_t>(op) * 3 + mask;
  constexpr std::make_index_sequence<op_count * 3> all;
  return t == DType::float16 ? find<Half>(wanted, all) : find<BrainHalf>(wanted, all);
}

}  // namespace fluxion::kernels::FLUXION_ISA
