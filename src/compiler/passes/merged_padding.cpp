// Sums of padded arrays become one array with several pieces: x + pad(a) + pad(b) is x + assemble(a, b), where a and b do
// not overlap. Gradients of slices are such sums, whose every term would be an array of its own.
//
// To the bit: where a lies, (x + a) + 0 is never -0, so neither may be x + a: the pieces become a + 0.
#include <algorithm>

#include "compiler/passes/rewriting.hpp"

namespace fluxion::compiler {
namespace {

using ir::Op;
using ir::ValueId;

constexpr std::size_t most_pieces = 32;

/// Where the elements of a piece lie along one dimension.
struct Places {
  std::int64_t first, last, step;
};
bool disjoint(const Places& a, const Places& b) {
  if (a.last < b.first || b.last < a.first) return true;
  return a.step == b.step && a.step > 1 && (a.first - b.first) % a.step != 0;
}

class Merger {
 public:
  explicit Merger(ir::Program p) : uses_(p.types.size(), 0), r_(count_uses(std::move(p))) {}

  ir::Program run() {
    return r_.run([this](ir::Instr& i) {
      const auto* map = std::get_if<ir::Map>(&i.action);
      if (map != nullptr && map->op == Op::add && merged(i)) return;
      r_.put(std::move(i));
    });
  }

 private:
  ir::Program count_uses(ir::Program p) {
    for (const auto v : p.outputs) ++uses_[v];
    for (const auto& i : p.instrs)
      for (const auto v : i.in) ++uses_[v];
    return p;
  }
  bool used_once(ValueId v) const { return v >= uses_.size() || uses_[v] == 1; }

  /// An array of +0 but for its pieces, which nobody else needs.
  const ir::Instr* padded(ValueId v) const {
    const auto* i = r_.made_by<ir::Assemble>(v);
    if (i == nullptr || !used_once(v)) return nullptr;
    const auto& a = std::get<ir::Assemble>(i->action);
    if (a.covers && a.pieces.size() == 1) return nullptr;
    if (a.covers) return i;
    const auto* fill = r_.constant(i->in[0]);
    return fill != nullptr && *fill == Bits{} ? i : nullptr;
  }
  Places places(const ir::Instr& i, std::size_t k, std::size_t d) const {
    const auto& piece = std::get<ir::Assemble>(i.action).pieces[k];
    const auto extent = r_.type(i.in[k + 1]).shape[d];
    return {piece.start[d], piece.start[d] + (extent - 1) * piece.stride[d], extent > 1 ? piece.stride[d] : 1};
  }
  bool do_not_overlap(const ir::Instr& a, const ir::Instr& b) const {
    const std::size_t n = a.in.size() - 1, m = b.in.size() - 1, rank = r_.type(a.out[0]).shape.size();
    if (n + m > most_pieces) return false;
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t l = 0; l < m; ++l) {
        bool apart = false;
        for (std::size_t d = 0; d < rank && !apart; ++d) apart = disjoint(places(a, k, d), places(b, l, d));
        if (!apart) return false;
      }
    return true;
  }

  bool merged(const ir::Instr& i) {
    const DType t = r_.out(i).dtype;
    if (!is_floating(t) && !is_integer(t)) return false;
    for (const std::size_t k : {1U, 0U}) {
      const auto* b = padded(i.in[k]);
      if (b == nullptr) continue;
      const ValueId u = i.in[1 - k];
      if (const auto* a = padded(u); a != nullptr && u != i.in[k] && do_not_overlap(*a, *b)) {
        assemble(*a, *b, i.out[0]);
        return true;
      }
      const auto* sum = r_.made_by(u, Op::add);
      if (sum == nullptr || !used_once(u) || r_.type(u) != r_.out(i)) continue;
      for (const std::size_t l : {1U, 0U}) {
        const auto* a = padded(sum->in[l]);
        const ValueId x = sum->in[1 - l];
        if (a == nullptr || sum->in[0] == sum->in[1] || !do_not_overlap(*a, *b)) continue;
        const ValueId both = r_.add(r_.out(i));
        assemble(*a, *b, both);
        r_.put(ir::Instr{ir::Map{Op::add}, {x, both}, i.out});
        return true;
      }
    }
    return false;
  }

  void assemble(const ir::Instr& first, const ir::Instr& second, ValueId out) {
    const ir::Instr parts[] = {first, second};  // what is put may move them
    const DType t = r_.type(out).dtype;
    ir::Assemble both{{}, false};
    ir::Values in{r_.put_constant(t, Bits{})};
    std::int64_t covered = 0;
    for (const auto& part : parts)
      for (std::size_t k = 1; k < part.in.size(); ++k) {
        both.pieces.push_back(std::get<ir::Assemble>(part.action).pieces[k - 1]);
        covered += element_count(r_.type(part.in[k]).shape);
        in.push_back(is_floating(t) ? plus_zero(part.in[k]) : part.in[k]);
      }
    both.covers = covered == element_count(r_.type(out).shape);
    r_.put(ir::Instr{std::move(both), std::move(in), {out}});
  }
  ValueId plus_zero(ValueId v) {
    if (const auto* sum = r_.made_by(v, Op::add))
      for (const auto x : sum->in)
        if (const auto* c = r_.constant(x); c != nullptr && *c == Bits{}) return v;
    const ir::Type t = r_.type(v);
    return r_.put(ir::Map{Op::add}, {v, r_.put_constant(t.dtype, Bits{})}, t);
  }

  std::vector<std::uint32_t> uses_;  // in the program as it came
  Rewriting r_;
};

}  // namespace

ir::Program with_merged_padding(ir::Program p) {
  const bool any = std::any_of(p.instrs.begin(), p.instrs.end(), [](const auto& i) { return std::holds_alternative<ir::Assemble>(i.action); });
  return any ? Merger(std::move(p)).run() : p;
}

}  // namespace fluxion::compiler
