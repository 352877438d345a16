// Reductions of a square, a product, a difference and the like: norms, inner products along an axis, variances. One
// kernel folds the function's values as it computes them, in registers; a chain would pass them on from step to step.
#include <algorithm>
#include <utility>

#include "compiler/cost.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

constexpr std::size_t shortest_bytes = 1024;  // of a row; shorter ones are better computed many at once

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

/// What is folded, and of what.
struct Function {
  kernels::Folded kind;
  ir::ValueId x, y;  // the same if there is one operand
};

/// The step from one element to the next where dimensions [begin, end) are visited as one; none if there is no such.
std::optional<std::int64_t> common_step(const Shape& shape, const Dims& strides, std::size_t begin, std::size_t end) {
  if (begin == end) return 0;
  for (std::size_t d = begin; d + 1 < end; ++d)
    if (strides[d] != strides[d + 1] * shape[d + 1]) return std::nullopt;
  return strides[end - 1];
}

class FoldedPlanner {
 public:
  FoldedPlanner(Planner& p, const Unit& u)
      : p_(p),
        u_(u),
        reduce_(p.instr(u.reductions[0])),
        type_(p.type(reduce_.in[0])),
        r_(std::get<ir::Reduce>(reduce_.action), type_.shape) {}

  bool run() {
    const auto f = function();
    if (!f || r_.rows * r_.width == 0) return false;
    found_ = kernels::table().reduce_folded(std::get<ir::Reduce>(reduce_.action).op, type_.dtype, f->kind);
    if (found_.rows == nullptr) return false;
    for (const auto& [x, y] : {std::pair(f->x, f->y), std::pair(f->y, f->x)})
      if (place(x, y)) return r_.innermost() ? rows() : columns();
    return false;
  }

 private:
  /// The operation of a member that nothing else needs.
  std::optional<ir::Op> passing(std::size_t m) const {
    const auto& i = p_.instr(u_.members[m]);
    const auto* map = std::get_if<ir::Map>(&i.action);
    return map != nullptr && p_.fusion().stored[i.out[0]] == 0 ? std::optional(map->op) : std::nullopt;
  }
  std::optional<Function> function() const {
    using kernels::Folded;
    const auto& members = u_.members;
    if (members.empty() || members.size() > 2) return std::nullopt;
    const auto& last = p_.instr(members.back());
    const auto op = passing(members.size() - 1);
    if (!op || last.out[0] != reduce_.in[0]) return std::nullopt;
    const bool square = op == ir::Op::square, magnitude = op == ir::Op::abs && p_.type(last.in[0]).dtype == type_.dtype;
    if (members.size() == 1) {
      if (op == ir::Op::mul) return Function{Folded::product, last.in[0], last.in[1]};
      if (square || magnitude) return Function{square ? Folded::square : Folded::magnitude, last.in[0], last.in[0]};
      return std::nullopt;
    }
    const auto& first = p_.instr(members[0]);
    if (passing(0) != ir::Op::sub || first.out[0] != last.in[0] || !(square || magnitude)) return std::nullopt;
    return Function{square ? Folded::square_of_difference : Folded::magnitude_of_difference, first.in[0], first.in[1]};
  }
  /// Strides without dimensions of one element; a number repeats itself.
  Dims strides(ir::ValueId v, const Location& l) const {
    const auto& shape = p_.type(v).shape;
    return shape.empty() ? Dims(r_.shape.size(), 0) : squeezed(shape, l.strides);
  }
  /// Whether x lies in memory as it is visited, and y so that each row can be found from the row before.
  bool place(ir::ValueId x, ir::ValueId y) {
    const Location lx = p_.use(x), ly = p_.use(y);
    const Dims sx = strides(x, lx), sy = strides(y, ly);
    if (!is_row_major(r_.shape, sx)) return false;
    const bool rows_outside = r_.innermost();
    if (!rows_outside && (r_.outer != 1 || !folds_columns(r_))) return false;
    const std::size_t split = rows_outside ? r_.kept.size() : r_.reduced.size(), rank = r_.shape.size();
    const auto row = common_step(r_.shape, sy, 0, split), step = common_step(r_.shape, sy, split, rank);
    if (!row || !step) return false;
    if (*step != 1 && (*step != 0 || !rows_outside || found_.rows_with_one == nullptr)) return false;
    from_ = lx.ref();
    partners_ = ly.ref();
    const auto size = static_cast<std::int64_t>(itemsize(type_.dtype));
    partner_row_ = *row * size;
    partner_step_ = *step * size;
    return true;
  }
  std::size_t size() const { return itemsize(type_.dtype); }
  double cost() const {
    double sum = 2;
    for (const auto m : u_.members) sum += cost_of(p_.instr(m).action, type_.dtype);
    return sum;
  }
  std::vector<std::uint32_t> instrs() const {
    auto all = u_.members;
    all.push_back(u_.reductions[0]);
    return all;
  }
  std::size_t chunks(std::size_t folded) const {
    const auto chunk = kernels::chunk_elements(type_.dtype);
    return (folded + chunk - 1) / chunk;
  }
  Ref result() { return p_.define(reduce_.out[0], row_major(p_.type(reduce_.out[0]).shape)).ref(); }

