#include "compiler/tapes.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <unordered_map>
#include <utility>

#include <fluxion/error.hpp>
#include "base/buffer.hpp"

namespace fluxion::compiler::tapes {

namespace {

thread_local Region* current_region = nullptr;
std::atomic<std::int64_t> logs_alive{0}, bytes_now{0}, bytes_most{0};

void count_bytes(std::int64_t change) {
  const auto now = bytes_now.fetch_add(change, std::memory_order_relaxed) + change;
  auto most = bytes_most.load(std::memory_order_relaxed);
  while (most < now && !bytes_most.compare_exchange_weak(most, now, std::memory_order_relaxed)) {}
}

constexpr std::size_t padded(std::size_t bytes) { return (bytes + 7) / 8 * 8; }

void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) {
  if (bytes == 8) std::memcpy(to, from, 8);  // a scalar: not worth a call
  else std::memcpy(to, from, bytes);
}

template <class T>
void add_numbers(std::byte* to, const std::byte* from, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += sizeof(T)) {
    T a, b;
    std::memcpy(&a, to + at, sizeof(T));
    std::memcpy(&b, from + at, sizeof(T));
    a = static_cast<T>(a + b);
    std::memcpy(to + at, &a, sizeof(T));
  }
}

void add_tapes(std::byte* to, const std::byte* from, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += sizeof(Handle)) {
    Handle a, b;
    std::memcpy(&a, to + at, sizeof a);
    std::memcpy(&b, from + at, sizeof b);
    a = sum(a, b);
    std::memcpy(to + at, &a, sizeof a);
  }
}

// Only tangents are ever recorded twice under one index; of other dtypes the later record stands.
void add_field(const Field& f, std::byte* to, const std::byte* from) {
  switch (f.dtype) {
    case DType::float32: case DType::complex64: return add_numbers<float>(to, from, f.bytes);
    case DType::float64: case DType::complex128: return add_numbers<double>(to, from, f.bytes);
    case DType::tape: return add_tapes(to, from, f.bytes);
    case DType::float16: return add_numbers<float16_t>(to, from, f.bytes);
    case DType::bfloat16: return add_numbers<bfloat16_t>(to, from, f.bytes);
    default: return copy_bytes(to, from, f.bytes);
  }
}

}  // namespace

/// As many records as fit, one after the other. Chunk j has room for 2^j times as many as the first.
struct Chunk {
  Log* log;
  std::byte* cells;
  std::uint64_t first;  // the number of its first record
};

class Log {
 public:
  Log(const Region* region, std::span<const Field> fields) : region_(region), fields_(fields.begin(), fields.end()) {
    stride_ = sizeof(Cell);
    for (const auto& f : fields_) stride_ += padded(f.bytes);
    constexpr std::size_t first_bytes = 512;
    room_ = std::bit_floor(std::max<std::size_t>(first_bytes / stride_, 1));
    logs_alive.fetch_add(1, std::memory_order_relaxed);
  }
  ~Log() {
    for (std::size_t j = 0; j < chunks_.size(); ++j) {
      free_raw(chunks_[j]->cells, chunk_bytes(j));
      count_bytes(-static_cast<std::int64_t>(chunk_bytes(j)));
    }
    logs_alive.fetch_sub(1, std::memory_order_relaxed);
  }
  Log(const Log&) = delete;

  const Region* region() const { return region_; }
  std::span<const Field> fields() const { return fields_; }
  std::uint64_t count() const { return count_; }
  std::uint64_t number(Handle h) const {
    return h->chunk->first + static_cast<std::size_t>(reinterpret_cast<const std::byte*>(h) - h->chunk->cells) / stride_;
  }
  Handle at(std::uint64_t k) const {
    const auto j = static_cast<std::size_t>(std::bit_width(k / room_ + 1)) - 1;
    return reinterpret_cast<Handle>(chunks_[j]->cells + (k - chunks_[j]->first) * stride_);
  }
  static const std::byte* values(Handle h) { return reinterpret_cast<const std::byte*>(h + 1); }

  /// A new record; `write` fills in its values.
  template <class Write>
  Handle append(std::int64_t index, const Write& write) {
    const auto j = static_cast<std::size_t>(std::bit_width(count_ / room_ + 1)) - 1;
    if (j == chunks_.size()) grow();
    auto& chunk = *chunks_[j];
    auto* const cell = reinterpret_cast<Cell*>(chunk.cells + (count_ - chunk.first) * stride_);
    cell->chunk = &chunk;
    cell->index = index;
    write(reinterpret_cast<std::byte*>(cell + 1));
    note(index);
    ++count_;
    return cell;
  }

