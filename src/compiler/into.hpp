// Runs a program on the caller's memory: inputs are read, and results written, where it says. Nothing is allocated.
#pragma once

#include <atomic>
#include <memory>

#include "compiler/plan.hpp"
#include "core/evaluate.hpp"
#include "ir/program.hpp"

namespace fluxion::compiler {

class IntoRunner {
 public:
  explicit IntoRunner(const ir::Program& p);
  ~IntoRunner();
  IntoRunner(const IntoRunner&) = delete;

  /// May be called from several threads at once: all but one then take memory from the allocator.
  void run(const Places& places);

 private:
  void run_in(std::byte* memory, const Places& places) const;
  std::size_t memory_bytes() const;

  std::shared_ptr<const Plan> plan_;
  void* own_ = nullptr;
  std::atomic_flag busy_;
};

}  // namespace fluxion::compiler
