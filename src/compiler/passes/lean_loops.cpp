// Loops and branches keep what somebody needs: carries that no result depends on, stacks and operands that nothing reads
// are dropped, and a carry that never changes becomes a constant of the loop.
#include <map>

#include "compiler/passes/rewriting.hpp"

namespace fluxion::compiler {
namespace {

using ir::ProgramPtr;
using ir::ValueId;
using Mask = std::vector<char>;

/// Which values of a program are needed for some of its outputs. A carried input, once needed, needs the output that
/// carries it on.
class Needed {
 public:
  Needed(const ir::Program& p, std::size_t first_carry, std::size_t carries)
      : p_(p), marked_(p.types.size(), 0), by_(p.types.size(), none), carried_(p.types.size(), none) {
    for (std::uint32_t i = 0; i < p.instrs.size(); ++i) {
      for (const auto v : p.instrs[i].out) by_[v] = i;
      if (ir::effect_of(p.instrs[i].action) != Effect::none)
        for (const auto v : p.instrs[i].in) mark(v);
    }
    for (std::uint32_t k = 0; k < carries; ++k) carried_[p.inputs[first_carry + k]] = k;
  }

  void mark(ValueId v) {
    if (marked_[v] == 0) open_.push_back(v);
    marked_[v] = 1;
  }
  void follow() {
    while (!open_.empty()) {
      const auto v = open_.back();
      open_.pop_back();
      if (carried_[v] != none) mark(p_.outputs[carried_[v]]);
      if (by_[v] != none)
        for (const auto in : p_.instrs[by_[v]].in) mark(in);
    }
  }
  bool operator()(ValueId v) const { return marked_[v] != 0; }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  const ir::Program& p_;
  Mask marked_;
  std::vector<std::uint32_t> by_, carried_;  // by value: its instruction, its carry
  std::vector<ValueId> open_;
};

/// The same program with other lists of inputs and outputs; one object for each.
class Variants {
 public:
  ProgramPtr of(const ProgramPtr& p, ir::Values inputs, ir::Values outputs) {
    if (inputs == p->inputs && outputs == p->outputs) return p;
    auto& known = known_[{p, inputs, outputs}];
    if (known == nullptr) {
      ir::Program q = *p;
      q.inputs = std::move(inputs);
      q.outputs = std::move(outputs);
      known = std::make_shared<const ir::Program>(without_dead_code(std::move(q)));
    }
    return known;
  }

 private:
  std::map<std::tuple<ProgramPtr, ir::Values, ir::Values>, ProgramPtr> known_;
};

class Leaner {
 public:
  explicit Leaner(ir::Program p) : p_(std::move(p)), used_(p_.types.size(), 0), renaming_(p_.types.size()) {}

  ir::Program run() {
    for (const auto v : p_.outputs) used_[v] = 1;
    for (std::size_t i = p_.instrs.size(); i-- > 0;) {  // so that what a loop drops is dropped before it
      auto& instr = p_.instrs[i];
      std::visit([&](auto& action) { make_lean(instr, action); }, instr.action);
      for (const auto v : instr.in) used_[v] = 1;
    }
    for (auto& i : p_.instrs) renaming_.apply(i.in);
    renaming_.apply(p_.outputs);
    return without_dead_code(std::move(p_));
  }

 private:
  template <class Other>
  void make_lean(ir::Instr&, Other&) {}

  void make_lean(ir::Instr& i, ir::Cond& action) {
    Mask needed(i.in.size() - 1, 0);
    for (const auto& b : action.branches) {
      Needed n(*b, 0, 0);
      for (std::size_t k = 0; k < i.out.size(); ++k)
        if (used_[i.out[k]] != 0) n.mark(b->outputs[k]);
      n.follow();
      for (std::size_t k = 0; k < needed.size(); ++k) needed[k] |= n(b->inputs[k]) ? 1 : 0;
    }
    for (auto& b : action.branches) {
      ir::Values in, out;
      for (std::size_t k = 0; k < needed.size(); ++k)
        if (needed[k] != 0) in.push_back(b->inputs[k]);
      for (std::size_t k = 0; k < i.out.size(); ++k)
        if (used_[i.out[k]] != 0) out.push_back(b->outputs[k]);
      b = variants_.of(b, std::move(in), std::move(out));
    }
    ir::Values in{i.in[0]};
    for (std::size_t k = 0; k < needed.size(); ++k)
      if (needed[k] != 0) in.push_back(i.in[k + 1]);
    i.in = std::move(in);
    std::erase_if(i.out, [&](ValueId v) { return used_[v] == 0; });
  }

  /// What becomes of each carry.
  enum class Fate : char { dropped, constant, carried };
  Fate fate(const ir::Program& body, std::size_t consts, std::size_t k, bool needed) const {
    if (!needed) return Fate::dropped;
    return body.outputs[k] == body.inputs[consts + k] ? Fate::constant : Fate::carried;
  }
  void stands_for(ValueId result, ValueId initial) {
    used_[initial] |= used_[result];
    renaming_.replace(result, initial);
  }