  /// Calls visit(handle) for each record under `index` among the first n.
  template <class Visit>
  void each(std::int64_t index, std::uint64_t n, const Visit& visit) const {
    if (n <= regular_) {
      if (const auto k = place(index); k < n) visit(at(k));
      return;
    }
    const auto found = where_->find(index);
    if (found == where_->end()) return;
    for (const auto k : found->second)
      if (k < n) visit(at(k));
  }

  /// Distinct indices among the first n records, ascending.
  void add_indices(std::uint64_t n, std::vector<std::int64_t>& to) const {
    for (std::uint64_t k = 0; k < n; ++k) to.push_back(at(k)->index);
  }
  bool descends() const { return step_ < 0; }

 private:
  static constexpr std::uint64_t nowhere = ~std::uint64_t{0};

  std::size_t chunk_bytes(std::size_t j) const { return (room_ << j) * stride_; }
  void grow() {
    const auto j = chunks_.size();
    auto chunk = std::make_unique<Chunk>(Chunk{this, nullptr, room_ * ((std::uint64_t{1} << j) - 1)});
    chunks_.reserve(j + 1);
    chunk->cells = static_cast<std::byte*>(allocate_raw(chunk_bytes(j)));
    chunks_.push_back(std::move(chunk));
    count_bytes(static_cast<std::int64_t>(chunk_bytes(j)));
  }

  // Loops record under first, first + step, first + 2 step ...: that needs no table. The first index that is not the
  // next one starts the table of all.
  void note(std::int64_t index) {
    if (regular_ == count_) {
      if (count_ == 0) first_ = index;
      if (count_ == 1) step_ = index - first_;
      if (count_ == 0 || (step_ != 0 && index == first_ + step_ * static_cast<std::int64_t>(count_))) {
        ++regular_;
        return;
      }
      where_ = std::make_unique<Table>();
      for (std::uint64_t k = 0; k < count_; ++k) (*where_)[at(k)->index].push_back(k);
    }
    (*where_)[index].push_back(count_);
  }
  std::uint64_t place(std::int64_t index) const {
    const auto steps = index - first_;
    if (step_ == 1 || steps == 0) return static_cast<std::uint64_t>(steps);  // negative ones are beyond every count
    if (step_ == -1) return static_cast<std::uint64_t>(-steps);
    return step_ != 0 && steps % step_ == 0 ? static_cast<std::uint64_t>(steps / step_) : nowhere;
  }

  const Region* region_;
  std::vector<Field> fields_;
  std::size_t stride_, room_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::uint64_t count_ = 0, regular_ = 0;
  std::int64_t first_ = 0, step_ = 0;
  using Table = std::unordered_map<std::int64_t, std::vector<std::uint64_t>>;
  std::unique_ptr<Table> where_;
};

// --- regions -----------------------------------------------------------------------------------------------------

Region::Region(Region* outer) : root_(outer != nullptr ? outer->root() : this) {}
Region::~Region() = default;
Region* Region::current() { return current_region; }
Region* Region::exchange_current(Region* r) { return std::exchange(current_region, r); }

Log& Region::new_log(std::span<const Field> fields) {
  logs_.push_back(std::make_unique<Log>(this, fields));
  return *logs_.back();
}

// --- tapes --------------------------------------------------------------------------------------------------------

