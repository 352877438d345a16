#include <catch2/catch.hpp>

#include <thread>

#include <fluxion/creation.hpp>

#include "base/buffer.hpp"
#include "compiler/executable.hpp"
#include "compiler/interpreter.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;

std::shared_ptr<const Executable> executable(const ir::Program& p) {
  std::vector<Aval> results;
  for (const auto v : p.outputs) results.push_back({p.types[v].shape, p.types[v].dtype});
  return compiler::compile_program(p, results);
}
Arrays run_on(const Executable& e, const Arrays& args) {
  Arrays out;
  e.run(args, out);
  return out;
}

/// The gradient of y = sin(y) * x, n times: everything computed on the way there is needed on the way back.
ir::Program chained(std::int64_t n, const ir::Type& t, bool sums) {
  ir::Builder b;
  const auto x = b.input(t);
  ir::Values slopes, results;
  auto y = x;
  for (std::int64_t k = 0; k < n; ++k) {
    slopes.push_back(b.map(Op::mul, {b.map(Op::cos, {y}), x}));
    y = b.map(Op::mul, {b.map(Op::sin, {y}), x});
    if (sums && k % 50 == 7) results.push_back(b.reduce(ir::ReduceOp::sum, slopes.back(), {k / 50 % 2}));
  }
  auto ct = b.broadcast(b.constant(t.dtype, 1.0), t.shape, {});
  for (auto s = slopes.rbegin(); s != slopes.rend(); ++s) ct = b.map(Op::mul, {ct, *s});
  results.insert(results.end(), {y, ct});
  return b.finish(std::move(results));
}

}  // namespace

TEST_CASE("results that are views of arguments share their memory") {
  ir::Builder b;
  const auto x = b.input({float64, {4, 6}});
  const auto e = executable(b.finish({b.transpose(x, {1, 0}), b.slice(x, {1, 5}, {2, -1}, {2, 3}), x}));
  std::mt19937 random(1);
  const auto v = random_value({float64, {4, 6}}, random);
  const Array arg = laid_out(v, Layout::row_major);
  const auto out = run_on(*e, {arg});
  CHECK(concrete(out[0])->data == concrete(arg)->data);
  CHECK(concrete(out[0])->strides == Dims{1, 6});
  CHECK(concrete(out[1])->strides == Dims{12, -1});
  CHECK(out[2].node_or_null() == arg.node_or_null());
}

TEST_CASE("a repeated scalar argument gets memory of its own") {
  ir::Builder b;
  const auto s = b.input({float64, {}});
  const auto e = executable(b.finish({b.broadcast(s, {3}, {}), b.reshape(s, {1, 1}), s, b.broadcast(b.constant(float64, 2.0), {2}, {})}));
  const auto out = run_on(*e, {Array(1.5)});
  CHECK(out[0].to_vector<double>() == std::vector{1.5, 1.5, 1.5});
  CHECK(out[1].to_vector<double>() == std::vector{1.5});
  CHECK(out[2].item<double>() == 1.5);
  CHECK(out[3].to_vector<double>() == std::vector{2.0, 2.0});
}

TEST_CASE("elementwise results keep the layout of their operands") {
  ir::Builder b;
  const auto x = b.input({float32, {50, 7}});
  const auto e = executable(b.finish({b.map(Op::add, {x, b.map(Op::neg, {x})})}));
  std::mt19937 random(2);
  const auto v = random_value({float32, {50, 7}}, random);
  CHECK(concrete(run_on(*e, {laid_out(v, Layout::column_major)})[0])->strides == Dims{1, 50});
  CHECK(concrete(run_on(*e, {laid_out(v, Layout::row_major)})[0])->strides == Dims{7, 1});
  CHECK(concrete(run_on(*e, {laid_out(v, Layout::spaced)})[0])->strides == Dims{7, 1});
}

