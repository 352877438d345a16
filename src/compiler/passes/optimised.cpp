#include <iostream>
#include <unordered_map>
#include <utility>

#include "compiler/debug.hpp"
#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

using Pass = ir::Program (*)(ir::Program);

ir::Program passed(ir::Program p, Pass pass, const char* name) {
  p = pass(std::move(p));
#ifdef FLUXION_DEBUG_CHECKS
  ir::verify(p);
#endif
  if (debug_stage("passes")) std::cerr << "after " << name << ":\n" << p;
  return p;
}

/// Held programs first, each once however often it is held: those that were one stay one.
class Optimiser {
 public:
  ir::Program optimised(ir::Program p) {
    for (auto& i : p.instrs) {
      if (auto* cond = std::get_if<ir::Cond>(&i.action))
        for (auto& branch : cond->branches) replace(branch);
      if (auto* loop = std::get_if<ir::While>(&i.action)) {
        replace(loop->cond);
        replace(loop->body);
      }
      if (auto* scan = std::get_if<ir::Scan>(&i.action)) replace(scan->body);
    }
    return passed_all(std::move(p));
  }

 private:
  static ir::Program passed_all(ir::Program p) {
    if (debug_stage("passes")) std::cerr << "lowered:\n" << p;
    if (p.instrs.size() > 1) p = passed(std::move(p), without_dead_code, "dead code");
    p = passed(std::move(p), without_single_sums, "single sums");
    p = passed(std::move(p), with_simple_views, "simple views");
    p = passed(std::move(p), with_late_broadcasts, "late broadcasts");
    if (p.instrs.size() <= 1) return p;
    p = passed(std::move(p), with_simple_views, "simple views");
    p = passed(std::move(p), with_joined_pads, "joined pads");
    return passed(std::move(p), without_common_subexpressions, "common subexpressions");
  }
  void replace(ir::ProgramPtr& held) {
    const auto found = done_.find(held);
    if (found != done_.end()) {
      held = found->second;
      return;
    }
    auto better = std::make_shared<const ir::Program>(optimised(*held));
    done_.emplace(std::exchange(held, better), better);
  }

  std::unordered_map<ir::ProgramPtr, ir::ProgramPtr> done_;
};

}  // namespace

ir::Program optimised(ir::Program p) { return Optimiser().optimised(std::move(p)); }

}  // namespace fluxion::compiler
