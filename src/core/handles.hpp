// Handles by the hundred, on the path of every call: counted without locked instructions while the process has a single
// thread, as std::shared_ptr's are.
#pragma once

#include <new>

#include <fluxion/array.hpp>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace fluxion {

inline bool has_one_thread() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

/// to.push_back(x).
inline void hold(Arrays& to, const Array& x) {
  const auto* node = x.node_or_null();
  if (node == nullptr || !has_one_thread()) {
    to.push_back(x);
    return;
  }
  node->refs.store(node->refs.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  to.push_back(Array(node));
}

/// xs.clear().
inline void let_go(Arrays& xs) noexcept {
  if (has_one_thread()) {
    for (auto& x : xs) {
      const auto* node = x.node_or_null();
      if (node == nullptr) continue;
      const auto refs = node->refs.load(std::memory_order_relaxed);
      if (refs == 1) continue;  // destroyed below
      node->refs.store(refs - 1, std::memory_order_relaxed);
      ::new (static_cast<void*>(&x)) Array;
    }
  }
  xs.clear();
}

}  // namespace fluxion
