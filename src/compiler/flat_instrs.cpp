// The instructions of flat programs, but for loops and branches: chains of arithmetic, kernels on elements and arrays,
// views, assemblies and reductions.
#include <algorithm>
#include <optional>

#include "compiler/flat_internal.hpp"
#include "compiler/fusion.hpp"

namespace fluxion::compiler {
namespace {

namespace isa = kernels::isa_baseline;
using kernels::flat::Fold;
using kernels::flat::Handler;

/// What a kernel is looked up with. Keys are moved, never looked at.
DType kernel_dtype(const ir::Program& p, const ir::Instr& i) {
  const auto* map = std::get_if<ir::Map>(&i.action);
  const DType t = p.types[i.in[map != nullptr && map->op == ir::Op::select ? 1 : 0]].dtype;
  return is_key(t) ? DType::uint64 : t;
}
Handler handler_of(const ir::Program& p, const ir::Instr& i) {
  if (const auto* map = std::get_if<ir::Map>(&i.action)) return isa::flat_map(map->op, kernel_dtype(p, i));
  if (std::holds_alternative<ir::Convert>(i.action))
    return isa::flat_convert(kernel_dtype(p, i), p.types[i.out[0]].dtype);
  return nullptr;
}

/// The arithmetic that chains are made of.
std::optional<Fold> fold_of(const ir::Instr& i) {
  const auto* map = std::get_if<ir::Map>(&i.action);
  if (map == nullptr) return std::nullopt;
  switch (map->op) {
    case ir::Op::add: return Fold::add;
    case ir::Op::sub: return Fold::sub;
    case ir::Op::mul: case ir::Op::square: return Fold::mul;
    case ir::Op::div: return Fold::div;
    default: return std::nullopt;
  }
}
/// The fold with its operands exchanged.
Fold turned(Fold f) { return f == Fold::sub ? Fold::from : f == Fold::div ? Fold::under : f; }

}  // namespace

kernels::Kernel kernel_of(const ir::Program& p, const ir::Instr& i) {
  const auto& table = kernels::table();
  if (const auto* map = std::get_if<ir::Map>(&i.action)) return table.elementwise(map->op, kernel_dtype(p, i), 0);
  if (std::holds_alternative<ir::Convert>(i.action)) return table.convert(kernel_dtype(p, i), p.types[i.out[0]].dtype);
  return std::holds_alternative<ir::Threefry>(i.action) ? table.threefry2x32(0) : nullptr;
}

// --- chains ---------------------------------------------------------------------------------------------------------

/// The chain that ends in v, if v is read only once.
const FlatWriter::Node* FlatWriter::on_the_way(const Block& b, ir::ValueId v, DType t) const {
  const auto root = b.s.of(v);
  const auto k = b.s.node[root];
  if (k == FlatScope::none || b.s.uses[root] != 1 || b.nodes[k].size == 0) return nullptr;  // nor an array's element
  return b.s.program.types[root].dtype == t ? &b.nodes[k] : nullptr;
}

FlatWriter::Node FlatWriter::chained(const Block& b, const ir::Instr& i) const {
  const auto fold = fold_of(i);
  const DType t = b.s.program.types[i.out[0]].dtype;
  if (!fold || (t != DType::float32 && t != DType::float64) || !b.s.single(i.out[0])) return {};
  const auto left = i.in[0], right = i.in.back();
  Node n{1, false, false, {*fold}, {left, right}};
  if (left == right) return n;  // a square reads its operand twice
  const Node* const l = on_the_way(b, left, t);
  const Node* const r = on_the_way(b, right, t);
  const auto extended = [&](const Node& inner, Fold f, ir::ValueId other) {
    n = inner;
    n.folds[inner.size] = f;
    n.leaves[inner.size + 1U] = other;
    ++n.size;
  };
  if (l != nullptr && r != nullptr && l->size == 1 && r->size == 1)
    n = {3, false, true, {l->folds[0], r->folds[0], *fold}, {l->leaves[0], l->leaves[1], r->leaves[0], r->leaves[1]}};
  else if (l != nullptr && l->size <= 2 && (r == nullptr || r->size > 2 || l->size >= r->size))
    extended(*l, *fold, right);
  else if (r != nullptr && r->size <= 2) extended(*r, turned(*fold), left);
  return n;
}

/// Arithmetic whose result is read once, by other arithmetic, is done there: one instruction for up to three.
void FlatWriter::find_chains(Block& b) const {
  b.nodes.resize(b.instrs.size());
  for (std::uint32_t k = 0; k < b.nodes.size(); ++k) {
    auto& n = b.nodes[k] = chained(b, b.instr(k));
    if (n.size <= 1) continue;
    for (const auto operand : b.instr(k).in) {
      const auto v = b.s.of(operand);
      const auto end = n.leaves.begin() + n.size + 1;
      const bool leaf = std::find(n.leaves.begin(), end, operand) != end;
      if (!leaf) b.nodes[b.s.node[v]].absorbed = true;
    }
  }
  for (std::uint32_t k = 0; k < b.nodes.size(); ++k) {
    const auto& n = b.nodes[k];
    if (n.absorbed || n.size <= 1) continue;
    for (std::size_t j = 0; j <= n.size; ++j) {
      auto& last = b.s.last[b.s.of(n.leaves[j])];
      last = std::max(last, k);
    }
  }
}

// --- instructions ---------------------------------------------------------------------------------------------------

void FlatWriter::compute(Block& b, std::uint32_t k) {
  const auto& i = b.instr(k);
  if (b.nodes[k].size > 1) {
    chain(b, b.nodes[k], k);
  } else if (holds_programs(i.action)) {
    if (std::holds_alternative<ir::Cond>(i.action)) cond(b, i);
    else if (std::holds_alternative<ir::While>(i.action)) loop(b, i);
    else scan(b, i);
    release(b, k, i.in);
  } else if (is_view(i.action)) {
    view(b, k);
  } else if (std::holds_alternative<ir::Assemble>(i.action)) {
    assemble(b, k);
  } else if (std::holds_alternative<ir::Reduce>(i.action)) {
    reduce(b, k);
  } else if (b.s.single(i.out[0])) {
    single(b, k);
  } else {
    many(b, k);
  }
  for (std::size_t j = 0; j < i.out.size(); ++j) {
    const auto v = i.out[j];
    if (b.s.last[v] != FlatScope::none || b.s.slot[v] == FlatScope::none) continue;
    give(b.s.slot[v], b.s.bytes(v));
  }
}

void FlatWriter::chain(Block& b, const Node& n, std::uint32_t k) {
  const auto v = b.instr(k).out[0];
  const DType t = b.s.program.types[v].dtype;
  const auto& f = n.folds;
  kernels::flat::Instr i;
  i.run = n.join ? isa::flat_join(t, f[0], f[1], f[2])
          : n.size == 3 ? isa::flat_chain(t, f[0], f[1], f[2]) : isa::flat_chain(t, f[0], f[1]);
  for (std::size_t j = 0; j <= n.size; ++j) i.in[j] = slot(b.s, n.leaves[j]);
  release(b, k, {n.leaves.data(), n.size + 1U});
  i.to = result(b.s, v);
  flat_.code.push_back(i);
}

void FlatWriter::single(Block& b, std::uint32_t k) {
  const auto& i = b.instr(k);
  kernels::flat::Instr to;
  to.run = handler_of(b.s.program, i);
  if (to.run == nullptr) {
    to.run = isa::flat_call(i.in.size(), i.out.size());
    to.value = reinterpret_cast<std::int64_t>(kernel_of(b.s.program, i));
  }
  for (std::size_t j = 0; j < i.in.size(); ++j) to.in[j] = slot(b.s, i.in[j]);
  if (i.out.size() == 1) release(b, k, i.in);  // two results: one may be written before all is read
  to.to = result(b.s, i.out[0]);
  if (i.out.size() == 2) to.count = result(b.s, i.out[1]);
  flat_.code.push_back(to);
  if (i.out.size() == 2) release(b, k, i.in);
}

/// An elementwise kernel on whole vectors; operands of one element are told to it.
void FlatWriter::many(Block& b, std::uint32_t k) {
  const auto& i = b.instr(k);
  auto& s = b.s;
  const auto v = i.out[0];
  const auto is_one = [&](ir::ValueId in) { return s.repeats(in) || s.single(in); };
  unsigned mask = 0;
  for (std::size_t j = 0; j < i.in.size(); ++j) mask |= is_one(i.in[j]) ? 1U << j : 0U;
  auto kernel = kernel_of(s.program, i);
  if (const auto* map = std::get_if<ir::Map>(&i.action)) {
    if (map->op == ir::Op::select || mask + 1 == 1U << i.in.size()) mask &= ~1U;
    const auto masked = kernels::table().elementwise(map->op, kernel_dtype(s.program, i), mask);
    if (masked != nullptr) kernel = masked;
    else mask = 0;
  } else {
    mask = 0;
  }
  kernels::flat::Instr to;
  to.run = isa::flat_call_many(i.in.size());
  to.value = reinterpret_cast<std::int64_t>(kernel);
  Spare spare;
  std::size_t widest = s.item(v);
  for (std::size_t j = 0; j < i.in.size(); ++j) {
    widest = std::max(widest, s.item(i.in[j]));
    to.in[j] = (mask >> j & 1U) != 0 ? slot(s, i.in[j]) : spread(s, i.in[j], v, spare);
  }
  const auto n = unsign(element_count(s.type(v).shape));
  to.count = static_cast<std::uint32_t>(whole_vectors(n * widest) / widest);
  to.to = result(s, v);
  flat_.code.push_back(to);
  release(b, k, i.in);
  give(spare);
}

/// A single element, too, as an array like `v`.
std::uint32_t FlatWriter::spread(const FlatScope& s, ir::ValueId in, ir::ValueId v, Spare& spare) {
  if (s.repeats(in) || !s.single(in) || s.single(v)) return whole_array(s, in, spare);
  const auto n = unsign(element_count(s.type(v).shape));
  const auto bytes = whole_vectors(n * s.item(in));
  spare.slots.emplace_back(take(bytes), bytes);
  shuffle(spare.slots.back().first, std::vector<std::uint32_t>(n, slot(s, in)), s.item(in));
  return spare.slots.back().first;
}

void FlatWriter::view(Block& b, std::uint32_t k) {
  const auto& i = b.instr(k);
  auto& s = b.s;
  const auto in = i.in[0], out = i.out[0];
  const auto view = view_of(i.action, s.type(in), row_major(s.type(in).shape), s.type(out));
  const auto item = static_cast<std::int64_t>(s.item(out)), first = slot(s, in) + view->offset * item;
  std::vector<std::uint32_t> from;
  for_each_offset(s.type(out).shape, view->strides,
                  [&](std::int64_t o) { from.push_back(static_cast<std::uint32_t>(first + o * item)); });
  shuffle(result(s, out), from, s.item(out));
  release(b, k, i.in);
}

void FlatWriter::assemble(Block& b, std::uint32_t k) {
  const auto& i = b.instr(k);
  auto& s = b.s;
  const auto out = i.out[0];
  const auto item = static_cast<std::uint32_t>(s.item(out));
  const auto& shape = s.type(out).shape;
  const Dims strides = row_major(shape);
  std::vector<std::uint32_t> from(unsign(element_count(shape)), slot(s, i.in[0]));
  const auto& pieces = std::get<ir::Assemble>(i.action).pieces;
  for (std::size_t j = 0; j < pieces.size(); ++j) {
    const auto v = i.in[j + 1];
    std::int64_t begin = 0;
    Dims steps = strides;
    for (std::size_t d = 0; d < shape.size(); ++d) {
      begin += pieces[j].start[d] * strides[d];
      steps[d] *= pieces[j].stride[d];
    }
    std::uint32_t at = slot(s, v);
    for_each_offset(s.type(v).shape, steps, [&](std::int64_t o) {
      from[unsign(begin + o)] = at;
      if (!s.repeats(v)) at += item;
    });
  }
  const auto to = result(s, out);
  if (from.size() == 1) move(to, from[0], item);
  else shuffle(to, from, item);
  release(b, k, i.in);
}

/// Rows are folded as those of large arrays are; the reduced dimensions are brought together first.
void FlatWriter::reduce(Block& b, std::uint32_t k) {
  const auto& i = b.instr(k);
  auto& s = b.s;
  const auto in = i.in[0];
  const auto& action = std::get<ir::Reduce>(i.action);
  const auto& shape = s.type(in).shape;
  const ReductionShape r(action, shape);
  Spare spare;
  auto from = whole_array(s, in, spare);
  if (!r.innermost()) {
    const Dims strides = row_major(r.shape);
    Shape extents;
    Dims steps;
    for (const auto* list : {&r.kept, &r.reduced})
      for (const auto d : *list) {
        extents.push_back(r.shape[unsign(d)]);
        steps.push_back(strides[unsign(d)]);
      }
    std::vector<std::uint32_t> places;
    for_each_offset(extents, steps, [&](std::int64_t o) {
      places.push_back(from + static_cast<std::uint32_t>(o) * static_cast<std::uint32_t>(s.item(in)));
    });
    const auto bytes = whole_vectors(places.size() * s.item(in));
    from = take(bytes);
    spare.slots.emplace_back(from, bytes);
    shuffle(from, places, s.item(in));
  }
  const auto to = result(s, i.out[0]);
  auto& fold = put(isa::flat_fold());
  fold.to = to;
  fold.in[0] = from;
  fold.in[1] = static_cast<std::uint32_t>(r.width);
  fold.count = static_cast<std::uint32_t>(r.rows);
  fold.value = reinterpret_cast<std::int64_t>(kernels::table().reduce_rows(action.op, s.type(in).dtype));
  release(b, k, i.in);
  give(spare);
}

}  // namespace fluxion::compiler
