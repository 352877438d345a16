// Lowering for users' primitives.
#include <fluxion/extend/lower.hpp>

#include "base/text.hpp"
#include "core/jaxpr.hpp"
#include "core/ops.hpp"

namespace fluxion {

namespace {

class Kernel final : public HostFunction {
 public:
  Kernel(std::string name, HostKernel kernel) : name_(std::move(name)), kernel_(std::move(kernel)) {}
  std::string name() const override { return name_; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override { kernel_(in, out); }

 private:
  std::string name_;
  HostKernel kernel_;
};

}  // namespace

Avals avals_of(const ir::Builder& b, std::span<const ir::ValueId> values) {
  Avals out;
  for (const auto v : values) out.push_back({b.type(v).shape, b.type(v).dtype});
  return out;
}

ir::Values lower_as(ir::Builder& b, std::span<const ir::ValueId> in, const std::function<Arrays(const Arrays&)>& f) {
  const SetTrace none(nullptr);  // a program does not depend on who needs it first
  const auto closed = trace_to_jaxpr(f, avals_of(b, in), "lower_as");
  if (!closed.consts.empty())
    throw TypeError(text("lower_as: a program holds no arrays, got a captured ", closed.consts[0].aval(),
                         "; make it an operand of the primitive, or of operations such as arange"));
  return lower_jaxpr(*closed.jaxpr, b, in);
}

ir::Values lower_to_host(ir::Builder& b, std::span<const ir::ValueId> in, std::span<const Aval> results, std::string name,
                         HostKernel kernel, Effect effect) {
  std::vector<ir::Type> types;
  for (const auto& a : results) types.push_back({a.dtype, a.shape});
  return b.host_call(in, std::move(types), std::make_shared<const Kernel>(std::move(name), std::move(kernel)), effect);
}

Array instantiated(const Array& tangent, const Aval& aval) { return ops::instantiate(tangent, aval); }

}  // namespace fluxion
