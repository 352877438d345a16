#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <type_traits>

#include "compiler/cost.hpp"
#include "compiler/execute.hpp"
#include "compiler/parallel.hpp"
#include "compiler/pass.hpp"

namespace fluxion::compiler {
namespace {

/// Computes tiles of whole rows, or chunks of long ones, and folds each.
class Folding {
 public:
  Folding(const Loop& loop, Bases bases)
      : loop_(loop),
        bases_(bases),
        chunks_((loop.fold_width + loop.chunk - 1) / loop.chunk),
        rows_per_tile_(chunks_ > 1 || loop.folds ? 1 : std::max<std::size_t>(1, loop.chunk / loop.fold_width)) {}

  std::size_t tiles() const {
    return chunks_ > 1 ? loop_.fold_rows * chunks_ : (loop_.fold_rows + rows_per_tile_ - 1) / rows_per_tile_;
  }
  void run(std::size_t first, std::size_t last) const {
    if (loop_.calls.empty() && loop_.gathers.empty()) return fold_stored(first, last);
    Pass pass(loop_, bases_);
    run(pass, first, last);
  }
  void run(Pass& pass, std::size_t first, std::size_t last) const {
    if (loop_.folds) return units(pass, first, last);
    for (std::size_t t = first; t < last; ++t) {
      if (chunks_ > 1) chunk(pass, t);
      else rows(pass, t * rows_per_tile_, std::min((t + 1) * rows_per_tile_, loop_.fold_rows));
    }
  }
  void finish(std::size_t first, std::size_t last) const {
    if (chunks_ == 1) return;
    for (const auto& s : loop_.sinks)
      fold_partials(s, resolve(bases_, s.partials) + first * chunks_ * s.itemsize,
                    resolve(bases_, s.to) + first * s.itemsize, last - first, chunks_);
  }
  /// Computes and folds rows [first, last).
  void run_rows(Pass& pass, std::size_t first, std::size_t last) const {
    const bool stored = loop_.calls.empty() && loop_.gathers.empty();
    if (chunks_ > 1) {
      if (stored) fold_stored(first * chunks_, last * chunks_);
      else run(pass, first * chunks_, last * chunks_);
      return finish(first, last);
    }
    if (stored) return stored_rows(first, last);
    if (loop_.folds) return units(pass, first, last);
    for (; first < last; first += rows_per_tile_) rows(pass, first, std::min(first + rows_per_tile_, last));
  }

