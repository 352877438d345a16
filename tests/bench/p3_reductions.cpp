// P3: reductions and what is made of them.
#include <fluxion/fluxion.hpp>
#include <fluxion/nn.hpp>

#include <cmath>
#include <limits>
#include <xsimd/xsimd.hpp>

#include "bench.hpp"

namespace fluxion::bench {
namespace {

using B = xsimd::batch<float>;
constexpr std::size_t lanes = B::size;
using Floats = std::shared_ptr<Memory<float>>;

/// f folded over n elements in eight accumulators.
template <class F> B folded(const float* p, std::size_t n, B start, F f) {
  constexpr std::size_t width = 8;
  B acc[width];
  for (auto& a : acc) a = start;
  std::size_t i = 0;
  for (; i + width * lanes <= n; i += width * lanes)
    for (std::size_t k = 0; k < width; ++k) acc[k] = f(acc[k], B::load_aligned(p + i + k * lanes));
  for (; i < n; i += lanes) acc[0] = f(acc[0], B::load_aligned(p + i));
  for (std::size_t h = width / 2; h > 0; h /= 2)
    for (std::size_t k = 0; k < h; ++k) acc[k] = acc[k] + acc[k + h];
  return acc[0];
}
float sum_of(const float* p, std::size_t n) {
  return xsimd::hadd(folded(p, n, B(0.F), [](B a, B x) { return a + x; }));
}
float largest_of(const float* p, std::size_t n) {
  constexpr std::size_t width = 8;
  B acc[width];
  for (auto& a : acc) a = B(-std::numeric_limits<float>::infinity());
  std::size_t i = 0;
  for (; i + width * lanes <= n; i += width * lanes)
    for (std::size_t k = 0; k < width; ++k) acc[k] = xsimd::max(acc[k], B::load_aligned(p + i + k * lanes));
  for (; i < n; i += lanes) acc[0] = xsimd::max(acc[0], B::load_aligned(p + i));
  for (const auto& a : acc) acc[0] = xsimd::max(acc[0], a);
  alignas(64) float all[lanes];
  acc[0].store_aligned(all);
  return *std::max_element(all, all + lanes);
}

/// A case of one program of one array. `by_hand` reads `in` and writes `out`.
template <class Program, class Hand>
Case reduction(Shape shape, double low, double high, std::size_t results, Program program, Hand by_hand, double table,
               double tolerance) {
  const Array x = uniform(shape, low, high, float32);
  const auto compiled = jit(program);
  const auto in = std::make_shared<Memory<float>>(x), out = std::make_shared<Memory<float>>(results);
  const auto hand = [=] {
    by_hand(in->data(), out->data());
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x)); }}, {"eager", [=] { keep(program(x)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x), *out, tolerance); },
          .narrow = true,
          .bytes = 4.0 * static_cast<double>(x.size()),
          .table_seconds = table,
          .goals = {{"jit", "hand", 1.1}}};
}

Case whole_sum() {
  constexpr std::size_t n = 10'000'000;
  return reduction({n}, 0, 1, 1, [](const Array& x) { return sum(x); },
                   [](const float* in, float* out) { *out = sum_of(in, n); }, 0.57e-3, 1e-5);
}

Case whole_logsumexp() {
  constexpr std::size_t n = 1'000'000;
  const auto by_hand = [](const float* in, float* out) {
    const float largest = largest_of(in, n);
    const B shift(largest);
    const B sum = folded(in, n, B(0.F), [&](B a, B x) { return a + xsimd::exp(x - shift); });
    *out = std::log(xsimd::hadd(sum)) + largest;
  };
  return reduction({n}, -5, 5, 1, [](const Array& x) { return logsumexp(x); }, by_hand, 0.28e-3, 1e-5);
}

constexpr std::size_t rows = 4096, columns = 1024;

void softmax_rows(const float* in, float* out) {
  for (std::size_t r = 0; r < rows; ++r, in += columns, out += columns) {
    const B shift(largest_of(in, columns));
    B sum[4] = {B(0.F), B(0.F), B(0.F), B(0.F)};
    for (std::size_t i = 0; i < columns; i += 4 * lanes)
      for (std::size_t k = 0; k < 4; ++k) {
        const B e = xsimd::exp(B::load_aligned(in + i + k * lanes) - shift);
        sum[k] = sum[k] + e;
        e.store_aligned(out + i + k * lanes);
      }
    const B total(xsimd::hadd((sum[0] + sum[1]) + (sum[2] + sum[3])));
    for (std::size_t i = 0; i < columns; i += lanes) (B::load_aligned(out + i) / total).store_aligned(out + i);
  }
}

/// Adds f(element, column) of all rows into `acc`, four rows at once.
template <class F> void add_rows(const float* in, float* acc, F f) {
  for (std::size_t j = 0; j < columns; ++j) acc[j] = 0;
  for (std::size_t r = 0; r < rows; r += 4, in += 4 * columns)
    for (std::size_t j = 0; j < columns; j += lanes) {
      const auto at = [&](std::size_t k) { return f(B::load_aligned(in + k * columns + j), j); };
      (B::load_aligned(acc + j) + ((at(0) + at(1)) + (at(2) + at(3)))).store_aligned(acc + j);
    }
}
void mean_of_columns(const float* in, float* out) {
  add_rows(in, out, [](B x, std::size_t) { return x; });
  for (std::size_t j = 0; j < columns; ++j) out[j] /= rows;
}
void variance_of_columns(const float* in, float* out) {
  alignas(64) float means[columns];
  mean_of_columns(in, means);
  add_rows(in, out, [&](B x, std::size_t j) {
    const B d = x - B::load_aligned(means + j);
    return d * d;
  });
  for (std::size_t j = 0; j < columns; ++j) out[j] /= rows;
}
void mean_of_rows(const float* in, float* out) {
  for (std::size_t r = 0; r < rows; ++r) out[r] = sum_of(in + r * columns, columns) / columns;
}
void variance_of_rows(const float* in, float* out) {
  for (std::size_t r = 0; r < rows; ++r, in += columns) {
    const B mean(sum_of(in, columns) / columns);
    const B squares = folded(in, columns, B(0.F), [&](B a, B x) { return a + (x - mean) * (x - mean); });
    out[r] = xsimd::hadd(squares) / columns;
  }
}

template <class Program, class Hand>
std::function<Case()> of_matrix(std::size_t results, Program program, Hand by_hand, double table) {
  return [=] {
    return reduction({rows, columns}, -3, 3, results, program, by_hand, table, 1e-5);
  };
}

const bool registered[] = {
    add("P3/sum_1e7", whole_sum),
    add("P3/logsumexp_1e6", whole_logsumexp),
    add("P3/softmax_4096x1024", of_matrix(rows * columns, [](const Array& x) { return nn::softmax(x); }, softmax_rows, 1.9e-3)),
    add("P3/mean_axis0_4096x1024", of_matrix(columns, [](const Array& x) { return mean(x, 0); }, mean_of_columns, 0.19e-3)),
    add("P3/mean_axis1_4096x1024", of_matrix(rows, [](const Array& x) { return mean(x, 1); }, mean_of_rows, 0.18e-3)),
    add("P3/var_axis0_4096x1024", of_matrix(columns, [](const Array& x) { return var(x, 0); }, variance_of_columns, 0.43e-3)),
    add("P3/var_axis1_4096x1024", of_matrix(rows, [](const Array& x) { return var(x, 1); }, variance_of_rows, 0.45e-3)),
};

}  // namespace
}  // namespace fluxion::bench
