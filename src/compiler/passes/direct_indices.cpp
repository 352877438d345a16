// Gathers and scatters of rows do themselves what is commonly done to their indices: x[i] of int32 indices that may be
// negative is a conversion, a comparison, an addition and a choice, each over all indices.
#include <cstring>
#include <optional>

#include "compiler/fusion.hpp"
#include "compiler/passes/passes.hpp"

namespace fluxion::compiler {
namespace {

/// What an instruction is to do with the indices that it finds.
struct Source {
  ir::ValueId value;
  std::vector<std::uint32_t> views;  // between the value and the instruction, outermost first
  bool wraps = false, clips = false;
};

class DirectIndices {
 public:
  explicit DirectIndices(ir::Program p) : p_(std::move(p)), producer_(p_.types.size(), no_instr), constant_(p_.types.size(), no_instr) {
    for (std::uint32_t c = 0; c < p_.constants.size(); ++c) constant_[p_.constants[c].value] = c;
  }

  ir::Program run() {
    std::vector<ir::Instr> before;
    before.swap(p_.instrs);
    for (auto& i : before) {
      if (auto* take = std::get_if<ir::TakeRows>(&i.action)) {
        const auto s = traced(i, take->batch, i.in.size() == 2, !take->wraps);
        take->wraps = take->wraps || s.wraps;
        i.in[1] = rebuilt(s, i.in[1]);
      } else if (auto* put = std::get_if<ir::PutRows>(&i.action)) {
        const auto s = traced(i, put->batch, !put->clips, !put->wraps);
        put->wraps = put->wraps || s.wraps;
        put->clips = put->clips || s.clips;
        i.in[1] = rebuilt(s, i.in[1]);
      }
      append(std::move(i));
    }
    return std::move(p_);
  }

 private:
  void append(ir::Instr i) {
    for (const auto v : i.out) {
      if (v >= producer_.size()) producer_.resize(v + 1, no_instr);
      producer_[v] = static_cast<std::uint32_t>(p_.instrs.size());
    }
    p_.instrs.push_back(std::move(i));
  }
  const ir::Instr* producer(ir::ValueId v) const { return producer_[v] == no_instr ? nullptr : &p_.instrs[producer_[v]]; }
  const ir::Instr* map(ir::ValueId v, ir::Op op) const {
    const auto* i = producer(v);
    const auto* m = i != nullptr ? std::get_if<ir::Map>(&i->action) : nullptr;
    return m != nullptr && m->op == op ? i : nullptr;
  }
  bool is_number(ir::ValueId v, std::int64_t n) const {
    if (v >= constant_.size() || constant_[v] == no_instr || p_.types[v].dtype != DType::int64) return false;
    std::int64_t held;
    std::memcpy(&held, p_.constants[constant_[v]].bits.data(), sizeof held);
    return held == n;
  }
  /// The other operand of op(v, n) or op(n, v).
  std::optional<ir::ValueId> with_number(ir::ValueId v, ir::Op op, std::int64_t n) const {
    const auto* i = map(v, op);
    if (i == nullptr) return std::nullopt;
    if (is_number(i->in[1], n)) return i->in[0];
    if (is_number(i->in[0], n)) return i->in[1];
    return std::nullopt;
  }
  /// i of max(min(i, last), 0), in either order.
  std::optional<ir::ValueId> clamped(ir::ValueId v, std::int64_t extent) const {
    if (const auto above = with_number(v, ir::Op::max, 0)) return with_number(*above, ir::Op::min, extent - 1);
    if (const auto below = with_number(v, ir::Op::min, extent - 1)) return with_number(*below, ir::Op::max, 0);
    return std::nullopt;
  }
  /// i of select(i < 0, i, i + extent).
  std::optional<ir::ValueId> wrapped(ir::ValueId v, std::int64_t extent) const {
    const auto* choice = map(v, ir::Op::select);
    if (choice == nullptr) return std::nullopt;
    const auto i = choice->in[1];
    const auto* negative = map(choice->in[0], ir::Op::lt);
    if (negative == nullptr || negative->in[0] != i || !is_number(negative->in[1], 0)) return std::nullopt;
    const auto from = with_number(choice->in[2], ir::Op::add, extent);
    return from && *from == i ? from : std::nullopt;
  }

  Source traced(const ir::Instr& i, std::size_t batch, bool may_clip, bool may_wrap) const {
    const auto extent = p_.types[i.in[0]].shape[batch];
    Source s{i.in[1], {}};
    while (true) {
      const auto* by = producer(s.value);
      if (by == nullptr) return s;
      // A Bitcast would change what the numbers are.
      if (is_view(by->action) && !std::holds_alternative<ir::Bitcast>(by->action)) {
        s.views.push_back(producer_[s.value]);
        s.value = by->in[0];
      } else if (const auto in = may_clip && may_wrap ? clamped(s.value, extent) : std::nullopt) {
        s.clips = true;
        may_clip = false;
        s.value = *in;
      } else if (const auto from = may_wrap ? wrapped(s.value, extent) : std::nullopt) {
        s.wraps = true;
        may_wrap = false;
        s.value = *from;
      } else {
        const bool widens = std::holds_alternative<ir::Convert>(by->action) && p_.types[by->in[0]].dtype == DType::int32;
        if (widens && p_.types[s.value].dtype == DType::int64) s.value = by->in[0];
        return s;
      }
    }
  }

  /// The views again, of the value found.
  ir::ValueId rebuilt(const Source& s, ir::ValueId old) {
    if (s.views.empty()) return s.value;
    if (producer(p_.instrs[s.views.back()].out[0])->in[0] == s.value) return old;
    auto v = s.value;
    const auto dtype = p_.types[v].dtype;
    for (auto k = s.views.size(); k-- > 0;) {
      ir::Instr view = p_.instrs[s.views[k]];
      auto type = p_.types[view.out[0]];
      type.dtype = dtype;
      view.in = {v};
      v = static_cast<ir::ValueId>(p_.types.size());
      p_.types.push_back(std::move(type));
      view.out = {v};
      append(std::move(view));
    }
    return v;
  }

  ir::Program p_;
  std::vector<std::uint32_t> producer_, constant_;
};

bool moves_rows(const ir::Program& p) {
  for (const auto& i : p.instrs)
    if (std::holds_alternative<ir::TakeRows>(i.action) || std::holds_alternative<ir::PutRows>(i.action)) return true;
  return false;
}

}  // namespace

ir::Program with_direct_indices(ir::Program p) {
  if (!moves_rows(p)) return p;
  return without_dead_code(DirectIndices(std::move(p)).run());
}

}  // namespace fluxion::compiler
