// Bands: loops that follow one another over the same rows are carried out some rows at a time, so that what one of
// them leaves is still in a cache for the next, and what only they need is never stored whole. A row's values come from
// that row of earlier loops only, so nothing else changes.
#include <algorithm>
#include <unordered_map>

#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

constexpr std::size_t worth_bytes = std::size_t{96} << 10;  // passed on between loops: less stays cached anyway
constexpr std::size_t tile_bytes = std::size_t{512} << 10;  // what the loops touch of some rows, one after the other
constexpr std::size_t most_row_bytes = std::size_t{512} << 10;
constexpr std::size_t most_loops = 64, most_takes = 4;
constexpr std::size_t taken_tile_bytes = std::size_t{128} << 10;  // the same where rows come from tables, which need room, too
constexpr double cheap = 16;  // of an element in all loops: more is better shared by threads than put at once

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Elements of a loop, walked in row-major order of `shape` with these strides (bytes) from `base`.
struct Walk {
  Ref base;
  Dims shape, strides;
  std::int64_t itemsize;
};

/// Whether the elements of row r, of `rows`, are all in bytes [r * row_bytes, (r + 1) * row_bytes) of the storage.
bool stays_in_rows(const Walk& w, std::int64_t rows, std::int64_t row_bytes) {
  std::int64_t least = w.base.offset, most = w.base.offset + w.itemsize;
  std::int64_t left = rows;  // of the rows, what the dimensions still to come make
  std::int64_t step = row_bytes * rows;
  for (std::size_t d = 0; d < w.shape.size(); ++d) {
    std::int64_t extent = w.shape[d];
    const std::int64_t stride = w.strides[d];
    if (left > 1) {
      const bool whole = left >= extent;  // the dimension counts rows only
      if (whole ? left % extent != 0 : extent % left != 0) return false;
      const std::int64_t counted = whole ? extent : left;
      step /= counted;
      left /= counted;
      extent /= counted;
      if (stride * extent != step) return false;
    }
    (stride < 0 ? least : most) += (extent - 1) * stride;
  }
  return left == 1 && least >= 0 && most <= row_bytes;
}

class Bander {
 public:
  explicit Bander(Plan& plan) : plan_(plan) {}

  void run() {
    std::vector<Step> steps;
    std::vector<std::uint32_t> moved;  // by old step
    for (std::size_t at = 0; at < plan_.steps.size();) {
      const auto found = longest(at);
      const std::size_t first_copy = at + found.takes + found.loops, end = std::max(first_copy + found.copies + found.puts, at + 1);
      if (found.parts() > 1) {
        const auto before = static_cast<std::uint32_t>(steps.size());
        auto b = band(at, end, found);
        for (std::size_t c = 0; c < found.copies; ++c) steps.push_back(std::move(plan_.steps[first_copy + c]));
        const auto here = static_cast<std::uint32_t>(steps.size());
        for (; at < end; ++at) {
          const bool is_copy = at >= first_copy && at < first_copy + found.copies;
          moved.push_back(is_copy ? before + static_cast<std::uint32_t>(at - first_copy) : here);
        }
        steps.push_back(std::move(b));
        continue;
      }
      steps.push_back(std::move(plan_.steps[at++]));
      moved.push_back(static_cast<std::uint32_t>(steps.size() - 1));
    }
    moved.push_back(static_cast<std::uint32_t>(steps.size()));
    if (steps.size() == plan_.steps.size()) return plan_.steps.swap(steps);
    plan_.steps = std::move(steps);
    for (auto& s : plan_.storages) {
      if (s.first != ~std::uint32_t{0}) s.first = moved[s.first];
      s.last = moved[s.last];
    }
  }

 private:
  /// What follows one another: rows taken from tables, loops, copies that come first, rows put into a table.
  struct Found {
    std::size_t takes = 0, loops = 0, copies = 0, puts = 0;
    std::int64_t rows = 0;
    std::size_t parts() const { return takes + loops + puts; }
  };
  using RowBytes = std::unordered_map<std::uint32_t, std::int64_t>;  // by storage that the band has written

  const Loop* loop(std::size_t at) const {
    if (at >= plan_.steps.size()) return nullptr;
    const auto* l = std::get_if<Loop>(&plan_.steps[at]);
    return l != nullptr && !l->straight && !l->columns && !l->in_parts && l->n > 1 ? l : nullptr;
  }

  Found longest(std::size_t begin) const {
    if (const auto moving = around_loops(begin); moving.parts() > 1) return moving;
    const Loop* first = loop(begin);
    if (first == nullptr || loop(begin + 1) == nullptr || !passes_much(*first)) return {};
    Found best;
    for (const auto rows : candidates(begin)) {
      const auto n = extent(begin, rows);
      if (n > best.loops || (n == best.loops && rows > best.rows)) best = {0, n, 0, 0, rows};
    }
    return best;
  }

