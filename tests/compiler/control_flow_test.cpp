#include <catch2/catch.hpp>

#include <atomic>
#include <cstring>
#include <thread>

#include "base/buffer.hpp"
#include "compiler/executable.hpp"
#include "compiler/interpreter.hpp"
#include "compiler/passes/passes.hpp"
#include "support/allocations.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;
using ir::ProgramPtr;
using ir::ReduceOp;
using ir::Type;
using ir::ValueId;
using ir::Values;

const Type real{float64, {}}, integer{int32, {}}, flag{bool_, {}};

/// A program of these inputs whose outputs `body` makes of them.
template <class F>
ProgramPtr held(std::vector<Type> inputs, F body) {
  ir::Builder b;
  Values in;
  for (auto& t : inputs) in.push_back(b.input(std::move(t)));
  Values out = body(b, in);
  return std::make_shared<const ir::Program>(b.finish(std::move(out)));
}

/// While carry[0] < limit; the first constant, if any, is the limit.
ProgramPtr counting_to(double limit, std::vector<Type> carry) {
  return held(std::move(carry), [&](ir::Builder& b, const Values& in) -> Values {
    return {b.map(Op::lt, {in[0], b.constant(int32, limit)})};
  });
}

Value value_of(std::int32_t i) {
  Value v{integer, std::vector<std::byte>(sizeof i)};
  std::memcpy(v.bytes.data(), &i, sizeof i);
  return v;
}

std::vector<Value> random_inputs(const ir::Program& p, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<Value> inputs;
  for (const auto v : p.inputs) inputs.push_back(random_value(p.types[v], random));
  return inputs;
}

/// Verifies, and compares with the interpreter for every layout of the inputs.
void check(const ir::Program& p, const std::vector<Value>& inputs) {
  ir::verify(p);
  for (int l = 0; l < layouts; ++l) CHECK(agrees(p, inputs, std::vector(inputs.size(), static_cast<Layout>(l))));
}
void check(const ir::Program& p) { check(p, random_inputs(p)); }

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

/// (sum, x) -> (sum + x, (sum + x) * x)
ProgramPtr running_sum(const Type& t) {
  return held({t, t}, [](ir::Builder& b, const Values& in) -> Values {
    const auto sum = b.map(Op::add, {in[0], in[1]});
    return {sum, b.map(Op::mul, {sum, in[1]})};
  });
}

ir::Program scan_of_sums(const Shape& row, std::int64_t length, bool reverse) {
  Shape stack = row;
  stack.insert(0, length);
  ir::Builder b;
  const auto c = b.input({float64, row}), xs = b.input({float64, stack});
  return b.finish(b.scan({{c, xs}}, {running_sum({float64, row}), 0, 1, length, reverse}));
}

/// i, x -> i + 1, x * x - step(x), a while loop of `rounds`.
ir::Program scalar_loop(double rounds) {
  const auto body = held({real, integer, real}, [](ir::Builder& b, const Values& in) -> Values {
    const auto x = b.map(Op::sub, {b.map(Op::mul, {in[2], in[2]}), in[0]});
    return {b.map(Op::add, {in[1], b.constant(int32, 1.0)}), b.map(Op::min, {b.map(Op::max, {x, in[0]}), in[2]})};
  });
  ir::Builder b;
  const auto limit = b.constant(float64, 0.5), zero = b.constant(int32, 0.0), x = b.input(real);
  return b.finish(b.while_loop({{limit, zero, x}}, {counting_to(rounds, {integer, real}), body, 0, 1}));
}

}  // namespace

TEST_CASE("a branch is chosen by its clamped index") {
  const Type t{float64, {3, 5}};
  const auto sine = held({t, real}, [](ir::Builder& b, const Values& in) -> Values {
    return {b.map(Op::sin, {in[0]}), b.constant(float64, 2.0), in[1]};
  });
  const auto same = held({t, real}, [](ir::Builder&, const Values& in) -> Values { return {in[0], in[1], in[1]}; });
  const auto folded = held({t, real}, [&](ir::Builder& b, const Values& in) -> Values {
    const auto sum = b.reduce(ReduceOp::sum, in[0], {0, 1});
    return {b.broadcast(sum, t.shape, {}), sum, sum};
  });
  ir::Builder b;
  const auto i = b.input(integer), x = b.input(t), s = b.input(real);
  const auto p = b.finish(b.cond(i, {{x, s}}, {sine, same, folded}));
  auto inputs = random_inputs(p);
  for (const std::int32_t index : {-7, 0, 1, 2, 9}) {
    inputs[0] = value_of(index);
    check(p, inputs);
  }
}

