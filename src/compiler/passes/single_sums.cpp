#include <algorithm>
#include <utility>

#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

bool folds_one(const ir::Program& p, const ir::Instr& i) {
  const auto* reduce = std::get_if<ir::Reduce>(&i.action);
  if (reduce == nullptr) return false;
  const auto& shape = p.types[i.in[0]].shape;
  return std::all_of(reduce->axes.begin(), reduce->axes.end(),
                     [&](std::int64_t d) { return shape[static_cast<std::size_t>(d)] == 1; });
}

/// Whether a fold of one element gives that element, to the bit: a sum begins with 0, and -0 + 0 is 0.
bool keeps_bits(const ir::Program& p, const ir::Instr& i) {
  return std::get<ir::Reduce>(i.action).op != ir::ReduceOp::sum || !is_inexact(p.types[i.in[0]].dtype);
}

}  // namespace

ir::Program without_single_sums(ir::Program p) {
  if (std::none_of(p.instrs.begin(), p.instrs.end(), [&](const auto& i) { return folds_one(p, i); })) return p;
  const auto old = std::exchange(p.instrs, {});
  for (auto instr : old) {
    if (folds_one(p, instr)) {
      if (!keeps_bits(p, instr)) {
        const auto dtype = p.types[instr.in[0]].dtype;
        const auto zero = static_cast<ir::ValueId>(p.types.size()), sum = zero + 1;
        p.types.push_back({dtype, {}});
        p.types.push_back(p.types[instr.in[0]]);
        p.constants.push_back({zero, {}});
        p.instrs.push_back({ir::Map{ir::Op::add}, {instr.in[0], zero}, {sum}});
        instr.in = {sum};
      }
      instr.action = ir::Reshape{};
    }
    p.instrs.push_back(std::move(instr));
  }
  return p;
}

}  // namespace fluxion::compiler
