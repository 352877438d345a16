// How the rules of a user's primitive are written: lowering by other operations or by a function of the host, and what
// batch and jvp rules have in common.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>

#include <fluxion/extend/host.hpp>
#include <fluxion/extend/primitive.hpp>

namespace fluxion {

/// Lowers as f does: it is given an array for each operand, strong, and returns the results. f is traced, so that its
/// operations are fused with those around. Throws TypeError if it captures an array that is no scalar.
ir::Values lower_as(ir::Builder& b, std::span<const ir::ValueId> in, const std::function<Arrays(const Arrays&)>& f);

/// Reads the operands and writes all elements of the results; see HostFunction for what it may do.
using HostKernel = std::function<void(std::span<const HostOperand> in, std::span<const HostResult> out)>;
/// Lowers to a call of `kernel`, whose results have these avals. `name` is for listings.
ir::Values lower_to_host(ir::Builder& b, std::span<const ir::ValueId> in, std::span<const Aval> results, std::string name,
                         HostKernel kernel, Effect effect = Effect::none);

/// The avals of values, strong.
Avals avals_of(const ir::Builder& b, std::span<const ir::ValueId> values);
/// Lowers P to a call of `kernel`, whose results are what P's abstract_eval says.
template <class P>
ir::Values lower_to_host(ir::Builder& b, std::span<const ir::ValueId> in, const typename P::Params& params, HostKernel kernel,
                         Effect effect = Effect::none) {
  return lower_to_host(b, in, P::abstract_eval(avals_of(b, in), params), std::string(P::name), std::move(kernel), effect);
}

/// A batch rule for what has none of its own: a scan over the lanes, each of which is f of that lane's operands.
BatchOut batch_by_loop(const BatchArgs& args, const std::function<Arrays(const Arrays&)>& f);

/// A tangent or cotangent as an array: zeros of the aval if it is a symbolic zero.
Array instantiated(const Array& tangent, const Aval& aval);

}  // namespace fluxion
