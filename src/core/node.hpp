// The two kinds of array node: a concrete strided buffer, and a tracer of some trace.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include <fluxion/array.hpp>
#include "base/buffer.hpp"

namespace fluxion {

class Trace;

/// A concrete value: `data` points at element 0 of a strided view into `buffer`. Scalars live inline.
struct ConcreteNode final : detail::Node {
  const std::byte* data = nullptr;
  BufferRef buffer;     // null for inline scalars
  Dims strides;         // in elements
  bool contiguous = true;  // row-major without gaps
  alignas(16) std::byte scalar[16];

  ConcreteNode(Aval a, const detail::ScalarBits& bits);
  ConcreteNode(Aval a, BufferRef b, const std::byte* data, Dims strides);
};

/// What stands for a value under a transformation.
struct Tracer : detail::Node {
  std::shared_ptr<Trace> trace;

  Tracer(Aval a, std::shared_ptr<Trace> t) : Node(true, std::move(a)), trace(std::move(t)) {}
  virtual ~Tracer();
  /// The value this one wraps, if its transformation keeps concrete primals (jvp, grad); else null.
  virtual const Array* primal() const { return nullptr; }
};

/// Row-major strides in elements.
Dims contiguous_strides(const Shape& shape);

[[noreturn]] void throw_empty_operand(std::string_view op);
/// Throws TypeError naming `op` if `x` is an empty handle.
inline void require_value(std::string_view op, const Array& x) {
  if (x.is_empty_handle()) throw_empty_operand(op);
}

/// The number of elements. Throws ValueError naming `op` if an extent is negative, or if the bytes of that many
/// elements of any dtype would not fit int64.
std::int64_t checked_element_count(std::string_view op, const Shape& shape);

/// Null if `x` is a tracer (or empty). Throws if its memory was donated to a call.
inline const ConcreteNode* concrete(const Array& x) {
  const auto* n = x.node_or_null();
  if (n == nullptr || n->is_tracer) return nullptr;
  if (n->deleted.load(std::memory_order_relaxed)) detail::throw_deleted(*n);
  return static_cast<const ConcreteNode*>(n);
}
inline bool all_concrete(ArraySpan xs) {
  for (const auto& x : xs)
    if (concrete(x) == nullptr) return false;
  return true;
}
inline const Tracer* tracer(const Array& x) {
  const auto* n = x.node_or_null();
  return n != nullptr && n->is_tracer ? static_cast<const Tracer*>(n) : nullptr;
}
/// Follows grad and jvp tracers down to a concrete array; null under jit and vmap.
const ConcreteNode* concrete_primal(const Array& x);

/// Makes every later use of a concrete array that has a buffer throw, and lets go of the buffer unless others hold the
/// array: they may be reading it.
void delete_array(const Array& x);

/// A view into, or the whole of, a buffer.
Array make_array(Aval aval, BufferRef buffer, const std::byte* data, Dims strides);
/// A fresh contiguous array; `data` receives where its elements are to be written.
Array make_array(Aval aval, std::byte*& data);
/// A rank-0 array of `dtype` from its bits.
Array make_scalar(DType dtype, bool weak, const void* bits);
/// The number `v` as a rank-0 array of `dtype` (converted on the host, never traced); the empty tape.
Array make_scalar(DType dtype, double v, bool weak = false);
/// A concrete rank-0 array converted to another dtype on the host, never traced. Throws ValueError when an
/// integer does not fit a narrower integer dtype.
Array convert_scalar(const ConcreteNode& x, DType dtype, bool weak);
/// A number as a scalar prints, for the dtypes of numbers.
std::string scalar_word(const std::byte* p, DType t);
/// Calls visit(pointer) for each element in row-major order.
void for_each_element(const ConcreteNode& x, const std::function<void(const std::byte*)>& visit);

}  // namespace fluxion
