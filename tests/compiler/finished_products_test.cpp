#include <catch2/catch.hpp>

#include "compiler/executable.hpp"
#include "compiler/interpreter.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;

std::string listing_of(const ir::Program& p) {
  std::vector<Aval> results;
  for (const auto v : p.outputs) results.push_back({p.types[v].shape, p.types[v].dtype});
  return compiler::compile_program(p, results)->listing();
}

/// x y for inputs x and y, each transposed or not, of an m x k and a k x n matrix.
struct Product {
  std::int64_t m, n, k;
  bool left = false, right = false;

  std::vector<Value> inputs(DType t, std::mt19937& random) const {
    return {random_value({t, left ? Shape{k, m} : Shape{m, k}}, random),
            random_value({t, right ? Shape{n, k} : Shape{k, n}}, random)};
  }
  ir::ValueId in(ir::Builder& b, DType t) const {
    auto x = b.input({t, left ? Shape{k, m} : Shape{m, k}}), y = b.input({t, right ? Shape{n, k} : Shape{k, n}});
    if (left) x = b.transpose(x, {1, 0});
    if (right) y = b.transpose(y, {1, 0});
    return b.dot(x, y);
  }
};

ir::ValueId repeated(ir::Builder& b, ir::ValueId scalar, const Shape& shape) { return b.broadcast(scalar, shape, {}); }
ir::ValueId tenth(ir::Builder& b, DType t, const Shape& shape) {
  const float narrow = 0.1f;
  const double wide = 0.1;
  return repeated(b, t == float32 ? b.constant(t, &narrow) : b.constant(t, &wide), shape);
}

/// w - 0.1 (x y), and other ways to combine a multiple of a product with a matrix.
constexpr int ways = 8;
ir::ValueId combined(ir::Builder& b, int way, ir::ValueId product, ir::ValueId w) {
  const auto [t, shape] = b.type(product);
  const auto scaled = [&] {
    const auto s = tenth(b, t, shape);
    return way % 2 == 0 ? b.map(Op::mul, {s, product}) : b.map(Op::mul, {product, s});
  };
  switch (way) {
    case 0: return b.map(Op::sub, {w, scaled()});
    case 1: return b.map(Op::sub, {scaled(), w});
    case 2: return b.map(Op::add, {w, scaled()});
    case 3: return b.map(Op::add, {scaled(), w});
    case 4: return b.map(Op::sub, {w, product});
    case 5: return b.map(Op::sub, {product, w});
    case 6: return b.map(Op::add, {product, w});
    default: return scaled();
  }
}

const Product products[] = {{40, 33, 70},  {17, 64, 300},        {5, 3, 2},
                            {2, 2, 1},     {70, 10, 30, true},   {70, 10, 300, true},
                            {9, 8, 3},     {90, 50, 20, false, true}};

}  // namespace

TEST_CASE("a multiple of a product is combined with a matrix while the product is computed, to the same bits") {
  std::mt19937 random(1);
  for (const DType t : {float32, float64})
    for (const auto& q : products)
      for (int way = t == float32 ? 0 : 1; way < ways; way += q.m * q.n < 1000 ? 1 : 3) {
        ir::Builder b;
        const auto product = q.in(b, t);
        const auto p = b.finish({combined(b, way, product, b.input({t, {q.m, q.n}}))});
        INFO(q.m << "x" << q.k << " by " << q.k << "x" << q.n << " of " << t << ", way " << way);
        CHECK_THAT(listing_of(p), Catch::Contains("dot: 1 of") && !Catch::Contains("loop") && !Catch::Contains("copy"));
        auto in = q.inputs(t, random);
        in.push_back(random_value({t, {q.m, q.n}}, random));
        CHECK(agrees(p, in));
        if (q.m == 17) CHECK(agrees(p, in, {Layout::column_major, Layout::spaced, Layout::column_major}));
      }
}

TEST_CASE("large products are finished in parts, to the same bits") {
  std::mt19937 random(6);
  for (const Product& q : {Product{200, 130, 50, true, true}, Product{70, 300, 60}}) {
    ir::Builder b;
    const auto product = q.in(b, float32);
    const auto p = b.finish({combined(b, 0, product, b.input({float32, {q.m, q.n}}))});
    auto in = q.inputs(float32, random);
    in.push_back(random_value({float32, {q.m, q.n}}, random));
    CHECK(agrees(p, in));
  }
}

