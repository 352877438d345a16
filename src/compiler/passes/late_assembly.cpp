// Work on assembled arrays is done on their pieces, and what comes out is assembled: the sum of two stacks is the stack
// of sums. Small arrays (a point, a state of three numbers) become scalars, which are one loop together; of large ones,
// only those are taken apart whose operands all come in the same pieces.
#include <algorithm>

#include "compiler/fusion.hpp"
#include "compiler/passes/rewriting.hpp"

namespace fluxion::compiler {
namespace {

using ir::ValueId;

constexpr std::size_t most_pieces = 8;
constexpr std::int64_t small = 16;  // elements

class LateAssembly {
 public:
  explicit LateAssembly(ir::Program p) : r_(std::move(p)) {}

  ir::Program run() {
    return r_.run([this](ir::Instr& i) {
      const bool work = std::holds_alternative<ir::Map>(i.action) || std::holds_alternative<ir::Convert>(i.action);
      const auto* model = work ? assembled_operand(i) : nullptr;
      if (model != nullptr && worth(i, *model)) by_pieces(i, *model);
      else r_.put(std::move(i));
    });
  }

 private:
  /// Leaves nothing to the fill value, in few pieces.
  const ir::Instr* assembled(ValueId v) const {
    const auto* i = r_.made_by<ir::Assemble>(v);
    if (i == nullptr) return nullptr;
    const auto& a = std::get<ir::Assemble>(i->action);
    if (!a.covers || a.pieces.size() > most_pieces || a.pieces.empty()) return nullptr;
    for (const auto& piece : a.pieces)
      for (const auto step : piece.stride)
        if (step != 1) return nullptr;
    return i;
  }
  const ir::Instr* assembled_operand(const ir::Instr& i) const {
    const Shape& shape = r_.out(i).shape;  // operands of rank 0 are repeated, and have no pieces
    for (const auto v : i.in)
      if (const auto* a = assembled(v); a != nullptr && !shape.empty() && r_.type(v).shape == shape) return a;
    return nullptr;
  }
  bool same_pieces(const ir::Instr& a, const ir::Instr& b) const {
    const auto &x = std::get<ir::Assemble>(a.action).pieces, &y = std::get<ir::Assemble>(b.action).pieces;
    if (x.size() != y.size()) return false;
    for (std::size_t k = 0; k < x.size(); ++k)
      if (x[k].start != y[k].start || r_.type(a.in[k + 1]).shape != r_.type(b.in[k + 1]).shape) return false;
    return true;
  }

  bool worth(const ir::Instr& i, const ir::Instr& model) const {
    if (is_tape(r_.out(i).dtype) || element_count(r_.out(i).shape) == 0) return false;
    const bool is_small = element_count(r_.out(i).shape) <= small;
    for (const auto v : i.in) {
      if (r_.type(v).shape.empty()) continue;
      const auto* a = assembled(v);
      if (a != nullptr && same_pieces(*a, model)) continue;
      if (!is_small) return false;
    }
    return true;
  }

  void by_pieces(const ir::Instr& i, const ir::Instr& from) {
    const ir::Instr model = from;  // what is put next may move it
    const auto& pieces = std::get<ir::Assemble>(model.action).pieces;
    const DType t = r_.out(i).dtype;
    ir::Values out{r_.put_constant(t, Bits{})};
    for (std::size_t k = 0; k < pieces.size(); ++k) {
      const Shape shape = r_.type(model.in[k + 1]).shape;
      ir::Values in;
      for (const auto v : i.in) in.push_back(piece_of(v, model, k, pieces[k], shape));
      out.push_back(r_.put(i.action, std::move(in), {t, shape}));
    }
    r_.put(ir::Instr{model.action, std::move(out), i.out});
  }
  ValueId piece_of(ValueId v, const ir::Instr& model, std::size_t k, const ir::Assemble::Piece& place,
                   const Shape& shape) {
    if (r_.type(v).shape.empty()) return v;
    if (const auto* a = assembled(v); a != nullptr && same_pieces(*a, model)) return a->in[k + 1];
    return r_.put(ir::Slice{place.start, place.stride}, {v}, {r_.type(v).dtype, shape});
  }

  Rewriting r_;
};

}  // namespace

ir::Program with_late_assembly(ir::Program p) {
  const bool any = std::any_of(p.instrs.begin(), p.instrs.end(),
                               [](const auto& i) { return std::holds_alternative<ir::Assemble>(i.action); });
  return any ? LateAssembly(std::move(p)).run() : p;
}

}  // namespace fluxion::compiler