 private:
  /// Nothing is computed: as many rows or chunks at once as follow one another.
  void fold_stored(std::size_t first, std::size_t last) const {
    if (chunks_ == 1) return stored_rows(first * rows_per_tile_, std::min(last * rows_per_tile_, loop_.fold_rows));
    const std::size_t whole = loop_.fold_width / loop_.chunk;  // chunks of a row
    while (first < last) {
      const std::size_t at = first % chunks_, n = at < whole ? std::min(last - first, whole - at) : 1;
      const std::size_t begin = first / chunks_ * loop_.fold_width + at * loop_.chunk;
      const std::size_t width = at < whole ? loop_.chunk : loop_.fold_width - at * loop_.chunk;
      for (const auto& s : loop_.sinks) {
        std::byte* const to = resolve(bases_, s.partials) + first * s.itemsize;
        const auto piece = static_cast<std::int64_t>(width) * s.partner_step;
        if (s.function != nullptr) fold_function(s, to, begin, n, width, piece);
        else s.fold(to, stored(s, begin), n, width);
      }
      first += n;
    }
  }
  void stored_rows(std::size_t first, std::size_t last) const {
    for (const auto& s : loop_.sinks) {
      std::byte* const to = resolve(bases_, s.to) + first * s.itemsize;
      const std::size_t begin = first * loop_.fold_width;
      if (s.function != nullptr) fold_function(s, to, begin, last - first, loop_.fold_width, s.partner_row);
      else s.fold(to, stored(s, begin), last - first, loop_.fold_width);
    }
  }
  /// n pieces of `width` elements from element `begin` on, whose partners are `partner_row` apart.
  void fold_function(const Loop::Sink& s, std::byte* to, std::size_t begin, std::size_t n, std::size_t width,
                     std::int64_t partner_row) const {
    const auto row = static_cast<std::int64_t>(begin / loop_.fold_width);
    const auto column = static_cast<std::int64_t>(begin % loop_.fold_width);
    s.function({to, stored(s, begin), resolve(bases_, s.partners) + row * s.partner_row + column * s.partner_step, n,
                width, static_cast<std::ptrdiff_t>(width * s.itemsize), partner_row});
  }
  const std::byte* stored(const Loop::Sink& s, std::size_t begin) const {
    return resolve(bases_, s.from.base) + static_cast<std::int64_t>(begin) * s.from.step;
  }
  void rows(Pass& pass, std::size_t row, std::size_t last) const {
    const std::size_t begin = row * loop_.fold_width;
    compute(pass, begin, last * loop_.fold_width);
    for (const auto& s : loop_.sinks)
      s.fold(resolve(bases_, s.to) + row * s.itemsize, source(pass, s, begin), last - row, loop_.fold_width);
  }
  void chunk(Pass& pass, std::size_t tile) const {
    const std::size_t row = tile / chunks_, at = tile % chunks_ * loop_.chunk;
    const std::size_t width = std::min(loop_.chunk, loop_.fold_width - at), begin = row * loop_.fold_width + at;
    compute(pass, begin, begin + width);
    for (const auto& s : loop_.sinks)
      s.fold(resolve(bases_, s.partials) + tile * s.itemsize, source(pass, s, begin), 1, width);
  }
  /// Rows, or chunks, some of which are folded in chains.
  void units(Pass& pass, std::size_t first, std::size_t last) const {
    while (first < last) {
      const std::size_t n = std::min(last - first, Loop::folded_at_once);
      for (const auto& s : loop_.sinks)
        if (s.in_chain())
          std::fill_n(reinterpret_cast<std::uint64_t*>(accumulators(pass, s, 0)), n * words, s.identity);
      for (std::size_t k = 0; k < n; ++k) unit(pass, first + k, k);
      for (const auto& s : loop_.sinks)
        if (s.in_chain())
          s.fold(result(s, first), accumulators(pass, s, 0), n, kernels::accumulators_bytes / s.itemsize);
      first += n;
    }
  }
  void unit(Pass& pass, std::size_t number, std::size_t k) const {
    const std::size_t at = number % chunks_ * loop_.chunk, begin = number / chunks_ * loop_.fold_width + at;
    const std::size_t width = chunks_ == 1 ? loop_.fold_width : std::min(loop_.chunk, loop_.fold_width - at);
    for (const auto& s : loop_.sinks)
      if (s.in_chain()) pass.fold_to(s.place, accumulators(pass, s, k));
    compute(pass, begin, begin + width);
    for (const auto& s : loop_.sinks)
      if (!s.in_chain()) s.fold(result(s, number), source(pass, s, begin), 1, width);
  }
  std::byte* result(const Loop::Sink& s, std::size_t number) const {
    return resolve(bases_, chunks_ == 1 ? s.to : s.partials) + number * s.itemsize;
  }
  static constexpr std::size_t words = kernels::accumulators_bytes / sizeof(std::uint64_t);
  static std::byte* accumulators(const Pass& pass, const Loop::Sink& s, std::size_t k) {
    return pass.at(s.from.base) + k * kernels::accumulators_bytes;
  }
  void compute(Pass& pass, std::size_t begin, std::size_t end) const {
    pass.run(begin, end);
  }
  const std::byte* source(const Pass& pass, const Loop::Sink& s, std::size_t begin) const {
    return pass.at(s.from.base) + (s.from.tile ? 0 : static_cast<std::int64_t>(begin) * s.from.step);
  }

