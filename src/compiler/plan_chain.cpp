// Chains: runs of cheap members as steps that leave their results in registers for the next one.
#include <algorithm>
#include <cstring>

#include "compiler/cost.hpp"
#include "compiler/plan_loop.hpp"

namespace fluxion::compiler {

using kernels::ChainForm;
using kernels::ChainMove;

kernels::ChainArg& ChainBuilder::arg(const Slot& slot, std::size_t bytes, bool written) {
  kernels::ChainArg a;
  a.bytes = slot.scalar || slot.kind == Slot::Kind::start ? 0 : static_cast<std::uint8_t>(bytes);
  a.written = written;
  a.padded = slot.kind == Slot::Kind::reg;
  a.counter = slot.kind == Slot::Kind::start;
  a.same = static_cast<std::uint8_t>(args_.size());
  for (std::size_t k = 0; k < args_.size(); ++k)
    if (args_[k].written && !a.padded && same_place(slots_[k], slot)) a.same = static_cast<std::uint8_t>(k);
  args_.push_back(a);
  slots_.push_back(slot);
  order_.push_back(2 * (steps() - 1) + (written ? 1 : 0));
  return args_.back();
}

std::vector<std::byte> ChainBuilder::bytes() const {
  constexpr std::size_t alignment = 16;
  const std::size_t behind = sizeof(kernels::ChainHead) + args_.size() * sizeof(kernels::ChainArg);
  const std::size_t begin = (behind + alignment - 1) / alignment * alignment;
  const kernels::ChainHead head{static_cast<std::uint32_t>(args_.size()), static_cast<std::uint32_t>(begin)};
  std::vector<std::byte> all(begin + steps_.size() * sizeof(kernels::ChainStep));
  std::memcpy(all.data(), &head, sizeof head);
  if (!args_.empty()) std::memcpy(all.data() + sizeof head, args_.data(), args_.size() * sizeof(kernels::ChainArg));
  std::memcpy(all.data() + begin, steps_.data(), steps_.size() * sizeof(kernels::ChainStep));
  return all;
}

void LoopPlanner::chain(const Run& r) {
  const std::size_t room = 12 + 2 * folds_.size();  // arguments of two members
  ChainBuilder c(r.width);
  widest_ = std::max(widest_, r.width);
  for (std::size_t at = r.begin; at < r.end; ++at) {
    const bool words = std::holds_alternative<ir::Threefry>(member(sequence_[at]).action);  // and what uses them
    const bool last = at + 1 == r.end || (!c.has_room(room) && !words);
    chain_member(c, at, last);
    if (last) close(c);
  }
}

void LoopPlanner::close(ChainBuilder& c) {
  c.step(ChainMove::end);
  const Ref at = p_.constants(c.bytes());
  loop_.calls.push_back({kernels::table().run_chain(c.width()), static_cast<std::uint32_t>(arguments_.size())});
  argument({Slot::Kind::fixed, 0, at}, 0);
  for (std::size_t k = 0; k < c.slots().size(); ++k) argument(c.slots()[k], 2 * clock_ + c.order()[k]);
  clock_ += c.steps();
  for (auto& list : chain_free_) {
    for (const auto r : list) registers_.give(r);
    list.clear();
  }
  acc_ = no_value;
  c = ChainBuilder(c.width());
}

void LoopPlanner::chain_member(ChainBuilder& c, std::size_t at, bool last) {
  const auto& i = member(sequence_[at]);
  const auto v = i.out[0];
  const auto* map = std::get_if<ir::Map>(&i.action);
  if (std::holds_alternative<ir::Iota>(i.action)) {
    c.step(ChainMove::count);
    c.arg({Slot::Kind::start}, 0);
    loop_.counts = true;
  } else if (std::holds_alternative<ir::Threefry>(i.action)) {
    if (!in_acc(i.in[3])) load(c, i.in[3]);
    c.step(ChainMove::threefry);
    for (std::size_t k = 0; k < 3; ++k) c.arg(slot_of(i.in[k]), 4);
  } else if (map->op != ir::Op::xor_ || !takes_words(i)) {
    chain_map(c, i, map->op, at);
  }
  loop_.cost += static_cast<double>(loop_.n) * cost_of(i.action, p_.type(v).dtype);
  if (map != nullptr && ir::is_comparison(map->op)) return;
  acc_ = local(v);
  const bool words = map == nullptr && i.out.size() == 2;
  chain_release(at);
  if (words) return;
  if (streamed_[acc_].kind != Slot::Kind::none) {
    c.step(ChainMove::stream);
    c.arg(streamed_[acc_], c.width(), true);
  }
  for (std::size_t k = 0; k < folds_.size(); ++k)
    if (folds_[k].from == acc_) fold(c, k);
  if (only_in_acc(v, at, last)) return;
  const Slot to = chain_result(v);
  c.step(ChainMove::store);
  c.arg(to, c.width(), true);
  if (to.kind == Slot::Kind::reg && uses_[acc_] == 0) chain_free_[1].push_back(to.index);
}

/// Whether both operands are the words of one fused member: acc has their exclusive or already.
bool LoopPlanner::takes_words(const ir::Instr& i) const {
  const auto v = i.in[0];
  if (!inside(v) || acc_ == no_value || acc_ / 2 != local(v) / 2) return false;
  return std::holds_alternative<ir::Threefry>(member(local(v) / 2).action);
}

void LoopPlanner::chain_map(ChainBuilder& c, const ir::Instr& i, ir::Op op, std::size_t at) {
  const auto& table = kernels::table();
  const DType t = operand_dtype(i, op);
  if (op == ir::Op::select) {
    const ChainForm form = chain_form(c, i.in[1], i.in[2], true);
    c.step(table.chain(op, t, form));
    c.arg(slot_of(i.in[0]), 1);
    other_argument(c, i.in[1], i.in[2], form);
    return;
  }
  const bool one = ir::arity(op) == 1;
  if (one && !in_acc(i.in[0])) load(c, i.in[0]);
  const bool twice = !one && table.chain(op, t, ChainForm::twice) != nullptr;
  const ChainForm form = one ? ChainForm::unary : chain_form(c, i.in[0], i.in[1], !twice);
  c.step(table.chain(op, t, form));
  if (!one && form != ChainForm::twice) other_argument(c, i.in[0], i.in[1], form);
  if (!ir::is_comparison(op)) return;
  const auto v = i.out[0];
  const Slot to = chain_result(v);
  c.arg(to, 1, true);
  chain_release(at);
  if (to.kind == Slot::Kind::reg && uses_[local(v)] == 0) chain_free_[0].push_back(to.index);
}

/// How an operation finds operands a and b, one of which is in acc after this.
ChainForm LoopPlanner::chain_form(ChainBuilder& c, ir::ValueId a, ir::ValueId b, bool apart) {
  if (!apart && in_acc(a) && in_acc(b)) return ChainForm::twice;
  const bool one_b = slot_of(b).scalar, one_a = slot_of(a).scalar;
  if (in_acc(a)) return one_b ? ChainForm::acc_scalar : ChainForm::acc_vector;
  if (in_acc(b)) return one_a ? ChainForm::scalar_acc : ChainForm::vector_acc;
  if (one_a && !one_b) {
    load(c, b);
    return ChainForm::scalar_acc;
  }
  load(c, a);
  return one_b ? ChainForm::acc_scalar : ChainForm::acc_vector;
}

void LoopPlanner::other_argument(ChainBuilder& c, ir::ValueId a, ir::ValueId b, ChainForm form) {
  const bool first = form == ChainForm::acc_vector || form == ChainForm::acc_scalar;
  c.arg(slot_of(first ? b : a), c.width());
}

void LoopPlanner::load(ChainBuilder& c, ir::ValueId v) {
  const Slot slot = slot_of(v);
  c.step(slot.scalar ? ChainMove::load_scalar : ChainMove::load_vector);
  c.arg(slot, c.width());
  acc_ = inside(v) ? local(v) : no_value;
}

/// Whether nothing but the next step of the chain needs v, which is in acc.
bool LoopPlanner::only_in_acc(ir::ValueId v, std::size_t at, bool last) const {
  const auto l = local(v);
  if (slots_[l].kind != Slot::Kind::none) return false;
  if (uses_[l] == 0) return true;
  if (last) return false;
  const auto& next = member(sequence_[at + 1]);
  const auto is_v = [&](ir::ValueId x) { return inside(x) && local(x) == l; };
  const auto times = std::count_if(next.in.begin(), next.in.end(), is_v);
  if (times != static_cast<std::ptrdiff_t>(uses_[l])) return false;
  const auto* map = std::get_if<ir::Map>(&next.action);
  if (map == nullptr) return true;
  if (times == 1) return true;
  return kernels::table().chain(map->op, operand_dtype(next, map->op), ChainForm::twice) != nullptr;
}

/// Registers go from value to value within a chain only where elements are of one size: groups are in flight
/// one after the other, and those of other sizes would overlap.
Slot LoopPlanner::chain_result(ir::ValueId v) {
  auto& slot = slots_[local(v)];
  if (slot.kind != Slot::Kind::none) return slot;
  auto& free = chain_free_[size_of(v) == 1 ? 0 : 1];
  slot = {Slot::Kind::reg, free.empty() ? registers_.take() : free.back()};
  if (!free.empty()) free.pop_back();
  return slot;
}

void LoopPlanner::chain_release(std::size_t at) {
  for (const bool flags : {true, false})
    for (const auto r : last_used(at, 1, flags)) chain_free_[flags ? 0 : 1].push_back(r);
}

/// The step that carries out a reduction of what a chain computes; none if it is folded from memory afterwards. Short
/// rows are better folded many at once.
kernels::ChainCode LoopPlanner::fold_code(const ir::Instr& i) {
  constexpr std::size_t shortest_bytes = 1024;
  const auto v = i.in[0];
  const DType t = p_.type(v).dtype;
  const bool is_short = !loop_.columns && loop_.fold_width * itemsize(t) < shortest_bytes;
  if (is_short || !folds_from_multiples(itemsize(t)) || folds_.size() == Loop::most_folds) return nullptr;
  if (chain_width(local(v) / 2) != itemsize(t)) return nullptr;
  return kernels::table().chain_fold(std::get<ir::Reduce>(i.action).op, t, loop_.columns);
}

/// Whether blocks begin at multiples of what the accumulators hold, from where a fold begins.
bool LoopPlanner::folds_from_multiples(std::size_t size) const {
  const auto whole = [&](std::size_t elements) { return elements * size % kernels::accumulators_bytes == 0; };
  if (loop_.columns || !by_rows_ || loop_.inner == loop_.fold_width) return true;
  return whole(loop_.inner) && whole(loop_.fold_width);
}

bool LoopPlanner::folds(const Run& r) const {
  return std::any_of(folds_.begin(), folds_.end(), [&](const Fold& f) {
    const auto m = f.from / 2;
    return std::find(sequence_.begin() + static_cast<std::ptrdiff_t>(r.begin),
                     sequence_.begin() + static_cast<std::ptrdiff_t>(r.end), m) !=
           sequence_.begin() + static_cast<std::ptrdiff_t>(r.end);
  });
}

void LoopPlanner::fold(ChainBuilder& c, std::size_t k) {
  c.step(folds_[k].code);
  const std::size_t width = loop_.columns ? c.width() : 0;
  const Slot to = stream({scratch_storage, 0}, static_cast<std::int64_t>(width), true);
  loop_.streams.back().fold = static_cast<std::uint32_t>(k);
  auto& about = c.arg(to, width, loop_.columns);
  about.padded = loop_.columns;
  about.folded = true;
  about.accumulators = !loop_.columns;
  c.arg({Slot::Kind::fixed, 0, {scratch_storage, Loop::fold_word_at}, true}, 0).length = !loop_.columns;
}

/// What is in a register and belongs into memory beyond the caches.
void LoopPlanner::stream_out(ir::ValueId v) {
  ChainBuilder c(size_of(v));
  c.step(ChainMove::load_vector);
  c.arg(slots_[local(v)], c.width());
  c.step(ChainMove::stream);
  c.arg(streamed_[local(v)], c.width(), true);
  close(c);
}

}  // namespace fluxion::compiler
