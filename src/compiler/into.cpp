#include "compiler/into.hpp"

#include "base/buffer.hpp"
#include "compiler/execute.hpp"
#include "compiler/planner.hpp"
#include "compiler/tapes.hpp"

namespace fluxion::compiler {

IntoRunner::IntoRunner(const ir::Program& p) {
  std::vector<Dims> strides;
  for (const auto v : p.inputs) strides.push_back(row_major(p.types[v].shape));
  plan_ = planned_held(p, strides, std::vector<char>(p.outputs.size(), 1));
  own_ = allocate_raw(memory_bytes());
}

IntoRunner::~IntoRunner() { free_raw(own_, memory_bytes()); }

std::size_t IntoRunner::memory_bytes() const { return table_bytes(*plan_) + plan_->arena_bytes; }

void IntoRunner::run(const Places& places) {
  if (!busy_.test_and_set(std::memory_order_acquire)) {
    struct Done {
      std::atomic_flag& busy;
      ~Done() { busy.clear(std::memory_order_release); }
    } done{busy_};
    return run_in(static_cast<std::byte*>(own_), places);
  }
  const std::size_t bytes = memory_bytes();
  struct Taken {
    void* memory;
    std::size_t bytes;
    ~Taken() { free_raw(memory, bytes); }
  } taken{allocate_raw(bytes), bytes};
  run_in(static_cast<std::byte*>(taken.memory), places);
}

void IntoRunner::run_in(std::byte* memory, const Places& places) const {
  auto** const bases = reinterpret_cast<std::byte**>(memory);
  std::byte* const arena = memory + table_bytes(*plan_);
  const auto& storages = plan_->storages;
  for (std::size_t k = 0; k < storages.size(); ++k) {
    if (storages[k].kind == Storage::Kind::arena) bases[k] = arena + storages[k].at;
    if (storages[k].kind == Storage::Kind::constants) bases[k] = const_cast<std::byte*>(plan_->constants.data());  // never written
  }
  for (std::size_t k = 0; k < plan_->input_strides.size(); ++k)
    bases[k] = const_cast<std::byte*>(static_cast<const std::byte*>(places.input(k)));  // nor these
  for (std::size_t k = 0; k < plan_->results.size(); ++k)
    bases[plan_->results[k]] = static_cast<std::byte*>(places.result(k));
  if (!plan_->makes_tapes) return execute(*plan_, bases);
  tapes::Region region(nullptr);
  struct Current {
    tapes::Region* before;
    ~Current() { tapes::Region::exchange_current(before); }
  } current{tapes::Region::exchange_current(&region)};
  execute(*plan_, bases);
}

}  // namespace fluxion::compiler
