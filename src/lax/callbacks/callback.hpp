// A callback as a function of the host that programs call: the user's own, or one that calls another per lane.
#pragma once

#include <fluxion/detail/flat_callbacks.hpp>
#include "core/primitive.hpp"

namespace fluxion::lax {

class Callback : public HostFunction {
 public:
  explicit Callback(Avals results) : results_(std::move(results)) {}
  const Avals& results() const { return results_; }

 private:
  Avals results_;
};
using CallbackPtr = std::shared_ptr<const Callback>;

/// The user's function. `op` is the primitive, for messages.
CallbackPtr user_callback(std::string_view op, std::string name, detail::FlatFn call, Avals results);
/// The same function with results of other shapes.
CallbackPtr with_results(const CallbackPtr& user, Avals results);
/// `one`, called for each of `size` lanes in order; the operands in `mapped` and all results have a leading axis.
CallbackPtr per_lane(CallbackPtr one, std::int64_t size, AvalSpan operands, std::span<const char> mapped);
/// Calls it on concrete arrays.
Arrays call(const Callback& f, ArraySpan args);

}  // namespace fluxion::lax
