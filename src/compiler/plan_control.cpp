// Instructions that hold programs. Held programs are planned here, once; what a step does from round to round
// is to change addresses. A carry has one place if a round writes each element no sooner than it was read for the last
// time, else two.
#include <algorithm>

#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

std::int64_t size_of(const ir::Type& t) { return static_cast<std::int64_t>(itemsize(t.dtype)); }
std::size_t bytes_of(const ir::Type& t) { return static_cast<std::size_t>(element_count(t.shape)) * itemsize(t.dtype); }

/// Whether the distinct elements fill memory: no copy would be better to read again and again.
bool compact(const Shape& shape, const Dims& strides) {
  Shape extents;
  Dims steps;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (strides[d] == 0) continue;
    extents.push_back(shape[d]);
    steps.push_back(strides[d]);
  }
  return is_dense(extents, steps);
}

Location gapless(Planner& p, ir::ValueId v) {
  Location l = p.use(v);
  const auto& t = p.type(v);
  if (is_row_major(t.shape, l.strides)) return l;
  return {p.packed(l.ref(), t.shape, l.strides, itemsize(t.dtype)), 0, row_major(t.shape), true};
}

/// An operand that every round reads.
Location reread(Planner& p, ir::ValueId v) {
  Location l = p.use(v);
  return compact(p.type(v).shape, l.strides) ? l : gapless(p, v);
}

/// Element 0 of a stack, or its last one; `step` leads to the next one in bytes.
Location element(Planner& p, ir::ValueId v, bool reverse, std::int64_t& step) {
  const auto& t = p.type(v);
  const Shape inner(t.shape.data() + 1, t.shape.size() - 1);
  const auto tail = [](const Dims& strides) { return Dims(strides.data() + 1, strides.size() - 1); };
  Location l = p.use(v);
  if (!compact(inner, tail(l.strides))) l = gapless(p, v);
  step = l.strides[0] * size_of(t);
  if (reverse) {
    l.offset += (t.shape[0] - 1) * step;
    step = -step;
  }
  l.strides = tail(l.strides);
  return l;
}

/// The plan of a held program whose inputs are in these places.
Nested nested(const ir::Program& held, std::span<const Location> inputs, const std::vector<char>& wanted,
              const Owned& owned = {}) {
  std::vector<Dims> strides;
  for (const auto& l : inputs) strides.push_back(l.strides);
  Nested n{planned_held(held, strides, wanted, owned), {}, false, {}};
  n.own_tapes = n.plan->makes_tapes;
  for (std::size_t k = 0; k < wanted.size(); ++k)
    n.own_tapes = n.own_tapes && (wanted[k] == 0 || !is_tape(held.types[held.outputs[k]].dtype));
  for (std::size_t k = 0; k < inputs.size(); ++k)
    n.bindings.push_back({static_cast<std::uint32_t>(k), inputs[k].ref()});
  return n;
}

std::size_t memory_bytes(const Nested& n) { return table_bytes(*n.plan) + n.plan->arena_bytes; }

void write_to(Nested& n, std::size_t result, Ref to) { n.bindings.push_back({n.plan->results[result], to}); }

void plan_cond(Planner& p, const ir::Instr& i, std::uint32_t instr) {
  const auto& action = std::get<ir::Cond>(i.action);
  Cond step;
  step.instr = instr;
  step.index = p.use(i.in[0]).ref();
  std::vector<Location> in;
  for (std::size_t k = 1; k < i.in.size(); ++k) in.push_back(p.use(i.in[k]));
  std::vector<char> wanted;
  for (const auto v : i.out) wanted.push_back(p.fusion().stored[v]);
  std::size_t bytes = 0;
  bool tapes = false;
  for (const auto& branch : action.branches) {
    step.branches.push_back(nested(*branch, in, wanted));
    bytes = std::max(bytes, memory_bytes(step.branches.back()));
    tapes = tapes || step.branches.back().plan->makes_tapes;
  }
  p.plan().makes_tapes |= tapes;
  const Ref memory{p.temporary(bytes), 0};  // one branch runs
  for (auto& b : step.branches) b.memory = memory;
  for (std::size_t k = 0; k < i.out.size(); ++k) {
    if (wanted[k] == 0) continue;
    const Ref to = p.define(i.out[k], row_major(p.type(i.out[k]).shape)).ref();
    for (auto& b : step.branches) write_to(b, k, to);
  }
  p.step(std::move(step));
}

/// The carried operands of a loop whose body takes them behind `consts` others.
class Carries {
 public:
  /// `in` are the operands, `out` the results, of which the first in.size() are carried.
  Carries(Planner& p, const ir::Instr& i, const ir::Program& body, std::size_t consts, std::size_t first,
          std::size_t size)
      : p_(p), consts_(consts), out_(i.out), owned_{consts, changed_in_place(body, consts, size)} {
    for (std::size_t k = 0; k < size; ++k) {
      const auto v = i.in[first + k];
      changes_.push_back(body.outputs[k] != body.inputs[consts + k]);
      // What is changed in place must be a copy: bound to memory that may be written.
      if (owned_.of[k] != 0) initial_.push_back(p.remade(out_[k], i, first + k));
      else initial_.push_back(changes_[k] != 0 ? gapless(p, v) : reread(p, v));
    }
  }

  std::size_t size() const { return initial_.size(); }
  const std::vector<Location>& initial() const { return initial_; }
  /// By carry: whether the body gives another value than it takes.
  const std::vector<char>& changes() const { return changes_; }
  /// Those that the body may change where they are.
  const Owned& owned() const { return owned_; }
  /// Whether the body does.
  bool in_place(std::size_t k, const Nested& body) const { return body.plan->results[k] == consts_ + k; }

