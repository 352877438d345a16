// A short list of integers held inline up to four: shapes, strides, axes, permutations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <vector>

namespace fluxion {

/// A short list of int64: a shape, strides, or axes. Copies without allocating up to rank 4.
class Dims {
 public:
  using value_type = std::int64_t;

  Dims() noexcept = default;
  Dims(std::initializer_list<std::int64_t> v) : Dims(v.begin(), v.size()) {}
  Dims(std::span<const std::int64_t> v) : Dims(v.data(), v.size()) {}
  Dims(const std::vector<std::int64_t>& v) : Dims(v.data(), v.size()) {}
  explicit Dims(std::size_t n, std::int64_t value) {
    reserve(n);
    for (std::size_t i = 0; i < n; ++i) data()[i] = value;
    size_ = static_cast<std::uint32_t>(n);
  }
  Dims(const std::int64_t* p, std::size_t n) {
    reserve(n);
    if (n != 0) std::memcpy(data(), p, n * sizeof(std::int64_t));
    size_ = static_cast<std::uint32_t>(n);
  }
  Dims(const Dims& o) : Dims(o.data(), o.size()) {}
  Dims(Dims&& o) noexcept { steal(o); }
  Dims& operator=(const Dims& o) {
    if (this != &o) *this = Dims(o.data(), o.size());
    return *this;
  }
  Dims& operator=(Dims&& o) noexcept {
    if (this != &o) { release(); steal(o); }
    return *this;
  }
  ~Dims() { release(); }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::int64_t* data() noexcept { return capacity_ > kInline ? heap_ : inline_; }
  const std::int64_t* data() const noexcept { return capacity_ > kInline ? heap_ : inline_; }
  std::int64_t* begin() noexcept { return data(); }
  std::int64_t* end() noexcept { return data() + size_; }
  const std::int64_t* begin() const noexcept { return data(); }
  const std::int64_t* end() const noexcept { return data() + size_; }
  std::int64_t& operator[](std::size_t i) { return data()[i]; }
  std::int64_t operator[](std::size_t i) const { return data()[i]; }
  std::int64_t front() const { return data()[0]; }
  std::int64_t back() const { return data()[size_ - 1]; }

  void push_back(std::int64_t v) {
    if (size_ == capacity_) reserve(2 * capacity_);
    data()[size_++] = v;
  }
  void pop_back() { --size_; }
  void insert(std::size_t at, std::int64_t v) {
    push_back(v);
    for (std::size_t i = size_ - 1; i > at; --i) data()[i] = data()[i - 1];
    data()[at] = v;
  }
  void erase(std::size_t at) {
    for (std::size_t i = at; i + 1 < size_; ++i) data()[i] = data()[i + 1];
    --size_;
  }

  friend bool operator==(const Dims& a, const Dims& b) {
    return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.data(), b.data(), a.size_ * sizeof(std::int64_t)) == 0);
  }
  /// Prints as Python prints a tuple: (2, 3), (3,), ().
  friend std::ostream& operator<<(std::ostream& os, const Dims& d);

 private:
  static constexpr std::uint32_t kInline = 4;

  void reserve(std::size_t n) {
    if (n <= capacity_) return;
    auto* p = new std::int64_t[n];
    if (size_ != 0) std::memcpy(p, data(), size_ * sizeof(std::int64_t));
    release();
    heap_ = p;
    capacity_ = static_cast<std::uint32_t>(n);
  }
  void release() noexcept { if (capacity_ > kInline) delete[] heap_; }
  void steal(Dims& o) noexcept {
    size_ = o.size_;
    capacity_ = o.capacity_;
    if (capacity_ > kInline) heap_ = o.heap_;
    else std::memcpy(inline_, o.inline_, sizeof inline_);
    o.size_ = 0;
    o.capacity_ = kInline;
  }

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = kInline;
  union {
    std::int64_t inline_[kInline] = {};
    std::int64_t* heap_;
  };
};

/// The extents of an array, outermost first.
using Shape = Dims;

/// Product of the extents.
inline std::int64_t element_count(const Shape& s) {
  std::int64_t n = 1;
  for (auto d : s) n *= d;
  return n;
}

}  // namespace fluxion