TEST_CASE("a while loop counts, also to nothing") {
  for (const double rounds : {0.0, 1.0, 2.0, 7.0}) check(scalar_loop(rounds));
}

TEST_CASE("both programs of a while loop have constants of their own") {
  const auto cond = held({integer, integer, real}, [](ir::Builder& b, const Values& in) -> Values {
    return {b.map(Op::lt, {in[1], in[0]})};
  });
  const Type row{float64, {6}};
  const auto body = held({row, integer, real}, [](ir::Builder& b, const Values& in) -> Values {
    const auto x = b.map(Op::mul, {in[0], in[2]});
    return {b.map(Op::add, {in[1], b.constant(int32, 1.0)}), b.reduce(ReduceOp::sum, x, {0})};
  });
  ir::Builder b;
  const auto limit = b.input(integer), w = b.input(row), i = b.input(integer), x = b.input(real);
  const auto p = b.finish(b.while_loop({{limit, w, i, x}}, {cond, body, 1, 1}));
  auto inputs = random_inputs(p);
  inputs[2] = value_of(0);
  for (const std::int32_t rounds : {0, 1, 4}) {
    inputs[0] = value_of(rounds);
    check(p, inputs);
  }
}

TEST_CASE("a scan carries and stacks, forwards and backwards, also nothing") {
  for (const bool reverse : {false, true})
    for (const std::int64_t length : {0, 1, 2, 3, 8})
      for (const Shape& row : {Shape{}, Shape{1}, Shape{3, 4}, Shape{65}, Shape{2, 0}}) {
        INFO(length << " rounds of " << row << ", reverse " << reverse);
        check(scan_of_sums(row, length, reverse));
      }
}

TEST_CASE("a scan without a carry or without stacks") {
  const auto twice = held({real}, [](ir::Builder& b, const Values& in) -> Values { return {b.map(Op::add, {in[0], in[0]})}; });
  ir::Builder b;
  const auto x = b.input(real), xs = b.input({float64, {9}});
  Values out = b.scan({{xs}}, {twice, 0, 0, 9, false});
  out.push_back(b.scan({{x}}, {twice, 0, 1, 5, true})[0]);
  check(b.finish(out));
}

TEST_CASE("a body that permutes its carry does not overwrite what it reads") {
  for (const Shape& shape : {Shape{}, Shape{4, 3}, Shape{100000}})
    for (const std::int64_t length : {1, 2, 3, 4, 5}) {
      const Type t{float64, shape};
      const auto rotate = held({t, t, t}, [](ir::Builder& b, const Values& in) -> Values {
        return {in[1], in[2], b.map(Op::neg, {in[0]})};
      });
      ir::Builder b;
      const Values in{b.input(t), b.input(t), b.input(t)};
      const auto p = b.finish(b.scan(in, {rotate, 0, 3, length, false}));
      const auto inputs = random_inputs(p);
      CHECK(agrees(p, inputs));
    }
}

TEST_CASE("while loops may swap their carry") {
  const auto cond = counting_to(5, {integer, real, real});
  const auto swap = held({integer, real, real}, [](ir::Builder& b, const Values& in) -> Values {
    return {b.map(Op::add, {in[0], b.constant(int32, 1.0)}), in[2], in[1]};
  });
  ir::Builder b;
  const auto i = b.constant(int32, 0.0), x = b.input(real), y = b.input(real);
  check(b.finish(b.while_loop({{i, x, y}}, {cond, swap, 0, 0})));
}

TEST_CASE("results of a body may be its inputs, constants, views and each other") {
  const Type t{float64, {3, 3}};
  // w, then the carry (x, y, s), then z
  const auto body = held({t, t, t, real, t}, [](ir::Builder& b, const Values& in) -> Values {
    const auto e = b.map(Op::exp, {b.map(Op::tanh, {in[2]})});
    const auto one = b.constant(float64, 1.0);
    return {b.transpose(in[2], {1, 0}), in[1], in[3],       // views of each other, unchanged
            e, e, b.transpose(e, {1, 0}),                   // the same twice, and turned
            in[4], in[0], in[1], in[3],                     // an element, a constant, carries
            one, b.broadcast(one, {2, 2}, {}), b.slice(in[4], {2, 1}, {-1, 1}, {2, 1})};
  });
  for (const bool reverse : {false, true}) {
    ir::Builder b;
    const Values in{b.input(t), b.input(t), b.input(t), b.input(real), b.input({float64, {4, 3, 3}})};
    check(b.finish(b.scan(in, {body, 1, 3, 4, reverse})));
  }
}

