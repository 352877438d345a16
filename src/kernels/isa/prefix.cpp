#include "kernels/prefix.hpp"

#include "kernels/eval/shuffle.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

template <std::size_t n> struct Reversed { static constexpr std::size_t at(std::size_t i) { return n - 1 - i; } };
template <std::size_t n> struct Last { static constexpr std::size_t at(std::size_t) { return n - 1; } };
/// Element i is that `s` before it, of the second operand (zeros) where there is none.
template <std::size_t n, std::size_t s> struct Before {
  static constexpr std::size_t at(std::size_t i) { return i >= s ? i - s : n + i; }
};
/// The first s elements of the first operand, then those of the second.
template <std::size_t n, std::size_t s> struct Joined {
  static constexpr std::size_t at(std::size_t i) { return i < s ? i : n + i; }
};

template <class T>
struct Prefix {
  static constexpr std::size_t n = 64 / sizeof(T);
  // Whatever the instruction set's width: the compiler takes it apart.
  typedef T Block __attribute__((vector_size(64)));
  static constexpr auto all = std::make_index_sequence<n>{};

  template <std::size_t s> static Block step(Block v) {
    const Block sum = v + picked_by(v, v, Before<n, s>{}, all);  // of the first s nothing is kept
    return picked_by(v, sum, Joined<n, s>{}, all);
  }
  static Block within(Block v) {
    v = step<1>(v);
    v = step<2>(v);
    v = step<4>(v);
    if constexpr (n > 8) v = step<8>(v);
    return v;
  }
  static Block reversed(Block v) { return picked_by(v, v, Reversed<n>{}, all); }
  static Block last(Block v) { return picked_by(v, v, Last<n>{}, all); }

  /// Sums of all elements, and of the blocks so far.
  struct Sums {
    bool first = true;
    Block before = {};
    Block next(Block v) {
      v = within(v);
      const Block result = first ? v : v + before;
      before = first ? last(v) : before + last(v);
      first = false;
      return result;
    }
  };

  template <bool reverse>
  static void run(T* out, const T* in, std::size_t count) {
    Sums sums;
    std::size_t i = 0;
    for (; i + n <= count; i += n) {
      Block v;
      const std::size_t at = reverse ? count - n - i : i;
      __builtin_memcpy(&v, in + at, sizeof v);
      v = sums.next(reverse ? reversed(v) : v);
      if (reverse) v = reversed(v);
      __builtin_memcpy(out + at, &v, sizeof v);
    }
    if (i == count) return;
    const std::size_t rest = count - i;
    T part[n] = {};
    for (std::size_t j = 0; j < rest; ++j) part[j] = in[reverse ? rest - 1 - j : i + j];
    Block v;
    __builtin_memcpy(&v, part, sizeof v);
    v = sums.next(v);
    __builtin_memcpy(part, &v, sizeof v);
    for (std::size_t j = 0; j < rest; ++j) out[reverse ? rest - 1 - j : i + j] = part[j];
  }
  static void sum(void* out, const void* in, std::size_t count, bool reverse) {
    if (reverse) run<true>(static_cast<T*>(out), static_cast<const T*>(in), count);
    else run<false>(static_cast<T*>(out), static_cast<const T*>(in), count);
  }
};

}  // namespace

PrefixSum prefix_sum_kernel(DType t) {
  switch (t) {
    case DType::float32: return &Prefix<float>::sum;
    case DType::float64: return &Prefix<double>::sum;
    case DType::int32: case DType::uint32: return &Prefix<std::uint32_t>::sum;  // signed ones wrap as well
    case DType::int64: case DType::uint64: return &Prefix<std::uint64_t>::sum;
    default: return nullptr;
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
