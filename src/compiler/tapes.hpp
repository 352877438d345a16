// Tapes while a program runs: persistent lists of records under int64 indices, in geometrically growing memory that
// belongs to the run. A tape is a formal sum of records: what was recorded twice under an index is added, what was
// not recorded is zero. So recording, reading and adding are linear, and each other's transposes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <fluxion/dtype.hpp>

namespace fluxion::compiler::tapes {

/// One value of a record.
struct Field {
  DType dtype;
  std::size_t bytes;
  friend bool operator==(const Field&, const Field&) = default;
};

struct Chunk;
/// A record; its values follow it.
struct Cell {
  const Chunk* chunk;
  std::int64_t index;
};
/// The newest record of a tape; null is the tape without records. An element of dtype tape is such a handle.
using Handle = const Cell*;
/// A tape that takes records and keeps none: what lanes write to that do not count. Its handle is 1.
inline bool discards(Handle h) { return reinterpret_cast<std::uintptr_t>(h) == 1; }
/// Whether there are no records.
inline bool is_empty(Handle h) { return reinterpret_cast<std::uintptr_t>(h) <= 1; }

class Log;

/// Owns the logs that are made while it is current on its thread.
class Region {
 public:
  /// `outer` is the region that the run was in; null at its start.
  explicit Region(Region* outer);
  ~Region();
  Region(const Region&) = delete;

  bool empty() const { return logs_.empty(); }
  /// Of the run that it is part of.
  const Region* root() const { return root_; }
  Log& new_log(std::span<const Field> fields);

  static Region* current();
  static Region* exchange_current(Region* r);

 private:
  const Region* root_;
  std::vector<std::unique_ptr<Log>> logs_;
};

/// A region for a scope, such as a round of a loop that returns no tape: pure programs keep no other handle to
/// what was made in it.
class Scope {
 public:
  Scope() : region_(Region::current()), outer_(Region::exchange_current(&region_)) {}
  ~Scope() { Region::exchange_current(outer_); }
  Scope(const Scope&) = delete;

 private:
  Region region_;
  Region* outer_;
};

/// `tape` and one record more. In place if the tape is its log's newest and of this run; else a copy.
Handle push(Handle tape, std::int64_t index, std::span<const Field> fields, const std::byte* const* values);
/// The values under `index` are written to `to`.
void read(Handle tape, std::int64_t index, std::span<const Field> fields, std::byte* const* to);
/// All records of both.
Handle sum(Handle a, Handle b);
/// The same for arrays of n handles, {result, a, b}, as a kernel is called.
void add_elements(void* const* args, std::size_t n);

/// The number of records.
std::int64_t size(Handle tape);
/// Logs that exist, for tests that look for leaks.
std::int64_t live_logs();
/// The most bytes that logs have had since the last call, for tests of the memory law; starts anew.
std::int64_t peak_bytes();

}  // namespace fluxion::compiler::tapes