  // --- rows of tables --------------------------------------------------------------------------------------

  /// Rows that are moved by a kernel, with nothing between them where they do not lie in their table.
  const Rows* moved_rows(std::size_t at) const {
    if (at >= plan_.steps.size()) return nullptr;
    const auto* r = std::get_if<Rows>(&plan_.steps[at]);
    const bool plain = r != nullptr && r->batch.empty() && r->combine == nullptr && r->count > 1 && r->extent > 0;
    if (!plain || r->rows.base.offset != 0 || r->rows.step <= 0) return nullptr;
    return unsign(r->rows.step) == r->row_elements * r->itemsize ? r : nullptr;
  }
  /// Rows taken, loops over them, and where the results are put.
  Found around_loops(std::size_t begin) const {
    Found f;
    RowBytes written;
    for (const Rows* r; (r = moved_rows(begin + f.takes)) != nullptr && r->kind == Rows::Kind::take; ++f.takes) {
      if (f.takes == most_takes || (f.takes > 0 && r->count != f.rows)) break;
      if (written.contains(r->table.base.storage) || written.contains(r->indices.base.storage)) break;
      f.rows = r->count;
      written[r->rows.base.storage] = r->rows.step;
    }
    if (f.takes == 0 || unsign(f.rows * moved_rows(begin)->rows.step) < worth_bytes) return {};
    double cost = 0;
    for (; f.loops < most_loops; ++f.loops) {
      const Loop* l = loop(begin + f.takes + f.loops);
      if (l == nullptr || !goes_with(*l, f.rows, written) || reads_none_of(*l, written)) break;
      note_written(*l, f.rows, written);
      cost += l->cost / static_cast<double>(l->n);
    }
    const std::size_t behind = begin + f.takes + f.loops;
    if (cost <= cheap && puts_after(begin, behind, written, f)) f.puts = 1;
    else f.copies = 0;
    return f;
  }
  static bool goes_with(const Loop& l, std::int64_t rows, const RowBytes& written) {
    if (l.n % unsign(rows) != 0 || (!l.sinks.empty() && l.fold_rows % unsign(rows) != 0)) return false;
    return reads_rows(l, rows, written) && row_bytes_of(l, rows) <= static_cast<std::int64_t>(most_row_bytes);
  }
  static bool reads_none_of(const Loop& l, const RowBytes& written) {
    const auto all = walks(l);
    return std::none_of(all.begin(), all.end(), [&](const Walk& w) { return written.contains(w.base.storage); });
  }
  /// Whether steps [begin, at) leave rows that are put into a table of which they know nothing. Copies between, which
  /// make the table, come before all.
  bool puts_after(std::size_t begin, std::size_t at, const RowBytes& written, Found& f) const {
    for (; at + f.copies < plan_.steps.size() && f.copies < 2; ++f.copies)
      if (!std::holds_alternative<Copy>(plan_.steps[at + f.copies])) break;
    const Rows* r = moved_rows(at + f.copies);
    if (r == nullptr || r->kind == Rows::Kind::take || r->count != f.rows) return false;
    const auto rows = written.find(r->rows.base.storage);
    const auto table = r->table.base.storage;
    if (rows == written.end() || rows->second != r->rows.step || written.contains(r->indices.base.storage)) return false;
    if (table == r->indices.base.storage || touches(begin, at, table)) return false;
    for (std::size_t c = 0; c < f.copies; ++c) {
      const auto& copy = std::get<Copy>(plan_.steps[at + c]);
      const auto kind = plan_.storages[copy.from.storage].kind;
      if (copy.to.storage != table || (kind != Storage::Kind::constants && kind != Storage::Kind::input)) return false;
      if (touches(begin, at, copy.from.storage) && kind != Storage::Kind::constants) return false;
    }
    return true;
  }
  /// Whether takes or loops among these steps read or write a storage.
  bool touches(std::size_t begin, std::size_t end, std::uint32_t storage) const {
    for (; begin < end; ++begin) {
      if (const auto* r = std::get_if<Rows>(&plan_.steps[begin])) {
        if (r->table.base.storage == storage || r->indices.base.storage == storage || r->rows.base.storage == storage)
          return true;
      } else if (const auto* l = std::get_if<Loop>(&plan_.steps[begin])) {
        if (uses(*l, storage)) return true;
      }
    }
    return false;
  }
  static bool uses(const Loop& l, std::uint32_t storage) {
    const auto is = [&](const Ref& r) { return r.storage == storage; };
    const auto all = walks(l);
    return std::any_of(all.begin(), all.end(), [&](const Walk& w) { return is(w.base); }) ||
           std::any_of(l.args.begin(), l.args.end(), is) ||
           std::any_of(l.sinks.begin(), l.sinks.end(), [&](const Loop::Sink& s) { return is(s.to) || is(s.partials); });
  }

