#include <catch2/catch.hpp>

#include <cstring>
#include <thread>
#include <vector>

#include "base/buffer.hpp"

#ifdef FLUXION_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace fluxion {
namespace {

std::uintptr_t address(const BufferRef& b) { return reinterpret_cast<std::uintptr_t>(b.data()); }

}  // namespace

TEST_CASE("buffers of every size are aligned, padded and writable") {
  for (const std::size_t bytes : {0UL, 1UL, 63UL, 64UL, 65UL, 257UL, 4096UL, 100'000UL, (4UL << 20) - 64, 5UL << 20}) {
    const auto b = allocate(bytes);
    CHECK(address(b) % 64 == 0);
    CHECK(b.bytes() >= bytes);
    CHECK(b.bytes() % 64 == 0);
    std::memset(b.data(), 1, b.bytes());
  }
  CHECK(address(allocate(4UL << 20)) % (2UL << 20) == 0);
}

TEST_CASE("freed blocks are used again") {
  for (const std::size_t bytes : {100UL, 50'000UL, 300'000UL, 8UL << 20}) {
    { const auto b = allocate(bytes); }
    const auto before = system_allocations();
    for (int r = 0; r < 100; ++r) allocate(bytes);
    CHECK(system_allocations() == before);
  }
}

#ifdef FLUXION_ASAN
TEST_CASE("AddressSanitizer knows which memory nobody may touch") {
  for (const std::size_t bytes : {100UL, 50'000UL, 300'000UL, 8UL << 20}) {
    const std::byte* data = nullptr;
    {
      const auto b = allocate(bytes);
      data = b.data();
      CHECK(__asan_region_is_poisoned(b.data(), b.bytes()) == nullptr);
    }
    CHECK(__asan_address_is_poisoned(data) != 0);
    CHECK(__asan_address_is_poisoned(data + bytes - 1) != 0);
    const auto again = allocate(bytes);
    CHECK(again.data() == data);
    CHECK(__asan_region_is_poisoned(again.data(), again.bytes()) == nullptr);
  }
  const auto wide = allocate(470);  // of a block with room for more
  CHECK(__asan_address_is_poisoned(wide.data() + wide.bytes()) != 0);
}
#endif

TEST_CASE("trimming gives blocks back") {
  const auto taken_again = [](std::size_t bytes) {
    { const auto b = allocate(bytes); }
    trim_allocator();
    const auto before = system_allocations();
    const auto b = allocate(bytes);
    return system_allocations() - before;
  };
  CHECK(taken_again(1UL << 20) == 1);
  CHECK(taken_again(3UL << 20) == 2);  // huge pages of their own, and what is known of them apart
}

TEST_CASE("external memory is let go once, by the last reference") {
  double x = 1;
  int deleted = 0;
  {
    auto a = external(&x, sizeof x, [&] { ++deleted; });
    auto b = a;
    CHECK_FALSE(a.unique());
    a = {};
    CHECK(b.unique());
    CHECK(reinterpret_cast<double*>(b.data()) == &x);
    CHECK(deleted == 0);
  }
  CHECK(deleted == 1);
}

TEST_CASE("blocks may be freed by other threads than theirs") {
  std::vector<BufferRef> blocks;
  for (int r = 0; r < 20; ++r) {
    for (std::size_t k = 0; k < 200; ++k) {
      blocks.push_back(allocate(64 * (k % 40)));
      std::memset(blocks.back().data(), static_cast<int>(k), blocks.back().bytes());
    }
    std::thread([mine = std::move(blocks)]() mutable {
      mine.resize(mine.size() / 2);
      for (auto& b : mine) b = allocate(b.bytes());
    }).join();
    blocks.clear();
  }
  const auto before = system_allocations();
  std::thread([] { for (std::size_t k = 0; k < 50; ++k) allocate(64 * k); }).join();
  CHECK(system_allocations() <= before + 50);
}

TEST_CASE("raw blocks come from the same memory") {
  void* p = allocate_raw(1000);
  CHECK(reinterpret_cast<std::uintptr_t>(p) % 64 == 0);
  free_raw(p, 1000);
  const auto before = system_allocations();
  free_raw(allocate_raw(1000), 1000);
  CHECK(system_allocations() == before);
}

}  // namespace fluxion
