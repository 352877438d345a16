// The process-wide table of traced programs: lookups take no lock, changes do.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <fluxion/detail/flat.hpp>
#include <fluxion/tree_def.hpp>
#include "core/guards.hpp"

namespace fluxion::detail {

/// A static argument: its value as text, and where it is among the record's static values.
struct StaticArgument {
  int position;
  std::size_t at;
  std::string value;
};

/// A program and the key under which it is found. Immutable once in the table.
struct JitRecord {
  std::uint64_t hash = 0, owner = 0;
  std::vector<TreeWriter::Word> words;
  std::vector<StaticOwned> statics;
  std::shared_ptr<const JitEntry> entry;
  TreeDef out;

  // What messages say of it.
  static constexpr std::size_t no_static = ~std::size_t{0};
  std::uint64_t function = 0;              // its type
  std::vector<TreeWriter::Word> identity;  // the words that tell it from others of the type
  TreeDef in;
  std::vector<int> arguments;              // positions of the trees in `in`
  std::vector<Aval> avals;
  std::vector<StaticArgument> static_arguments;
  Config guards;
  std::string axes;

  mutable std::atomic<std::uint64_t> last_used{0};  // in insertions; what was used least recently goes first

  bool matches(std::uint64_t h, std::span<const TreeWriter::Word> w, std::span<const StaticRef> s) const;
};

class JitTable {
 public:
  static constexpr std::size_t kMaxRecords = 4096;

  /// Never destroyed, so that programs can run while statics are torn down.
  static JitTable& instance();

  /// Null if there is none. What is returned stays valid during the caller's epoch::Reading.
  const JitRecord* find(std::uint64_t hash, std::span<const TreeWriter::Word> words, std::span<const StaticRef> statics) const;
  /// Adds a record, unless another thread has added an equal one; returns the one in the table. Its owner must
  /// exist. The caller reads an epoch.
  const JitRecord* insert(std::shared_ptr<const JitRecord> record);
  void forget(std::uint64_t owner);
  void clear();
  std::size_t size() const;
  /// All records, the oldest first.
  std::vector<std::shared_ptr<const JitRecord>> kept() const;

 private:
  struct Slots {
    explicit Slots(std::size_t n) : mask(n - 1), at(std::make_unique<std::atomic<const JitRecord*>[]>(n)) {}
    std::size_t mask;
    std::unique_ptr<std::atomic<const JitRecord*>[]> at;
    void add(const JitRecord* r);
  };
  using Unlinked = std::vector<std::shared_ptr<const void>>;

  JitTable();
  /// New slots for what is live; the old ones are added to `unlinked`.
  void rebuild(Unlinked& unlinked);
  void evict(Unlinked& unlinked);
  template <class Dead>
  void remove_if(const Dead& dead);

  std::atomic<const Slots*> slots_;
  std::atomic<std::uint64_t> insertions_{0};
  mutable std::mutex mutex_;  // guards what follows, and changes of slots_
  std::shared_ptr<Slots> own_slots_;
  std::vector<std::shared_ptr<const JitRecord>> live_;
};

}  // namespace fluxion::detail
