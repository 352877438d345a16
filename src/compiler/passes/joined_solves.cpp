// Many small systems are factorised and solved while they lie side by side: what the factors are needed for otherwise
// would be written, and read and laid out twice more.
#include <memory>
#include <utility>

#include "compiler/passes/rewriting.hpp"
#include "core/dense.hpp"

namespace fluxion::compiler {
namespace {

class Solve final : public HostFunction {
 public:
  std::string name() const override { return "solve"; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    const auto& a = in[0].shape();
    const auto n = a.back();
    const std::int64_t count = n == 0 ? 0 : element_count(a) / (n * n);
    dense::solve({in[0].dtype(), n, count}, in[1].shape().back(), in[0].bytes(), in[1].bytes(), out[0].bytes());
  }
};

template <class F> const F* function_of(const ir::Instr* i) {
  const auto* call = i != nullptr ? std::get_if<ir::HostCall>(&i->action) : nullptr;
  return call != nullptr ? dynamic_cast<const F*>(call->function.get()) : nullptr;
}
bool calls(const ir::Instr* i, const dense::Substitution::Form& form) {
  const auto* f = function_of<dense::Substitution>(i);
  return f != nullptr && f->form() == form;
}

class Joiner {
 public:
  explicit Joiner(ir::Program p) : uses_(p.types.size(), 0), rewriting_(std::move(p)) {}

  ir::Program run(const ir::Program& p) {
    for (const auto& i : p.instrs)
      for (const auto v : i.in) ++uses_[v];
    for (const auto v : p.outputs) ++uses_[v];
    return rewriting_.run([&](ir::Instr& i) {
      if (const auto system = solved_by(i))
        i = {ir::HostCall{std::make_shared<const Solve>(), Effect::none}, *system, i.out};
      rewriting_.put(std::move(i));
    });
  }

 private:
  bool once(ir::ValueId v) const { return uses_[v] == 1; }

  /// a and b of the a x = b that ends with the upper triangle's substitution in `i`, if nothing but it needs the
  /// factors of a.
  std::optional<ir::Values> solved_by(const ir::Instr& i) const {
    if (!calls(&i, {true, false, false, false, false})) return std::nullopt;
    const auto lu = i.in[0], y = i.in[1];
    const ir::Instr* const lower = rewriting_.producer(y);
    if (!once(y) || !calls(lower, {true, true, false, false, true}) || lower->in[0] != lu) return std::nullopt;
    const ir::Instr* const take = rewriting_.made_by<ir::TakeRows>(lower->in[1]);
    const auto rank = rewriting_.type(y).shape.size();
    if (take == nullptr || !once(take->out[0]) || take->in.size() != 2 ||
        std::get<ir::TakeRows>(take->action).batch + 2 != rank || !once(take->in[1]))
      return std::nullopt;
    const ir::Instr* const convert = rewriting_.made_by<ir::Convert>(take->in[1]);
    const auto order = convert != nullptr ? convert->in[0] : take->in[1];
    const ir::Instr* const factors = rewriting_.producer(lu);
    if (function_of<dense::Factorisation>(factors) == nullptr || factors->out[2] != order || uses_[lu] != 2 ||
        !once(order) || uses_[factors->out[1]] != 0)
      return std::nullopt;
    const auto& a = rewriting_.type(factors->in[0]);
    if (!dense::side_by_side(a.dtype, a.shape.back(), rewriting_.type(y).shape.back())) return std::nullopt;
    return ir::Values{factors->in[0], take->in[0]};
  }

  std::vector<std::uint32_t> uses_;
  Rewriting rewriting_;
};

}  // namespace

ir::Program with_joined_solves(ir::Program p) {
  const auto factorises = [](const ir::Instr& i) { return function_of<dense::Factorisation>(&i) != nullptr; };
  if (std::none_of(p.instrs.begin(), p.instrs.end(), factorises)) return p;
  return Joiner(p).run(p);
}

}  // namespace fluxion::compiler
