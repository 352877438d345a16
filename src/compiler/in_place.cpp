#include "compiler/in_place.hpp"

#include <algorithm>
#include <optional>

namespace fluxion::compiler {

LastUses::LastUses(const ir::Program& p, const Fusion& fusion) : base_(p.types.size()), last_(p.types.size(), 0) {
  for (std::size_t v = 0; v < base_.size(); ++v) base_[v] = static_cast<ir::ValueId>(v);
  for (const auto& i : p.instrs)
    if (is_view(i.action)) base_[i.out[0]] = base_[i.in[0]];
  for (std::uint32_t u = 0; u < fusion.units.size(); ++u)
    for (const auto* list : {&fusion.units[u].members, &fusion.units[u].reductions})
      for (const auto i : *list)
        for (const auto v : p.instrs[i].in) last_[base_[v]] = std::max(last_[base_[v]], u);
  for (const auto v : p.outputs) last_[base_[v]] = no_instr;
}

ir::ValueId LastUses::base(ir::ValueId v) {
  while (base_[v] != v) v = base_[v] = base_[base_[v]];
  return v;
}

bool LastUses::ends_with(const ir::Instr& i, std::size_t operand, std::uint32_t unit) {
  const auto x = base(i.in[operand]);
  for (std::size_t k = 0; k < i.in.size(); ++k)
    if (k != operand && base(i.in[k]) == x) return false;
  return last_[x] <= unit;
}

void LastUses::join(ir::ValueId v, ir::ValueId in) {
  const auto from = base(v), to = base(in);
  if (from == to) return;
  base_[from] = to;
  last_[to] = std::max(last_[to], last_[from]);
}

namespace {

bool puts(const ir::Action& a) {
  return std::holds_alternative<ir::PutRows>(a) || std::holds_alternative<ir::PutWindow>(a);
}

/// Of one program.
class Chains {
 public:
  explicit Chains(const ir::Program& p) : p_(p), uses_(p.types.size(), 0), producer_(p.types.size(), no_instr) {
    for (std::uint32_t i = 0; i < p.instrs.size(); ++i) {
      for (const auto v : p.instrs[i].in) ++uses_[v];
      for (const auto v : p.instrs[i].out) producer_[v] = i;
    }
    for (const auto v : p.outputs) ++uses_[v];
  }
  bool leads(ir::ValueId from, ir::ValueId to) const {
    bool changed = false;
    while (from != to) {
      if (producer_[from] == no_instr || uses_[from] != 1) return false;
      const auto& i = p_.instrs[producer_[from]];
      const auto before = changed_operand(i, from);
      if (!before) return false;
      changed = changed || !std::holds_alternative<ir::Reshape>(i.action);
      from = *before;
    }
    return changed;
  }

 private:
  static std::optional<ir::ValueId> changed_operand(const ir::Instr& i, ir::ValueId v) {
    if (puts(i.action) || std::holds_alternative<ir::Reshape>(i.action)) return i.in[0];
    return carried(i, v);
  }
  /// The operand that a loop changes in place to make its result `v`.
  static std::optional<ir::ValueId> carried(const ir::Instr& i, ir::ValueId v) {
    std::size_t consts = 0, carries = 0;
    const ir::Program* body = nullptr;
    if (const auto* scan = std::get_if<ir::Scan>(&i.action)) {
      if (scan->length == 0) return std::nullopt;
      consts = scan->consts;
      carries = scan->carry;
      body = scan->body.get();
    } else if (const auto* loop = std::get_if<ir::While>(&i.action)) {
      return from_while(i, *loop, v);
    }
    for (std::size_t k = 0; k < carries; ++k)
      if (i.out[k] == v && changed_in_place(*body, consts, carries)[k] != 0) return i.in[consts + k];
    return std::nullopt;
  }
  static std::optional<ir::ValueId> from_while(const ir::Instr& i, const ir::While& loop, ir::ValueId v) {
    for (std::size_t k = 0; k < i.out.size(); ++k)
      if (i.out[k] == v && changed_in_place(*loop.body, loop.body_consts, i.out.size())[k] != 0)
        return i.in[loop.cond_consts + loop.body_consts + k];
    return std::nullopt;
  }

  const ir::Program& p_;
  std::vector<std::uint32_t> uses_, producer_;
};

}  // namespace

std::vector<char> changed_in_place(const ir::Program& body, std::size_t consts, std::size_t carries) {
  std::vector<char> found(carries, 0);
  const bool any = std::any_of(body.instrs.begin(), body.instrs.end(),
                               [](const ir::Instr& i) { return puts(i.action) || holds_programs(i.action); });
  if (!any) return found;
  const Chains chains(body);
  for (std::size_t k = 0; k < carries; ++k) found[k] = chains.leads(body.outputs[k], body.inputs[consts + k]);
  return found;
}

std::vector<std::size_t> changed_operands(const ir::Instr& i) {
  if (puts(i.action)) return {0};
  std::vector<char> changed;
  std::size_t first = 0;
  if (const auto* scan = std::get_if<ir::Scan>(&i.action); scan != nullptr && scan->length != 0) {
    first = scan->consts;
    changed = changed_in_place(*scan->body, scan->consts, scan->carry);
  } else if (const auto* loop = std::get_if<ir::While>(&i.action)) {
    first = loop->cond_consts + loop->body_consts;
    changed = changed_in_place(*loop->body, loop->body_consts, i.out.size());
  }
  std::vector<std::size_t> operands;
  for (std::size_t k = 0; k < changed.size(); ++k)
    if (changed[k] != 0) operands.push_back(first + k);
  return operands;
}

}  // namespace fluxion::compiler