  void make_lean(ir::Instr& i, ir::Scan& action) {
    const auto& body = *action.body;
    Needed needed(body, action.consts, action.carry);
    for (std::size_t k = 0; k < i.out.size(); ++k)
      if (used_[i.out[k]] != 0) needed.mark(body.outputs[k]);
    needed.follow();
    ir::Values consts, carry, xs, body_consts, body_carry, body_xs, out, body_out;
    for (std::size_t k = 0; k < i.in.size(); ++k) {
      const auto v = body.inputs[k];
      const bool is_const = k < action.consts, is_x = k >= action.consts + action.carry;
      const std::size_t c = k - action.consts;
      if (is_const || is_x) {
        if (!needed(v)) continue;
        (is_const ? consts : xs).push_back(i.in[k]);
        (is_const ? body_consts : body_xs).push_back(v);
        continue;
      }
      const auto f = fate(body, action.consts, c, needed(v) || used_[i.out[c]] != 0);
      if (f == Fate::constant) {
        consts.push_back(i.in[k]);
        body_consts.push_back(v);
        stands_for(i.out[c], i.in[k]);
      } else if (f == Fate::carried) {
        carry.push_back(i.in[k]);
        body_carry.push_back(v);
        out.push_back(i.out[c]);
        body_out.push_back(body.outputs[c]);
      }
    }
    for (std::size_t k = action.carry; k < i.out.size(); ++k)
      if (used_[i.out[k]] != 0) {
        out.push_back(i.out[k]);
        body_out.push_back(body.outputs[k]);
      }
    ir::Values body_in = body_consts;
    body_in.insert(body_in.end(), body_carry.begin(), body_carry.end());
    body_in.insert(body_in.end(), body_xs.begin(), body_xs.end());
    action = {variants_.of(action.body, std::move(body_in), std::move(body_out)), consts.size(), carry.size(), action.length, action.reverse};
    i.in = std::move(consts);
    i.in.insert(i.in.end(), carry.begin(), carry.end());
    i.in.insert(i.in.end(), xs.begin(), xs.end());
    i.out = std::move(out);
  }

  void make_lean(ir::Instr& i, ir::While& action) {
    const auto &cond = *action.cond, &body = *action.body;
    const std::size_t carries = i.out.size(), consts = action.cond_consts + action.body_consts;
    Needed by_cond(cond, 0, 0), by_body(body, action.body_consts, carries);
    by_cond.mark(cond.outputs[0]);
    by_cond.follow();
    for (std::size_t k = 0; k < carries; ++k)
      if (used_[i.out[k]] != 0 || by_cond(cond.inputs[action.cond_consts + k])) by_body.mark(body.inputs[action.body_consts + k]);
    by_body.follow();
    struct Lists { ir::Values in, consts, carry; } of_cond, of_body;
    for (std::size_t k = 0; k < consts; ++k) {
      const bool c = k < action.cond_consts;
      const auto v = c ? cond.inputs[k] : body.inputs[k - action.cond_consts];
      if (c ? !by_cond(v) : !by_body(v)) continue;
      (c ? of_cond : of_body).in.push_back(i.in[k]);
      (c ? of_cond : of_body).consts.push_back(v);
    }
    ir::Values carry, out, body_out;
    for (std::size_t k = 0; k < carries; ++k) {
      const auto in_cond = cond.inputs[action.cond_consts + k], in_body = body.inputs[action.body_consts + k];
      const auto f = fate(body, action.body_consts, k, by_body(in_body));
      if (f == Fate::constant) {
        of_cond.in.push_back(i.in[consts + k]);
        of_cond.consts.push_back(in_cond);
        of_body.in.push_back(i.in[consts + k]);
        of_body.consts.push_back(in_body);
        stands_for(i.out[k], i.in[consts + k]);
      } else if (f == Fate::carried) {
        carry.push_back(i.in[consts + k]);
        of_cond.carry.push_back(in_cond);
        of_body.carry.push_back(in_body);
        out.push_back(i.out[k]);
        body_out.push_back(body.outputs[k]);
      }
    }
    action.cond_consts = of_cond.consts.size();
    action.body_consts = of_body.consts.size();
    for (auto* l : {&of_cond, &of_body}) l->consts.insert(l->consts.end(), l->carry.begin(), l->carry.end());
    action.cond = variants_.of(action.cond, std::move(of_cond.consts), ir::Values(cond.outputs));
    action.body = variants_.of(action.body, std::move(of_body.consts), std::move(body_out));
    i.in = std::move(of_cond.in);
    i.in.insert(i.in.end(), of_body.in.begin(), of_body.in.end());
    i.in.insert(i.in.end(), carry.begin(), carry.end());
    i.out = std::move(out);
  }

  ir::Program p_;
  Mask used_;
  Renaming renaming_;
  Variants variants_;
};

}  // namespace

ir::Program with_lean_loops(ir::Program p) { return Leaner(std::move(p)).run(); }

}  // namespace fluxion::compiler
