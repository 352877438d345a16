#include <iostream>

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

}  // namespace

ir::Program optimised(ir::Program p) {
  if (debug_stage("passes")) std::cerr << "lowered:\n" << p;
  if (p.instrs.size() > 1) p = passed(std::move(p), without_dead_code, "dead code");
  p = passed(std::move(p), with_simple_views, "simple views");
  p = passed(std::move(p), with_late_broadcasts, "late broadcasts");
  if (p.instrs.size() <= 1) return p;
  p = passed(std::move(p), with_simple_views, "simple views");
  p = passed(std::move(p), without_common_subexpressions, "common subexpressions");
  return p;
}

}  // namespace fluxion::compiler
