// Rows at positions that are known at run time only.
#include <fluxion/error.hpp>
#include "base/text.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
std::int64_t size_of(const ir::Type& t) { return static_cast<std::int64_t>(itemsize(t.dtype)); }

Dims leading(const Dims& d, std::size_t n) { return Dims(d.data(), n); }
Dims behind(const Dims& d, std::size_t n) { return Dims(d.data() + n, d.size() - n); }

Dims scaled(Dims strides, std::int64_t by) {
  for (auto& s : strides) s *= by;
  return strides;
}

/// Where a value is, packed unless its dimensions from `first` on are gapless.
Location with_rows(Planner& p, ir::ValueId v, std::size_t first) {
  Location l = p.use(v);
  const auto& t = p.type(v);
  if (is_row_major(behind(t.shape, first), behind(l.strides, first))) return l;
  return {p.packed(l.ref(), t.shape, l.strides, itemsize(t.dtype)), 0, row_major(t.shape), true};
}

/// Strides in bytes: those of the `batch` leading dimensions, and that of the next one.
Rows::Operand operand(const Location& l, std::size_t batch, std::int64_t size) {
  return {l.ref(), scaled(leading(l.strides, batch), size), l.strides[batch] * size};
}

}  // namespace

void plan_true_positions(Planner& p, const ir::Instr& i) {
  const auto& mask = p.type(i.in[0]);
  const auto batch = mask.shape.size() - 1;
  TruePositions step;
  step.mask = operand(p.use(i.in[0]), batch, 1);
  step.batch = leading(mask.shape, batch);
  step.extent = mask.shape.back();
  const auto& to = p.type(i.out[0]);
  step.to = p.define(i.out[0], row_major(to.shape)).ref();
  step.size = to.shape.back();
  p.step(std::move(step));
}

void plan_take_rows(Planner& p, const ir::Instr& i) {
  const auto batch = std::get<ir::TakeRows>(i.action).batch;
  const auto& x = p.type(i.in[0]);
  const auto& taken = p.type(i.out[0]);
  Rows step;
  step.kind = Rows::Kind::take;
  step.table = operand(with_rows(p, i.in[0], batch + 1), batch, size_of(x));
  step.indices = operand(p.use(i.in[1]), batch, 8);
  step.rows = operand(p.define(i.out[0], row_major(taken.shape)), batch, size_of(x));
  step.batch = leading(x.shape, batch);
  step.extent = x.shape[batch];
  step.count = taken.shape[batch];
  step.row_elements = unsign(element_count(behind(x.shape, batch + 1)));
  step.itemsize = itemsize(x.dtype);
  p.step(std::move(step));
}

void plan_put_rows(Planner& p, const ir::Instr& i) {
  const auto& action = std::get<ir::PutRows>(i.action);
  const auto batch = action.batch;
  const auto& x = p.type(i.in[0]);
  Rows step;
  step.kind = action.add ? Rows::Kind::add : Rows::Kind::put;
  if (action.add) {
    step.combine = combining_kernel(ir::ReduceOp::sum, x.dtype);
    if (step.combine == nullptr) throw UnsupportedError(text("add_rows: not defined for ", x.dtype));
  }
  const Location from = p.use(i.in[0]);
  const Location to = p.define(i.out[0], row_major(x.shape));
  p.step(coalesced({to.ref(), from.ref(), x.shape, scaled(to.strides, size_of(x)), scaled(from.strides, size_of(x)),
                    itemsize(x.dtype)}));
  p.touch(to.storage);
  step.table = operand(to, batch, size_of(x));
  step.indices = operand(p.use(i.in[1]), batch, 8);
  step.rows = operand(with_rows(p, i.in[2], batch + 1), batch, size_of(x));
  step.batch = leading(x.shape, batch);
  step.extent = x.shape[batch];
  step.count = p.type(i.in[2]).shape[batch];
  step.row_elements = unsign(element_count(behind(x.shape, batch + 1)));
  step.itemsize = itemsize(x.dtype);
  p.step(std::move(step));
}

}  // namespace fluxion::compiler
