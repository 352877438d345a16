// The order in which a loop's members are computed, and the calls of one kernel each.
#include <algorithm>

#include <fluxion/error.hpp>
#include "base/text.hpp"
#include "compiler/cost.hpp"
#include "compiler/plan_loop.hpp"

namespace fluxion::compiler {

// --- order ------------------------------------------------------------------------------------------------------

void LoopPlanner::count_uses() {
  for (std::size_t m = 0; m < u_.members.size(); ++m)
    for (const auto v : member(m).in) {
      if (!inside(v)) continue;
      if (uses_[local(v)]++ == 0) user_[local(v)] = static_cast<std::uint32_t>(m);
    }
}

/// What kernels take the operands of an operation for. Keys and tapes are moved, never looked at.
DType LoopPlanner::operand_dtype(const ir::Instr& i, ir::Op op) const {
  const DType t = p_.type(i.in[op == ir::Op::select ? 1 : 0]).dtype;
  return is_key(t) || is_tape(t) ? DType::uint64 : t;
}

/// The bytes of an element if the member can be part of a chain, else 0.
std::size_t LoopPlanner::chain_width(std::size_t m) {
  if (loop_.n == 1) return 0;
  const auto& i = member(m);
  const DType result = p_.type(i.out[0]).dtype;
  if (std::holds_alternative<ir::Iota>(i.action)) return result == DType::uint32 || result == DType::int32 ? 4 : 0;
  if (std::holds_alternative<ir::Threefry>(i.action)) return fused_words(m) ? 4 : 0;
  const auto* map = std::get_if<ir::Map>(&i.action);
  if (map == nullptr) return 0;
  const DType t = operand_dtype(i, map->op);
  const auto form = ir::arity(map->op) == 1 ? kernels::ChainForm::unary : kernels::ChainForm::acc_vector;
  if (kernels::table().chain(map->op, t, form) == nullptr) return 0;
  if (map->op == ir::Op::select && slot_of(i.in[0]).scalar) return 0;
  return itemsize(t);
}

/// Whether member m gives random words of which the next member takes the exclusive or, and nobody else anything.
bool LoopPlanner::fused_words(std::size_t m) const {
  const auto& i = member(m);
  if (m + 1 == u_.members.size()) return false;
  const auto& next = member(m + 1);
  const auto* map = std::get_if<ir::Map>(&next.action);
  if (map == nullptr || map->op != ir::Op::xor_ || !inside(next.in[0]) || !inside(next.in[1])) return false;
  const auto first = local(i.out[0]), second = local(i.out[1]), a = local(next.in[0]), b = local(next.in[1]);
  if (!((a == first && b == second) || (a == second && b == first))) return false;
  for (const auto l : {first, second})
    if (uses_[l] != 1 || slots_[l].kind != Slot::Kind::none || streamed_[l].kind != Slot::Kind::none) return false;
  for (std::size_t k = 0; k < 3; ++k)
    if (inside(i.in[k]) || !operands_[p_.operand_of(i.in[k])].slot.scalar) return false;
  return inside(i.in[3]) || !operands_[p_.operand_of(i.in[3])].slot.scalar;
}

/// Members in program order, but in chains what uses a result comes right after it where it can.
void LoopPlanner::schedule() {
  count_uses();
  const std::size_t n = u_.members.size();
  std::vector<std::size_t> widths;
  for (std::size_t m = 0; m < n; ++m) widths.push_back(chain_width(m));
  done_.assign(n, 0);
  sequence_.reserve(n);
  for (std::size_t begin = 0, end; begin < n; begin = end) {
    for (end = begin + 1; end < n && widths[end] == widths[begin];) ++end;
    runs_.push_back({begin, end, widths[begin]});
    follow(begin, end);
  }
  find_last_uses();
}

void LoopPlanner::follow(std::size_t begin, std::size_t end) {
  const bool chain = runs_.back().width != 0;
  for (std::size_t first = begin; first < end; ++first)
    for (std::size_t m = first; m != end && done_[m] == 0;) {
      sequence_.push_back(static_cast<std::uint32_t>(m));
      done_[m] = 1;
      std::size_t next = end;
      if (chain)
        for (const auto v : member(m).out)
          if (const auto l = local(v); uses_[l] != 0 && user_[l] < end && ready(user_[l])) next = user_[l];
      m = next;
    }
}

bool LoopPlanner::ready(std::size_t m) const {
  const auto& in = member(m).in;
  return done_[m] == 0 && std::all_of(in.begin(), in.end(), [&](ir::ValueId v) {
    return !inside(v) || done_[local(v) / 2] != 0;
  });
}

void LoopPlanner::find_last_uses() {
  for (std::size_t at = 0; at < sequence_.size(); ++at)
    for (const auto v : member(sequence_[at]).in) {
      if (inside(v)) last_use_[local(v)] = at;
      else if (auto& o = operand(v); o.last_use != u_.members.size()) o.last_use = at;
    }
}

void LoopPlanner::compute() {
  for (const auto& r : runs_) {
    if (r.width != 0 && (r.end - r.begin > 1 || folds(r))) chain(r);
    else
      for (std::size_t at = r.begin; at < r.end; ++at) call(at);
  }
}

// --- calls ------------------------------------------------------------------------------------------------------

void LoopPlanner::call(std::size_t at) {
  const auto& i = member(sequence_[at]);
  std::vector<Slot> in;
  for (const auto v : i.in) in.push_back(slot_of(v));
  const auto kernel = kernel_for(i, in);
  const auto size = size_of(i.out[0]);
  const auto same = last_used(at, size, true), others = last_used(at, size, false);
  const bool keep_apart = std::holds_alternative<ir::Threefry>(i.action);
  if (!keep_apart) release(same);
  for (const auto v : i.out) result_slot(v);
  if (keep_apart) release(same);
  release(others);
  loop_.calls.push_back({kernel, static_cast<std::uint32_t>(arguments_.size())});
  // A call with several results may store one before it has loaded for the next.
  const std::uint32_t written = i.out.size() == 1 ? 1 : 0;
  for (const auto v : i.out) argument(slots_[local(v)], 2 * clock_ + written);
  if (std::holds_alternative<ir::Iota>(i.action)) {
    argument({Slot::Kind::start}, 2 * clock_);
    loop_.counts = true;
  }
  for (const auto& slot : in) argument(slot, 2 * clock_ + 1 - written);
  ++clock_;
  loop_.cost += static_cast<double>(loop_.n) * cost_of(i.action, p_.type(i.out[0]).dtype);
  for (const auto v : i.out) {
    if (streamed_[local(v)].kind != Slot::Kind::none) stream_out(v);
    drop_if_unused(v, at);
  }
}

void LoopPlanner::argument(const Slot& slot, std::uint32_t order) {
  arguments_.push_back(slot);
  loop_.order.push_back(order);
}

void LoopPlanner::result_slot(ir::ValueId v) {
  widest_ = std::max(widest_, size_of(v));
  auto& slot = slots_[local(v)];
  if (slot.kind == Slot::Kind::none) slot = {Slot::Kind::reg, registers_.take()};
}

void LoopPlanner::drop_if_unused(ir::ValueId v, std::size_t at) {
  const auto& slot = slots_[local(v)];
  if (slot.kind == Slot::Kind::reg && last_use_[local(v)] <= at) registers_.give(slot.index);
}

/// Registers of operands that member `at` of the sequence is the last to use, of elements of `size` bytes or of
/// others. A result may take the place of an operand of its own size.
std::vector<std::uint32_t> LoopPlanner::last_used(std::size_t at, std::size_t size, bool same_size) {
  std::vector<std::uint32_t> registers;
  for (const auto v : member(sequence_[at]).in) {
    const auto& slot = slot_of(v);
    if ((size_of(v) == size) != same_size || slot.kind != Slot::Kind::reg) continue;
    if ((inside(v) ? last_use_[local(v)] : operand(v).last_use) != at) continue;
    if (std::find(registers.begin(), registers.end(), slot.index) == registers.end()) registers.push_back(slot.index);
  }
  return registers;
}

void LoopPlanner::release(const std::vector<std::uint32_t>& registers) {
  for (const auto r : registers) registers_.give(r);
}

kernels::Kernel LoopPlanner::kernel_for(const ir::Instr& i, std::vector<Slot>& in) {
  const auto& table = kernels::table();
  const DType result = p_.type(i.out[0]).dtype;
  kernels::Kernel k = nullptr;
  if (const auto* map = std::get_if<ir::Map>(&i.action)) return map_kernel(map->op, i, in);
  if (std::holds_alternative<ir::Iota>(i.action)) k = table.iota(result);
  if (std::holds_alternative<ir::Convert>(i.action)) {
    splat(i, in, 0);
    k = table.convert(p_.type(i.in[0]).dtype, result);
  }
  if (std::holds_alternative<ir::Threefry>(i.action)) {
    const bool scalar_key = in[0].scalar && in[1].scalar;
    for (std::size_t j = scalar_key ? 2 : 0; j < 4; ++j) splat(i, in, j);
    k = table.threefry2x32(scalar_key ? 3 : 0);
  }
  return required(k, i);
}

kernels::Kernel LoopPlanner::map_kernel(ir::Op op, const ir::Instr& i, std::vector<Slot>& in) {
  const DType t = operand_dtype(i, op);
  if (op == ir::Op::select) splat(i, in, 0);
  unsigned mask = 0, all = 0;
  for (std::size_t j = 0; j < in.size(); ++j) {
    mask |= in[j].scalar ? 1U << j : 0U;
    all |= 1U << j;
  }
  if (mask == all) {
    splat(i, in, 0);
    mask &= ~1U;
  }
  if (const auto k = kernels::table().elementwise(op, t, mask)) return k;
  for (std::size_t j = 0; j < in.size(); ++j) splat(i, in, j);
  return required(kernels::table().elementwise(op, t, 0), i);
}

kernels::Kernel LoopPlanner::required(kernels::Kernel k, const ir::Instr& i) const {
  if (k != nullptr) return k;
  const auto* map = std::get_if<ir::Map>(&i.action);
  const DType t = p_.type(i.in.empty() ? i.out[0] : i.in.back()).dtype;
  if (std::holds_alternative<ir::Convert>(i.action))
    throw UnsupportedError(
        text("convert_element_type: there is no conversion from ", t, " to ", p_.type(i.out[0]).dtype));
  throw UnsupportedError(text(map != nullptr ? name(map->op) : "iota", ": not defined for ", t));
}

/// A scalar where the kernel wants a block of it.
void LoopPlanner::splat(const ir::Instr& i, std::vector<Slot>& in, std::size_t j) {
  if (!in[j].scalar) return;
  in[j] = {Slot::Kind::reg, registers_.fresh()};
  gather(operand(i.in[j]), in[j]);
}

}  // namespace fluxion::compiler
