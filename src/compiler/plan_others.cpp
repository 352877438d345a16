// The steps that are not loops over elements: products, indices of maxima, assembled arrays.
#include <algorithm>
#include <optional>

#include <fluxion/error.hpp>
#include "base/text.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

Dims scaled(Dims strides, std::size_t by) {
  for (auto& s : strides) s *= static_cast<std::int64_t>(by);
  return strides;
}

/// One extent and stride (in elements) for dimensions [begin, end); false if they do not nest.
bool merged(const Shape& shape, const Dims& strides, std::size_t begin, std::size_t end, std::size_t& extent,
            std::int64_t& stride) {
  extent = 1;
  stride = 0;
  for (std::size_t d = end; d-- > begin;) {
    if (shape[d] == 1) continue;
    if (extent != 1 && strides[d] != stride * static_cast<std::int64_t>(extent)) return false;
    if (extent == 1) stride = strides[d];
    extent *= unsign(shape[d]);
  }
  return true;
}

}  // namespace

Copy coalesced(Copy c) {
  Dims strides[] = {squeezed(c.shape, c.to_strides), squeezed(c.shape, c.from_strides)};
  Shape shape = squeezed(c.shape);
  merge_dimensions(shape, strides);
  return {c.to, c.from, std::move(shape), std::move(strides[0]), std::move(strides[1]), c.itemsize};
}

Copy fill(const Location& to, const Shape& shape, std::size_t size, Ref element) {
  return coalesced({to.ref(), element, shape, scaled(to.strides, size), Dims(shape.size(), 0), size});
}

void plan_argmax(Planner& p, const ir::Instr& i) {
  const auto axis = unsign(std::get<ir::ArgMax>(i.action).axis);
  const auto& type = p.type(i.in[0]);
  const auto find = kernels::argmax(type.dtype);
  if (find == nullptr) throw UnsupportedError(text("argmax: elements need an order, got ", type.dtype));
  Location from = p.use(i.in[0]);
  ArgMax step;
  step.find = find;
  step.n = unsign(type.shape[axis]);
  const auto split = [&] {
    step.n_stride = from.strides[axis];
    return merged(type.shape, from.strides, 0, axis, step.outer, step.outer_stride) &&
           merged(type.shape, from.strides, axis + 1, type.shape.size(), step.inner, step.inner_stride);
  };
  const auto size = static_cast<std::int64_t>(itemsize(type.dtype));
  if (!split()) {
    const Dims strides = row_major(type.shape);
    const auto bytes = unsign(element_count(type.shape) * size);
    const auto copy = p.temporary(bytes);
    p.step(coalesced({{copy, 0}, from.ref(), type.shape, scaled(strides, unsign(size)),
                      scaled(from.strides, unsign(size)), unsign(size)}));
    from = {copy, 0, strides, true};
    p.touch(copy);
    split();
  }
  step.from = from.ref();
  step.to = p.define(i.out[0], row_major(p.type(i.out[0]).shape)).ref();
  step.outer_stride *= size;
  step.n_stride *= size;
  step.inner_stride *= size;
  p.step(step);
}

namespace {

/// Reads the operands of what finishes the product.
void plan_finish(Planner& p, const Finish& f, Dot& step) {
  step.finishes = true;
  step.finish.kind = f.kind;
  step.scaled = f.scale.has_value();
  if (f.scale) step.scale = p.use(*f.scale).ref();
  if (!f.other) return;
  const auto& type = p.type(*f.other);
  const std::size_t rank = type.shape.size();
  const Location l = p.use(*f.other);
  step.other = l.ref();
  step.finish.other_row = l.strides[rank - 2];
  if (l.strides[rank - 1] == 1) return;
  step.other = {p.packed(l.ref(), type.shape, l.strides, itemsize(type.dtype)), 0};
  step.finish.other_row = type.shape[rank - 1];
}

}  // namespace

