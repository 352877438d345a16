// Static<T>: a member of a tree that is part of its structure, never an array.
#pragma once

#include <utility>

#include <fluxion/detail/static_value.hpp>

namespace fluxion {

/// Marks a member of a tree as structure: a layer count, a mode, a name. Transformations hand it back untouched
/// and `jit` compiles once per value, as for a static argument. T must be hashable (see static_argnums).
/// Source: jax.tree_util.register_dataclass(meta_fields=...).
template <class T>
struct Static {
  T value{};

  Static() = default;
  Static(T v) : value(std::move(v)) {}  // NOLINT: implicit on purpose
  operator const T&() const noexcept { return value; }
  const T& operator*() const noexcept { return value; }
  const T* operator->() const noexcept { return &value; }
};

// A template, so that `s == 3` compares the value instead of converting 3.
template <detail::StaticValue T>
bool operator==(const Static<T>& a, const Static<T>& b) {
  return detail::StaticOf<T>::equal(a.value, b.value);
}

}  // namespace fluxion
