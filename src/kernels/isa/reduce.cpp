#include "kernels/eval/reduce.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

struct Entry {
  RowReduction rows = nullptr;
  ColumnReduction columns = nullptr;
};

template <class Op, class T> constexpr Entry entry() { return {&Reduction<Op, T>::rows, &Reduction<Op, T>::columns}; }

template <class T> Entry numeric(ir::ReduceOp op) {
  switch (op) {
    case ir::ReduceOp::sum: return entry<Sum<T>, T>();
    case ir::ReduceOp::max: return entry<Largest<T>, T>();
    case ir::ReduceOp::min: return entry<Smallest<T>, T>();
  }
  return {};
}

/// Sums of signed integers wrap as those of unsigned ones do, and share their code.
template <class Signed, class Unsigned> Entry integral(ir::ReduceOp op) {
  return op == ir::ReduceOp::sum ? numeric<Unsigned>(op) : numeric<Signed>(op);
}

Entry find(ir::ReduceOp op, DType t) {
  switch (t) {
    case DType::float32: return numeric<float>(op);
    case DType::float64: return numeric<double>(op);
    case DType::int32: return integral<std::int32_t, std::uint32_t>(op);
    case DType::int64: return integral<std::int64_t, std::uint64_t>(op);
    case DType::uint32: return numeric<std::uint32_t>(op);
    case DType::uint64: return numeric<std::uint64_t>(op);
    case DType::bool_:
      if (op == ir::ReduceOp::max) return entry<AnyOf, std::uint8_t>();
      if (op == ir::ReduceOp::min) return entry<AllOf, std::uint8_t>();
      return {};
    default: return {};
  }
}

}  // namespace

RowReduction row_reduction(ir::ReduceOp op, DType t) { return find(op, t).rows; }
ColumnReduction column_reduction(ir::ReduceOp op, DType t) { return find(op, t).columns; }

}  // namespace fluxion::kernels::FLUXION_ISA
