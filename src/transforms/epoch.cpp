#include "transforms/epoch.hpp"

#include <algorithm>
#include <atomic>

namespace fluxion::epoch {
namespace {

/// Where a thread says since which epoch it has been reading; 0 when it is not. Slots are never freed, those of
/// finished threads are taken over by new ones.
struct Slot {
  std::atomic<std::uint64_t> since{0};
  std::atomic<bool> taken{true};
  Slot* next = nullptr;
  std::uint32_t depth = 0;  // of nested readings; its thread's own
};

std::atomic<Slot*> slots{nullptr};
std::atomic<std::uint64_t> now{1};
thread_local Slot* own = nullptr;

struct ReturnSlot {
  ~ReturnSlot() {
    if (own != nullptr) own->taken.store(false, std::memory_order_release);
    own = nullptr;
  }
};

Slot* take_slot() {
  thread_local ReturnSlot at_thread_exit;
  static_cast<void>(at_thread_exit);
  for (Slot* s = slots.load(); s != nullptr; s = s->next) {
    bool taken = false;
    if (s->taken.compare_exchange_strong(taken, true)) return own = s;
  }
  auto* s = new Slot;
  s->next = slots.load();
  while (!slots.compare_exchange_weak(s->next, s)) {}
  return own = s;
}

struct Retired {
  std::uint64_t at;
  std::shared_ptr<const void> what;
};

}  // namespace

// All operations on `since`, `now` and the readers' links are sequentially consistent: either a writer sees that a
// reader has begun, or the reader sees what the writer has unlinked.
Reading::Reading() {
  Slot* s = own != nullptr ? own : take_slot();
  if (s->depth++ == 0) s->since.store(now.load());
}

Reading::~Reading() {
  if (--own->depth == 0) own->since.store(0, std::memory_order_release);
}

std::vector<std::shared_ptr<const void>> retire(std::vector<std::shared_ptr<const void>> unlinked) {
  static auto& waiting = *new std::vector<Retired>;
  const std::uint64_t at = now.fetch_add(1);
  for (auto& u : unlinked) waiting.push_back({at, std::move(u)});
  std::uint64_t oldest = ~std::uint64_t{0};
  for (Slot* s = slots.load(); s != nullptr; s = s->next) {
    if (const auto since = s->since.load(); since != 0) oldest = std::min(oldest, since);
  }
  std::vector<std::shared_ptr<const void>> unseen;
  std::erase_if(waiting, [&](Retired& r) {
    if (r.at >= oldest) return false;
    unseen.push_back(std::move(r.what));
    return true;
  });
  return unseen;
}

}  // namespace fluxion::epoch
