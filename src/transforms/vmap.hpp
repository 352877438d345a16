// The batching trace: values carry a mapped axis, always at position 0. Knows no primitive by name.
#pragma once

#include <fluxion/detail/flat.hpp>
#include "core/trace.hpp"

namespace fluxion {

struct BatchTracer final : Tracer {
  Array value;  // with the mapped axis at 0
  BatchTracer(Aval a, TracePtr t, Array v) : Tracer(std::move(a), std::move(t)), value(std::move(v)) {}
};

class BatchTrace final : public Trace {
 public:
  BatchTrace(TracePtr parent, std::int64_t size) : Trace(std::move(parent)), size_(size) {}
  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override;
  const char* name() const override { return "vmap"; }
  /// A tracer of the elements along axis 0 of `value`.
  Array wrap(const Array& value);

 private:
  std::int64_t size_;
};

/// Maps f over axis 0 of the `mapped` arguments. Results carry their mapped axis at 0, or none.
BatchOut vmap_symbolic(const detail::FlatFn& f, ArraySpan args, std::span<const char> mapped, std::int64_t size);

}  // namespace fluxion