TEST_CASE("what a product is added to may be a repeated row, another product, or lie anywhere") {
  std::mt19937 random(2);
  const Product q{34, 21, 5};
  const Shape shape{q.m, q.n};
  for (const int way : {0, 1, 6}) {
    {
      ir::Builder b;
      const auto product = q.in(b, float32);
      const auto p = b.finish({combined(b, way, product, b.broadcast(b.input({float32, {q.n}}), shape, {1}))});
      CHECK_THAT(listing_of(p), !Catch::Contains("loop") && !Catch::Contains("copy"));
      auto in = q.inputs(float32, random);
      in.push_back(random_value({float32, {q.n}}, random));
      CHECK(agrees(p, in));
    }
    {
      ir::Builder b;
      const auto first = q.in(b, float64), second = q.in(b, float64);
      const auto p = b.finish({combined(b, way, first, second)});
      CHECK_THAT(listing_of(p), !Catch::Contains("loop"));
      auto in = q.inputs(float64, random);
      for (auto& v : q.inputs(float64, random)) in.push_back(std::move(v));
      CHECK(agrees(p, in));
    }
    for (const Layout layout : {Layout::column_major, Layout::rotated, Layout::spaced, Layout::reversed}) {
      ir::Builder b;
      const auto product = q.in(b, float64);
      const auto p = b.finish({combined(b, way, product, b.input({float64, shape}))});
      auto in = q.inputs(float64, random);
      in.push_back(random_value({float64, shape}, random));
      CHECK(agrees(p, in, {Layout::row_major, Layout::row_major, layout}));
    }
  }
}

TEST_CASE("a product takes the place of what it is added to, unless parts of its sums would") {
  std::mt19937 random(3);
  for (const std::int64_t k : {256, 257}) {
    const Product q{24, 24, k};
    ir::Builder b;
    const auto product = q.in(b, float32);
    const auto p = b.finish({combined(b, 0, product, b.input({float32, {q.m, q.n}}))});
    auto in = q.inputs(float32, random);
    in.push_back(random_value({float32, {q.m, q.n}}, random));
    const auto before = results_in_place();
    CHECK(agrees(p, in));
    CHECK((results_in_place() > before) == (k == 256));
  }
  for (const std::size_t w : {0, 1}) {  // not that of its own operands
    ir::Builder b;
    const ir::ValueId in[] = {b.input({float32, {8, 8}}), b.input({float32, {8, 8}})};
    const auto p = b.finish({b.map(Op::sub, {in[w], b.dot(in[0], in[1])})});
    const auto before = results_in_place();
    CHECK(agrees(p, {random_value({float32, {8, 8}}, random), random_value({float32, {8, 8}}, random)}));
    CHECK(results_in_place() == before);
  }
}

TEST_CASE("products that others need, too, or that are no matrices of floats, are stored as they are") {
  std::mt19937 random(4);
  const Product q{12, 20, 7};
  const auto check = [&](ir::Builder& b, const ir::Values& out, std::vector<Value> in) {
    const auto p = b.finish(out);
    CHECK_THAT(listing_of(p), Catch::Contains("loop") || Catch::Contains("flat"));
    CHECK(agrees(p, in));
  };
  const auto with = [&](DType t, const Product& r) {
    auto in = r.inputs(t, random);
    in.push_back(random_value({t, {r.m, r.n}}, random));
    return in;
  };
  {
    ir::Builder b;
    const auto product = q.in(b, float32);
    check(b, {combined(b, 0, product, b.input({float32, {q.m, q.n}})), product}, with(float32, q));
  }
  {
    ir::Builder b;
    const auto product = q.in(b, float32), w = b.input({float32, {q.m, q.n}});
    const auto scaled = b.map(Op::mul, {product, tenth(b, float32, {q.m, q.n})});
    check(b, {b.map(Op::sub, {w, scaled}), b.map(Op::exp, {scaled})}, with(float32, q));
  }
  {
    ir::Builder b;
    const auto product = q.in(b, int32);
    check(b, {b.map(Op::add, {product, b.input({int32, {q.m, q.n}})})}, with(int32, q));
  }
  for (const Product& r : {Product{1, 20, 7}, Product{12, 1, 7}, Product{12, 20, 0}}) {
    ir::Builder b;
    const auto product = r.in(b, float64);
    check(b, {combined(b, 0, product, b.input({float64, {r.m, r.n}}))}, with(float64, r));
  }
  {
    ir::Builder b;  // what a loop computes is combined there
    const auto product = q.in(b, float32);
    check(b, {combined(b, 6, product, b.map(Op::exp, {b.input({float32, {q.m, q.n}})}))}, with(float32, q));
  }
}

TEST_CASE("loops before and after a finished product keep their order") {
  std::mt19937 random(5);
  const Product q{20, 30, 8};
  ir::Builder b;
  const auto product = q.in(b, float32), w = b.input({float32, {q.m, q.n}});
  const auto before = b.map(Op::exp, {w});
  const auto sum = b.map(Op::add, {b.reshape(b.reshape(before, {q.m * q.n}), {q.m, q.n}), product});
  const auto next = combined(b, 0, b.dot(sum, b.transpose(w, {1, 0})), b.dot(before, b.transpose(sum, {1, 0})));
  const auto p = b.finish({b.map(Op::tanh, {next}), b.reduce(ir::ReduceOp::sum, sum, {0}), before});
  auto in = q.inputs(float32, random);
  in.push_back(random_value({float32, {q.m, q.n}}, random));
  CHECK(agrees(p, in));
}

}  // namespace fluxion::compiler_test
