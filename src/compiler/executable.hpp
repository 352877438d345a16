// Executables: an optimised program and its plans, one for each layout of the inputs that has come by.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "compiler/into.hpp"
#include "compiler/plan.hpp"
#include "core/evaluate.hpp"
#include "ir/program.hpp"

namespace fluxion::detail {

class Executable {
 public:
  /// Takes a program as lowered; verifies and optimises it.
  Executable(ir::Program program, std::vector<Aval> results);
  ~Executable();
  Executable(const Executable&) = delete;

  /// Appends the results of running on concrete arrays.
  void run(ArraySpan args, Arrays& out, Fates fates = {}) const;
  /// The plan for row-major inputs on the caller's memory.
  compiler::IntoRunner& into() const;
  const ir::Program& program() const { return program_; }
  MemoryAnalysis memory(std::size_t consts, std::span<const char> donated) const;
  std::string listing() const;

 private:
  // Plans are only ever added, each list replaces a shorter one, and all are kept until the end: readers take
  // no lock.
  struct Plans {
    std::vector<std::shared_ptr<const compiler::Plan>> plans;
    std::unique_ptr<const Plans> older;
  };
  static constexpr std::size_t most_plans = 16;

  const compiler::Plan* find_plan(ArraySpan args) const;
  const compiler::Plan& plan_for(ArraySpan args) const;
  void check(ArraySpan args) const;
  void run_row_major(ArraySpan args, Arrays& out, Fates fates) const;
  std::unique_ptr<const compiler::Plan> row_major_plan() const;

  ir::Program program_;
  std::vector<Aval> results_;
  mutable std::atomic<const Plans*> plans_{nullptr};
  mutable std::mutex mutex_;
  mutable std::once_flag into_once_;
  mutable std::unique_ptr<compiler::IntoRunner> into_;
};

}  // namespace fluxion::detail

namespace fluxion::compiler {

/// Compiles a program that is no jaxpr's; `results` are the avals of its outputs.
std::shared_ptr<const detail::Executable> compile_program(ir::Program program, std::vector<Aval> results);
/// Carries out a plan.
void run_plan(const Plan& plan, ArraySpan args, std::span<const Aval> results, Arrays& out, Fates fates = {});
MemoryAnalysis memory_analysis(const ir::Program& p, const Plan& plan, std::size_t consts, std::span<const char> donated);
std::string listing(const ir::Program& p, const Plan& plan);
/// A copy of `x` without gaps, in row-major order.
Array row_major_copy(const ConcreteNode& x);

}  // namespace fluxion::compiler
