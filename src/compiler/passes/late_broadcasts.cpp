#include <utility>

#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

class Rewriter {
 public:
  explicit Rewriter(ir::Program p) : p_(std::move(p)), producer_(p_.types.size(), none) {}

  ir::Program run() {
    const auto old = std::exchange(p_.instrs, {});
    p_.instrs.reserve(old.size() + 8);
    for (const auto& instr : old) {
      const bool elementwise = std::holds_alternative<ir::Map>(instr.action) ||
                               std::holds_alternative<ir::Convert>(instr.action);
      const auto* iota = std::get_if<ir::Iota>(&instr.action);
      if (elementwise) late(instr);
      else if (iota != nullptr && p_.types[instr.out[0]].shape.size() > 1) counted(instr, *iota);
      else put(instr);
    }
    return std::move(p_);
  }

 private:
  static constexpr std::size_t none = ~std::size_t{0};

  void put(ir::Instr instr) {
    for (const auto v : instr.out) {
      if (producer_.size() <= v) producer_.resize(v + 1, none);
      producer_[v] = p_.instrs.size();
    }
    p_.instrs.push_back(std::move(instr));
  }
  ir::ValueId put(ir::Action action, ir::Values in, ir::Type type) {
    p_.types.push_back(std::move(type));
    const auto v = static_cast<ir::ValueId>(p_.types.size() - 1);
    put({std::move(action), std::move(in), {v}});
    return v;
  }

  const ir::Instr* broadcast(ir::ValueId v) const {
    const auto at = producer_[v];
    return at != none && std::holds_alternative<ir::Broadcast>(p_.instrs[at].action) ? &p_.instrs[at] : nullptr;
  }
  const ir::Type& source(const ir::Instr& broadcast) const { return p_.types[broadcast.in[0]]; }

  /// Operands that repeat a scalar become the scalar if another operand (or the rewriting below) has the shape.
  void late(ir::Instr instr) {
    const ir::Instr* model = nullptr;  // the broadcast that is not of a scalar
    bool all_broadcast = true;
    for (const auto v : instr.in) {
      if (p_.types[v].shape.empty()) continue;
      const auto* b = broadcast(v);
      if (b != nullptr && source(*b).shape.empty()) continue;
      all_broadcast = all_broadcast && b != nullptr && (model == nullptr || same_repetition(*model, *b));
      model = b;
    }
    const auto& shape = p_.types[instr.out[0]].shape;
    if (shape.empty()) return put(std::move(instr));
    if (all_broadcast) return before_broadcast(instr, model);
    for (auto& v : instr.in)
      if (const auto* b = broadcast(v); b != nullptr && source(*b).shape.empty()) v = b->in[0];
    put(std::move(instr));
  }

  bool same_repetition(const ir::Instr& a, const ir::Instr& b) const {
    return source(a).shape == source(b).shape &&
           std::get<ir::Broadcast>(a.action).dims == std::get<ir::Broadcast>(b.action).dims;
  }

  /// All operands are scalars, broadcast scalars, or broadcast as `model` is.
  void before_broadcast(const ir::Instr& instr, const ir::Instr* model) {
    ir::Type small{p_.types[instr.out[0]].dtype, model != nullptr ? source(*model).shape : Shape{}};
    ir::Action repeat = model != nullptr ? model->action : ir::Action(ir::Broadcast{});
    ir::Values in;
    for (const auto v : instr.in) in.push_back(p_.types[v].shape.empty() ? v : broadcast(v)->in[0]);
    const auto computed = put(instr.action, std::move(in), std::move(small));
    put({std::move(repeat), {computed}, instr.out});
  }

  void counted(const ir::Instr& instr, const ir::Iota& iota) {
    const auto& type = p_.types[instr.out[0]];
    const auto extent = type.shape[static_cast<std::size_t>(iota.dimension)];
    const auto line = put(ir::Iota{0}, {}, {type.dtype, {extent}});
    put({ir::Broadcast{{iota.dimension}}, {line}, instr.out});
  }

  ir::Program p_;
  std::vector<std::size_t> producer_;
};

}  // namespace

ir::Program with_late_broadcasts(ir::Program p) { return Rewriter(std::move(p)).run(); }

}  // namespace fluxion::compiler
