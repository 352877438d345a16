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
    case ir::ReduceOp::prod: return entry<Product<T>, T>();
    default: return {};
  }
}

/// Sums and products of signed integers wrap as those of unsigned ones do, and share their code; bits have no sign.
template <class Signed, class Unsigned> Entry integral(ir::ReduceOp op) {
  switch (op) {
    case ir::ReduceOp::max: case ir::ReduceOp::min: return numeric<Signed>(op);
    case ir::ReduceOp::and_: return entry<AllBits<Unsigned>, Unsigned>();
    case ir::ReduceOp::or_: return entry<AnyBits<Unsigned>, Unsigned>();
    case ir::ReduceOp::xor_: return entry<OddBits<Unsigned>, Unsigned>();
    default: return numeric<Unsigned>(op);
  }
}

/// Bytes that are 0 or 1.
Entry boolean(ir::ReduceOp op) {
  switch (op) {
    case ir::ReduceOp::max: case ir::ReduceOp::or_: return entry<AnyOf, std::uint8_t>();
    case ir::ReduceOp::min: case ir::ReduceOp::and_: return entry<AllOf, std::uint8_t>();
    case ir::ReduceOp::xor_: return entry<OddBits<std::uint8_t>, std::uint8_t>();
    default: return {};
  }
}

Entry find(ir::ReduceOp op, DType t) {
  switch (t) {
    case DType::float32: return numeric<float>(op);
    case DType::float64: return numeric<double>(op);
    case DType::int32: return integral<std::int32_t, std::uint32_t>(op);
    case DType::int64: return integral<std::int64_t, std::uint64_t>(op);
    case DType::uint32: return integral<std::uint32_t, std::uint32_t>(op);
    case DType::uint64: return integral<std::uint64_t, std::uint64_t>(op);
    case DType::bool_: return boolean(op);
    case DType::complex64: case DType::complex128:
      return {isa_baseline::complex_rows(op, t), isa_baseline::complex_columns(op, t)};
    default: return {};
  }
}

}  // namespace

RowReduction row_reduction(ir::ReduceOp op, DType t) { return find(op, t).rows; }
ColumnReduction column_reduction(ir::ReduceOp op, DType t) { return find(op, t).columns; }

}  // namespace fluxion::kernels::FLUXION_ISA