TEST_CASE("more layouts than are planned for still run") {
  ir::Builder b;
  const auto x = b.input({float64, {2, 2}});
  const auto e = executable(b.finish({b.map(Op::add, {x, b.transpose(x, {1, 0})})}));
  auto memory = allocate(1 << 12);
  for (int i = 0; i < 512; ++i) reinterpret_cast<double*>(memory.data())[i] = i;
  for (std::int64_t step = 1; step < 40; ++step) {
    const Array view = make_array({{2, 2}, float64}, memory, memory.data(), {step, 3 * step});
    const auto out = run_on(*e, {view});
    const auto d = static_cast<double>(step);
    CHECK(out[0].to_vector<double>() == std::vector{0.0, 4 * d, 4 * d, 8 * d});
  }
}

TEST_CASE("batched products agree with the interpreter for every layout") {
  std::mt19937 random(3);
  const ir::Type a{float64, {3, 4, 5}}, c{float64, {3, 5, 2}};
  ir::Builder b;
  const auto whole = [&](ir::ValueId v) { return b.map(Op::floor, {v}); };  // sums of small integers are exact
  const auto x = b.input(a), y = b.input(c);
  const auto p = b.finish({b.dot(whole(x), whole(y)), b.dot(whole(x), b.transpose(whole(x), {0, 2, 1}))});
  const std::vector<Value> inputs{random_value(a, random), random_value(c, random)};
  for (int l = 0; l < layouts; ++l) CHECK(agrees(p, inputs, {static_cast<Layout>(l), static_cast<Layout>(layouts - 1 - l)}));
}

TEST_CASE("a product over nothing is zero, and so are arrays without elements") {
  ir::Builder b;
  const auto x = b.input({float64, {1, 2, 0}}), y = b.input({float64, {1, 0, 3}});
  const auto p = b.finish({b.dot(x, y), b.map(Op::exp, {x}), b.reduce(ir::ReduceOp::min, y, {1})});
  CHECK(agrees(p, {{{float64, {1, 2, 0}}, {}}, {{float64, {1, 0, 3}}, {}}}));
}

TEST_CASE("a scalar result outlives the copies that later results need") {
  ir::Builder b;
  const auto x = b.input({DType::float64, {2}});
  const auto first = b.reshape(b.slice(x, {0}, {1}, {1}), {});
  const auto scalar = b.map(Op::add, {first, b.constant(DType::float64, 2.0)});
  ir::Values results{scalar};
  for (const auto v : {b.map(Op::mul, {b.constant(DType::float64, 0.0), x}), x})
    results.push_back(b.slice(b.reshape(b.broadcast(v, {5, 2}, {1}), {10}), {0}, {4}, {3}));
  const auto p = b.finish(std::move(results));
  const auto out = run_on(*executable(p), {array({0.5, -1.5})});
  CHECK(out[0].item<double>() == 2.5);
  CHECK(out[2].to_vector<double>() == std::vector<double>{0.5, 0.5, 0.5});
}

TEST_CASE("the first maximum is found for every layout") {
  std::mt19937 random(4);
  const ir::Type t{float32, {4, 9, 5}};
  for (const std::int64_t axis : {0, 1, 2}) {
    ir::Builder b;
    const auto p = b.finish({b.argmax(b.input(t), axis)});
    const std::vector<Value> inputs{random_value(t, random)};
    for (int l = 0; l < layouts; ++l) CHECK(agrees(p, inputs, {static_cast<Layout>(l)}));
  }
}

TEST_CASE("random bits do not depend on how they are computed") {
  std::mt19937 random(5);
  const ir::Type t{DType::uint32, {3000}}, s{DType::uint32, {}};
  ir::Builder b;
  const auto key0 = b.input(s), key1 = b.input(s), wide = b.input(t);
  const auto count = b.iota(t, 0);
  const auto bits = b.threefry(key0, key1, count, b.map(Op::add, {count, wide}));
  const auto mixed = b.threefry(key0, wide, count, count);
  const auto p = b.finish({bits[0], bits[1], b.map(Op::xor_, {mixed[0], mixed[1]})});
  CHECK(agrees(p, {random_value(s, random), random_value(s, random), random_value(t, random)}));
}

