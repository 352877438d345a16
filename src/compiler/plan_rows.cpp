// Rows at positions that are known at run time only.
#include <fluxion/error.hpp>
#include "base/text.hpp"
#include "compiler/planner.hpp"
#include "compiler/tapes.hpp"

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

namespace {

/// What takes and puts have in common; `x` is the table's type.
Rows rows_step(Planner& p, const ir::Instr& i, const ir::Type& x, std::size_t batch) {
  const auto& indices = p.type(i.in[1]);
  Rows step;
  step.indices = operand(p.use(i.in[1]), batch, size_of(indices));
  step.narrow = indices.dtype == DType::int32;
  step.batch = leading(x.shape, batch);
  step.extent = x.shape[batch];
  step.count = indices.shape[batch];
  step.row_elements = unsign(element_count(behind(x.shape, batch + 1)));
  step.itemsize = itemsize(x.dtype);
  return step;
}

}  // namespace

void plan_take_rows(Planner& p, const ir::Instr& i) {
  const auto& action = std::get<ir::TakeRows>(i.action);
  const auto batch = action.batch;
  const auto& x = p.type(i.in[0]);
  const auto table = operand(with_rows(p, i.in[0], batch + 1), batch, size_of(x));
  Rows step = rows_step(p, i, x, batch);
  step.table = table;
  step.wraps = action.wraps;
  step.clips = i.in.size() == 2;
  if (!step.clips) step.fill = p.use(i.in[2]).ref();
  step.move = kernels::rows().take(step.itemsize);
  step.rows = operand(p.define(i.out[0], row_major(p.type(i.out[0]).shape)), batch, size_of(x));
  p.step(std::move(step));
}

void plan_put_rows(Planner& p, const ir::Instr& i) {
  const auto& action = std::get<ir::PutRows>(i.action);
  const auto batch = action.batch;
  const auto& x = p.type(i.in[0]);
  const auto table = operand(p.remade(i.out[0], i, 0), batch, size_of(x));
  Rows step = rows_step(p, i, x, batch);
  step.table = table;
  step.kind = action.add ? Rows::Kind::add : Rows::Kind::put;
  step.wraps = action.wraps;
  step.clips = action.clips;
  step.rows = operand(with_rows(p, i.in[2], batch + 1), batch, size_of(x));
  step.move = action.add ? kernels::rows().add(x.dtype) : kernels::rows().put(step.itemsize);
  if (step.move == nullptr && action.add) {
    step.combine = is_tape(x.dtype) ? &tapes::add_elements : combining_kernel(ir::ReduceOp::sum, x.dtype);
    p.plan().makes_tapes |= is_tape(x.dtype);
    if (step.combine == nullptr) throw UnsupportedError(text("add_rows: not defined for ", x.dtype));
  }
  p.step(std::move(step));
}

namespace {

/// A window between `whole`, the array that it is part of, and `alone`; `first` is the operand that its starts begin at.
Window window_step(Planner& p, const ir::Instr& i, const Location& whole, const Location& alone, const Shape& window,
                   std::size_t first) {
  const auto& x = p.type(i.in[0]);
  const auto size = size_of(x);
  Window step;
  step.put = std::holds_alternative<ir::PutWindow>(i.action);
  const auto &to = step.put ? whole : alone, &from = step.put ? alone : whole;
  for (std::size_t d = 0; d < window.size(); ++d)
    if (window[d] != x.shape[d])
      step.axes.push_back({p.use(i.in[first + d]).ref(), x.shape[d] - window[d], whole.strides[d] * size});
  step.copy = coalesced({to.ref(), from.ref(), window, scaled(to.strides, size), scaled(from.strides, size), itemsize(x.dtype)});
  return step;
}

}  // namespace

void plan_take_window(Planner& p, const ir::Instr& i) {
  const auto& window = p.type(i.out[0]).shape;
  const Location whole = p.use(i.in[0]);
  const Location alone = p.define(i.out[0], row_major(window));
  p.step(window_step(p, i, whole, alone, window, 1));
}

void plan_put_window(Planner& p, const ir::Instr& i) {
  const Location whole = p.remade(i.out[0], i, 0);
  const Location alone = p.use(i.in[1]);
  p.step(window_step(p, i, whole, alone, p.type(i.in[1]).shape, 2));
}

}  // namespace fluxion::compiler
