#include "base/buffer.hpp"

#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>

#include <fluxion/error.hpp>
#include <sys/mman.h>
#include <unistd.h>

#include "base/poison.hpp"
#include "base/text.hpp"

namespace fluxion {
namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t large_block = huge_page;                   // from here: own mapping, huge pages
constexpr std::size_t small_block = std::size_t{64} << 10;       // up to here: kept per thread
constexpr std::size_t thread_bytes_per_class = std::size_t{256} << 10;

// --- size classes: multiples of 64 bytes, above 256 bytes four per power of two ------------------------

constexpr std::size_t class_of(std::size_t bytes) {
  const std::size_t units = bytes == 0 ? 1 : (bytes + alignment - 1) / alignment;
  if (units <= 4) return units - 1;
  const std::size_t top = std::bit_width(units - 1) - 1;
  return 4 + (top - 2) * 4 + (((units - 1) >> (top - 2)) & 3);
}
constexpr std::size_t class_bytes(std::size_t c) {
  if (c < 4) return (c + 1) * alignment;
  return ((5 + c % 4) << ((c - 4) / 4)) * alignment;
}
constexpr std::size_t small_classes = class_of(small_block) + 1;
constexpr std::size_t classes = class_of(std::size_t{1} << 44) + 1;
constexpr std::size_t largest_block = class_bytes(classes - 1);
static_assert(class_bytes(class_of(large_block)) == large_block && class_bytes(class_of(320)) == 320);

// --- the system -------------------------------------------------------------------------------------------

std::atomic<std::uint64_t> system_count{0};

void* map_large(std::size_t bytes) {
  const std::size_t mapped = bytes + huge_page;
  void* p = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(p);
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::size_t front = (huge_page - address % huge_page) % huge_page;
  if (front != 0) ::munmap(begin, front);
  ::munmap(begin + front + bytes, huge_page - front);
#ifdef MADV_HUGEPAGE
  ::madvise(begin + front, bytes, MADV_HUGEPAGE);  // a hint: without it the memory works as well
#endif
  return begin + front;
}

void* system_take(std::size_t bytes) {
  system_count.fetch_add(1, std::memory_order_relaxed);
  if (bytes >= large_block) return map_large(bytes);
  void* p = std::aligned_alloc(alignment, bytes);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
void system_give(void* p, std::size_t bytes) noexcept {
  unpoison(p, bytes);
  if (bytes >= large_block) ::munmap(p, bytes);
  else std::free(p);
}

// --- free lists -------------------------------------------------------------------------------------------

// A block's link lies where no Buffer's members are, and is all of the block that is not poisoned meanwhile:
// LeakSanitizer follows no pointer from poisoned memory.
struct FreeList {
  struct Link { Link* next; };
  static constexpr std::size_t link_at = alignment - sizeof(Link);
  Link* head = nullptr;
  std::size_t count = 0;

  void push(void* p, std::size_t bytes) {
    poison(p, bytes);
    std::byte* const at = static_cast<std::byte*>(p) + link_at;
    unpoison(at, sizeof(Link));
    head = ::new (at) Link{head};
    ++count;
  }
  void* pop() {
    if (head == nullptr) return nullptr;
    --count;
    return reinterpret_cast<std::byte*>(std::exchange(head, head->next)) - link_at;
  }
};
static_assert(sizeof(Buffer) <= FreeList::link_at);

/// What threads have given up: one list per class. Never destroyed: arrays may outlive every static.
class Shared {
 public:
  static Shared& instance() {
    static auto& s = *new Shared;
    return s;
  }

  void* take(std::size_t c) {
    {
      const std::lock_guard lock(pools_[c].mutex);
      if (void* p = pools_[c].list.pop()) {
        cached_.fetch_sub(class_bytes(c), std::memory_order_relaxed);
        return p;
      }
    }
    try {
      return system_take(class_bytes(c));
    } catch (const std::bad_alloc&) {  // what is cached may be in the way
      trim();
      return system_take(class_bytes(c));
    }
  }
  /// At most `wanted` cached blocks at once, for a thread's own list.
  void refill(std::size_t c, std::size_t wanted, FreeList& into) {
    const std::lock_guard lock(pools_[c].mutex);
    for (; wanted != 0 && pools_[c].list.count != 0; --wanted) {
      into.push(pools_[c].list.pop(), class_bytes(c));
      cached_.fetch_sub(class_bytes(c), std::memory_order_relaxed);
    }
  }
  void give(std::size_t c, void* p) noexcept {
    if (cached_.fetch_add(class_bytes(c), std::memory_order_relaxed) + class_bytes(c) > limit_) {
      cached_.fetch_sub(class_bytes(c), std::memory_order_relaxed);
      system_give(p, class_bytes(c));
      return;
    }
    const std::lock_guard lock(pools_[c].mutex);
    pools_[c].list.push(p, class_bytes(c));
  }
  void trim() noexcept {
    for (std::size_t c = 0; c < classes; ++c) {
      const std::lock_guard lock(pools_[c].mutex);
      while (void* p = pools_[c].list.pop()) {
        cached_.fetch_sub(class_bytes(c), std::memory_order_relaxed);
        system_give(p, class_bytes(c));
      }
    }
  }

 private:
  Shared() {
    const auto pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
    const std::size_t most = std::size_t{1} << 30;
    limit_ = pages > 0 && page > 0 ? std::min(most, static_cast<std::size_t>(pages) / 8 * page) : most;
  }
  struct Pool {
    std::mutex mutex;
    FreeList list;
  };
  Pool pools_[classes];
  std::atomic<std::size_t> cached_{0};
  std::size_t limit_;
};

// The thread's lists are trivially destructible, so that memory can be freed by destructors that run after
// the thread's (or the process's) own; a separate object hands them over at thread exit.
struct ThreadLists {
  enum State : unsigned char { fresh, live, gone } state = fresh;
  FreeList lists[small_classes];

  void flush() noexcept {
    for (std::size_t c = 0; c < small_classes; ++c)
      while (void* p = lists[c].pop()) Shared::instance().give(c, p);
  }
};
constinit thread_local ThreadLists tls;

struct FlushAtExit {
  bool armed = false;
  ~FlushAtExit() {
    if (!armed) return;
    tls.flush();
    tls.state = ThreadLists::gone;
  }
};
thread_local FlushAtExit flush_at_exit;

constexpr std::size_t thread_limit(std::size_t c) {
  const std::size_t n = thread_bytes_per_class / class_bytes(c);
  return n < 4 ? 4 : n > 64 ? 64 : n;
}

void* take_block(std::size_t bytes) {
  const std::size_t c = class_of(bytes);
  if (c >= small_classes) return Shared::instance().take(c);
  auto& list = tls.lists[c];
  if (void* p = list.pop()) return p;
  if (tls.state == ThreadLists::live) {
    Shared::instance().refill(c, thread_limit(c) / 2, list);
    if (void* p = list.pop()) return p;
  }
  return Shared::instance().take(c);
}

constexpr std::size_t padded(std::size_t bytes) {
  return bytes == 0 ? alignment : (bytes + alignment - 1) / alignment * alignment;
}

[[noreturn]] void throw_no_memory(std::size_t bytes) {
  throw ValueError(text("allocate: ", bytes, " bytes are not available, got no memory from the system; use smaller"
                        " shapes or a narrower dtype, or let go of other arrays"));
}

void* take(std::size_t bytes) {
  if (bytes > largest_block) throw_no_memory(bytes);
  try {
    void* const p = take_block(bytes);
    const std::size_t used = padded(bytes), all = class_bytes(class_of(bytes));
    unpoison(p, used);
    poison(static_cast<std::byte*>(p) + used, all - used);
    return p;
  } catch (const std::bad_alloc&) {
    throw_no_memory(bytes);
  }
}

void give(void* p, std::size_t bytes) noexcept {
  const std::size_t c = class_of(bytes);
  if (c < small_classes && tls.state != ThreadLists::gone) {
    if (tls.state == ThreadLists::fresh) {
      flush_at_exit.armed = true;
      tls.state = ThreadLists::live;
    }
    auto& list = tls.lists[c];
    list.push(p, class_bytes(c));
    if (list.count <= thread_limit(c)) return;
    for (std::size_t i = thread_limit(c) / 2; i != 0; --i) Shared::instance().give(c, list.pop());
    return;
  }
  Shared::instance().give(c, p);
}

/// The Buffer itself sits in the 64 bytes before small data; before huge pages it would waste one.
constexpr bool header_in_front(std::size_t padded_bytes) { return padded_bytes + alignment < large_block; }

}  // namespace

BufferRef allocate(std::size_t bytes) {
  if (bytes > largest_block) throw_no_memory(bytes);
  const std::size_t size = padded(bytes);
  if (header_in_front(size)) {
    auto* block = static_cast<std::byte*>(take(size + alignment));
    return BufferRef(::new (block) Buffer{.data = block + alignment, .bytes = size});
  }
  void* header = take(sizeof(Buffer));
  try {
    return BufferRef(::new (header) Buffer{.data = static_cast<std::byte*>(take(size)), .bytes = size});
  } catch (...) {
    give(header, sizeof(Buffer));
    throw;
  }
}

BufferRef external(const void* data, std::size_t bytes, std::function<void()> deleter) {
  auto* memory = static_cast<std::byte*>(const_cast<void*>(data));  // arrays never write to their buffers
  return BufferRef(
      ::new (take(sizeof(Buffer))) Buffer{
          .data = memory, .bytes = bytes, .deleter = new std::function<void()>(std::move(deleter))});
}

void BufferRef::free(Buffer* b) noexcept {
  if (b->deleter != nullptr) {
    try {
      if (*b->deleter) (*b->deleter)();
    } catch (...) {  // there is nobody to tell
    }
    delete b->deleter;
    give(b, sizeof(Buffer));
  } else if (header_in_front(b->bytes)) {
    give(b, b->bytes + alignment);
  } else {
    give(b->data, b->bytes);
    give(b, sizeof(Buffer));
  }
}

void* allocate_raw(std::size_t bytes) { return take(bytes); }
void free_raw(void* p, std::size_t bytes) noexcept { give(p, bytes); }

void trim_allocator() {
  tls.flush();
  Shared::instance().trim();
}

std::uint64_t system_allocations() { return system_count.load(std::memory_order_relaxed); }

}  // namespace fluxion