  const Loop& loop_;
  Bases bases_;
  std::size_t chunks_, rows_per_tile_;
};

/// Computes rows of some columns and folds them: the tree of kernels/eval/reduce.hpp, where an accumulator is a row.
class ColumnFolding {
 public:
  ColumnFolding(const Loop& loop, Bases bases)
      : loop_(loop),
        bases_(bases),
        columns_(loop.fold_rows / loop.fold_outer),
        chunks_((loop.fold_width + loop.chunk - 1) / loop.chunk),
        panels_((columns_ + loop.chunk - 1) / loop.chunk) {}

  std::size_t tasks() const { return loop_.fold_outer * chunks_ * panels_; }
  void run(std::size_t first, std::size_t last) const {
    Pass pass(loop_, bases_);
    run(pass, first, last);
  }
  /// Of results [first, last) of `fold_outer` those that are to be made of several.
  void finish(std::size_t first, std::size_t last) const {
    if (chunks_ == 1) return;
    for (const auto& s : loop_.sinks)
      for (std::size_t o = first; o < last; ++o)
        fold_panel(s.combine, columns_, s.itemsize, resolve(bases_, s.partials) + o * chunks_ * columns_ * s.itemsize,
                   resolve(bases_, s.to) + o * columns_ * s.itemsize, chunks_);
  }
  /// All of results [first, last) of `fold_outer`.
  void run_outer(Pass& pass, std::size_t first, std::size_t last) const {
    run(pass, first * chunks_ * panels_, last * chunks_ * panels_);
    finish(first, last);
  }

 private:
  static constexpr std::size_t row_bytes = 4096, accumulators_bytes = 256, levels = 9;

  void run(Pass& pass, std::size_t first, std::size_t last) const {
    for (; first < last; ++first) Task(*this, pass, first / panels_, first % panels_).run();
  }

  /// One chunk of one panel; chunks are counted through all outer results.
  class Task {
   public:
    Task(const ColumnFolding& f, Pass& pass, std::size_t chunk, std::size_t panel)
        : f_(f),
          loop_(f.loop_),
          pass_(pass),
          memory_(fold_memory(loop_.sinks.size() * levels * row_bytes)),
          row_(chunk / f.chunks_ * loop_.fold_width + chunk % f.chunks_ * loop_.chunk),
          rows_(std::min(loop_.chunk, loop_.fold_width - chunk % f.chunks_ * loop_.chunk)),
          column_(panel * loop_.chunk),
          columns_(std::min(loop_.chunk, f.columns_ - column_)),
          accumulators_(accumulators_bytes / loop_.sinks[0].itemsize),
          chunk_(chunk) {
      while (used_ < rows_ && used_ < accumulators_) used_ *= 2;
    }
    void run() {
      folded(0, 1, 0);
      for (std::size_t k = 0; k < loop_.sinks.size(); ++k) {
        const auto& s = loop_.sinks[k];
        const std::size_t to = chunk_ * f_.columns_ + column_;
        s.finish(resolve(f_.bases_, f_.chunks_ == 1 ? s.to : s.partials) + to * s.itemsize, buffer(k, 0), 1,
                 static_cast<std::ptrdiff_t>(row_bytes), columns_);
      }
    }

