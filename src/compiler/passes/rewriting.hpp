// For passes that rewrite a program front to back: who makes a value, which values are constants, what stands for
// values of the old program.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {

using Bits = std::array<std::byte, 16>;

/// The bits of a map, a conversion, ... of rank-0 operands with these bits, from the kernel that would compute it;
/// nothing if there is none.
std::optional<Bits> folded_map(ir::Op op, DType operands, std::span<const Bits> in);
std::optional<Bits> folded_convert(DType from, DType to, const Bits& in);
/// The bits of a small whole number.
Bits bits_of(DType t, double v);

class Rewriting {
 public:
  explicit Rewriting(ir::Program p)
      : p_(std::move(p)), old_(std::exchange(p_.instrs, {})), renaming_(p_.types.size()),
        producer_(p_.types.size(), none), constant_(p_.types.size(), none) {
    p_.instrs.reserve(old_.size() + 8);
    for (std::uint32_t k = 0; k < p_.constants.size(); ++k) constant_[p_.constants[k].value] = k;
  }

  /// Calls visit(instruction) for each in order, its operands renamed; what it does not `put` is gone.
  template <class Visit>
  ir::Program run(Visit visit) {
    for (auto& instr : old_) {
      renaming_.apply(instr.in);
      visit(instr);
    }
    renaming_.apply(p_.outputs);
    return without_dead_code(std::move(p_));
  }

  const ir::Type& type(ir::ValueId v) const { return p_.types[v]; }
  const ir::Type& out(const ir::Instr& i) const { return p_.types[i.out[0]]; }
  /// The instruction that makes `v`; none for inputs and constants. Not valid after the next `put`.
  const ir::Instr* producer(ir::ValueId v) const {
    return producer_[v] == none ? nullptr : &p_.instrs[producer_[v]];
  }
  template <class A>
  const ir::Instr* made_by(ir::ValueId v) const {
    const auto* i = producer(v);
    return i != nullptr && std::holds_alternative<A>(i->action) ? i : nullptr;
  }
  const ir::Instr* made_by(ir::ValueId v, ir::Op op) const {
    const auto* i = made_by<ir::Map>(v);
    return i != nullptr && std::get<ir::Map>(i->action).op == op ? i : nullptr;
  }
  /// The rank-0 value that `v` repeats; `v` itself if it has rank 0, nothing if it repeats none.
  std::optional<ir::ValueId> repeated(ir::ValueId v) const {
    for (int steps = 0; steps < 8; ++steps) {
      if (type(v).shape.empty()) return v;
      const auto* i = producer(v);
      const bool view = i != nullptr && (std::holds_alternative<ir::Broadcast>(i->action) ||
                                         std::holds_alternative<ir::Reshape>(i->action) ||
                                         std::holds_alternative<ir::Transpose>(i->action) ||
                                         std::holds_alternative<ir::Slice>(i->action));
      if (!view) return std::nullopt;
      v = i->in[0];
    }
    return std::nullopt;
  }
  /// The bits of a constant, or of one that is repeated.
  const Bits* constant(ir::ValueId v) const {
    const auto scalar = repeated(v);
    return scalar && constant_[*scalar] != none ? &p_.constants[constant_[*scalar]].bits : nullptr;
  }

  void put(ir::Instr instr) {
    for (const auto v : instr.out) producer_[v] = static_cast<std::uint32_t>(p_.instrs.size());
    p_.instrs.push_back(std::move(instr));
  }
  ir::ValueId put(ir::Action action, ir::Values in, ir::Type type) {
    const auto v = add(std::move(type));
    put(ir::Instr{std::move(action), std::move(in), {v}});
    return v;
  }
  ir::ValueId put_constant(DType t, const Bits& bits) {
    const auto v = add({t, {}});
    constant_[v] = static_cast<std::uint32_t>(p_.constants.size());
    p_.constants.push_back({v, bits});
    return v;
  }
  ir::ValueId add(ir::Type type) {
    p_.types.push_back(std::move(type));
    producer_.push_back(none);
    constant_.push_back(none);
    return static_cast<ir::ValueId>(p_.types.size() - 1);
  }
  void replace(ir::ValueId old, ir::ValueId by) { renaming_.replace(old, by); }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  ir::Program p_;
  std::vector<ir::Instr> old_;
  Renaming renaming_;
  std::vector<std::uint32_t> producer_, constant_;  // by value: instruction, number of the constant
};

}  // namespace fluxion::compiler