  // --- loops -------------------------------------------------------------------------------------------------

  bool passes_much(const Loop& l) const {
    return std::any_of(l.streams.begin(), l.streams.end(), [&](const Loop::Stream& s) {
      return !s.tile && l.n * unsign(s.step) >= worth_bytes;
    });
  }
  /// What loops here may agree on as rows.
  std::vector<std::int64_t> candidates(std::size_t begin) const {
    std::vector<std::int64_t> rows;
    const auto add = [&](std::size_t n) {
      const auto r = static_cast<std::int64_t>(n);
      if (n > 1 && std::find(rows.begin(), rows.end(), r) == rows.end()) rows.push_back(r);
    };
    for (std::size_t k = 0; k < 4 && loop(begin + k) != nullptr; ++k) {
      const Loop& l = *loop(begin + k);
      if (!l.sinks.empty()) add(l.fold_rows);
      else add(l.n);
    }
    return rows;
  }

  /// How many loops from `begin` on can be carried out row by row; 0 if that gains nothing.
  std::size_t extent(std::size_t begin, std::int64_t rows) const {
    RowBytes written;
    std::int64_t row_bytes = 0;
    std::size_t end = begin;
    bool gains = false;
    for (; end < begin + most_loops; ++end) {
      const Loop* l = loop(end);
      if (l == nullptr || l->n % unsign(rows) != 0 || (!l->sinks.empty() && l->fold_rows % unsign(rows) != 0)) break;
      if (!reads_rows(*l, rows, written)) break;
      const auto bytes = row_bytes_of(*l, rows);
      if (row_bytes + bytes > static_cast<std::int64_t>(most_row_bytes)) break;
      row_bytes += bytes;
      gains = gains || (end != begin && shares(*l, begin, end));
      note_written(*l, rows, written);
    }
    return gains ? end - begin : 0;
  }

  static std::vector<Walk> walks(const Loop& l) {
    std::vector<Walk> all;
    const auto n = static_cast<std::int64_t>(l.n);
    for (const auto& s : l.streams)
      if (!s.tile) all.push_back({s.base, {n}, {s.step}, s.step});
    for (const auto& s : l.sinks)
      if (!s.from.tile) all.push_back({s.from.base, {n}, {s.from.step}, s.from.step});
    for (const auto& s : l.sinks)
      if (s.function != nullptr) all.push_back(partners(l, s));
    for (const auto& r : l.rows) {
      Walk w{r.base, l.outer, r.outer_strides, 8};
      w.shape.push_back(static_cast<std::int64_t>(l.inner));
      w.strides.push_back(r.step);
      w.itemsize = r.step != 0 ? r.step : 1;
      all.push_back(std::move(w));
    }
    for (const auto& g : l.gathers) all.push_back({g.from, g.shape, g.strides, static_cast<std::int64_t>(g.itemsize)});
    return all;
  }
  static Walk partners(const Loop& l, const Loop::Sink& s) {
    const auto size = static_cast<std::int64_t>(s.itemsize), width = static_cast<std::int64_t>(l.fold_width);
    if (s.partner_step == size && s.partner_row == width * size)
      return {s.partners, {static_cast<std::int64_t>(l.n)}, {size}, size};
    return {s.partners, {static_cast<std::int64_t>(l.fold_rows), width}, {s.partner_row, s.partner_step}, size};
  }
  /// Whether the loop reads what the band has written only in rows of its own.
  static bool reads_rows(const Loop& l, std::int64_t rows, const RowBytes& written) {
    if (written.empty()) return true;
    for (const auto& w : walks(l))
      if (const auto at = written.find(w.base.storage); at != written.end() && !stays_in_rows(w, rows, at->second))
        return false;
    std::vector<char> moves(l.args.size(), 0);
    for (const auto* uses : {&l.stream_uses, &l.row_uses})
      for (const auto& use : *uses) moves[use.arg] = 1;
    for (std::size_t a = 0; a < moves.size(); ++a)
      if (moves[a] == 0 && written.contains(l.args[a].storage)) return false;
    return true;
  }
  /// Everything that streams of the loop reach in a row, results among them.
  static std::int64_t row_bytes_of(const Loop& l, std::int64_t rows) {
    std::int64_t bytes = 0;
    for (const auto& w : walks(l))
      if (w.shape.size() == 1) bytes += static_cast<std::int64_t>(l.n) / rows * std::abs(w.strides[0]);
    return bytes;
  }
  bool shares(const Loop& l, std::size_t begin, std::size_t end) const {
    for (const auto& w : walks(l)) {
      if (w.shape.size() != 1 || l.n * unsign(std::abs(w.strides[0])) < worth_bytes) continue;
      for (std::size_t at = begin; at < end; ++at)
        for (const auto& other : walks(*loop(at)))
          if (other.base.storage == w.base.storage) return true;
    }
    return false;
  }
  void note_written(const Loop& l, std::int64_t rows, RowBytes& written) const {
    for_each_result(l, [&](std::uint32_t storage, std::size_t bytes) {
      written[storage] = static_cast<std::int64_t>(bytes) / rows;
    });
  }
  /// f(storage, bytes) for everything that the loop writes, row after row.
  template <class F> void for_each_result(const Loop& l, F f) const {
    for (const auto storage : l.written) f(storage, plan_.storages[storage].bytes);
    const std::size_t chunks = l.sinks.empty() ? 0 : (l.fold_width + l.chunk - 1) / l.chunk;
    for (const auto& s : l.sinks) {
      f(s.to.storage, l.fold_rows * s.itemsize);
      if (chunks > 1) f(s.partials.storage, l.fold_rows * chunks * s.itemsize);
    }
  }