   private:
    std::byte* buffer(std::size_t sink, std::size_t level) const { return memory_ + (sink * levels + level) * row_bytes; }
    /// Accumulator i, after those h apart and all further ones are folded, to the buffers of a level.
    void folded(std::size_t i, std::size_t h, std::size_t level) {
      if (h == used_) return leaf(i, level);
      folded(i, 2 * h, level);
      if (i + h >= rows_) return;
      // The operand on the left waits, so what comes next needs buffers behind it.
      folded(i + h, 2 * h, level + 1);
      for (std::size_t k = 0; k < loop_.sinks.size(); ++k) combine(k, level, buffer(k, level + 1));
    }
    void leaf(std::size_t i, std::size_t level) {
      for (std::size_t r = i; r < rows_; r += accumulators_) {
        const std::size_t begin = (row_ + r) * f_.columns_ + column_;
        // The row that comes next: in half of all cases, if this is the last one here.
        const std::size_t next = r + accumulators_ < rows_ ? r + accumulators_ : i + used_ / 2;
        if (const std::size_t at = (row_ + next) * f_.columns_ + column_; next < rows_)
          fetch(loop_, f_.bases_, at, at + columns_);
        if (loop_.folds) fold_to(level, r == i);
        pass_.run(begin, begin + columns_);
        for (std::size_t k = 0; k < loop_.sinks.size(); ++k) {
          const auto& s = loop_.sinks[k];
          if (s.in_chain()) continue;
          const std::byte* from = pass_.at(s.from.base) + (s.from.tile ? 0 : static_cast<std::int64_t>(begin) * s.from.step);
          if (r == i) std::memcpy(buffer(k, level), from, columns_ * s.itemsize);
          else combine(k, level, from);
        }
      }
    }
    void fold_to(std::size_t level, bool is_first) {
      pass_.set_fold_word(is_first ? 1 : 0);
      for (std::size_t k = 0; k < loop_.sinks.size(); ++k)
        if (const auto& s = loop_.sinks[k]; s.in_chain()) pass_.fold_to(s.place, buffer(k, level));
    }
    void combine(std::size_t sink, std::size_t level, const std::byte* with) {
      std::byte* const to = buffer(sink, level);
      void* const args[] = {to, to, const_cast<std::byte*>(with)};
      loop_.sinks[sink].combine(args, columns_);
    }

    const ColumnFolding& f_;
    const Loop& loop_;
    Pass& pass_;
    std::byte* memory_;
    std::size_t row_, rows_, column_, columns_, accumulators_, chunk_, used_ = 1;
  };

  const Loop& loop_;
  Bases bases_;
  std::size_t columns_, chunks_, panels_;  // of one of `fold_outer` results
};

/// One element: each call's pointers, then the call.
void run_straight(const Loop& loop, Bases bases) {
  alignas(64) std::byte registers[straight_bytes];
  const Ref* ref = loop.args.data();
  for (std::size_t c = 0; c < loop.calls.size(); ++c) {
    const Ref* const end = loop.args.data() + (c + 1 < loop.calls.size() ? loop.calls[c + 1].args : loop.args.size());
    void* args[8];
    for (void** a = args; ref != end; ++ref)
      *a++ = (ref->storage == scratch_storage ? registers : bases[ref->storage]) + ref->offset;
    loop.calls[c].kernel(args, 1);
  }
}

}  // namespace

void execute(const Loop& loop, Bases bases) {
  if (loop.straight) return run_straight(loop, bases);
  const bool parallel = loop.cost >= parallel_cost;
  if (loop.sinks.empty()) {
    if (!parallel) return Pass(loop, bases).run(0, loop.n);
    const std::size_t unit = std::max(loop.block, std::size_t{4096});
    return parallel_ranges(loop.n, grain_of(loop.n, unit),
                           [&](std::size_t begin, std::size_t end) { Pass(loop, bases).run(begin, end); });
  }
  if (loop.columns) {
    const ColumnFolding folding(loop, bases);
    const std::size_t tasks = folding.tasks();
    if (!parallel) folding.run(0, tasks);
    else parallel_ranges(tasks, 1, [&](std::size_t a, std::size_t b) { folding.run(a, b); });
    return folding.finish(0, loop.fold_outer);
  }
  const Folding folding(loop, bases);
  const std::size_t tiles = folding.tiles();
  if (!parallel) folding.run(0, tiles);
  else parallel_ranges(tiles, grain_of(tiles, 1), [&](std::size_t a, std::size_t b) { folding.run(a, b); });
  folding.finish(0, loop.fold_rows);
}

namespace {

/// One thread's pass over rows of a band.
class BandPass {
 public:
  BandPass(const Band& band, Bases bases) : band_(band) {
    const std::size_t table = (band.storages * sizeof(std::byte*) + 63) / 64 * 64;
    std::size_t bytes = table + band.local_bytes + band.parts.size() * sizeof(Pass), room = 0;
    for_each_loop([&](std::size_t, const Loop& l) {
      bytes += Pass::table_bytes(l);
      room = std::max(room, Pass::room(l));
    });
    std::byte* at = band_memory(bytes);
    own_ = reinterpret_cast<std::byte**>(at);
    std::copy(bases, bases + band.storages, own_);
    locals_ = at += table;
    passes_ = reinterpret_cast<Pass*>(at += band.local_bytes);
    at += band.parts.size() * sizeof(Pass);
    if (const auto* first = std::get_if<Loop>(&band.parts[0])) ahead_.emplace(*first, bases);
    std::byte* const registers = scratch(room);
    for_each_loop([&](std::size_t k, const Loop& l) {
      ::new (passes_ + k) Pass(l, own_, at, registers, k == 0 || !ahead_ ? nullptr : &*ahead_);
      at += Pass::table_bytes(l);
      (k == 0 ? per_row_ : work_) += l.n / band.rows;
    });
    if (work_ == 0) ahead_.reset();
  }
  void run(std::size_t begin, std::size_t end) {
    for (; begin < end; begin += band_.tile) tile(begin, std::min(begin + band_.tile, end), end);
  }

