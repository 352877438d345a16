// Calls into the host: operands are laid out row-major, results go to planned memory.
#include <algorithm>
#include <memory>

#include "compiler/execute.hpp"
#include "compiler/planner.hpp"
#include "core/trace.hpp"

namespace fluxion::compiler {
namespace {

std::size_t list_bytes(const HostCall& s) {
  static_assert(sizeof(HostOperand) % alignof(HostResult) == 0);
  return s.in.size() * sizeof(HostOperand) + s.out.size() * sizeof(HostResult);
}

Aval aval_of(const ir::Type& t) { return {t.shape, t.dtype}; }

}  // namespace

void plan_host_call(Planner& p, const ir::Instr& i) {
  HostCall step;
  step.function = std::get<ir::HostCall>(i.action).function;
  for (const auto v : i.in) {
    const auto& t = p.type(v);
    const Location l = p.use(v);
    const Ref dense = is_row_major(t.shape, l.strides)
                          ? l.ref()
                          : Ref{p.packed(l.ref(), t.shape, l.strides, itemsize(t.dtype)), 0};
    step.in.push_back({aval_of(t), dense});
  }
  for (const auto v : i.out) step.out.push_back({aval_of(p.type(v)), p.define(v, row_major(p.type(v).shape)).ref()});
  step.lists = {p.temporary(list_bytes(step)), 0};
  p.step(std::move(step));
}

void execute(const HostCall& s, Bases bases) {
  auto* const in = reinterpret_cast<HostOperand*>(resolve(bases, s.lists));
  auto* const out = reinterpret_cast<HostResult*>(in + s.in.size());
  for (std::size_t k = 0; k < s.in.size(); ++k) std::construct_at(in + k, s.in[k].aval, resolve(bases, s.in[k].at));
  for (std::size_t k = 0; k < s.out.size(); ++k) std::construct_at(out + k, s.out[k].aval, resolve(bases, s.out[k].at));
  const SetTrace none(nullptr);  // what a callback does is nobody's operation
  (*s.function)({in, s.in.size()}, {out, s.out.size()});
}

}  // namespace fluxion::compiler
