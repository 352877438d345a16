// The reduction tree, written out plainly, against rows and columns of every instruction set.
#include "support.hpp"

using namespace kernel_tests;
using ir::ReduceOp;

namespace {

template <class T>
T combine(ReduceOp op, T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (op == ReduceOp::sum) return a + b;
    if (op == ReduceOp::prod) return a * b;
    if (a != a) return a;
    return op == ReduceOp::max ? (a > b ? a : b) : (a < b ? a : b);
  } else {
    if (op == ReduceOp::sum) return T(std::make_unsigned_t<T>(a) + std::make_unsigned_t<T>(b));
    if (op == ReduceOp::prod) return T(std::uint64_t(a) * std::uint64_t(b));
    if (op == ReduceOp::and_) return T(a & b);
    if (op == ReduceOp::or_) return T(a | b);
    if (op == ReduceOp::xor_) return T(a ^ b);
    return op == ReduceOp::max ? std::max(a, b) : std::min(a, b);
  }
}

template <class T>
T identity(ReduceOp op) {
  using L = std::numeric_limits<T>;
  if (op == ReduceOp::sum || op == ReduceOp::or_ || op == ReduceOp::xor_) return T(0);
  if (op == ReduceOp::prod) return T(1);
  if constexpr (std::is_same_v<T, std::uint8_t>) return op == ReduceOp::max ? 0 : 1;
  if constexpr (std::is_integral_v<T>)
    if (op == ReduceOp::and_) return T(~T(0));
  if constexpr (std::is_floating_point_v<T>) return op == ReduceOp::max ? -L::infinity() : L::infinity();
  return op == ReduceOp::max ? L::lowest() : L::max();
}

template <class T>
T reference(ReduceOp op, const T* p, std::size_t n, std::size_t stride) {
  constexpr std::size_t k = 256 / sizeof(T);
  std::vector<T> acc(k, identity<T>(op));
  for (std::size_t j = 0; j < n; ++j) acc[j % k] = combine(op, acc[j % k], p[j * stride]);
  for (std::size_t h = k / 2; h > 0; h /= 2)
    for (std::size_t i = 0; i < h; ++i) acc[i] = combine(op, acc[i], acc[i + h]);
  return acc[0];
}

/// Ordinary numbers, with some signed zeros, infinities and NaN.
template <class T>
std::vector<T> sample(std::size_t n, unsigned seed, bool plain) {
  auto v = awkward_values<T>(n, seed);
  if constexpr (std::is_floating_point_v<T>)
    for (auto& x : v)
      if (plain && !(std::fabs(x) < T(1e6))) x = T(-0.0);
  return v;
}

template <class T>
void check(const Table& t, ReduceOp op) {
  const auto rows = t.reduce_rows(op, dtype<T>());
  const auto columns = t.reduce_columns(op, dtype<T>());
  if (std::is_same_v<T, std::uint8_t> && (op == ReduceOp::sum || op == ReduceOp::prod)) {
    CHECK((rows == nullptr && columns == nullptr));
    return;
  }
  REQUIRE((rows != nullptr && columns != nullptr));
  std::vector<std::size_t> widths;
  for (std::size_t w = 0; w <= 70; ++w) widths.push_back(w);
  for (std::size_t w : {127, 128, 129, 255, 256, 257, 300, 512, 777}) widths.push_back(w);
  widths.push_back(kernels::chunk_elements(dtype<T>()));
  std::size_t wrong = 0;
  for (std::size_t width : widths)
    for (std::size_t n : {1u, 3u, 17u, 70u, 150u}) {
      if (width * n > 60000) continue;
      const auto data = sample<T>(width * n + 1, unsigned(width + n), n % 2 == 1);
      std::vector<T> out(n);
      rows(out.data(), data.data(), n, width);
      for (std::size_t i = 0; i < n; ++i)
        if (!same(out[i], reference(op, data.data() + i * width, width, 1)) && wrong++ == 0)
          UNSCOPED_INFO("rows of " << width << ", row " << i << " of " << n);
      columns(out.data(), data.data(), width, std::ptrdiff_t(n * sizeof(T)), n);
      for (std::size_t i = 0; i < n; ++i)
        if (!same(out[i], reference(op, data.data() + i, width, n)) && wrong++ == 0)
          UNSCOPED_INFO(width << " rows, column " << i << " of " << n << ": " << shown(out[i]) << ", not "
                              << shown(reference(op, data.data() + i, width, n)));
    }
  INFO(t.isa << " " << int(op));
  CHECK(wrong == 0);
}

}  // namespace

TEMPLATE_TEST_CASE("rows and columns follow one reduction tree to the bit on every instruction set", "[kernels]",
                   std::uint8_t, std::int32_t, std::int64_t, std::uint32_t, std::uint64_t, float, double) {
  for (const Table* t : tables())
    for (ReduceOp op : {ReduceOp::sum, ReduceOp::max, ReduceOp::min, ReduceOp::prod}) check<TestType>(*t, op);
}

TEMPLATE_TEST_CASE("so do bits", "[kernels]", std::uint8_t, std::int32_t, std::int64_t, std::uint32_t, std::uint64_t) {
  for (const Table* t : tables())
    for (ReduceOp op : {ReduceOp::and_, ReduceOp::or_, ReduceOp::xor_}) check<TestType>(*t, op);
}

TEST_CASE("columns may be read backwards and apart", "[kernels]") {
  const auto data = sample<double>(40 * 30, 5, true);
  for (const Table* t : tables()) {
    std::vector<double> out(21);
    t->reduce_columns(ReduceOp::sum, float64)(out.data(), data.data() + 39 * 30 + 2, 40, -30 * 8, out.size());
    for (std::size_t c = 0; c < out.size(); ++c) {
      std::vector<double> column(40);
      for (std::size_t r = 0; r < 40; ++r) column[r] = data[(39 - r) * 30 + 2 + c];
      CHECK(same(out[c], reference(ReduceOp::sum, column.data(), 40, 1)));
    }
  }
}

TEMPLATE_TEST_CASE("argmax finds the first maximum or the first NaN", "[kernels]", std::uint8_t, std::int32_t,
                   std::uint64_t, float, double) {
  const auto search = kernels::argmax(dtype<TestType>());
  REQUIRE(search != nullptr);
  for (std::size_t inner : {1u, 2u, 5u, 200u})
    for (std::size_t n : {1u, 2u, 9u, 33u}) {
      const std::size_t outer = 3;
      const auto data = sample<TestType>(outer * n * inner, unsigned(n + inner), n % 2 == 0);
      std::vector<std::int64_t> got(outer * inner);
      const auto size = std::ptrdiff_t(sizeof(TestType));
      search(got.data(), data.data(), outer, n, inner, std::ptrdiff_t(n * inner) * size, std::ptrdiff_t(inner) * size,
             size);
      for (std::size_t o = 0; o < outer; ++o)
        for (std::size_t c = 0; c < inner; ++c) {
          std::size_t best = 0;
          const auto at = [&](std::size_t i) { return data[(o * n + i) * inner + c]; };
          for (std::size_t i = 1; i < n; ++i)
            if (at(best) == at(best) && !(at(i) <= at(best))) best = i;
          CHECK(got[o * inner + c] == std::int64_t(best));
        }
    }
  CHECK(kernels::argmax(complex64) == nullptr);
}