 private:
  static_assert(std::is_trivially_destructible_v<Pass>);

  template <class F> void for_each_loop(F f) const {
    for (std::size_t k = 0; k < band_.parts.size(); ++k)
      if (const auto* l = std::get_if<Loop>(&band_.parts[k])) f(k, *l);
  }
  /// Rows [row, last). What the first loop reads of the next tile comes while the others compute.
  void tile(std::size_t row, std::size_t last, std::size_t end) {
    if (ahead_) ahead_->begin(last * per_row_, std::min(last + band_.tile, end) * per_row_, (last - row) * work_);
    for (const auto& l : band_.locals)
      own_[l.storage] = locals_ + l.at - static_cast<std::int64_t>(row) * l.row_bytes;
    for (std::size_t k = 0; k < band_.parts.size(); ++k) {
      if (const auto* l = std::get_if<Loop>(&band_.parts[k])) some(passes_[k], *l, row, last);
      else other(band_.parts[k], row, last);
    }
    for (const auto& r : band_.puts) execute_rows(r, own_, band_.rows, row, last);
  }
  void other(const Band::Part& part, std::size_t row, std::size_t last) {
    std::visit(
        [&](const auto& s) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(s)>, Loop>) execute_rows(s, own_, band_.rows, row, last);
        },
        part);
  }
  void some(Pass& pass, const Loop& loop, std::size_t row, std::size_t last) {
    const std::size_t all = loop.sinks.empty() ? loop.n : loop.columns ? loop.fold_outer : loop.fold_rows;
    const std::size_t rows = all / band_.rows;
    if (loop.sinks.empty()) pass.run(row * rows, last * rows);
    else if (loop.columns) ColumnFolding(loop, own_).run_outer(pass, row * rows, last * rows);
    else Folding(loop, own_).run_rows(pass, row * rows, last * rows);
  }

  const Band& band_;
  std::optional<Ahead> ahead_;  // of what the first part reads if it is a loop
  std::byte** own_;
  std::byte* locals_;
  Pass* passes_;
  std::size_t per_row_ = 0, work_ = 0;
};

}  // namespace

void execute(const Band& band, Bases bases) {
  const auto some = [&](std::size_t begin, std::size_t end) { BandPass(band, bases).run(begin, end); };
  // Rows are put one after the other.
  if (band.cost < parallel_cost || !band.puts.empty()) return some(0, band.rows);
  parallel_ranges(band.rows, grain_of(band.rows, band.tile), some);
}

}  // namespace fluxion::compiler
