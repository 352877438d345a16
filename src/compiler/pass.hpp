// One thread's pass over pieces of a loop: pointers, block by block, and the calls of its kernels.
#pragma once

#include <cstring>

#include "compiler/execute.hpp"

namespace fluxion::compiler {

/// This thread's memory for registers and tables of pointers. Loops do not nest: there is one.
std::byte* scratch(std::size_t bytes);
/// For what loops of a band leave each other, while each of them has the scratch memory.
std::byte* band_memory(std::size_t bytes);
/// For what is folded while all of those are in use.
std::byte* fold_memory(std::size_t bytes);

/// Asks for elements [first, last) of a loop's inputs: hardware that sees one block's streams end does not know of the
/// next one's.
void fetch(const Loop& loop, Bases bases, std::size_t first, std::size_t last);

/// Asks for what comes after the work at hand, in step with it: asked for at once, it would have to be waited for.
class Ahead {
 public:
  Ahead(const Loop& loop, Bases bases) : loop_(loop), bases_(bases) {}

  /// Elements [first, last) of the loop's inputs, while `work` elements of others are computed.
  void begin(std::size_t first, std::size_t last, std::size_t work) {
    first_ = at_ = first;
    share_ = static_cast<double>(last - first) / static_cast<double>(work);
    done_ = 0;
  }
  void work(std::size_t elements) {
    done_ += elements;
    const std::size_t end = first_ + static_cast<std::size_t>(share_ * static_cast<double>(done_));
    fetch(loop_, bases_, at_, end);
    at_ = end;
  }

 private:
  const Loop& loop_;
  Bases bases_;
  std::size_t first_ = 0, at_ = 0, done_ = 0;
  double share_ = 0;
};

/// One thread's pass over pieces of a loop.
class Pass {
 public:
  /// With this thread's scratch memory: one at a time.
  Pass(const Loop& loop, Bases bases) : Pass(loop, bases, scratch(table_bytes(loop) + room(loop)), nullptr, nullptr) {}
  /// With a table of pointers in `table`, and registers in `registers`, unless they come behind it.
  Pass(const Loop& loop, Bases bases, std::byte* table, std::byte* registers, Ahead* ahead)
      : loop_(loop),
        bases_(bases),
        ahead_(ahead),
        scratch_(registers != nullptr ? registers : table + table_bytes(loop)),
        args_(reinterpret_cast<void**>(table)),
        streams_(reinterpret_cast<std::byte**>(args_ + loop.args.size())),
        rows_(streams_ + loop.streams.size()) {
    scratch_ += (page - reinterpret_cast<std::uintptr_t>(scratch_) % page) % page;
    for (std::size_t a = 0; a < loop.args.size(); ++a) args_[a] = at(loop.args[a]);
  }
  static std::size_t table_bytes(const Loop& loop) {
    return (loop.args.size() + loop.streams.size() + loop.rows.size()) * sizeof(void*);
  }
  /// For registers.
  static std::size_t room(const Loop& loop) { return page + loop.scratch_bytes; }

  /// Computes elements [begin, end).
  void run(std::size_t begin, std::size_t end);

  /// What the chain's folds look for beside their accumulators: the elements of a run; whether a row is the first.
  void set_fold_word(std::int64_t word) { std::memcpy(scratch_ + Loop::fold_word_at, &word, sizeof word); }
  /// Where a chain's fold goes.
  void fold_to(std::uint32_t fold, std::byte* to) { folded_[fold] = to; }

  std::byte* at(const Ref& r) const {
    return r.storage == scratch_storage ? scratch_ + r.offset : resolve(bases_, r);
  }

 private:
  void enter_row(std::size_t row);
  /// `left` elements come after this block, up to a row's end or beyond.
  void block(std::size_t s, std::size_t column, std::size_t n, std::size_t left);

  static constexpr std::size_t page = 4096;  // registers lie in pages as large arrays do

  const Loop& loop_;
  Bases bases_;
  Ahead* ahead_;
  std::byte* scratch_;
  void** args_;
  std::byte** streams_;
  std::byte** rows_;
  std::byte* folded_[Loop::most_folds] = {};
  std::size_t tile_ = 0;
};

}  // namespace fluxion::compiler