void plan_dot(Planner& p, const Unit& u) {
  const ir::Instr& i = p.instr(u.members.front());
  const auto finish = p.fusion().finishes.find(u.members.back());
  const bool finishes = finish != p.fusion().finishes.end();
  const auto& left = p.type(i.in[0]);
  const auto& result = p.type(i.out[0]);
  const auto size = static_cast<std::int64_t>(itemsize(left.dtype));
  const auto multiply = kernels::gemm(left.dtype);
  if (multiply == nullptr) throw UnsupportedError(text("dot_general: numbers are needed, got ", left.dtype));
  const Location a = p.use(i.in[0]), b = p.use(i.in[1]);
  Dot step;
  step.multiply = multiply, step.a = a.ref(), step.b = b.ref(), step.itemsize = unsign(size);
  if (finishes) plan_finish(p, finish->second, step);
  const Location c = p.define(p.instr(u.members.back()).out[0], row_major(result.shape));
  step.c = c.ref();
  step.instrs.assign(u.members.begin() + 1, u.members.end());
  const std::size_t rank = left.shape.size();
  const std::int64_t k = left.shape[rank - 1], rows = left.shape[rank - 2], columns = result.shape[rank - 1];
  if (k == 0) {  // a sum of nothing
    std::byte zero[16];
    identity_bits(ir::ReduceOp::sum, left.dtype, zero);
    return p.step(fill(c, result.shape, unsign(size), p.constant(zero, sizeof zero)));
  }
  auto& s = step.shape;
  s.m = unsign(rows), s.n = unsign(columns), s.k = unsign(k);
  s.a_row = a.strides[rank - 2], s.a_col = a.strides[rank - 1];
  s.b_row = b.strides[rank - 2], s.b_col = b.strides[rank - 1];
  s.c_row = columns, s.c_batch = rows * columns;
  Shape batch(left.shape.data(), rank - 2);
  Dims strides[] = {squeezed(batch, Dims(a.strides.data(), rank - 2)),
                    squeezed(batch, Dims(b.strides.data(), rank - 2))};
  batch = squeezed(batch);
  merge_dimensions(batch, strides);
  if (!batch.empty()) {
    s.batch = unsign(batch.back()), s.a_batch = strides[0].back(), s.b_batch = strides[1].back();
    batch.pop_back(), strides[0].pop_back(), strides[1].pop_back();
  }
  step.outer = std::move(batch), step.a_outer = std::move(strides[0]), step.b_outer = std::move(strides[1]);
  constexpr double parallel_products = 1'000'000;  // multiplications
  step.parallel = static_cast<double>(element_count(result.shape)) * static_cast<double>(k) >= parallel_products;
  p.step(std::move(step));
}

namespace {

/// The rows that are woven at a time; 0 where pieces do not share rows, or all of them stay in a cache.
std::int64_t weaving(const ir::Assemble& a, const ir::Type& result, const std::vector<Copy>& pieces) {
  constexpr std::int64_t cached = std::int64_t{1} << 18, block = std::int64_t{1} << 16;
  const auto bytes = element_count(result.shape) * static_cast<std::int64_t>(itemsize(result.dtype));
  if (pieces.size() < 2 || result.shape.size() < 2 || bytes <= cached) return 0;
  const auto rows = result.shape[0];
  for (std::size_t k = 0; k < pieces.size(); ++k)
    if (a.pieces[k].start[0] != 0 || a.pieces[k].stride[0] != 1 || pieces[k].shape[0] != rows) return 0;
  const auto row = bytes / rows;
  return row <= block / 32 ? block / row : 0;
}

/// The lines of a piece, if rows are what the first `split` axes number: it has all rows, and the elements that it has
/// in one column follow one another.
bool add_lines(Interleave& to, const ir::Assemble::Piece& place, const Copy& piece, const Shape& result,
               std::size_t split) {
  const std::size_t rank = result.size();
  std::size_t extent = 1;
  std::int64_t step = 0;
  for (std::size_t d = 0; d < split; ++d)
    if (place.start[d] != 0 || place.stride[d] != 1 || piece.shape[d] != result[d]) return false;
  if (!merged(piece.shape, piece.from_strides, 0, split, extent, step)) return false;
  if (step != 0 && step != static_cast<std::int64_t>(piece.itemsize)) return false;
  Dims at(rank, 0);
  for (;;) {
    std::int64_t column = 0, from = piece.from.offset;
    for (std::size_t d = split; d < rank; ++d) {
      column = column * result[d] + place.start[d] + at[d] * place.stride[d];
      from += at[d] * piece.from_strides[d];
    }
    to.lines[unsign(column)] = {{piece.from.storage, from}, step == 0};
    std::size_t d = rank;
    while (d-- > split && ++at[d] == piece.shape[d]) at[d] = 0;
    if (d < split) return true;
  }
}

/// Pieces that are columns of their result: copied one by one, each would visit all of its cache lines.
std::optional<Interleave> interleaving(const ir::Assemble& a, const ir::Type& result, const std::vector<Copy>& pieces) {
  constexpr std::int64_t least_rows = 8, least_columns = 4, most_columns = 128;
  const std::size_t size = itemsize(result.dtype), rank = result.shape.size();
  if (!a.covers || pieces.size() < 2 || (size != 4 && size != 8)) return std::nullopt;
  std::int64_t columns = 1;
  for (std::size_t split = rank; split-- > 1;) {
    columns *= result.shape[split];
    const std::int64_t rows = element_count(result.shape) / columns;
    if (columns > most_columns || rows < least_rows) return std::nullopt;
    if (columns < least_columns) continue;
    Interleave step;
    step.lines.resize(unsign(columns));
    step.rows = unsign(rows), step.itemsize = size;
    step.block = std::max<std::size_t>(Interleave::bytes / (unsign(columns) * size) / 8 * 8, 8);
    bool found = true;
    for (std::size_t k = 0; k < pieces.size() && found; ++k)
      found = add_lines(step, a.pieces[k], pieces[k], result.shape, split);
    if (found) return step;
  }
  return std::nullopt;
}

}  // namespace

