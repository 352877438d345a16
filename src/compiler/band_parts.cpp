#include "compiler/band_parts.hpp"

#include <utility>

#include <fluxion/error.hpp>
#include "compiler/layout.hpp"

namespace fluxion::compiler {
namespace {

constexpr std::size_t shared_bytes = std::size_t{512} << 10;  // of a factor that the rows of a product read each time

std::int64_t sign(std::size_t n) { return static_cast<std::int64_t>(n); }
std::size_t unsign(std::int64_t n) { return static_cast<std::size_t>(n); }

/// Whether these bytes are the whole storage.
bool is_all(const Plan& plan, Ref r, std::size_t bytes) {
  return r.offset == 0 && plan.storages[r.storage].bytes == bytes;
}

// --- loops ------------------------------------------------------------------------------------------------------

std::size_t rows_of(const Loop& l) {
  if (l.straight || l.in_parts || l.n <= 1) return 0;
  return l.sinks.empty() ? l.n : l.columns ? l.fold_outer : l.fold_rows;
}
bool divisible(const Loop&, std::int64_t) { return true; }

Walk partners(const Loop& l, const Loop::Sink& s) {
  const auto size = sign(s.itemsize), width = sign(l.fold_width);
  if (s.partner_step == size && s.partner_row == width * size) return {s.partners, {sign(l.n)}, {size}, size};
  return {s.partners, {sign(l.fold_rows), width}, {s.partner_row, s.partner_step}, size};
}
std::vector<Walk> walks_of(const Loop& l) {
  std::vector<Walk> all;
  for (const auto& s : l.streams)
    if (!s.tile) all.push_back({s.base, {sign(l.n)}, {s.step}, s.step});
  for (const auto& s : l.sinks)
    if (!s.from.tile) all.push_back({s.from.base, {sign(l.n)}, {s.from.step}, s.from.step});
  for (const auto& s : l.sinks)
    if (s.function != nullptr) all.push_back(partners(l, s));
  for (const auto& r : l.rows) {
    Walk w{r.base, l.outer, r.outer_strides, r.step != 0 ? r.step : 1};
    w.shape.push_back(sign(l.inner));
    w.strides.push_back(r.step);
    all.push_back(std::move(w));
  }
  for (const auto& g : l.gathers) all.push_back({g.from, g.shape, g.strides, g.fields * sign(g.itemsize)});
  return all;
}

/// Arguments that do not move from block to block.
std::vector<std::uint32_t> whole_of(const Loop& l) {
  std::vector<char> moves(l.args.size(), 0);
  for (const auto* uses : {&l.stream_uses, &l.row_uses})
    for (const auto& use : *uses) moves[use.arg] = 1;
  std::vector<std::uint32_t> fixed;
  for (std::size_t a = 0; a < moves.size(); ++a)
    if (moves[a] == 0) fixed.push_back(l.args[a].storage);
  return fixed;
}

std::vector<Written> results_of(const Loop& l, const Plan& plan) {
  std::vector<Written> all;
  for (const auto storage : l.written) all.push_back({storage, plan.storages[storage].bytes});
  const std::size_t chunks = l.sinks.empty() ? 0 : (l.fold_width + l.chunk - 1) / l.chunk;
  for (const auto& s : l.sinks) {
    all.push_back({s.to.storage, l.fold_rows * s.itemsize});
    if (chunks > 1) all.push_back({s.partials.storage, l.fold_rows * chunks * s.itemsize});
  }
  return all;
}

double cost_of(const Loop& l) { return l.cost; }

// --- products: the batch, or rows of one ------------------------------------------------------------------------

std::size_t products(const Dot& d) { return d.shape.batch * unsign(element_count(d.outer)); }
std::size_t elements(const Dot& d) { return products(d) * d.shape.m * d.shape.n; }

std::size_t rows_of(const Dot& d) { return d.finishes ? 0 : products(d) != 1 ? products(d) : d.shape.m; }

/// Rows of one product: several at a time, for one alone is summed in another way; and what they share stays near.
bool divisible(const Dot& d, std::int64_t rows) {
  const auto& g = d.shape;
  return products(d) != 1 ||
         (g.m / unsign(rows) > 1 && g.n > 1 && g.b_col == 1 && g.k * g.n * d.itemsize <= shared_bytes);
}

Walk factor(const Dot& d, Ref base, Dims strides, std::int64_t batch, const Dims& shape, const Dims& of_one) {
  Walk w{base, d.outer, std::move(strides), sign(d.itemsize)};
  if (d.shape.batch != 1) {
    w.shape.push_back(sign(d.shape.batch));
    w.strides.push_back(batch);
  }
  for (std::size_t k = 0; k < shape.size(); ++k) {
    w.shape.push_back(shape[k]);
    w.strides.push_back(of_one[k]);
  }
  for (auto& s : w.strides) s *= w.itemsize;
  merge_dimensions(w.shape, {&w.strides, 1});
  return w;
}
std::vector<Walk> walks_of(const Dot& d) {
  const auto& g = d.shape;
  std::vector<Walk> all{{d.c, {sign(elements(d))}, {sign(d.itemsize)}, sign(d.itemsize)},
                        factor(d, d.a, d.a_outer, g.a_batch, {sign(g.m), sign(g.k)}, {g.a_row, g.a_col})};
  if (products(d) != 1)
    all.push_back(factor(d, d.b, d.b_outer, g.b_batch, {sign(g.k), sign(g.n)}, {g.b_row, g.b_col}));
  return all;
}
std::vector<std::uint32_t> whole_of(const Dot& d) {
  return products(d) == 1 ? std::vector{d.b.storage} : std::vector<std::uint32_t>{};
}
std::vector<Written> results_of(const Dot& d, const Plan& plan) {
  const auto bytes = elements(d) * d.itemsize;
  return {{d.c.storage, bytes, is_all(plan, d.c, bytes)}};
}

/// A multiplication with its addition takes about half of a loop's unit.
double cost_of(const Dot& d) { return 0.5 * static_cast<double>(elements(d) * d.shape.k); }

// --- rows that are taken ----------------------------------------------------------------------------------------

std::size_t rows_of(const Rows& r) { return r.kind == Rows::Kind::take && r.batch.empty() ? unsign(r.count) : 0; }
bool divisible(const Rows&, std::int64_t) { return true; }
std::vector<Walk> walks_of(const Rows& r) {
  const auto row = sign(r.row_elements * r.itemsize), index = std::int64_t{r.narrow ? 4 : 8};
  return {{r.rows.base, {r.count}, {r.rows.step}, row}, {r.indices.base, {r.count}, {r.indices.step}, index}};
}
std::vector<std::uint32_t> whole_of(const Rows& r) {
  std::vector<std::uint32_t> all{r.table.base.storage};
  if (!r.clips) all.push_back(r.fill.storage);
  return all;
}
std::vector<Written> results_of(const Rows& r, const Plan& plan) {
  const auto bytes = unsign(r.count) * r.row_elements * r.itemsize;
  return {{r.rows.base.storage, bytes, is_all(plan, r.rows.base, bytes)}};
}
double cost_of(const Rows& r) { return static_cast<double>(unsign(r.count) * (20 + r.row_elements)); }

// --- arrays that are assembled ----------------------------------------------------------------------------------

std::size_t rows_of(const Weave& w) { return unsign(w.rows); }
bool divisible(const Weave&, std::int64_t) { return true; }
std::vector<Walk> walks_of(const Weave& w) {
  std::vector<Walk> all;
  for (const auto& p : w.pieces) all.push_back({p.from, p.shape, p.from_strides, sign(p.itemsize)});
  return all;
}
std::vector<std::uint32_t> whole_of(const Weave&) { return {}; }
std::vector<Written> results_of(const Weave& w, const Plan&) { return {{w.pieces[0].to.storage, 0, false}}; }
double cost_of(const Weave& w) { return 20 * static_cast<double>(unsign(w.rows) * w.pieces.size()); }

std::size_t rows_of(const Interleave& i) { return i.rows; }
bool divisible(const Interleave&, std::int64_t) { return true; }
std::vector<Walk> walks_of(const Interleave& i) {
  std::vector<Walk> all;
  for (const auto& l : i.lines)
    if (!l.repeated) all.push_back({l.from, {sign(i.rows)}, {sign(i.itemsize)}, sign(i.itemsize)});
  return all;
}
std::vector<std::uint32_t> whole_of(const Interleave& i) {
  std::vector<std::uint32_t> all;
  for (const auto& l : i.lines)
    if (l.repeated) all.push_back(l.from.storage);
  return all;
}
std::vector<Written> results_of(const Interleave& i, const Plan& plan) {
  const auto bytes = i.rows * i.lines.size() * i.itemsize;
  return {{i.to.storage, bytes, is_all(plan, i.to, bytes)}};
}
double cost_of(const Interleave& i) { return 20 * static_cast<double>(i.rows * i.lines.size()); }

// ----------------------------------------------------------------------------------------------------------------

template <class S> concept PartStep = requires(const S& s) { rows_of(s); };

/// f of the step as what it is.
template <class F> auto with_part(const Step& s, F f) {
  using Result = decltype(f(std::get<Loop>(s)));
  return std::visit(
      [&](const auto& x) -> Result {
        if constexpr (PartStep<std::decay_t<decltype(x)>>) return f(x);
        else throw InternalError("compiler: a step is no part of a band");
      },
      s);
}

}  // namespace

std::size_t most_rows(const Step& s) {
  return std::visit(
      [](const auto& x) -> std::size_t {
        if constexpr (PartStep<std::decay_t<decltype(x)>>) return rows_of(x);
        else return 0;
      },
      s);
}
bool divides(const Step& s, std::int64_t rows) {
  return with_part(s, [&](const auto& x) { return rows_of(x) % unsign(rows) == 0 && divisible(x, rows); });
}
std::vector<Walk> walks(const Step& s) {
  return with_part(s, [](const auto& x) { return walks_of(x); });
}
std::vector<std::uint32_t> needed_whole(const Step& s) {
  return with_part(s, [](const auto& x) { return whole_of(x); });
}
std::vector<Written> written_by(const Step& s, const Plan& plan) {
  return with_part(s, [&](const auto& x) { return results_of(x, plan); });
}
double cost_of_part(const Step& s) {
  return with_part(s, [](const auto& x) { return cost_of(x); });
}
Band::Part as_part(Step&& s) {
  return std::visit(
      [](auto&& x) -> Band::Part {
        if constexpr (PartStep<std::decay_t<decltype(x)>>) return std::move(x);
        else throw InternalError("compiler: a step is no part of a band");
      },
      std::move(s));
}

}  // namespace fluxion::compiler
