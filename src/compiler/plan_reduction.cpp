// Reductions. The tree of a reduction is a contract: chunks of kernels::chunk_elements along the reduced
// extents in logical order, partial results combined pairwise. It depends on nothing else.
#include <algorithm>
#include <cstring>
#include <limits>

#include <fluxion/error.hpp>
#include "base/text.hpp"
#include "base/visit_dtype.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

template <class T>
void put(std::byte* to, T v) { std::memcpy(to, &v, sizeof v); }

template <class T>
void put_extreme(std::byte* to, bool lowest) {
  using L = std::numeric_limits<T>;
  if constexpr (L::has_infinity) put(to, lowest ? -L::infinity() : L::infinity());
  else put(to, lowest ? L::lowest() : L::max());
}

void put_extreme(std::byte* to, DType t, bool lowest) {
  switch (t) {
    case DType::bool_: return put(to, static_cast<std::uint8_t>(!lowest));
    case DType::int8: return put_extreme<std::int8_t>(to, lowest);
    case DType::int16: return put_extreme<std::int16_t>(to, lowest);
    case DType::int32: return put_extreme<std::int32_t>(to, lowest);
    case DType::int64: return put_extreme<std::int64_t>(to, lowest);
    case DType::uint8: return put_extreme<std::uint8_t>(to, lowest);
    case DType::uint16: return put_extreme<std::uint16_t>(to, lowest);
    case DType::uint32: return put_extreme<std::uint32_t>(to, lowest);
    case DType::uint64: return put_extreme<std::uint64_t>(to, lowest);
    case DType::float32: return put_extreme<float>(to, lowest);
    case DType::float64: return put_extreme<double>(to, lowest);
    case DType::bfloat16: return put(to, static_cast<std::uint16_t>(lowest ? 0xff80 : 0x7f80));
    case DType::float16: return put(to, static_cast<std::uint16_t>(lowest ? 0xfc00 : 0x7c00));
    case DType::complex64: case DType::complex128:
      put_extreme(to, real_part(t), lowest);
      return put_extreme(to + itemsize(t) / 2, real_part(t), lowest);
    default: throw UnsupportedError(text("reduce_", lowest ? "max" : "min", ": elements need an order, got ", t));
  }
}

void put_one(std::byte* to, DType t) {
  switch (t) {
    case DType::float16: return put(to, std::uint16_t{0x3c00});
    case DType::bfloat16: return put(to, std::uint16_t{0x3f80});
    default: visit_dtype(t, [&]<class T>() { put(to, T(1)); });
  }
}

/// The operand's squeezed strides with the kept dimensions sorted outermost first.
void plan_columns(Planner& p, const ir::Instr& i, const ReductionShape& r, const Location& from, const Dims& strides) {
  const auto& type = p.type(i.in[0]);
  const auto op = std::get<ir::Reduce>(i.action).op;
  const auto size = itemsize(type.dtype);
  const auto bytes = static_cast<std::int64_t>(size);

  Dims kept_shape, kept_strides;
  for (const auto d : r.kept) {
    kept_shape.push_back(r.shape[unsign(d)]);
    kept_strides.push_back(strides[unsign(d)]);
  }
  const Dims order = visiting_order(kept_shape.size(), {&kept_strides, 1});

  Columns step;
  step.fold = kernels::table().reduce_columns(op, type.dtype);
  step.combine = combining_kernel(op, type.dtype);
  if (step.fold == nullptr) throw UnsupportedError(text("reduce_", name(op), ": not defined for ", type.dtype));
  step.itemsize = size;
  step.rows = unsign(r.width);
  step.row_stride = strides[unsign(r.reduced.back())] * bytes;
  step.chunk = kernels::chunk_elements(type.dtype);
  step.columns = 1;
  for (std::size_t k = order.size(); k-- > 0;) {
    const auto d = unsign(order[k]);
    if (step.outer.empty() && kept_strides[d] == static_cast<std::int64_t>(step.columns)) {
      step.columns *= unsign(kept_shape[d]);
    } else {
      step.outer.insert(0, kept_shape[d]);
      step.outer_strides.insert(0, kept_strides[d] * bytes);
    }
  }

  const auto& result = p.type(i.out[0]).shape;
  const Dims nested = dense(kept_shape, order);  // the result is nested as the operand is
  Dims result_strides = row_major(result);
  if (!is_row_major(kept_shape, nested))
    for (std::size_t d = 0, k = 0; d < result.size(); ++d)
      if (result[d] != 1) result_strides[d] = nested[k++];
  step.from = from.ref();
  step.to = p.define(i.out[0], result_strides).ref();
  const std::size_t chunks = (step.rows + step.chunk - 1) / step.chunk;
  if (chunks > 1) step.partials = {p.temporary(unsign(r.rows) * chunks * size), 0};
  p.step(std::move(step));
}

}  // namespace

void identity_bits(ir::ReduceOp op, DType t, std::byte bits[16]) {
  std::memset(bits, 0, 16);
  switch (op) {
    case ir::ReduceOp::sum: case ir::ReduceOp::or_: case ir::ReduceOp::xor_: return;
    case ir::ReduceOp::max: case ir::ReduceOp::min: return put_extreme(bits, t, op == ir::ReduceOp::max);
    case ir::ReduceOp::prod: return put_one(bits, t);
    case ir::ReduceOp::and_:
      if (t == DType::bool_) put(bits, std::uint8_t{1});
      else std::memset(bits, 0xff, itemsize(t));
  }
}

kernels::Kernel combining_kernel(ir::ReduceOp op, DType t) {
  const auto& table = kernels::table();
  if (t == DType::bool_ && op == ir::ReduceOp::max) op = ir::ReduceOp::or_;
  if (t == DType::bool_ && op == ir::ReduceOp::min) op = ir::ReduceOp::and_;
  switch (op) {
    case ir::ReduceOp::sum: return table.elementwise(ir::Op::add, t, 0);
    case ir::ReduceOp::max: return table.elementwise(ir::Op::max, t, 0);
    case ir::ReduceOp::min: return table.elementwise(ir::Op::min, t, 0);
    case ir::ReduceOp::prod: return table.elementwise(ir::Op::mul, t, 0);
    case ir::ReduceOp::and_: return table.elementwise(ir::Op::and_, t, 0);
    case ir::ReduceOp::or_: return table.elementwise(ir::Op::or_, t, 0);
    case ir::ReduceOp::xor_: return table.elementwise(ir::Op::xor_, t, 0);
  }
  return nullptr;
}

void plan_reduction(Planner& p, const Unit& u) {
  const auto& i = p.instr(u.reductions.front());
  const auto& type = p.type(i.in[0]);
  const auto& action = std::get<ir::Reduce>(i.action);
  if (element_count(type.shape) == 0) {  // nothing to fold, perhaps into something
    const auto& result = p.type(i.out[0]).shape;
    const Location to = p.define(i.out[0], row_major(result));
    std::byte bits[16];
    identity_bits(action.op, type.dtype, bits);
    return p.step(fill(to, result, itemsize(type.dtype), p.constant(bits, sizeof bits)));
  }
  const ReductionShape r(action, type.shape);
  const Location from = p.use(i.in[0]);
  const Dims strides = squeezed(type.shape, from.strides);
  if (prefers_columns(r, strides)) plan_columns(p, i, r, from, strides);
  else plan_loop(p, u);
}

}  // namespace fluxion::compiler
