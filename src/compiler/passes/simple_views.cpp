#include <algorithm>

#include "compiler/layout.hpp"
#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

bool increasing_but_for_ones(const Dims& dims, const Shape& shape) {
  std::int64_t last = -1;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (shape[i] == 1) continue;
    if (dims[i] < last) return false;
    last = dims[i];
  }
  return true;
}

/// Rewrites each view in terms of what its operand is a view of.
class Simplifier {
 public:
  explicit Simplifier(ir::Program p) : p_(std::move(p)), renaming_(p_.types.size()), producer_(p_.types.size(), none) {}

  ir::Program run() {
    for (std::size_t i = 0; i < p_.instrs.size(); ++i) {
      auto& instr = p_.instrs[i];
      renaming_.apply(instr.in);
      for (const auto v : instr.out) producer_[v] = i;
      while (step(instr)) {}
    }
    renaming_.apply(p_.outputs);
    return without_dead_code(std::move(p_));
  }

 private:
  static constexpr std::size_t none = ~std::size_t{0};
  const ir::Type& in(const ir::Instr& i) const { return p_.types[i.in[0]]; }
  const ir::Type& out(const ir::Instr& i) const { return p_.types[i.out[0]]; }

  bool become_operand(ir::Instr& i) {
    renaming_.replace(i.out[0], i.in[0]);
    return false;
  }
  bool become_reshape(ir::Instr& i) {
    i.action = ir::Reshape{};
    return true;
  }
  /// The instruction that makes the operand, if it is an A.
  template <class A>
  const ir::Instr* operand(const ir::Instr& i) const {
    const auto at = producer_[i.in[0]];
    return at != none && std::holds_alternative<A>(p_.instrs[at].action) ? &p_.instrs[at] : nullptr;
  }

  /// Whether something changed that may allow more.
  bool step(ir::Instr& i) {
    return std::visit([&](const auto& action) { return rewrite(i, action); }, i.action);
  }

  bool rewrite(ir::Instr& i, const ir::Convert&) { return in(i).dtype == out(i).dtype && become_operand(i); }

  bool rewrite(ir::Instr& i, const ir::Reshape&) {
    if (in(i) == out(i)) return become_operand(i);
    if (const auto* repeated = operand<ir::Broadcast>(i); repeated != nullptr && in(*repeated).shape.empty()) {
      i.in = repeated->in;
      i.action = ir::Broadcast{};
      return true;
    }
    const auto* before = operand<ir::Reshape>(i);
    if (before == nullptr) return false;
    i.in = before->in;
    return true;
  }

  bool rewrite(ir::Instr& i, const ir::Bitcast&) {
    if (in(i).dtype == out(i).dtype) return become_operand(i);
    const auto* before = operand<ir::Bitcast>(i);
    if (before == nullptr) return false;
    i.in = before->in;
    return true;
  }

  bool rewrite(ir::Instr& i, const ir::Transpose& action) {
    if (increasing_but_for_ones(action.permutation, out(i).shape)) return become_reshape(i);
    if (const auto* repeated = operand<ir::Broadcast>(i)) {
      Dims dims;
      for (const auto d : std::get<ir::Broadcast>(repeated->action).dims)
        dims.push_back(std::find(action.permutation.begin(), action.permutation.end(), d) - action.permutation.begin());
      i.in = repeated->in;
      i.action = ir::Broadcast{std::move(dims)};
      return true;
    }
    const auto* before = operand<ir::Transpose>(i);
    if (before == nullptr) return false;
    const auto& first = std::get<ir::Transpose>(before->action).permutation;
    Dims both;
    for (const auto d : action.permutation) both.push_back(first[static_cast<std::size_t>(d)]);
    i.in = before->in;
    i.action = ir::Transpose{std::move(both)};
    return true;
  }

  bool rewrite(ir::Instr& i, const ir::Broadcast& action) {
    if (element_count(in(i).shape) == element_count(out(i).shape) && increasing_but_for_ones(action.dims, in(i).shape))
      return become_reshape(i);
    if (const auto* before = operand<ir::Broadcast>(i)) {
      Dims both;
      for (const auto d : std::get<ir::Broadcast>(before->action).dims)
        both.push_back(action.dims[static_cast<std::size_t>(d)]);
      i.in = before->in;
      i.action = ir::Broadcast{std::move(both)};
      return true;
    }
    const auto* before = operand<ir::Reshape>(i);
    return before != nullptr && through_reshape(i, action, *before);
  }

  /// broadcast(reshape x) where the reshape only moves extents of 1.
  bool through_reshape(ir::Instr& i, const ir::Broadcast& action, const ir::Instr& before) {
    const Shape &from = in(before).shape, &to = out(before).shape;
    if (squeezed(from) != squeezed(to) || squeezed(from).size() != from.size()) return false;
    Dims dims;
    for (std::size_t d = 0; d < to.size(); ++d)
      if (to[d] != 1) dims.push_back(action.dims[d]);
    i.in = before.in;
    i.action = ir::Broadcast{std::move(dims)};
    return true;
  }

  bool rewrite(ir::Instr& i, const ir::Slice& action) {
    if (in(i) == out(i)) {
      bool all = true;
      for (std::size_t d = 0; d < action.start.size(); ++d)
        all = all && (out(i).shape[d] <= 1 || (action.start[d] == 0 && action.stride[d] == 1));
      if (all) return become_operand(i);
    }
    const auto* before = operand<ir::Slice>(i);
    if (before == nullptr) return false;
    const auto& first = std::get<ir::Slice>(before->action);
    ir::Slice both = first;
    for (std::size_t d = 0; d < both.start.size(); ++d) {
      both.start[d] += action.start[d] * first.stride[d];
      both.stride[d] *= action.stride[d];
    }
    i.in = before->in;
    i.action = std::move(both);
    return true;
  }

  template <class Other>
  bool rewrite(ir::Instr&, const Other&) { return false; }

  ir::Program p_;
  Renaming renaming_;
  std::vector<std::size_t> producer_;
};

}  // namespace

ir::Program with_simple_views(ir::Program p) { return Simplifier(std::move(p)).run(); }

}  // namespace fluxion::compiler
