// Tapes: operands are brought to row-major order, so that the values of one record are runs of bytes.
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

Ref gapless(Planner& p, ir::ValueId v) {
  const Location l = p.use(v);
  const auto& t = p.type(v);
  if (is_row_major(t.shape, l.strides)) return l.ref();
  return {p.packed(l.ref(), t.shape, l.strides, itemsize(t.dtype)), 0};
}

Tape::Value value(const ir::Type& t, std::size_t tapes, Ref at) {
  const auto bytes = static_cast<std::size_t>(element_count(t.shape)) * itemsize(t.dtype);
  return {at, tapes == 0 ? 0 : bytes / tapes, t.dtype};
}

}  // namespace

void plan_tape(Planner& p, const ir::Instr& i) {
  Tape step;
  step.kind = std::get<ir::Tape>(i.action).kind;
  const auto& shape = p.type(i.in[0]).shape;
  step.n = static_cast<std::size_t>(element_count(step.kind == ir::Tape::Kind::fold ? p.type(i.out[0]).shape : shape));
  if (step.kind == ir::Tape::Kind::fold) step.folded = static_cast<std::size_t>(shape[0]);
  step.tape = gapless(p, i.in[0]);
  if (i.in.size() > 1) step.other = gapless(p, i.in[1]);
  for (std::size_t k = 2; k < i.in.size(); ++k) step.values.push_back(value(p.type(i.in[k]), step.n, gapless(p, i.in[k])));
  for (const auto v : i.out) {
    const Ref to = p.define(v, row_major(p.type(v).shape)).ref();
    if (step.kind == ir::Tape::Kind::read) step.values.push_back(value(p.type(v), step.n, to));
    else step.out = to;
  }
  bool makes = step.kind != ir::Tape::Kind::read;
  for (const auto& v : step.values) makes = makes || is_tape(v.dtype);  // tapes that were recorded are added
  p.plan().makes_tapes |= makes;
  p.step(std::move(step));
}

}  // namespace fluxion::compiler
