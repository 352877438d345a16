#include "bench.hpp"

#include <cmath>
#include <cstring>
#include <new>
#include <sstream>

#include <fluxion/random.hpp>
#include <sys/mman.h>

namespace fluxion::bench {
namespace {

std::vector<Entry>& registered() {
  static std::vector<Entry> all;
  return all;
}

/// P2 before P10: digits compare as numbers.
bool before(const Entry& a, const Entry& b) {
  const auto number = [](const std::string& s) { return std::strtol(s.c_str() + 1, nullptr, 10); };
  if (number(a.name) != number(b.name)) return number(a.name) < number(b.name);
  return a.name.substr(0, a.name.find('/')) < b.name.substr(0, b.name.find('/'));
}

}  // namespace

bool add(std::string name, std::function<Case()> make) {
  registered().push_back({std::move(name), std::move(make)});
  return true;
}

const std::vector<Entry>& entries() {
  static const bool sorted = [] {
    std::stable_sort(registered().begin(), registered().end(), before);
    return true;
  }();
  keep(sorted);
  return registered();
}

namespace detail {

void* aligned_memory(std::size_t bytes) {
  constexpr std::size_t huge_page = std::size_t{2} << 20;
  const std::size_t alignment = bytes >= huge_page ? huge_page : 64;
  const std::size_t padded = (bytes + alignment) / alignment * alignment;
  void* p = std::aligned_alloc(alignment, padded);
  if (p == nullptr) throw std::bad_alloc();
  if (bytes >= huge_page) ::madvise(p, padded, MADV_HUGEPAGE);
  std::memset(p, 0, padded);
  return p;
}

}  // namespace detail

Array uniform(Shape shape, double low, double high, DType dtype, std::uint64_t seed) {
  return random::uniform(random::key(seed), shape, dtype, low, high);
}

std::string differs(std::span<const double> got, std::span<const double> expected, double tolerance, double scale) {
  std::ostringstream message;
  message.precision(17);
  if (got.size() != expected.size()) {
    message << got.size() << " numbers instead of " << expected.size();
    return message.str();
  }
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(got[i]) && std::isnan(expected[i])) continue;
    if (got[i] == expected[i] || std::abs(got[i] - expected[i]) <= tolerance * (std::abs(expected[i]) + scale)) continue;
    message << "element " << i << " is " << got[i] << " instead of " << expected[i];
    return message.str();
  }
  return {};
}

std::string differs(const Array& got, const Array& expected, double tolerance, double scale) {
  return differs(got.astype(float64).to_vector<double>(), expected.astype(float64).to_vector<double>(), tolerance, scale);
}

}  // namespace fluxion::bench