  bool rows() {
    if (unsign(r_.width) * size() < shortest_bytes) return false;
    const auto op = std::get<ir::Reduce>(reduce_.action).op;
    Loop loop;
    loop.n = loop.inner = loop.block = unsign(r_.rows * r_.width);
    loop.fold_rows = unsign(r_.rows);
    loop.fold_width = unsign(r_.width);
    loop.chunk = kernels::chunk_elements(type_.dtype);
    loop.cost = cost() * static_cast<double>(loop.n);
    loop.instrs = instrs();
    Loop::Sink s;
    s.function = partner_step_ == 0 ? found_.rows_with_one : found_.rows;
    s.fold = kernels::table().reduce_rows(op, type_.dtype);
    s.combine = combining_kernel(op, type_.dtype);
    s.itemsize = size();
    s.from = {from_, static_cast<std::int64_t>(size())};
    s.partners = partners_;
    s.partner_row = partner_row_;
    s.partner_step = partner_step_;
    s.to = result();
    loop.in_parts = p_.is_at_home(reduce_.out[0]);
    const std::size_t parts = chunks(loop.fold_width);
    if (parts > 1) s.partials = {p_.temporary((loop.fold_rows + 1) * parts * size()), 0};
    loop.sinks.push_back(s);
    p_.step(std::move(loop));
    return true;
  }
  bool columns() {
    if (unsign(r_.rows) * size() < shortest_bytes) return false;
    Columns step;
    step.function = found_.columns;
    step.combine = combining_kernel(std::get<ir::Reduce>(reduce_.action).op, type_.dtype);
    step.from = from_;
    step.partners = partners_;
    step.partner_row = partner_row_;
    step.rows = unsign(r_.width);
    step.columns = unsign(r_.rows);
    step.chunk = kernels::chunk_elements(type_.dtype);
    step.itemsize = size();
    step.row_stride = r_.rows * static_cast<std::int64_t>(size());
    step.cost = cost();
    step.instrs = instrs();
    step.to = result();
    const std::size_t parts = chunks(step.rows);
    if (parts > 1) step.partials = {p_.temporary(step.columns * parts * size()), 0};
    p_.step(std::move(step));
    return true;
  }

  Planner& p_;
  const Unit& u_;
  const ir::Instr& reduce_;
  const ir::Type& type_;
  const ReductionShape r_;
  kernels::FoldedReductions found_;
  Ref from_, partners_;
  std::int64_t partner_row_ = 0, partner_step_ = 0;  // bytes
};

}  // namespace

bool plan_folded(Planner& p, const Unit& u) { return u.reductions.size() == 1 && FoldedPlanner(p, u).run(); }

}  // namespace fluxion::compiler
