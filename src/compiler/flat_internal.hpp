// What the files that write flat programs share: sizes in vectors, the offsets of elements, and kernels by instruction.
#pragma once

#include "compiler/flat_code.hpp"

namespace fluxion::compiler {

inline std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
inline std::size_t whole_vectors(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

/// visit(sum of index * stride) for every element in row-major order.
template <class F> void for_each_offset(const Shape& shape, const Dims& strides, const F& visit) {
  const auto n = element_count(shape);
  for (std::int64_t e = 0; e < n; ++e) {
    std::int64_t at = 0, rest = e;
    for (std::size_t d = shape.size(); d-- > 0; rest /= shape[d]) at += rest % shape[d] * strides[d];
    visit(at);
  }
}

/// The elementwise kernel for the instruction, null if there is none.
kernels::Kernel kernel_of(const ir::Program& p, const ir::Instr& i);

}  // namespace fluxion::compiler
