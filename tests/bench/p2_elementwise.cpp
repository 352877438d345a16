// P2: elementwise programs.
#include <fluxion/fluxion.hpp>

#include <xsimd/xsimd.hpp>

#include "bench.hpp"

namespace fluxion::bench {
namespace {

/// (2 x + 1) x, the result in fresh memory each time.
Case polynomial() {
  using B = xsimd::batch<float>;
  constexpr std::size_t n = 10'000'000;
  const Array x = uniform({n}, -1, 1, float32);
  const auto program = [](const Array& v) { return (2 * v + 1) * v; };
  const auto compiled = jit(program);
  const auto in = std::make_shared<Memory<float>>(x);
  const auto out = std::make_shared<Memory<float>>(n);
  const auto hand = [in, out] {
    const B two(2), one(1);
    for (std::size_t i = 0; i < n; i += B::size) {
      const B v = B::load_aligned(in->data() + i);
      ((two * v + one) * v).store_aligned(out->data() + i);
    }
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x)); }}, {"eager", [=] { keep(program(x)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x), *out, 0); },
          .narrow = true,
          .flops = 3.0 * n,
          .bytes = 8.0 * n,
          .table_seconds = 1.8e-3,
          .goals = {{"jit", "hand", 1.1}}};
}

const bool registered[] = {add("P2a/f32_1e7", polynomial)};

}  // namespace
}  // namespace fluxion::bench
