#include <algorithm>
#include <iostream>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>

#include "compiler/debug.hpp"
#include "compiler/fusion.hpp"
#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

using Pass = ir::Program (*)(ir::Program);

std::string as_text(const ir::Program& p) {
  std::ostringstream os;
  os << p;
  return os.str();
}

/// A program on its way through the passes.
class Passing {
 public:
  explicit Passing(ir::Program p) : p_(std::move(p)), printed_(debug_stage("passes")) {
    if (printed_) std::cerr << "lowered:\n" << (text_ = as_text(p_));
  }
  Passing& through(Pass pass, const char* name) {
    p_ = pass(std::move(p_));
#ifdef FLUXION_DEBUG_CHECKS
    ir::verify(p_);
#endif
    if (printed_) print(name);
    return *this;
  }
  ir::Program& program() { return p_; }

 private:
  void print(const char* name) {
    auto now = as_text(p_);
    if (now == text_) std::cerr << name << ": nothing to do\n";
    else std::cerr << "after " << name << ":\n" << now;
    text_ = std::move(now);
  }

  ir::Program p_;
  bool printed_;
  std::string text_;
};

bool has_loops(const ir::Program& p) {
  return std::any_of(p.instrs.begin(), p.instrs.end(), [](const auto& i) { return holds_programs(i.action); });
}

/// Held programs are optimised once however often they are held: those that were one stay one.
class Optimiser {
 public:
  ir::Program optimised(ir::Program lowered) {
    Passing p(std::move(lowered));
    if (p.program().instrs.size() > 1) p.through(without_dead_code, "dead code");
    const bool loops = has_loops(p.program());
    if (loops) {
      p.through(with_lean_loops, "lean loops");
      for (auto& i : p.program().instrs) replace_held(i.action);
    }
    p.through(without_single_sums, "single sums")
        .through(with_simple_views, "simple views")
        .through(with_late_broadcasts, "late broadcasts");
    if (p.program().instrs.size() > 1 || loops) {
      p.through(with_turned_products, "turned products")
          .through(with_folded_constants, "folded constants")
          .through(with_simple_views, "simple views")
          .through(with_joined_pads, "joined pads")
          .through(without_common_subexpressions, "common subexpressions")
          .through(with_simple_arithmetic, "simple arithmetic")
          .through(with_late_assembly, "late assembly")
          .through(with_early_views, "early views")
          .through(with_simple_views, "simple views");
      if (loops)
        p.through(with_hoisted_invariants, "hoisted invariants").through(with_parted_carries, "parted carries");
      p.through(without_common_subexpressions, "common subexpressions")
          .through(with_joined_solves, "joined solves")
          .through(with_direct_indices, "direct indices");
    }
    return std::move(p.program());
  }

 private:
  void replace_held(ir::Action& action) {
    if (auto* cond = std::get_if<ir::Cond>(&action))
      for (auto& branch : cond->branches) replace(branch);
    if (auto* loop = std::get_if<ir::While>(&action)) {
      replace(loop->cond);
      replace(loop->body);
    }
    if (auto* scan = std::get_if<ir::Scan>(&action)) replace(scan->body);
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
