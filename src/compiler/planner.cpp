#include "compiler/planner.hpp"

#include <cstring>

#include <fluxion/error.hpp>
#include "base/text.hpp"

namespace fluxion::compiler {
namespace {

std::int64_t size_of(const ir::Type& t) { return static_cast<std::int64_t>(itemsize(t.dtype)); }
std::size_t bytes_of(const Shape& shape, std::size_t size) {
  return static_cast<std::size_t>(element_count(shape)) * size;
}
std::size_t bytes_of(const ir::Type& t) { return bytes_of(t.shape, itemsize(t.dtype)); }

Dims scaled(Dims strides, std::int64_t by) {
  for (auto& s : strides) s *= by;
  return strides;
}

}  // namespace

Planner::Planner(const ir::Program& p, std::span<const Dims> input_strides)
    : p_(p),
      origins_(p),
      fusion_(fused(p, origins_, input_strides)),
      plan_(std::make_unique<Plan>()),
      locations_(p.types.size()),
      view_by_(p.types.size(), no_instr),
      operand_of_(p.types.size(), 0),
      own_result_(p.types.size(), 0),
      read_later_(p.instrs.size(), 0) {
  for (std::size_t k = 0; k < p.inputs.size(); ++k) {
    plan_->input_strides.push_back(input_strides[k]);
    plan_->input_row_major.push_back(is_row_major(type(p.inputs[k]).shape, input_strides[k]));
    locations_[p.inputs[k]] = {add_storage(Storage::Kind::input, 0, k), 0, input_strides[k], true};
  }
  add_storage(Storage::Kind::constants, 0, 0);
  for (const auto& c : p.constants) {
    const Ref at = constant(c.bits.data(), c.bits.size());
    locations_[c.value] = {at.storage, at.offset, {}, true};
  }
  for (std::uint32_t i = 0; i < p.instrs.size(); ++i) {
    if (is_view(instr(i).action)) {
      view_by_[instr(i).out[0]] = i;
      continue;
    }
    for (const auto v : instr(i).in)
      if (const auto from = origins_.source[v]; from != no_instr && fusion_.unit_of[from] != fusion_.unit_of[i])
        read_later_[from] = 1;
  }
  find_homes();
}

std::uint32_t Planner::add_storage(Storage::Kind kind, std::size_t bytes, std::size_t at) {
  plan_->storages.push_back({kind, bytes, at, ~std::uint32_t{0}, 0});
  for (auto* flags : {&owned_, &shared_, &overwritten_}) flags->push_back(0);
  return static_cast<std::uint32_t>(plan_->storages.size() - 1);
}

void Planner::alive(std::uint32_t storage, std::uint32_t step) {
  auto& s = plan_->storages[storage];
  s.first = std::min(s.first, step);
  s.last = std::max(s.last, step);
}

void Planner::step(Step s) {
  const auto at = static_cast<std::uint32_t>(plan_->steps.size());
  for (const auto storage : pending_) alive(storage, at);
  pending_.clear();
  plan_->steps.push_back(std::move(s));
}

void Planner::step_between(Step s, std::uint32_t to, std::uint32_t from) {
  const auto at = static_cast<std::uint32_t>(plan_->steps.size());
  alive(to, at);
  alive(from, at);
  plan_->steps.push_back(std::move(s));
}

Ref Planner::constant(const void* bits, std::size_t bytes) {
  return constants({static_cast<const std::byte*>(bits), bytes});
}

Ref Planner::constants(std::span<const std::byte> bytes) {
  constexpr std::size_t alignment = 16;
  auto& memory = plan_->constants;
  const auto at = memory.size();
  memory.resize(at + (bytes.size() + alignment - 1) / alignment * alignment);
  std::memcpy(memory.data() + at, bytes.data(), bytes.size());
  return {static_cast<std::uint32_t>(p_.inputs.size()), static_cast<std::int64_t>(at)};
}

/// Pieces that loops compute may be computed in the assembled array itself, if they lie there without gaps.
void Planner::find_homes() {
  for (std::uint32_t i = 0; i < p_.instrs.size(); ++i) {
    const auto* action = std::get_if<ir::Assemble>(&instr(i).action);
    if (action == nullptr || is_tape(type(instr(i).out[0]).dtype)) continue;
    const Dims whole = row_major(type(instr(i).out[0]).shape);
    for (std::uint32_t k = 0; k < action->pieces.size(); ++k) {
      const auto piece = instr(i).in[k + 1];
      const auto from = origins_.producer[piece];
      if (from == no_instr || element_count(type(piece).shape) == 0) continue;
      const auto& made = instr(from).action;
      const bool may = is_elementwise(made) || std::holds_alternative<ir::Reduce>(made) ||
                       std::holds_alternative<ir::Assemble>(made);
      if (!may) continue;
      Dims strides = whole;
      for (std::size_t d = 0; d < strides.size(); ++d) strides[d] *= action->pieces[k].stride[d];
      if (is_row_major(type(piece).shape, strides)) homes_.try_emplace(origins_.root[piece], Home{i, k});
    }
  }
}

bool Planner::is_at_home(ir::ValueId piece) const {
  const auto home = homes_.find(origins_.root[piece]);
  return home != homes_.end() && home->second.taken;
}

const Location* Planner::at_home(ir::ValueId v, const Dims& strides) {
  const auto found = homes_.find(v);
  if (found == homes_.end() || !is_row_major(type(v).shape, strides)) return nullptr;
  auto& home = found->second;
  const auto& assemble = instr(home.instr);
  const auto& action = std::get<ir::Assemble>(assemble.action);
  const auto whole = assemble.out[0];
  if (!is_known(whole)) {
    if (!action.covers && !is_known(assemble.in[0])) return nullptr;  // with what, is not known yet
    define_assembled(*this, assemble);
  }
  const Location to = locations_[whole];
  touch(to.storage);
  shared_[to.storage] = 1;  // by the piece and the whole: neither is overwritten
  home.taken = true;
  std::int64_t offset = to.offset;
  for (std::size_t d = 0; d < to.strides.size(); ++d)
    offset += action.pieces[home.piece].start[d] * to.strides[d] * size_of(type(v));
  return &(locations_[v] = {to.storage, offset, strides, true});
}

const Location& Planner::define(ir::ValueId v, Dims strides) {
  if (!homes_.empty())
    if (const auto* home = at_home(v, strides)) return *home;
  const auto storage = add_storage(Storage::Kind::arena, bytes_of(type(v)), 0);
  touch(storage);
  return locations_[v] = {storage, 0, std::move(strides), true};
}

std::uint32_t Planner::temporary(std::size_t bytes) {
  const auto storage = add_storage(Storage::Kind::arena, bytes, 0);
  touch(storage);
  return storage;
}

const Location& Planner::use(ir::ValueId v) {
  const auto& l = locate(v);
  touch(l.storage);
  return l;
}

/// Follows the views back to what is known, then forth again: chains may be as long as programs.
const Location& Planner::locate(ir::ValueId v) {
  for (auto at = v; !locations_[at].known; at = instr(view_by_[at]).in[0]) {
    if (view_by_[at] == no_instr)
      throw InternalError(text("compiler: %", at, " is needed in memory before it is computed"));
    views_.push_back(view_by_[at]);
  }
  for (; !views_.empty(); views_.pop_back()) locate_view(instr(views_.back()));
  return locations_[v];
}

void Planner::locate_view(const ir::Instr& i) {
  const auto v = i.out[0];
  const Location& from = locations_[i.in[0]];
  if (auto view = view_of(i.action, type(i.in[0]), from.strides, type(v)))
    locations_[v] = {from.storage, from.offset + view->offset * size_of(type(v)), std::move(view->strides), true};
  else
    locations_[v] = {
        copied(Storage::Kind::arena, from.ref(), type(i.in[0]).shape, from.strides, itemsize(type(v).dtype)), 0,
        row_major(type(v).shape), true};
}

std::uint32_t Planner::copied(Storage::Kind kind, Ref from, const Shape& shape, const Dims& strides,
                              std::size_t itemsize) {
  const bool output = kind == Storage::Kind::output;
  const auto bytes = static_cast<std::size_t>(element_count(shape)) * itemsize;
  const auto to = add_storage(kind, bytes, output ? plan_->output_count++ : 0);
  const auto at = static_cast<std::uint32_t>(plan_->steps.size());
  alive(to, at);
  alive(from.storage, at);
  const auto size = static_cast<std::int64_t>(itemsize);
  plan_->steps.push_back(
      coalesced({{to, 0}, from, shape, scaled(row_major(shape), size), scaled(strides, size), itemsize}));
  return to;
}

std::uint32_t Planner::packed(Ref from, const Shape& shape, const Dims& strides, std::size_t itemsize) {
  // What is packed is never written, so that all who need it in one layout share one copy.
  auto& known = packed_[(std::uint64_t{from.storage} << 32) ^ static_cast<std::uint64_t>(from.offset)];
  for (const auto& k : known) {
    if (k.shape != shape || k.strides != strides || plan_->storages[k.at].bytes != bytes_of(shape, itemsize)) continue;
    touch(k.at);
    return k.at;
  }
  const auto to = copied(Storage::Kind::arena, from, shape, strides, itemsize);
  known.push_back({shape, strides, to});
  touch(to);
  return to;
}

/// Gapless memory of this value alone, which is this plan's to write.
bool Planner::may_overwrite(const Location& l, const ir::Type& t) const {
  const auto& s = plan_->storages[l.storage];
  const bool ours = s.kind == Storage::Kind::arena ? s.bytes == bytes_of(t) : owned_[l.storage] != 0;
  return ours && shared_[l.storage] == 0 && l.offset == 0 && is_row_major(t.shape, l.strides);
}

Location Planner::remade(ir::ValueId v, const ir::Instr& i, std::size_t operand) {
  const auto x = i.in[operand];
  const Location l = locate(x);
  if (!last_uses_) last_uses_.emplace(p_, fusion_);
  if (may_overwrite(l, type(x)) && last_uses_->ends_with(i, operand, unit_)) {
    last_uses_->join(v, x);
    overwritten_[l.storage] = 1;
    std::erase_if(packed_, [&](const auto& k) { return k.first >> 32 == l.storage; });  // of what was there before
    touch(l.storage);
    return locations_[v] = l;
  }
  const auto to = copied(Storage::Kind::arena, l.ref(), type(x).shape, l.strides, itemsize(type(x).dtype));
  touch(to);
  return locations_[v] = {to, 0, row_major(type(x).shape), true};
}

void Planner::units() {
  FlatUnits flat(*this);
  const auto& list = fusion_.units;
  for (std::size_t k = 0; k < list.size();) {
    unit_ = static_cast<std::uint32_t>(k);
    if (const auto planned = flat.plan(k); planned != 0) k += planned;
    else unit(list[k++]);
  }
}

void Planner::unit(const Unit& u) {
  if (u.is_loop && u.members.empty() && u.reductions.size() == 1) return plan_reduction(*this, u);
  if (u.is_loop && plan_folded(*this, u)) return;
  if (u.is_loop) return plan_loop(*this, u);
  const auto& i = instr(u.members.front());
  if (std::holds_alternative<ir::ArgMax>(i.action)) plan_argmax(*this, i);
  else if (std::holds_alternative<ir::Dot>(i.action)) plan_dot(*this, u);
  else if (std::holds_alternative<ir::HostCall>(i.action)) plan_host_call(*this, i);
  else if (std::holds_alternative<ir::TruePositions>(i.action)) plan_true_positions(*this, i);
  else if (std::holds_alternative<ir::TakeRows>(i.action)) plan_take_rows(*this, i);
  else if (std::holds_alternative<ir::PutRows>(i.action)) plan_put_rows(*this, i);
  else if (std::holds_alternative<ir::TakeWindow>(i.action)) plan_take_window(*this, i);
  else if (std::holds_alternative<ir::PutWindow>(i.action)) plan_put_window(*this, i);
  else if (std::holds_alternative<ir::Tape>(i.action)) plan_tape(*this, i);
  else if (holds_programs(i.action)) plan_control(*this, u.members.front());
  else plan_assemble(*this, i);
}

Output Planner::output(ir::ValueId v, const Aval& result) {
  for (std::size_t k = 0; k < p_.inputs.size(); ++k)
    if (p_.inputs[k] == v) return {Output::Kind::same, {static_cast<std::uint32_t>(k), 0}, locations_[v].strides};
  Location l = locate(v);
  if (result.shape.empty()) return {Output::Kind::scalar, l.ref(), {}};
  auto& storage = plan_->storages[l.storage];
  if (storage.kind == Storage::Kind::constants) {  // a repeated constant: one element of its own memory
    const auto element = copied(Storage::Kind::output, l.ref(), {}, {}, itemsize(type(v).dtype));
    return {Output::Kind::view, {element, 0}, l.strides};
  }
  if (storage.kind == Storage::Kind::arena) {
    // A result owns its memory; a small piece of something large is worth a copy.
    if (2 * bytes_of(type(v)) < storage.bytes)
      return {Output::Kind::view,
              {copied(Storage::Kind::output, l.ref(), result.shape, l.strides, itemsize(result.dtype)), 0},
              row_major(result.shape)};
    storage.kind = Storage::Kind::output;
    storage.at = plan_->output_count++;
  }
  return {Output::Kind::view, l.ref(), l.strides};
}

std::unique_ptr<Plan> Planner::run(std::span<const Aval> results) {
  for (const auto v : p_.outputs) own_result_[v] = !type(v).shape.empty();  // numbers are read from where they are
  units();
  for (std::size_t k = 0; k < results.size(); ++k) plan_->outputs.push_back(output(p_.outputs[k], results[k]));
  // Scalars are read at the very end: results behind them may have needed copies.
  for (const auto& o : plan_->outputs)
    if (o.kind == Output::Kind::scalar) alive(o.from.storage, static_cast<std::uint32_t>(plan_->steps.size()));
  plan_->reuses = reuses(p_, *plan_);
  return finished();
}

std::unique_ptr<Plan> Planner::finished() {
  form_bands(*plan_);
  overlay(*plan_);
  plan_->arena_bytes = place_in_arena(plan_->storages);
  return std::move(plan_);
}

/// The storage that holds result `number` at the end: the value's own memory if it is all of it and row-major.
std::uint32_t Planner::held_result(ir::ValueId v, std::size_t number) {
  const Location l = locate(v);
  const auto& t = type(v);
  auto& own = plan_->storages[l.storage];
  const bool all_of_it = own.kind == Storage::Kind::arena && l.offset == 0 && own.bytes == bytes_of(t);
  if (all_of_it && is_row_major(t.shape, l.strides)) {
    own.kind = Storage::Kind::output;
    own.at = number;
    return l.storage;
  }
  const auto copy = copied(Storage::Kind::output, l.ref(), t.shape, l.strides, itemsize(t.dtype));
  plan_->storages[copy].at = number;
  return copy;
}

/// The result of a chain that began to overwrite an input: it ends there.
std::uint32_t Planner::result_in_place(ir::ValueId v, std::uint32_t input) {
  const Location l = locate(v);
  const auto& t = type(v);
  if (l.storage == input) return input;
  const auto at = static_cast<std::uint32_t>(plan_->steps.size());
  alive(l.storage, at);
  const auto size = size_of(t);
  plan_->steps.push_back(coalesced({{input, 0}, l.ref(), t.shape, scaled(row_major(t.shape), size),
                                    scaled(l.strides, size), itemsize(t.dtype)}));
  return input;
}

std::unique_ptr<Plan> Planner::run_held(const std::vector<char>& wanted, const Owned& owned) {
  for (std::size_t k = 0; k < owned.of.size(); ++k) owned_[owned.first + k] = owned.of[k];
  for (const auto v : p_.outputs) own_result_[v] = 1;
  units();
  const auto input_of = [&](std::size_t k) { return static_cast<std::uint32_t>(owned.first + k); };
  const auto in_place = [&](std::size_t k) { return k < owned.of.size() && overwritten_[input_of(k)] != 0; };
  plan_->results.assign(wanted.size(), Plan::unwanted);
  for (std::size_t k = 0; k < wanted.size(); ++k)
    if (wanted[k] != 0 && !in_place(k)) plan_->results[k] = held_result(p_.outputs[k], k);
  for (std::size_t k = 0; k < wanted.size(); ++k)
    if (in_place(k)) plan_->results[k] = result_in_place(p_.outputs[k], input_of(k));
  plan_->reuses = carry_reuses(p_, *plan_, owned.first, owned.of.size());
  return finished();
}

std::shared_ptr<const Plan> planned_held(const ir::Program& p, std::span<const Dims> input_strides,
                                         const std::vector<char>& wanted, const Owned& owned) {
  return Planner(p, input_strides).run_held(wanted, owned);
}

std::unique_ptr<const Plan> planned(const ir::Program& p, std::span<const Dims> input_strides,
                                    std::span<const Aval> results) {
  return Planner(p, input_strides).run(results);
}

}  // namespace fluxion::compiler