const Location& define_assembled(Planner& p, const ir::Instr& i) {
  const auto& type = p.type(i.out[0]);
  const Location& to = p.define(i.out[0], row_major(type.shape));
  if (!std::get<ir::Assemble>(i.action).covers) {
    const Ref element = p.use(i.in[0]).ref();
    p.step_between(fill(to, type.shape, itemsize(type.dtype), element), to.storage, element.storage);
  }
  return to;
}

void plan_assemble(Planner& p, const ir::Instr& i) {
  const auto& action = std::get<ir::Assemble>(i.action);
  const auto& type = p.type(i.out[0]);
  const auto size = itemsize(type.dtype);
  const Location to = p.is_known(i.out[0]) ? p.use(i.out[0]) : define_assembled(p, i);
  std::vector<Copy> copies;
  ir::Values copied;
  for (std::size_t k = 0; k < action.pieces.size(); ++k) {
    const auto& place = action.pieces[k];
    const auto& piece = p.type(i.in[k + 1]);
    if (element_count(piece.shape) == 0) continue;
    const Location from = p.use(i.in[k + 1]);
    Copy copy{to.ref(), from.ref(), piece.shape, scaled(to.strides, size), scaled(from.strides, size), size};
    for (std::size_t d = 0; d < piece.shape.size(); ++d) {
      copy.to.offset += place.start[d] * copy.to_strides[d];
      copy.to_strides[d] *= place.stride[d];
    }
    const bool there = copy.to.storage == copy.from.storage && copy.to.offset == copy.from.offset;
    if (there && p.is_at_home(i.in[k + 1])) continue;  // computed in place
    copies.push_back(std::move(copy));
    copied.push_back(i.in[k + 1]);
  }
  const bool all = copies.size() == action.pieces.size();
  if (auto step = all ? interleaving(action, type, copies) : std::nullopt; step) {
    p.touch(to.storage);
    for (const auto v : copied) p.use(v);
    step->to = to.ref();
    return p.step(std::move(*step));
  }
  if (const auto block = all ? weaving(action, type, copies) : 0; block > 0) {
    p.touch(to.storage);
    for (const auto v : copied) p.use(v);
    return p.step(Weave{std::move(copies), type.shape[0], block});
  }
  for (std::size_t k = 0; k < copies.size(); ++k) {
    p.touch(to.storage);
    p.use(copied[k]);
    p.step(coalesced(std::move(copies[k])));
  }
}

}  // namespace fluxion::compiler