TEST_CASE("loops cut into pieces compute the same bits") {
  std::mt19937 random(9);
  const ir::Type t{float64, {5, 14}};
  const auto p = chained(1200, t, true);
  CHECK(agrees(p, {random_value(t, random)}, {Layout::column_major}));
}

TEST_CASE("programs may be long") {
  std::mt19937 random(10);
  const ir::Type t{float64, {2, 3}};
  const std::vector<Value> x{random_value(t, random)};
  SECTION("gradients of long chains") {
    const auto p = chained(20'000, t, false);
    const auto out = compiled(p, x), want = interpreted(p, x);
    CHECK((same_elements(out[0], want[0]) && same_elements(out[1], want[1])));
  }
  SECTION("views of views") {
    ir::Builder b;
    auto y = b.input(t);
    for (int k = 0; k < 100'000; ++k) y = b.transpose(b.reshape(y, {3, 2}), {1, 0});
    const auto p = b.finish({y});
    CHECK(same_elements(compiled(p, x)[0], x[0]));  // 4 steps are the identity
  }
}

TEST_CASE("an executable runs on many threads at once") {
  std::mt19937 random(6);
  const ir::Type t{float64, {64, 70}};
  ir::Builder b;
  const auto x = b.input(t);
  const auto s = b.reduce(ir::ReduceOp::sum, b.map(Op::exp, {x}), {1});
  const auto p = b.finish({b.map(Op::div, {x, b.broadcast(s, t.shape, {0})}), b.reduce(ir::ReduceOp::sum, x, {0})});
  const auto v = random_value(t, random);
  const auto want = interpreted(p, {v});
  const auto e = executable(p);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k)
    threads.emplace_back([&, k] {
      for (int r = 0; r < 50; ++r) {
        const auto out = run_on(*e, {laid_out(v, static_cast<Layout>((k + r) % layouts))});
        if (!same_elements(elements_of(out[0]), want[0]) || !same_elements(elements_of(out[1]), want[1])) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("running takes no memory from the system once it has run") {
  std::mt19937 random(7);
  const ir::Type t{float64, {100, 100}};
  ir::Builder b;
  const auto x = b.input(t);
  const auto e = executable(b.finish({b.map(Op::exp, {b.map(Op::add, {x, b.transpose(x, {1, 0})})})}));
  const Arrays args{laid_out(random_value(t, random), Layout::row_major)};
  for (int r = 0; r < 3; ++r) run_on(*e, args);
  const auto before = system_allocations();
  for (int r = 0; r < 100; ++r) run_on(*e, args);
  CHECK(system_allocations() == before);
}

TEST_CASE("listings show loops, their instructions and the arena") {
  ir::Builder b;
  const auto x = b.input({float64, {80, 4}});
  const auto e = executable(b.finish({b.reduce(ir::ReduceOp::sum, b.map(Op::exp, {x}), {1})}));
  const auto listing = to_string(*e);
  CHECK_THAT(listing, Catch::Contains("loop over 320 elements") && Catch::Contains("map.exp") &&
                          Catch::Contains("folding 80 rows of 4") && Catch::Contains("arena of 0 bytes"));
}

TEST_CASE("an operation that a dtype does not have is refused by name") {
  ir::Builder b;
  const auto p = b.finish({b.map(Op::sin, {b.input({DType::int32, {3}})})});
  const auto e = executable(p);
  std::mt19937 random(8);
  CHECK_THROWS_AS(run_on(*e, {laid_out(random_value({DType::int32, {3}}, random), Layout::row_major)}), UnsupportedError);
}

}  // namespace fluxion::compiler_test
