// Memory of arrays: reference-counted, 64-byte aligned, padded to whole vectors, kept by a caching
// allocator because fresh pages cost more than the arithmetic on them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace fluxion {

/// A block of memory and how to give it back.
struct Buffer {
  std::byte* data;
  std::size_t bytes;
  std::atomic<std::uint32_t> refs{1};
  std::function<void()>* deleter = nullptr;  // external memory; null for our own
};

/// Shared ownership of a Buffer.
class BufferRef {
 public:
  BufferRef() noexcept = default;
  explicit BufferRef(Buffer* adopted) noexcept : b_(adopted) {}
  BufferRef(const BufferRef& o) noexcept : b_(o.b_) { if (b_) b_->refs.fetch_add(1, std::memory_order_relaxed); }
  BufferRef(BufferRef&& o) noexcept : b_(std::exchange(o.b_, nullptr)) {}
  BufferRef& operator=(BufferRef o) noexcept { std::swap(b_, o.b_); return *this; }
  ~BufferRef() { if (b_ && b_->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) free(b_); }

  std::byte* data() const { return b_->data; }
  std::size_t bytes() const { return b_->bytes; }
  bool unique() const { return b_ && b_->refs.load(std::memory_order_acquire) == 1; }
  /// Whether the memory is the allocator's, and not a caller's.
  bool is_ours() const { return b_ && b_->deleter == nullptr; }
  explicit operator bool() const { return b_ != nullptr; }

 private:
  static void free(Buffer* b) noexcept;
  Buffer* b_ = nullptr;
};

/// At least `bytes` bytes of uninitialised memory, 64-byte aligned and padded to a multiple of 64. Large
/// blocks are backed by huge pages where the system has them. Throws ValueError if there is no memory.
BufferRef allocate(std::size_t bytes);
/// Wraps memory of the caller; `deleter` runs when the last array lets go of it.
BufferRef external(const void* data, std::size_t bytes, std::function<void()> deleter);

/// Raw blocks of the same allocator, for arenas.
void* allocate_raw(std::size_t bytes);
void free_raw(void* p, std::size_t bytes) noexcept;
/// Gives cached blocks back to the system.
void trim_allocator();
/// Blocks taken from the system so far, for tests that count allocations.
std::uint64_t system_allocations();

}  // namespace fluxion
