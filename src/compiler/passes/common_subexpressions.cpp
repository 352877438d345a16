#include <bit>
#include <cstring>

#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

std::size_t mix(std::size_t seed, std::size_t v) { return (std::rotl(seed, 5) ^ v) * 0x9e3779b97f4a7c15ULL; }

struct Equal {
  bool operator()(const ir::Map& a, const ir::Map& b) const { return a.op == b.op; }
  bool operator()(const ir::Iota& a, const ir::Iota& b) const { return a.dimension == b.dimension; }
  bool operator()(const ir::Broadcast& a, const ir::Broadcast& b) const { return a.dims == b.dims; }
  bool operator()(const ir::Transpose& a, const ir::Transpose& b) const { return a.permutation == b.permutation; }
  bool operator()(const ir::Slice& a, const ir::Slice& b) const { return a.start == b.start && a.stride == b.stride; }
  bool operator()(const ir::Reduce& a, const ir::Reduce& b) const { return a.op == b.op && a.axes == b.axes; }
  bool operator()(const ir::ArgMax& a, const ir::ArgMax& b) const { return a.axis == b.axis; }
  bool operator()(const ir::Assemble& a, const ir::Assemble& b) const {
    if (a.covers != b.covers || a.pieces.size() != b.pieces.size()) return false;
    for (std::size_t i = 0; i < a.pieces.size(); ++i)
      if (a.pieces[i].start != b.pieces[i].start || a.pieces[i].stride != b.pieces[i].stride) return false;
    return true;
  }
  bool operator()(const ir::HostCall& a, const ir::HostCall& b) const { return a.function == b.function; }
  bool operator()(const ir::TakeRows& a, const ir::TakeRows& b) const {
    return a.batch == b.batch && a.wraps == b.wraps;
  }
  bool operator()(const ir::PutRows& a, const ir::PutRows& b) const {
    return a.batch == b.batch && a.add == b.add && a.wraps == b.wraps && a.clips == b.clips;
  }
  bool operator()(const ir::Tape& a, const ir::Tape& b) const { return a.kind == b.kind; }
  // held programs are equal if they are one
  bool operator()(const ir::Cond& a, const ir::Cond& b) const { return a.branches == b.branches; }
  bool operator()(const ir::While& a, const ir::While& b) const {
    return a.cond == b.cond && a.body == b.body && a.cond_consts == b.cond_consts && a.body_consts == b.body_consts;
  }
  bool operator()(const ir::Scan& a, const ir::Scan& b) const {
    return a.body == b.body && a.consts == b.consts && a.carry == b.carry && a.length == b.length &&
           a.reverse == b.reverse;
  }
  template <class A>
  bool operator()(const A&, const A&) const { return true; }  // nothing but operands and result types
  template <class A, class B>
  bool operator()(const A&, const B&) const { return false; }
};

bool same(const ir::Program& p, const ir::Instr& a, const ir::Instr& b) {
  if (a.in != b.in || a.out.size() != b.out.size()) return false;
  for (std::size_t i = 0; i < a.out.size(); ++i)
    if (!(p.types[a.out[i]] == p.types[b.out[i]])) return false;
  return std::visit(Equal{}, a.action, b.action);
}

std::size_t mix(std::size_t seed, const Dims& dims) {
  for (const auto d : dims) seed = mix(seed, static_cast<std::size_t>(d));
  return seed;
}

/// Equal instructions have equal hashes. Programs take many different slices and reshapes of one array; what other
/// actions hold is left to `same`.
std::size_t hash(const ir::Program& p, const ir::Instr& i) {
  std::size_t h = i.action.index();
  if (const auto* map = std::get_if<ir::Map>(&i.action)) h = mix(h, static_cast<std::size_t>(map->op));
  if (const auto* slice = std::get_if<ir::Slice>(&i.action)) h = mix(mix(h, slice->start), slice->stride);
  if (const auto* move = std::get_if<ir::Transpose>(&i.action)) h = mix(h, move->permutation);
  if (const auto* repeat = std::get_if<ir::Broadcast>(&i.action)) h = mix(h, repeat->dims);
  if (const auto* reduce = std::get_if<ir::Reduce>(&i.action)) h = mix(h, reduce->axes);
  if (const auto* call = std::get_if<ir::HostCall>(&i.action)) h = mix(h, reinterpret_cast<std::uintptr_t>(call->function.get()));
  for (const auto* held : ir::held_programs(i.action)) h = mix(h, reinterpret_cast<std::uintptr_t>(held->get()));
  for (const auto v : i.in) h = mix(h, v);
  if (i.out.empty()) return h;
  for (const auto extent : p.types[i.out[0]].shape) h = mix(h, static_cast<std::size_t>(extent));
  return mix(h, static_cast<std::size_t>(p.types[i.out[0]].dtype));
}

/// Instructions by hash, open addressing; never grows.
class Seen {
 public:
  explicit Seen(std::size_t n) : slots_(std::bit_ceil(2 * n + 2), none) {}

  /// The instruction equal to instruction i that was seen before, or i itself.
  std::size_t first_equal(const ir::Program& p, std::size_t i) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash(p, p.instrs[i]) >> 7 & mask;; at = (at + 1) & mask) {
      if (slots_[at] == none) {
        slots_[at] = static_cast<std::uint32_t>(i);
        return i;
      }
      if (same(p, p.instrs[slots_[at]], p.instrs[i])) return slots_[at];
    }
  }

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  std::vector<std::uint32_t> slots_;
};

void merge_constants(ir::Program& p, Renaming& renaming) {
  ir::ConstantIndex index;
  std::erase_if(p.constants, [&](const ir::Constant& c) {
    const auto first = index.first_equal(p.types[c.value].dtype, c);
    renaming.replace(c.value, first);
    return first != c.value;
  });
}

}  // namespace

ir::Program without_common_subexpressions(ir::Program p) {
  Renaming renaming(p.types.size());
  merge_constants(p, renaming);
  Seen seen(p.instrs.size());
  for (std::size_t i = 0; i < p.instrs.size(); ++i) {
    renaming.apply(p.instrs[i].in);
    if (ir::effect_of(p.instrs[i].action) != Effect::none) continue;  // twice is not once
    const std::size_t first = seen.first_equal(p, i);
    if (first == i) continue;
    for (std::size_t k = 0; k < p.instrs[i].out.size(); ++k)
      renaming.replace(p.instrs[i].out[k], p.instrs[first].out[k]);
  }
  renaming.apply(p.outputs);
  return without_dead_code(std::move(p));
}

}  // namespace fluxion::compiler