  /// Gives those that change one place or two, the others the one they have. Returns where the first round
  /// writes: for an odd number of rounds the result, which is there in the end.
  Ref place(std::size_t k, Nested& body, std::vector<Carry>& carries, std::int64_t rounds) {
    const auto v = out_[k];
    if (in_place(k, body)) return {};
    if (changes_[k] == 0) {
      p_.stand_for(v, initial_[k]);
      return {};
    }
    const auto bytes = bytes_of(p_.type(v));
    const Ref result = p_.define(v, row_major(p_.type(v).shape)).ref();
    const bool one_place = rounds == 1 || rewrites(k, *body.plan);
    const Ref other = one_place ? result : Ref{p_.temporary(bytes), 0};
    const bool odd = rounds % 2 != 0;
    write_to(body, k, odd ? result : other);
    carries.push_back({static_cast<std::uint32_t>(consts_ + k), body.plan->results[k], odd ? other : result, bytes});
    return result;
  }

 private:
  /// Whether a round may write carry k over what it was.
  bool rewrites(std::size_t k, const Plan& body) const {
    return std::any_of(body.reuses.begin(), body.reuses.end(), [&](const Reuse& r) { return r.input == consts_ + k; });
  }

  Planner& p_;
  std::size_t consts_;
  std::span<const ir::ValueId> out_;
  Owned owned_;
  std::vector<Location> initial_;
  std::vector<char> changes_;
};

void plan_while(Planner& p, const ir::Instr& i, std::uint32_t instr) {
  const auto& action = std::get<ir::While>(i.action);
  const std::size_t consts = action.cond_consts + action.body_consts;
  const std::span<const ir::ValueId> in(i.in);
  Carries carries(p, i, *action.body, action.body_consts, consts, in.size() - consts);
  std::vector<Location> cond_in, body_in;
  for (std::size_t k = 0; k < consts; ++k) (k < action.cond_consts ? cond_in : body_in).push_back(reread(p, in[k]));
  for (auto* to : {&cond_in, &body_in}) to->insert(to->end(), carries.initial().begin(), carries.initial().end());

  While step;
  step.instr = instr;
  step.cond = nested(*action.cond, cond_in, {1});
  step.body = nested(*action.body, body_in, carries.changes(), carries.owned());
  p.plan().makes_tapes |= step.cond.plan->makes_tapes || step.body.plan->makes_tapes;
  step.cond.memory = {p.temporary(memory_bytes(step.cond)), 0};
  step.body.memory = {p.temporary(memory_bytes(step.body)), 0};
  constexpr std::int64_t unknown_but_odd = 3;  // an even number costs a copy in the end
  for (std::size_t k = 0; k < carries.size(); ++k) {
    const Ref result = carries.place(k, step.body, step.carries, unknown_but_odd);
    if (carries.changes()[k] == 0 || carries.in_place(k, step.body)) continue;
    step.results.push_back(result);
    step.cond_inputs.push_back(static_cast<std::uint32_t>(action.cond_consts + k));
  }
  p.step(std::move(step));
}

/// No rounds: the initial carry, and stacks of nothing.
void plan_no_rounds(Planner& p, const ir::Instr& i, const ir::Scan& action) {
  for (std::size_t k = 0; k < i.out.size(); ++k) {
    if (k < action.carry) p.stand_for(i.out[k], p.use(i.in[action.consts + k]));
    else p.define(i.out[k], row_major(p.type(i.out[k]).shape));
  }
}

void plan_scan(Planner& p, const ir::Instr& i, std::uint32_t instr) {
  const auto& action = std::get<ir::Scan>(i.action);
  if (action.length == 0) return plan_no_rounds(p, i, action);
  const std::span<const ir::ValueId> in(i.in);
  Scan step;
  step.instr = instr;
  step.length = action.length;
  std::vector<Location> inputs;
  for (const auto v : in.first(action.consts)) inputs.push_back(reread(p, v));
  Carries carries(p, i, *action.body, action.consts, action.consts, action.carry);
  inputs.insert(inputs.end(), carries.initial().begin(), carries.initial().end());
  while (inputs.size() < in.size()) {
    step.walks.push_back({static_cast<std::uint32_t>(inputs.size()), 0});
    inputs.push_back(element(p, in[inputs.size()], action.reverse, step.walks.back().step));
  }
  auto wanted = carries.changes();
  while (wanted.size() < i.out.size()) wanted.push_back(p.fusion().stored[i.out[wanted.size()]]);
  step.body = nested(*action.body, inputs, wanted, carries.owned());
  p.plan().makes_tapes |= step.body.plan->makes_tapes;
  step.body.memory = {p.temporary(memory_bytes(step.body)), 0};
  for (std::size_t k = 0; k < i.out.size(); ++k) {
    if (k < action.carry) carries.place(k, step.body, step.carries, action.length);
    if (k < action.carry || wanted[k] == 0) continue;
    Location y = p.define(i.out[k], row_major(p.type(i.out[k]).shape));
    const std::int64_t bytes = static_cast<std::int64_t>(bytes_of(p.type(i.out[k]))) / action.length;
    if (action.reverse) y.offset += (action.length - 1) * bytes;
    write_to(step.body, k, y.ref());
    step.walks.push_back({step.body.plan->results[k], action.reverse ? -bytes : bytes});
  }
  p.step(std::move(step));
}

}  // namespace

void plan_control(Planner& p, std::uint32_t instr) {
  const auto& i = p.instr(instr);
  if (std::holds_alternative<ir::Cond>(i.action)) plan_cond(p, i, instr);
  else if (std::holds_alternative<ir::While>(i.action)) plan_while(p, i, instr);
  else plan_scan(p, i, instr);
}

}  // namespace fluxion::compiler
