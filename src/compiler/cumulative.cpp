// Cumulative sums as functions of the host.
#include <algorithm>

#include "base/text.hpp"
#include "compiler/parallel.hpp"
#include "core/host_kernels.hpp"
#include "kernels/kernels.hpp"
#include "kernels/prefix.hpp"

namespace fluxion::compiler {
namespace {

constexpr std::size_t parallel_elements = 1 << 18;

class CumulativeSum final : public HostFunction {
 public:
  CumulativeSum(std::int64_t axis, bool reverse) : axis_(static_cast<std::size_t>(axis)), reverse_(reverse) {}
  std::string name() const override { return "cumsum"; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    const auto& shape = in[0].shape();
    std::size_t outer = 1, inner = 1;
    for (std::size_t d = 0; d < shape.size(); ++d)
      if (d != axis_) (d < axis_ ? outer : inner) *= static_cast<std::size_t>(shape[d]);
    const Block block{in[0].bytes(), out[0].bytes(), in[0].dtype(), itemsize(in[0].dtype()),
                      static_cast<std::size_t>(shape[axis_]), inner};
    if (in[0].size() == 0) return;
    const bool large = outer * block.n * inner >= parallel_elements;
    const auto some = [&](std::size_t begin, std::size_t end) {
      for (auto o = begin; o < end; ++o) along(block, o, large && outer == 1);
    };
    if (large && outer > 1) parallel_ranges(outer, grain_of(outer, 1), some);
    else some(0, outer);
  }

 private:
  struct Block {
    const std::byte* from;
    std::byte* to;
    DType dtype;
    std::size_t size, n, inner;
  };
  void along(const Block& b, std::size_t o, bool parallel) const {
    const auto at = o * b.n * b.inner * b.size;
    if (b.inner == 1) return kernels::prefix_sum(b.dtype)(b.to + at, b.from + at, b.n, reverse_);
    // A few columns at a time, so that the row before is still in the fastest cache.
    constexpr std::size_t most = 2048;
    const auto some = [&](std::size_t begin, std::size_t end) {
      for (auto c = begin; c < end; c += most) columns(b, at + c * b.size, std::min(most, end - c));
    };
    if (parallel) parallel_ranges(b.inner, grain_of(b.inner, 64), some);
    else some(0, b.inner);
  }
  void columns(const Block& b, std::size_t at, std::size_t width) const {
    const auto add = kernels::table().elementwise(ir::Op::add, b.dtype, 0);
    const auto row = b.inner * b.size;
    const auto place = [&](std::size_t k) { return at + (reverse_ ? b.n - 1 - k : k) * row; };
    std::copy_n(b.from + place(0), width * b.size, b.to + place(0));
    for (std::size_t k = 1; k < b.n; ++k) {
      void* const args[] = {b.to + place(k), b.to + place(k - 1), const_cast<std::byte*>(b.from) + place(k)};
      add(args, width);
    }
  }

  std::size_t axis_;
  bool reverse_;
};

}  // namespace
}  // namespace fluxion::compiler

namespace fluxion {

HostFunctionPtr cumulative_sum_function(std::int64_t axis, bool reverse) {
  return std::make_shared<compiler::CumulativeSum>(axis, reverse);
}
bool sums_prefixes(DType t) { return kernels::prefix_sum(t) != nullptr; }

}  // namespace fluxion
