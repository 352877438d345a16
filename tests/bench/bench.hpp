// What the benchmarks are made of: cases, each with several ways to compute the same. Case `P2a/f32_1e7` with the
// implementations `jit` and `hand` gives the benchmarks `P2a/f32_1e7/jit` and `P2a/f32_1e7/hand`.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion::bench {

/// One way to compute: `jit` and `eager` are Fluxion's, `hand` is C++ with xsimd, `eigen` and `openblas` are peers.
struct Impl {
  std::string name;
  std::function<void()> run;
  int calls = 1;  // of what is measured, that `run` makes: more than one where a call takes nanoseconds
};

/// The time of `of` is at most `most` times that of `to`: names of implementations here, or whole names such as
/// `P6/gmm_d2_K5_objective/jit`; `limit` is what the machine would need. Without `to` it is at most `most` seconds.
struct Goal {
  std::string of, to;
  double most;
};

struct Case {
  std::vector<Impl> impls;
  /// Carries out all implementations once and compares what they give: empty if they agree, else what differs.
  std::function<std::string()> check;
  bool narrow = false;       // flops are of float32
  double flops = 0;          // of one call of the best implementation, and
  double bytes = 0;          // what it moves to and from memory: the machine's limit follows from them
  double table_seconds = 0;  // of one call of the hand version when the goals were set, on a machine of that kind
  std::vector<Goal> goals = {};
};

struct Entry {
  std::string name;  // `<id>/<case>`
  std::function<Case()> make;
};

/// All cases, in the order of their names.
const std::vector<Entry>& entries();

/// Registers a case; `make` is called when it is measured.
bool add(std::string name, std::function<Case()> make);

/// Keeps a result from being optimised away.
template <class T> void keep(const T& value) { asm volatile("" : : "g"(&value) : "memory"); }

namespace detail {
/// Zeroed, so that no page is touched for the first time while something is measured. Freed by std::free.
void* aligned_memory(std::size_t bytes);
}  // namespace detail

// --- inputs and checks ---------------------------------------------------------------------------------------

/// Memory for hand-written versions, as good as an array's: 64-byte aligned, in huge pages where it is large.
template <class T> class Memory {
 public:
  explicit Memory(std::size_t n) : size_(n), data_(static_cast<T*>(allocate(n * sizeof(T)))) {}
  explicit Memory(const Array& x) : Memory(x.to_vector<T>()) {}
  explicit Memory(const std::vector<T>& v) : Memory(v.size()) { std::copy(v.begin(), v.end(), begin()); }
  ~Memory() { std::free(data_); }
  Memory(Memory&& other) noexcept : size_(other.size_), data_(std::exchange(other.data_, nullptr)) {}
  Memory& operator=(Memory&&) = delete;

  std::size_t size() const { return size_; }
  T* data() { return data_; }
  const T* data() const { return data_; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  static void* allocate(std::size_t bytes) { return detail::aligned_memory(bytes); }
  std::size_t size_;
  T* data_;
};

/// Independent numbers, uniform on [low, high), the same in each run.
Array uniform(Shape shape, double low, double high, DType dtype = float64, std::uint64_t seed = 0);

/// Empty if |got - expected| <= tolerance * (|expected| + scale) for all elements, else the first that differs.
std::string differs(std::span<const double> got, std::span<const double> expected, double tolerance, double scale = 1);
std::string differs(const Array& got, const Array& expected, double tolerance, double scale = 1);
template <class T>
std::string differs(const Array& got, const Memory<T>& expected, double tolerance, double scale = 1) {
  const std::vector<double> numbers(expected.begin(), expected.end());
  return differs(got.astype(float64).to_vector<double>(), numbers, tolerance, scale);
}

}  // namespace fluxion::bench