  Band band(std::size_t begin, std::size_t end, const Found& found) {
    const auto rows = found.rows;
    Band b;
    b.rows = unsign(rows);
    std::size_t row_bytes = 1;
    const auto local = [&](std::uint32_t storage, std::size_t bytes) {
      auto& s = plan_.storages[storage];
      const bool only_here = s.kind == Storage::Kind::arena && s.first >= begin && s.last < end;
      if (!only_here) return;
      b.locals.push_back({storage, static_cast<std::int64_t>(bytes) / rows});
      s.bytes = 0;
    };
    for (std::size_t at = begin; at < end; ++at) {
      if (const Loop* l = loop(at)) {
        row_bytes += unsign(row_bytes_of(*l, rows));
        b.cost += l->cost;
        for_each_result(*l, local);
      } else if (const Rows* r = moved_rows(at)) {
        row_bytes += unsign(r->rows.step);
        b.cost += 2 * static_cast<double>(r->count * r->rows.step / 4);
        if (r->kind == Rows::Kind::take) local(r->rows.base.storage, unsign(r->count * r->rows.step));
      }
    }
    drop_reuses(begin, end, rows);
    const std::size_t bytes = found.takes != 0 ? taken_tile_bytes : tile_bytes;
    b.tile = std::max<std::size_t>(1, std::min(b.rows, bytes / row_bytes));
    for (auto& l : b.locals) {
      l.at = b.local_bytes;
      b.local_bytes += ((b.tile + 1) * unsign(l.row_bytes) + 127) / 64 * 64;
    }
    for (std::size_t at = begin; at < end; ++at) {
      auto& step = plan_.steps[at];
      if (auto* l = std::get_if<Loop>(&step)) b.loops.push_back(std::move(*l));
      else if (auto* r = std::get_if<Rows>(&step)) (r->kind == Rows::Kind::take ? b.takes : b.puts).push_back(std::move(*r));
    }
    b.storages = plan_.storages.size();
    return b;
  }

  /// A result that the band writes over an input must have that in rows of its own, too.
  void drop_reuses(std::size_t begin, std::size_t end, std::int64_t rows) {
    const auto breaks = [&](const Reuse& r) {
      const auto &in = plan_.storages[r.input], &out = plan_.storages[r.result];
      if (out.first < begin || out.first >= end || in.first == ~std::uint32_t{0} || in.last < begin) return false;
      const RowBytes input{{r.input, static_cast<std::int64_t>(out.bytes) / rows}};
      for (std::size_t at = begin; at < end; ++at) {
        const Loop* l = loop(at);
        if (l == nullptr ? touches(at, at + 1, r.input) : !reads_rows(*l, rows, input)) return true;
        if (puts_into(end - 1, r.result) && l != nullptr && uses(*l, r.input)) return true;
      }
      return false;
    };
    plan_.reuses.erase(std::remove_if(plan_.reuses.begin(), plan_.reuses.end(), breaks), plan_.reuses.end());
  }

  bool puts_into(std::size_t at, std::uint32_t storage) const {
    const Rows* r = moved_rows(at);
    return r != nullptr && r->kind != Rows::Kind::take && r->table.base.storage == storage;
  }

  Plan& plan_;
};

}  // namespace

void form_bands(Plan& plan) { Bander(plan).run(); }

}  // namespace fluxion::compiler