TEST_CASE("a carry that the body returns is not copied") {
  const Type big{float64, {1000}};
  const auto body = held({big, real, real}, [](ir::Builder& b, const Values& in) -> Values {
    return {in[0], b.map(Op::add, {in[1], in[2]})};
  });
  ir::Builder b;
  const auto w = b.input(big), s = b.input(real), xs = b.input({float64, {5}});
  const auto p = b.finish(b.scan({{w, s, xs}}, {body, 0, 2, 5, false}));
  check(p);
  std::mt19937 random(3);
  const Array kept = laid_out(random_value(big, random), Layout::row_major);
  const auto out = run_on(*executable(p), {kept, Array(1.0), laid_out(random_value({float64, {5}}, random), Layout::row_major)});
  CHECK(concrete(out[0])->data == concrete(kept)->data);
}

TEST_CASE("operands of loops may be views") {
  const Type row{float64, {5}}, matrix{float64, {6, 5}};
  const auto body = held({row, matrix, row}, [](ir::Builder& b, const Values& in) -> Values {
    const auto sum = b.map(Op::add, {in[0], in[2]});
    const auto folded = b.reduce(ReduceOp::sum, b.map(Op::mul, {in[1], b.broadcast(sum, {6, 5}, {1})}), {0});
    return {b.map(Op::tanh, {folded}), in[2], b.reduce(ReduceOp::max, in[2], {0})};
  });
  const auto reordered = held({matrix, row, row}, [&](ir::Builder& b, const Values& in) -> Values {
    return b.cond(b.constant(int32, 0.0), {{in[1], in[0], in[2]}}, {body});
  });
  ir::Builder b;
  const auto m = b.input({float64, {5, 6}}), c = b.input({float64, {9}}), xs = b.input({float64, {5, 8}}),
             s = b.input(real);
  const auto columns = b.transpose(xs, {1, 0}), every_other = b.slice(c, {8}, {-2}, {5});
  Values out = b.scan({{b.transpose(m, {1, 0}), every_other, columns}}, {reordered, 1, 1, 8, false});
  const auto repeated = b.scan({{b.broadcast(s, {6, 5}, {}), b.broadcast(s, {5}, {}), b.broadcast(every_other, {4, 5}, {1})}},
                               {reordered, 1, 1, 4, true});
  out.insert(out.end(), repeated.begin(), repeated.end());
  check(b.finish(out));
}

TEST_CASE("loops nest: scan in while, cond in scan, scan in scan") {
  const auto inner = running_sum(real);
  const Type row{float64, {7}};
  const auto body = held({row, integer, real}, [&](ir::Builder& b, const Values& in) -> Values {
    const auto scanned = b.scan({{in[2], in[0]}}, {inner, 0, 1, 7, true});
    const auto total = b.reduce(ReduceOp::sum, scanned[1], {0});
    return {b.map(Op::add, {in[1], b.constant(int32, 1.0)}), b.map(Op::tanh, {total})};
  });
  const auto negate = held({real, real}, [](ir::Builder& b, const Values& in) -> Values { return {b.map(Op::neg, {in[1]}), in[0]}; });
  const auto swap = held({real, real}, [](ir::Builder&, const Values& in) -> Values { return {in[1], in[0]}; });
  const auto choosing = held({real, real}, [&](ir::Builder& b, const Values& in) -> Values {
    return b.cond(b.convert(b.map(Op::lt, {in[0], in[1]}), int32), {{in[0], in[1]}}, {negate, swap});
  });
  const auto rows = held({real, row}, [&](ir::Builder& b, const Values& in) -> Values {
    return b.scan({{in[0], in[1]}}, {choosing, 0, 1, 7, false});
  });
  ir::Builder b;
  const auto x = b.input(row), s = b.input(real), stack = b.input({float64, {5, 7}});
  Values out = b.while_loop({{x, b.constant(int32, 0.0), s}}, {counting_to(6, {integer, real}), body, 0, 1});
  const auto more = b.scan({{s, stack}}, {rows, 0, 1, 5, false});
  out.insert(out.end(), more.begin(), more.end());
  check(b.finish(out));
}

