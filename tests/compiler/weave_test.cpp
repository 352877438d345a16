// Derivatives of many small functions at once: the layout of what is repeated, and the assembly of rows.
#include <catch2/catch.hpp>

#include <string>

#include <fluxion/fluxion.hpp>

#include "compiler/executable.hpp"
#include "compiler/layout.hpp"
#include "compiler/planner.hpp"
#include "ir/program.hpp"
#include "kernels/kernels.hpp"

namespace fluxion::compiler {
namespace {

std::string listed(const ir::Program& p) {
  std::vector<Dims> strides;
  for (const auto v : p.inputs) strides.push_back(row_major(p.types[v].shape));
  return listing(p, *planned_held(p, strides, std::vector<char>(p.outputs.size(), 1)));
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Array counted(Shape shape) {
  std::int64_t n = 1;
  for (const auto extent : shape) n *= extent;
  return sin(reshape(arange(n).astype(float64), shape));
}
std::vector<double> numbers(const Array& x) { return ravel(x).to_vector<double>(); }

}  // namespace

TEST_CASE("pieces beside each other in many rows are woven, a block of rows at a time") {
  for (const std::int64_t n : {std::int64_t{40'000}, std::int64_t{40'001}, std::int64_t{10}}) {
    ir::Builder b;
    const auto x = b.input({float64, {n}}), y = b.input({float64, {n, 2}});
    const ir::ValueId pieces[] = {b.reshape(x, {n, 1}), y};
    const std::vector<ir::Assemble::Piece> places{{{0, 0}, {1, 1}}, {{0, 1}, {1, 1}}};
    const auto p = b.finish({b.assemble({n, 3}, b.constant(float64, 0.0), pieces, places, true)});
    CHECK(contains(listed(p), "weave") == (n > 10));
    const Array u = counted({n}), v = counted({n, 2});
    const auto join = [](const Array& s, const Array& t) { return concatenate({expand_dims(s, 1), t}, 1); };
    const auto joined = numbers(jit(join)(u, v));
    const auto a = numbers(u), c = numbers(v);
    bool same = true;
    for (std::size_t i = 0; i < a.size(); ++i)
      same = same && joined[3 * i] == a[i] && joined[3 * i + 1] == c[2 * i] && joined[3 * i + 2] == c[2 * i + 1];
    CHECK(same);
  }
}

TEST_CASE("what few directions repeat at many points is visited point after point") {
  const auto inner = [](std::int64_t points, std::int64_t directions) {
    ir::Builder b;
    const auto ct = b.input({float64, {points, directions}});
    ir::ValueId product = ct;
    for (int i = 0; i < 3; ++i)
      product = b.map(ir::Op::mul, {product, b.broadcast(b.input({float64, {points}}), {points, directions}, {0})});
    return listed(b.finish({product}));
  };
  CHECK(contains(inner(1000, 2), "rows of 1000"));
  CHECK(!contains(inner(1000, 64), "rows of 1000"));  // rows of directions are as good
  CHECK(!contains(inner(30, 2), "rows of 30"));       // and short ones are gathered either way
}

TEST_CASE("Jacobians of many small functions have the bits of the eager ones, whatever their layout") {
  const auto f = [](const Array& c, const Array& x) {
    const Array a = c[0] * x[1] + sin(c[1]), b = c[2] / (x[0] * x[0] + 2.0);
    return stack({a * b, exp(c[3]) * a - x[2]});
  };
  for (const std::int64_t n : {3, 64, 700}) {
    const Array c = counted({n, 4}), x = counted({n, 3});
    const auto reverse = vmap(jacrev(f, argnums<0, 1>));
    const auto forward = vmap(jacfwd(f, argnums<0, 1>));
    const auto [a, b] = jit(reverse)(c, x);
    const auto [d, e] = reverse(c, x);
    CHECK(numbers(a) == numbers(d));
    CHECK(numbers(b) == numbers(e));
    const auto [g, h] = jit(forward)(c, x);
    const auto [i, j] = forward(c, x);
    CHECK(numbers(g) == numbers(i));
    CHECK(numbers(h) == numbers(j));
  }
}

TEST_CASE("copies between distant elements take lines of either dimension") {
  for (const std::int64_t inner : {2, 3, 4, 5})
    for (const std::int64_t outer : {1, 3, 40, 300}) {
      std::vector<double> from(static_cast<std::size_t>(inner * outer)), to(14 * from.size(), -1.0);
      for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<double>(i);
      const std::int64_t shape[] = {outer, inner}, from_strides[] = {8, 8 * outer};
      const std::int64_t to_strides[] = {8 * 7 * inner, 8 * 7};
      kernels::copy_strided(to.data(), to_strides, from.data(), from_strides, shape, 2, 8);
      std::size_t wrong = 0, touched = 0;
      for (std::int64_t i = 0; i < outer; ++i)
        for (std::int64_t j = 0; j < inner; ++j)
          wrong += to[static_cast<std::size_t>(7 * (i * inner + j))] != from[static_cast<std::size_t>(i + j * outer)];
      for (const double v : to) touched += v != -1.0;
      CHECK(wrong == 0);
      CHECK(touched == from.size());
    }
}

TEST_CASE("values of many points that are stacked last are collected and turned") {
  const auto moments = [](const Array& x, const Array& y) {
    return stack({x * y, x, broadcast_to(scalar(2.5).astype(x.dtype()), x.shape()), y, x + y}, -1);
  };
  ir::Builder b;
  ir::Values pieces;
  std::vector<ir::Assemble::Piece> places;
  for (std::int64_t k = 0; k < 5; ++k) {
    pieces.push_back(b.reshape(b.input({float64, {40}}), {40, 1}));
    places.push_back({{0, k}, {1, 1}});
  }
  const auto stacked = b.assemble({40, 5}, b.constant(float64, 0.0), pieces, places, true);
  CHECK(contains(listed(b.finish({stacked})), "interleave"));
  for (const DType t : {float64, float32, float16})
    for (const Shape& shape : {Shape{8}, {9}, {100}, {3, 7}, {1000, 3}, {2, 1, 5'001}, {7}, {1}, {0}}) {
      const Array x = counted(shape).astype(t), y = cos(x);
      const Array all = jit(moments)(x, y).astype(float64);
      CHECK(numbers(all) == numbers(moments(x, y).astype(float64)));
      const auto column = [&](int k) { return numbers(all(ellipsis, k)); };
      CHECK(column(1) == numbers(x.astype(float64)));
      CHECK(column(2) == std::vector<double>(static_cast<std::size_t>(x.size()), 2.5));
      CHECK(column(3) == numbers(y.astype(float64)));
    }
}

TEST_CASE("rows of blocks that lie apart are collected and turned") {
  // Each of n points has a block of 2 x 3, which comes as [2, n] and a transpose of [2, n, 2].
  const auto join = [](const Array& u, const Array& v) {
    return concatenate({expand_dims(u.T(), 2), transpose(v, {1, 0, 2})}, 2);
  };
  for (const std::int64_t n : {5, 8, 30, 3000}) {
    const Array u = counted({2, n}), v = counted({2, n, 2});
    const Array w = transpose(counted({2, 2, n}), {0, 2, 1});
    CHECK(numbers(jit(join)(u, v)) == numbers(join(u, v)));
    CHECK(numbers(jit(join)(u, w)) == numbers(join(u, w)));
    const auto got = numbers(jit(join)(u, w)), a = numbers(u), c = numbers(w);
    bool same = true;
    for (std::size_t i = 0, m = static_cast<std::size_t>(n); i < m; ++i)
      for (std::size_t h = 0; h < 2; ++h) {
        const double* row = got.data() + (2 * i + h) * 3;
        same = same && row[0] == a[h * m + i] && row[1] == c[2 * (h * m + i)] && row[2] == c[2 * (h * m + i) + 1];
      }
    CHECK(same);
  }
}

}  // namespace fluxion::compiler