namespace {

std::uint64_t records(Handle h) { return h->chunk->log->number(h) + 1; }

Log& new_log(std::span<const Field> fields) {
  if (current_region == nullptr) throw InternalError("tape: no program is running");
  return current_region->new_log(fields);
}

std::size_t value_bytes(std::span<const Field> fields) {
  std::size_t bytes = 0;
  for (const auto& f : fields) bytes += padded(f.bytes);
  return bytes;
}

/// The log to which a record can be added behind `tape`.
Log& writable(Handle tape, std::span<const Field> fields) {
  if (tape == nullptr) return new_log(fields);
  auto& log = *tape->chunk->log;
  const auto n = log.number(tape) + 1;
  const bool of_this_run = current_region != nullptr && log.region()->root() == current_region->root();
  if (of_this_run && n == log.count()) return log;
  auto& copy = new_log(log.fields());
  const auto bytes = value_bytes(log.fields());
  for (std::uint64_t k = 0; k < n; ++k) {
    const auto cell = log.at(k);
    copy.append(cell->index, [&](std::byte* to) { std::memcpy(to, Log::values(cell), bytes); });
  }
  return copy;
}

void check_fields(std::span<const Field> have, std::span<const Field> want) {
  if (!std::equal(have.begin(), have.end(), want.begin(), want.end()))
    throw InternalError("tape: records must all be of one type");
}

Handle push_record(Handle tape, Handle record) {
  const auto fields = record->chunk->log->fields();
  const auto bytes = value_bytes(fields);
  return writable(tape, fields).append(record->index, [&](std::byte* to) { std::memcpy(to, Log::values(record), bytes); });
}

/// Adds the values under `index` up to `h` to those at `to`; the first ones are copied.
void add_values(Handle h, std::int64_t index, std::byte* to, bool& any) {
  const auto& log = *h->chunk->log;
  const auto fields = log.fields();
  log.each(index, records(h), [&](Handle cell) {
    const std::byte* from = Log::values(cell);
    if (!std::exchange(any, true)) {
      std::memcpy(to, from, value_bytes(fields));
      return;
    }
    auto* at = to;
    for (const auto& f : fields) {
      add_field(f, at, from);
      at += padded(f.bytes);
      from += padded(f.bytes);
    }
  });
}

/// Two long tapes: one record for each index that either has.
Handle merged(Handle a, Handle b) {
  auto& log = new_log(a->chunk->log->fields());
  std::vector<std::int64_t> indices;
  for (const auto h : {a, b}) h->chunk->log->add_indices(records(h), indices);
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  if (a->chunk->log->descends()) std::reverse(indices.begin(), indices.end());
  Handle last = nullptr;
  for (const auto index : indices)
    last = log.append(index, [&](std::byte* to) {
      bool any = false;
      add_values(a, index, to, any);
      add_values(b, index, to, any);
    });
  return last;
}

}  // namespace

Handle push(Handle tape, std::int64_t index, std::span<const Field> fields, const std::byte* const* values) {
  if (discards(tape)) return tape;
  if (tape != nullptr) check_fields(tape->chunk->log->fields(), fields);
  return writable(tape, fields).append(index, [&](std::byte* to) {
    for (std::size_t k = 0; k < fields.size(); ++k) {
      copy_bytes(to, values[k], fields[k].bytes);
      to += padded(fields[k].bytes);
    }
  });
}

void read(Handle tape, std::int64_t index, std::span<const Field> fields, std::byte* const* to) {
  bool any = false;
  if (!is_empty(tape)) {
    const auto& log = *tape->chunk->log;
    check_fields(log.fields(), fields);
    log.each(index, log.number(tape) + 1, [&](Handle cell) {
      const std::byte* from = Log::values(cell);
      for (std::size_t k = 0; k < fields.size(); ++k) {
        if (any) add_field(fields[k], to[k], from);
        else copy_bytes(to[k], from, fields[k].bytes);
        from += padded(fields[k].bytes);
      }
      any = true;
    });
  }
  for (std::size_t k = 0; !any && k < fields.size(); ++k) std::memset(to[k], 0, fields[k].bytes);
}

Handle sum(Handle a, Handle b) {
  if (is_empty(a)) return is_empty(b) ? nullptr : b;
  if (is_empty(b)) return a;
  check_fields(a->chunk->log->fields(), b->chunk->log->fields());
  const bool same_place = records(a) == 1 && records(b) == 1 && a->index == b->index;
  if (records(b) == 1 && !same_place) return push_record(a, b);
  if (records(a) == 1 && !same_place) return push_record(b, a);
  return merged(a, b);
}

void add_elements(void* const* args, std::size_t n) {
  const auto handles = [&](std::size_t k) { return static_cast<Handle*>(args[k]); };
  for (std::size_t k = 0; k < n; ++k) handles(0)[k] = sum(handles(1)[k], handles(2)[k]);
}

std::int64_t size(Handle tape) { return is_empty(tape) ? 0 : static_cast<std::int64_t>(records(tape)); }
std::int64_t live_logs() { return logs_alive.load(std::memory_order_relaxed); }
std::int64_t peak_bytes() { return bytes_most.exchange(bytes_now.load()); }

}  // namespace fluxion::compiler::tapes