TEST_CASE("loops of no rounds and loops in branches nest too") {
  const Type row{float64, {4}};
  const auto sums = running_sum(row);
  const auto none = held({row, {float64, {0, 4}}}, [&](ir::Builder& b, const Values& in) -> Values {
    return b.scan({{in[0], in[1]}}, {sums, 0, 1, 0, false});
  });
  const auto some = held({row, {float64, {0, 4}}}, [&](ir::Builder& b, const Values& in) -> Values {
    const auto x = b.scan({{in[0]}}, {held({row}, [](ir::Builder& h, const Values& v) -> Values {
      return {h.map(Op::tanh, {v[0]})};
    }), 0, 1, 3, false});
    return {x[0], in[1]};
  });
  const auto body = held({integer, row, {float64, {0, 4}}}, [&](ir::Builder& b, const Values& in) -> Values {
    const auto chosen = b.cond(in[0], {{in[1], in[2]}}, {none, some});
    return {b.map(Op::add, {in[0], b.constant(int32, 1.0)}), chosen[0], chosen[1]};
  });
  ir::Builder b;
  const auto x = b.input(row), nothing = b.input({float64, {0, 4}});
  const auto cond = counting_to(3, {integer, row, {float64, {0, 4}}});
  check(b.finish(b.while_loop({{b.constant(int32, -1.0), x, nothing}}, {cond, body, 0, 0})));
}

TEST_CASE("programs around loops share their memory rightly") {
  const Type t{float64, {4, 5}}, row{float64, {5}};
  const auto body = held({row, row}, [](ir::Builder& b, const Values& in) -> Values {
    const auto c = b.map(Op::sin, {b.map(Op::add, {in[0], in[1]})});
    return {c, b.reshape(c, {5, 1})};
  });
  ir::Builder b;
  const auto x = b.input(t), c = b.input(row);
  const auto e = b.map(Op::exp, {x});
  const auto first = b.scan({{b.map(Op::neg, {c}), e}}, {body, 0, 1, 4, false});
  const auto again = b.scan({{first[0], b.reshape(first[1], {4, 5})}}, {body, 0, 1, 4, true});
  const auto folded = b.reduce(ReduceOp::sum, b.map(Op::mul, {e, b.reshape(again[1], {4, 5})}), {1});
  const auto none = b.scan({{again[0], b.slice(e, {0, 0}, {1, 1}, {0, 5})}}, {body, 0, 1, 0, false});
  check(b.finish({folded, again[0], first[0], none[0], none[1], b.map(Op::add, {none[0], first[0]}), b.transpose(e, {1, 0})}));
}

TEST_CASE("large carries use threads inside and give the same bits") {
  const Type t{float64, {100000}};
  const auto body = held({t, integer, t}, [](ir::Builder& b, const Values& in) -> Values {
    const auto e = b.map(Op::tanh, {b.map(Op::exp, {b.map(Op::sin, {b.map(Op::add, {in[0], in[2]})})})});
    const auto sum = b.reduce(ReduceOp::sum, e, {0});
    return {b.map(Op::add, {in[1], b.constant(int32, 1.0)}), b.map(Op::div, {e, sum})};
  });
  ir::Builder b;
  const auto w = b.input(t), x = b.input(t);
  const auto p = b.finish(b.while_loop({{w, b.constant(int32, 0.0), x}}, {counting_to(4, {integer, t}), body, 0, 1}));
  CHECK(agrees(p, random_inputs(p), {Layout::reversed, Layout::spaced}));
}

