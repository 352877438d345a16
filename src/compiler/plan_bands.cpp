// Bands: loops and products that follow one another over the same rows are carried out some rows at a time, so that
// what one of them leaves is still in a cache for the next, and what only they need is never stored whole. A row's
// values come from that row of earlier parts only, so nothing else changes. Rows taken from tables may be put into
// another one in the end.
#include <algorithm>
#include <unordered_map>

#include "compiler/band_parts.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

constexpr std::size_t worth_bytes = std::size_t{96} << 10;  // passed on between loops: less stays cached anyway
constexpr std::size_t tile_bytes = std::size_t{512} << 10;  // what the loops touch of some rows, one after the other
constexpr std::size_t most_row_bytes = std::size_t{512} << 10;
constexpr std::size_t most_parts = 64, most_copies = 2;
constexpr std::size_t put_tile_bytes = std::size_t{128} << 10;  // the same where rows are put: tables need room, too
constexpr double cheap = 16;  // of an element in all loops: more is better shared by threads than put at once

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }

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
      if (found.parts + found.puts > 1) {
        take(at, found, steps, moved);
        at += found.steps();
      } else {
        steps.push_back(std::move(plan_.steps[at++]));
        moved.push_back(static_cast<std::uint32_t>(steps.size() - 1));
      }
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
  /// What follows one another: parts, copies that can come before them, rows put into a table.
  struct Found {
    std::size_t parts = 0;
    std::int64_t rows = 0;
    std::size_t copies = 0, puts = 0;
    std::size_t steps() const { return parts + copies + puts; }
  };
  using RowBytes = std::unordered_map<std::uint32_t, std::int64_t>;  // by storage that the band has written

  const Step& step(std::size_t at) const { return plan_.steps[at]; }
  bool is_part(std::size_t at) const { return at < plan_.steps.size() && most_rows(step(at)) > 0; }

  /// The steps of a band, to the new ones; `moved` says where each old one is.
  void take(std::size_t begin, const Found& found, std::vector<Step>& steps, std::vector<std::uint32_t>& moved) {
    const auto before = static_cast<std::uint32_t>(steps.size()), copies = static_cast<std::uint32_t>(found.copies);
    auto made = band(begin, found);
    for (std::size_t c = 0; c < found.copies; ++c) steps.push_back(std::move(plan_.steps[begin + found.parts + c]));
    steps.push_back(std::move(made));
    moved.insert(moved.end(), found.parts, before + copies);
    for (std::uint32_t c = 0; c < copies; ++c) moved.push_back(before + c);
    moved.insert(moved.end(), found.puts, before + copies);
  }

  Found longest(std::size_t begin) const {
    if (!is_part(begin) || !passes_much(step(begin))) return {};
    if (const auto moving = with_put(begin); moving.puts != 0) return moving;
    if (!is_part(begin + 1)) return {};
    Found best;
    for (const auto rows : candidates(begin)) {
      const auto n = extent(begin, rows);
      if (n > best.parts || (n == best.parts && rows > best.rows)) best = {n, rows};
    }
    return best;
  }
  static std::int64_t bytes_of(const Walk& w) { return w.shape.size() == 1 ? w.shape[0] * std::abs(w.strides[0]) : 0; }
  static bool passes_much(const Step& s) {
    const auto all = walks(s);
    return std::any_of(all.begin(), all.end(), [](const Walk& w) { return unsign(bytes_of(w)) >= worth_bytes; });
  }
  /// What parts here may agree on as rows.
  std::vector<std::int64_t> candidates(std::size_t begin) const {
    std::vector<std::int64_t> rows;
    for (std::size_t k = 0; k < 4 && is_part(begin + k); ++k) {
      const auto r = static_cast<std::int64_t>(most_rows(step(begin + k)));
      if (r > 1 && std::find(rows.begin(), rows.end(), r) == rows.end()) rows.push_back(r);
    }
    return rows;
  }

  /// How many parts from `begin` on can be carried out row by row, what they write, and whether that gains anything.
  struct Extent {
    std::size_t parts = 0;
    RowBytes written;
    bool gains = false;
  };
  Extent reach(std::size_t begin, std::int64_t rows) const {
    Extent e;
    std::int64_t row_bytes = 0;
    for (; e.parts < most_parts && is_part(begin + e.parts); ++e.parts) {
      const Step& s = step(begin + e.parts);
      if (!divides(s, rows) || !reads_rows(s, rows, e.written)) break;
      row_bytes += row_bytes_of(s, rows);
      if (row_bytes > static_cast<std::int64_t>(most_row_bytes)) break;
      e.gains = e.gains || (e.parts != 0 && shares(s, begin, begin + e.parts));
      for (const auto& w : written_by(s, plan_))
        e.written[w.storage] = w.whole ? static_cast<std::int64_t>(w.bytes) / rows : 0;
    }
    return e;
  }
  std::size_t extent(std::size_t begin, std::int64_t rows) const {
    const auto e = reach(begin, rows);
    return e.gains ? e.parts : 0;
  }

  // --- rows of tables ------------------------------------------------------------------------------------------

  /// Rows that a kernel puts into a table, one after the other where they come from.
  const Rows* put_rows(std::size_t at) const {
    if (at >= plan_.steps.size()) return nullptr;
    const auto* r = std::get_if<Rows>(&plan_.steps[at]);
    if (r == nullptr || r->kind == Rows::Kind::take || !r->batch.empty() || r->combine != nullptr) return nullptr;
    if (r->count <= 1 || r->extent <= 0 || r->rows.base.offset != 0) return nullptr;
    return r->rows.step == static_cast<std::int64_t>(r->row_elements * r->itemsize) ? r : nullptr;
  }
  /// Rows taken from tables, what is cheaply computed of them, and the table that they are put into.
  Found with_put(std::size_t begin) const {
    const auto* first = std::get_if<Rows>(&step(begin));
    if (first == nullptr || first->count <= 1) return {};
    const auto e = reach(begin, first->count);
    Found f{e.parts, first->count};
    while (f.copies < most_copies && is_copy(begin + f.parts + f.copies)) ++f.copies;
    if (e.parts == 0 || !is_cheap(begin, begin + e.parts) || !put_after(begin, f, e.written)) return {};
    f.puts = 1;
    return f;
  }
  bool is_copy(std::size_t at) const {
    return at < plan_.steps.size() && std::holds_alternative<Copy>(plan_.steps[at]);
  }
  bool is_cheap(std::size_t begin, std::size_t end) const {
    double cost = 0;
    for (; begin < end; ++begin) {
      if (const auto* l = std::get_if<Loop>(&step(begin))) cost += l->cost / static_cast<double>(l->n);
      else if (!std::holds_alternative<Rows>(step(begin))) return false;
    }
    return cost <= cheap;
  }
  /// Whether the parts leave the rows that are put, and know nothing of the table. Copies between, which make it, come
  /// before all.
  bool put_after(std::size_t begin, const Found& f, const RowBytes& written) const {
    const std::size_t end = begin + f.parts;
    const Rows* r = put_rows(end + f.copies);
    if (r == nullptr || r->count != f.rows) return false;
    const auto rows = written.find(r->rows.base.storage);
    const auto table = r->table.base.storage, indices = r->indices.base.storage;
    if (rows == written.end() || rows->second != r->rows.step) return false;
    if (written.contains(indices) || table == indices || touched(begin, end, table)) return false;
    for (std::size_t c = 0; c < f.copies; ++c) {
      const auto& copy = std::get<Copy>(plan_.steps[end + c]);
      const auto kind = plan_.storages[copy.from.storage].kind;
      if (copy.to.storage != table) return false;
      if (kind == Storage::Kind::constants) continue;
      if (kind != Storage::Kind::input || touched(begin, end, copy.from.storage)) return false;
    }
    return true;
  }
  /// Whether parts of a band read or write a storage.
  bool touched(std::size_t begin, std::size_t end, std::uint32_t storage) const {
    for (; begin < end; ++begin)
      if (touches(step(begin), storage)) return true;
    return false;
  }
  bool touches(const Step& s, std::uint32_t storage) const {
    const auto all = walks(s);
    const auto whole = needed_whole(s);
    const auto results = written_by(s, plan_);
    return std::any_of(all.begin(), all.end(), [&](const Walk& w) { return w.base.storage == storage; }) ||
           std::find(whole.begin(), whole.end(), storage) != whole.end() ||
           std::any_of(results.begin(), results.end(), [&](const Written& w) { return w.storage == storage; });
  }

  // -------------------------------------------------------------------------------------------------------------

  /// Whether the part reads what the band has written only in rows of its own.
  static bool reads_rows(const Step& s, std::int64_t rows, const RowBytes& written) {
    if (written.empty()) return true;
    for (const auto& w : walks(s))
      if (const auto at = written.find(w.base.storage); at != written.end() && !stays_in_rows(w, rows, at->second))
        return false;
    const auto whole = needed_whole(s);
    return std::none_of(whole.begin(), whole.end(), [&](auto storage) { return written.contains(storage); });
  }
  /// Everything that the part reaches in a row from one end to the other, results among them.
  static std::int64_t row_bytes_of(const Step& s, std::int64_t rows) {
    std::int64_t bytes = 0;
    for (const auto& w : walks(s)) bytes += bytes_of(w) / rows;
    return bytes;
  }
  bool shares(const Step& s, std::size_t begin, std::size_t end) const {
    for (const auto& w : walks(s)) {
      if (unsign(bytes_of(w)) < worth_bytes) continue;
      for (std::size_t at = begin; at < end; ++at)
        for (const auto& other : walks(step(at)))
          if (other.base.storage == w.base.storage) return true;
    }
    return false;
  }

  Band band(std::size_t begin, const Found& found) {
    const std::size_t end = begin + found.parts;
    const auto rows = found.rows;
    Band b;
    b.rows = unsign(rows);
    std::size_t row_bytes = 1;
    for (std::size_t at = begin; at < end; ++at) {
      const Step& s = step(at);
      row_bytes += unsign(row_bytes_of(s, rows));
      b.cost += cost_of_part(s);
      for (const auto& w : written_by(s, plan_)) {
        auto& storage = plan_.storages[w.storage];
        const bool only_here =
            storage.kind == Storage::Kind::arena && storage.first >= begin && storage.last < begin + found.steps();
        if (!w.whole || !only_here) continue;
        b.locals.push_back({w.storage, static_cast<std::int64_t>(w.bytes) / rows});
        storage.bytes = 0;
      }
    }
    const Rows* put = found.puts != 0 ? put_rows(end + found.copies) : nullptr;
    if (put != nullptr) row_bytes += unsign(put->rows.step);
    drop_reuses(begin, found, put);
    b.tile = std::max<std::size_t>(1, std::min(b.rows, (put != nullptr ? put_tile_bytes : tile_bytes) / row_bytes));
    for (auto& l : b.locals) {
      l.at = b.local_bytes;
      b.local_bytes += ((b.tile + 1) * unsign(l.row_bytes) + 127) / 64 * 64;
    }
    for (std::size_t at = begin; at < end; ++at) b.parts.push_back(as_part(std::move(plan_.steps[at])));
    if (put != nullptr) b.puts.push_back(*put);
    b.storages = plan_.storages.size();
    return b;
  }

  /// A result that the band writes over an input must have that in rows of its own, too; a table that rows are put into
  /// is written anywhere.
  void drop_reuses(std::size_t begin, const Found& found, const Rows* put) {
    const std::size_t end = begin + found.parts, last = begin + found.steps();
    const auto breaks = [&](const Reuse& r) {
      const auto &in = plan_.storages[r.input], &out = plan_.storages[r.result];
      if (out.first < begin || out.first >= last || in.first == ~std::uint32_t{0} || in.last < begin) return false;
      if (put != nullptr) {
        if (r.input == put->indices.base.storage || r.input == put->rows.base.storage) return true;
        if (r.result == put->table.base.storage) return touched(begin, end, r.input);
      }
      const RowBytes input{{r.input, static_cast<std::int64_t>(out.bytes) / found.rows}};
      for (std::size_t at = begin; at < end; ++at)
        if (!reads_rows(step(at), found.rows, input) || writes_in_part(step(at), r.result)) return true;
      return false;
    };
    plan_.reuses.erase(std::remove_if(plan_.reuses.begin(), plan_.reuses.end(), breaks), plan_.reuses.end());
  }

  /// Whether the step's rows are only a part of the storage, and so lie elsewhere than the rows of what is read.
  bool writes_in_part(const Step& s, std::uint32_t storage) const {
    const auto all = written_by(s, plan_);
    return std::any_of(all.begin(), all.end(), [&](const Written& w) { return w.storage == storage && !w.whole; });
  }

  Plan& plan_;
};

}  // namespace

void form_bands(Plan& plan) { Bander(plan).run(); }

}  // namespace fluxion::compiler
