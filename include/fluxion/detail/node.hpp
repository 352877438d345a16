// What an Array points to: a reference count and the abstract value. The value itself, concrete or
// traced, is in the derived types of src/core.
#pragma once

#include <atomic>
#include <cstdint>

#include <fluxion/aval.hpp>

namespace fluxion::detail {

struct Node {
  mutable std::atomic<std::uint32_t> refs{1};
  const bool is_tracer;
  mutable std::atomic<bool> deleted{false};  // donated to a call: nothing may read it any more
  const Aval aval;

  Node(bool tracer, Aval a) : is_tracer(tracer), aval(static_cast<Aval&&>(a)) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
};

/// Destroys a node whose count reached zero.
void destroy(const Node* node) noexcept;

inline void retain(const Node* n) noexcept {
  if (n != nullptr) n->refs.fetch_add(1, std::memory_order_relaxed);
}
inline void release(const Node* n) noexcept {
  if (n != nullptr && n->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(n);
}

[[noreturn]] void throw_empty_handle();
[[noreturn]] void throw_deleted(const Node& node);

}  // namespace fluxion::detail