TEST_CASE("a loop gives the bits of the unrolled program") {
  const Type row{float32, {33}};
  const auto step = [](ir::Builder& b, ValueId c, ValueId x) {
    const auto e = b.map(Op::mul, {b.map(Op::add, {c, x}), x});
    return b.map(Op::sub, {e, b.broadcast(b.reduce(ReduceOp::sum, e, {0}), {33}, {})});
  };
  ir::Builder looped, unrolled;
  const auto body = held({row, row}, [&](ir::Builder& b, const Values& in) -> Values { return {step(b, in[0], in[1])}; });
  const auto c = looped.input(row), xs = looped.input({float32, {6, 33}});
  const auto p = looped.finish(looped.scan({{c, xs}}, {body, 0, 1, 6, false}));
  auto u = unrolled.input(row);
  const auto us = unrolled.input({float32, {6, 33}});
  for (std::int64_t i = 0; i < 6; ++i) u = step(unrolled, u, unrolled.reshape(unrolled.slice(us, {i, 0}, {1, 1}, {1, 33}), {33}));
  const auto q = unrolled.finish({u});
  const auto inputs = random_inputs(p);
  CHECK(same_elements(compiled(p, inputs)[0], compiled(q, inputs)[0]));
}

TEST_CASE("an executable with loops runs on many threads at once") {
  const auto p = scan_of_sums({70}, 40, false);
  const auto inputs = random_inputs(p);
  const auto want = interpreted(p, inputs);
  const auto e = executable(p);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k)
    threads.emplace_back([&, k] {
      for (int r = 0; r < 50; ++r) {
        const auto l = static_cast<Layout>((k + r) % layouts);
        const auto out = run_on(*e, {laid_out(inputs[0], l), laid_out(inputs[1], l)});
        if (!same_elements(elements_of(out[0]), want[0]) || !same_elements(elements_of(out[1]), want[1])) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("rounds allocate nothing") {
  const auto allocations = [](const ir::Program& p) {
    const auto e = executable(p);
    Arrays args, out;
    for (const auto& v : random_inputs(p)) args.push_back(laid_out(v, Layout::row_major));
    for (int r = 0; r < 3; ++r) run_on(*e, args);
    const auto before = heap_allocations() + system_allocations();
    e->run(args, out);
    return heap_allocations() + system_allocations() - before;
  };
  CHECK(allocations(scalar_loop(2)) == allocations(scalar_loop(20000)));
  CHECK(allocations(scan_of_sums({}, 2, true)) == allocations(scan_of_sums({}, 20000, true)));
  CHECK(allocations(scan_of_sums({3, 2, 4, 2, 3, 2}, 2, false)) == allocations(scan_of_sums({3, 2, 4, 2, 3, 2}, 500, false)));
}

TEST_CASE("loops over one program are computed once, over two programs twice") {
  const auto sum = running_sum(real), other = running_sum(real);
  ir::Builder b;
  const auto c = b.input(real), xs = b.input({float64, {3}});
  const auto scan = [&](const ProgramPtr& body, bool reverse) { return b.scan({{c, xs}}, {body, 0, 1, 3, reverse})[0]; };
  const Values out{scan(sum, false), scan(sum, false), scan(other, false), scan(sum, true)};
  b.scan({{c, xs}}, {sum, 0, 1, 3, false});  // unused
  const auto p = compiler::optimised(b.finish(out));
  REQUIRE(p.instrs.size() == 3);
  CHECK(p.outputs[0] == p.outputs[1]);
  CHECK(p.outputs[0] != p.outputs[2]);
  CHECK(std::get<ir::Scan>(p.instrs[0].action).body == std::get<ir::Scan>(p.instrs[2].action).body);
  check(p);
}

TEST_CASE("held programs are optimised") {
  const auto wasteful = held({real}, [](ir::Builder& b, const Values& in) -> Values {
    b.map(Op::exp, {in[0]});
    return {b.map(Op::add, {b.map(Op::sin, {in[0]}), b.map(Op::sin, {in[0]})})};
  });
  ir::Builder b;
  const auto p = compiler::optimised(b.finish(b.scan({{b.input(real)}}, {wasteful, 0, 1, 3, false})));
  CHECK(std::get<ir::Scan>(p.instrs[0].action).body->instrs.size() == 2);
}

TEST_CASE("listings show the plans of held programs indented") {
  const auto listing = to_string(*executable(scan_of_sums({7}, 12, false)));
  CHECK_THAT(listing, Catch::Contains("scan: 12 rounds, 1 carried, 2 stacked\n  body at arena+") &&
                          Catch::Contains("\n    loop over 7 elements") && Catch::Contains("map.add"));
  CHECK_THAT(to_string(*executable(scalar_loop(3))), Catch::Contains("flat program of") && Catch::Contains("map.mul %2 %2"));
}

}  // namespace fluxion::compiler_test
