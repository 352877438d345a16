// Each pass alone on random programs, and on programs written for it: the interpreter finds the same bits.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include "compiler/passes/passes.hpp"
#include "compiler/random_ir.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Builder;
using ir::Op;
using ir::ValueId;

struct Pass {
  const char* name;
  ir::Program (*run)(ir::Program);
};
constexpr Pass passes[] = {
    {"dead code", compiler::without_dead_code},
    {"common subexpressions", compiler::without_common_subexpressions},
    {"simple views", compiler::with_simple_views},
    {"late broadcasts", compiler::with_late_broadcasts},
    {"folded constants", compiler::with_folded_constants},
    {"simple arithmetic", compiler::with_simple_arithmetic},
    {"early views", compiler::with_early_views},
    {"single sums", compiler::without_single_sums},
    {"joined pads", compiler::with_joined_pads},
    {"late assembly", compiler::with_late_assembly},
    {"lean loops", compiler::with_lean_loops},
    {"hoisted invariants", compiler::with_hoisted_invariants},
    {"parted carries", compiler::with_parted_carries},
};

std::string text_of(const ir::Program& p) {
  std::ostringstream os;
  os << p;
  return os.str();
}

/// Some elements become zeros of both signs, infinities and NaN.
void add_special_values(Value& v, std::mt19937& random) {
  const auto put = [&]<class T>(T) {
    constexpr T special[] = {T(0), -T(0), T(INFINITY), -T(INFINITY), T(NAN), T(1), T(-1)};
    for (std::size_t at = 0; at + sizeof(T) <= v.bytes.size(); at += sizeof(T))
      if (random() % 4 == 0) std::memcpy(v.bytes.data() + at, &special[random() % std::size(special)], sizeof(T));
  };
  if (v.type.dtype == DType::float32) put(float{});
  if (v.type.dtype == DType::float64) put(double{});
}

void check_pass(const Pass& pass, const ir::Program& p, const std::vector<Value>& in, const std::vector<Value>& want) {
  const auto q = pass.run(p);
  INFO(pass.name << "\n" << text_of(p) << "becomes\n" << text_of(q));
  REQUIRE_NOTHROW(ir::verify(q));
  const auto have = interpreted(q, in);
  REQUIRE(have.size() == want.size());
  for (std::size_t k = 0; k < want.size(); ++k) CHECK(same_elements(want[k], have[k]));
}

/// A body that carries: outputs whose types are those of an input go on as that input.
ir::Program as_loop(unsigned seed, const ir::Program& body, std::vector<Value>& in) {
  const auto carry_of = [&](std::size_t k) -> std::size_t {
    for (std::size_t o = 0; o < body.outputs.size(); ++o)
      if (body.types[body.outputs[o]] == body.types[body.inputs[k]]) return o;
    return body.outputs.size();
  };
  ir::Program held = body;
  ir::Values consts, carry, xs, outs;
  for (std::size_t k = 0; k < body.inputs.size(); ++k) {
    const auto o = carry_of(k);
    if (o < body.outputs.size() && (seed + k) % 3 != 0) {
      carry.push_back(body.inputs[k]);
      outs.push_back(body.outputs[o]);
    } else {
      ((seed + k) % 2 == 0 ? xs : consts).push_back(body.inputs[k]);
    }
  }
  if (!consts.empty() && seed % 4 == 1) {  // one that is carried without a change
    carry.push_back(consts.back());
    outs.push_back(consts.back());
    consts.pop_back();
  }
  held.inputs = consts;
  held.inputs.insert(held.inputs.end(), carry.begin(), carry.end());
  held.inputs.insert(held.inputs.end(), xs.begin(), xs.end());
  held.outputs = outs;
  held.outputs.insert(held.outputs.end(), body.outputs.begin(), body.outputs.end());
  Builder b;
  std::mt19937 random(seed);
  ir::Values operands;
  in.clear();
  for (std::size_t k = 0; k < held.inputs.size(); ++k) {
    ir::Type t = body.types[held.inputs[k]];
    if (k >= consts.size() + carry.size()) t.shape.insert(0, 3);
    in.push_back(random_value(t, random));
    operands.push_back(b.input(std::move(t)));
  }
  auto out = b.scan(operands, {std::make_shared<const ir::Program>(std::move(held)), consts.size(), carry.size(), 3, seed % 2 == 0});
  std::erase_if(out, [&](ValueId v) { return (v + seed) % 3 == 0; });  // some are not wanted
  return b.finish(out);
}

std::size_t held_size(const ir::Program& p) {
  for (const auto& i : p.instrs)
    if (const auto held = ir::held_programs(i.action); !held.empty()) return (*held.back())->instrs.size();
  return 0;
}
const ir::Scan& scan_of(const ir::Program& p) {
  for (const auto& i : p.instrs)
    if (const auto* s = std::get_if<ir::Scan>(&i.action)) return *s;
  throw InternalError("no scan");
}

}  // namespace

TEST_CASE("every pass alone keeps the bits of random programs") {
  std::mt19937 random(5);
  for (unsigned seed = 5000; seed < 5120; ++seed) {
    Generator g(seed);
    const auto p = g.draw(4 + seed % 40);
    for (auto& v : g.inputs) add_special_values(v, random);
    const auto want = interpreted(p, g.inputs);
    for (const auto& pass : passes) check_pass(pass, p, g.inputs, want);
    check_pass({"all of them", compiler::optimised}, p, g.inputs, want);
  }
}

TEST_CASE("passes keep the bits of random loops") {
  for (unsigned seed = 7000; seed < 7100; ++seed) {
    Generator g(seed);
    const auto body = g.draw(4 + seed % 20);
    std::vector<Value> in;
    const auto p = as_loop(seed, body, in);
    const auto want = interpreted(p, in);
    for (const auto& pass : passes) check_pass(pass, p, in, want);
    check_pass({"all of them", compiler::optimised}, p, in, want);
    CHECK(agrees(p, in));
  }
}

TEST_CASE("optimising twice changes nothing more than names") {
  for (unsigned seed = 6000; seed < 6040; ++seed) {
    Generator g(seed);
    const auto once = compiler::optimised(g.draw(30));
    const auto twice = compiler::optimised(once);
    INFO(text_of(once) << "becomes\n" << text_of(twice));
    CHECK(twice.instrs.size() <= once.instrs.size());
  }
}

TEST_CASE("slices are taken before the work, and of pieces instead of what is assembled of them") {
  Builder b;
  const auto x = b.input({DType::float64, {3}}), s = b.input({DType::float64, {}});
  const auto sum = b.map(Op::add, {x, b.map(Op::mul, {x, s})});
  std::vector<ValueId> parts;
  for (std::int64_t k = 0; k < 3; ++k) parts.push_back(b.reshape(b.slice(sum, {k}, {1}, {1}), {}));
  const auto product = b.map(Op::mul, {parts[0], b.map(Op::sub, {parts[1], parts[2]})});
  const auto stacked = b.assemble({2}, b.constant(DType::float64, 0.0), std::vector{b.reshape(product, {1}), b.reshape(parts[0], {1})},
                                  {{{0}, {1}}, {{1}, {1}}}, true);
  const auto p = compiler::optimised(b.finish({b.reshape(b.slice(stacked, {0}, {1}, {1}), {})}));
  INFO(text_of(p));
  for (const auto& i : p.instrs) {
    CHECK_FALSE(std::holds_alternative<ir::Assemble>(i.action));
    if (std::holds_alternative<ir::Map>(i.action)) CHECK(element_count(p.types[i.out[0]].shape) == 1);
  }
}

TEST_CASE("work is not done twice for slices") {
  Builder b;
  const auto x = b.input({DType::float64, {10}});
  const auto y = b.map(Op::exp, {x});
  const auto p = b.finish({b.map(Op::sub, {b.slice(y, {1}, {1}, {9}), b.slice(y, {0}, {1}, {9})})});
  CHECK(text_of(compiler::with_early_views(p)) == text_of(p));
}

TEST_CASE("sums of stacks are stacks of sums") {
  Builder b;
  const auto x = b.input({DType::float64, {3}}), s = b.input({DType::float64, {}});
  const auto row = [&](Op op) {
    std::vector<ValueId> parts;
    for (std::int64_t k = 0; k < 3; ++k) parts.push_back(b.map(op, {b.slice(x, {2 - k}, {1}, {1})}));
    return b.assemble({3}, b.constant(DType::float64, 0.0), parts, {{{0}, {1}}, {{1}, {1}}, {{2}, {1}}}, true);
  };
  const auto sum = b.map(Op::add, {b.map(Op::mul, {row(Op::sin), s}), b.map(Op::sub, {row(Op::cos), x})});
  const auto p = b.finish({sum});
  const auto q = compiler::optimised(p);
  INFO(text_of(q));
  CHECK(std::count_if(q.instrs.begin(), q.instrs.end(), [](const auto& i) { return std::holds_alternative<ir::Assemble>(i.action); }) == 1);
  std::mt19937 random(3);
  CHECK(agrees(p, {random_value(p.types[x], random), random_value(p.types[s], random)}));
}

TEST_CASE("large pieces are computed in place, and read in another order than they were written") {
  constexpr std::int64_t n = 40000;
  Builder b;
  const auto x = b.input({DType::float64, {n}}), y = b.input({DType::float64, {n}});
  const auto zero = b.constant(DType::float64, 0.0);
  const ValueId parts[] = {b.map(Op::sin, {x}), b.map(Op::mul, {y, x})};
  const auto both = b.assemble({2 * n}, zero, parts, {{{0}, {1}}, {{n}, {1}}}, true);
  const auto pairs = b.reduce(ir::ReduceOp::sum, b.reshape(both, {n, 2}), {1});
  const auto padded = b.assemble({2 * n}, zero, {parts, 1}, {{{n / 2}, {1}}}, false);
  const auto rows = b.reduce(ir::ReduceOp::max, b.map(Op::exp, {b.reshape(padded, {n / 4, 8})}), {1});
  const auto p = b.finish({b.map(Op::sin, {pairs}), both, rows});
  std::mt19937 random(4);
  CHECK(agrees(p, {random_value(p.types[x], random), random_value(p.types[y], random)}));
}

TEST_CASE("transposes go to where memory is read") {
  Builder b;
  const auto x = b.input({DType::float64, {3, 5}}), y = b.input({DType::float64, {5, 3}});
  const auto t = b.transpose(b.map(Op::exp, {b.map(Op::sin, {x})}), {1, 0});
  const auto p = compiler::optimised(b.finish({b.map(Op::add, {t, y})}));
  INFO(text_of(p));
  REQUIRE(std::holds_alternative<ir::Transpose>(p.instrs[0].action));
  CHECK(p.instrs[0].in[0] == x);
}

TEST_CASE("what rounds compute of constants alone is computed once before the loop") {
  Builder body;
  const auto w = body.input({DType::float64, {4}}), c = body.input({DType::float64, {4}});
  const auto scale = body.map(Op::exp, {body.map(Op::mul, {w, body.constant(DType::float64, 0.5)})});
  const auto held = std::make_shared<const ir::Program>(body.finish({body.map(Op::mul, {c, scale})}));
  Builder b;
  const ir::Values in{b.input({DType::float64, {4}}), b.input({DType::float64, {4}})};
  const auto p = compiler::optimised(b.finish(b.scan(in, {held, 1, 1, 10, false})));
  INFO(text_of(p));
  CHECK(p.instrs.size() == 3);
  CHECK(held_size(p) == 1);
}

TEST_CASE("a loop that may not end stays where it may not be reached") {
  Builder cond, body;
  cond.input({DType::int32, {}});
  const auto forever = std::make_shared<const ir::Program>(cond.finish({cond.constant(DType::bool_, 1.0)}));
  const auto n = body.input({DType::int32, {}});
  const auto step = std::make_shared<const ir::Program>(body.finish({body.map(Op::add, {n, body.constant(DType::int32, 1.0)})}));
  Builder outer_cond, outer;
  outer_cond.input({DType::int32, {}});
  const auto never = std::make_shared<const ir::Program>(outer_cond.finish({outer_cond.constant(DType::bool_, 0.0)}));
  const auto k = outer.input({DType::int32, {}});
  outer.input({DType::int32, {}});
  const auto inner = outer.while_loop(ir::Values{k}, {forever, step, 0, 0});
  const auto held = std::make_shared<const ir::Program>(outer.finish({inner[0]}));
  Builder b;
  const ir::Values in{b.input({DType::int32, {}}), b.input({DType::int32, {}})};
  const auto p = b.finish(b.while_loop(in, {never, held, 0, 1}));
  std::mt19937 random(1);
  const std::vector<Value> values{random_value(p.types[in[0]], random), random_value(p.types[in[1]], random)};
  CHECK(agrees(p, values));
}

TEST_CASE("carries that no result needs are dropped, and those that stay the same become constants") {
  Builder body;
  const ir::Type t{DType::float64, {}};
  const auto a = body.input(t), same = body.input(t), idle = body.input(t), x = body.input(t);
  const auto held = std::make_shared<const ir::Program>(
      body.finish({body.map(Op::add, {a, same}), same, body.map(Op::mul, {idle, x}), body.map(Op::sin, {x})}));
  Builder b;
  ir::Values in;
  for (int k = 0; k < 3; ++k) in.push_back(b.input(t));
  in.push_back(b.input({DType::float64, {7}}));
  const auto out = b.scan(in, {held, 0, 3, 7, false});
  const auto p = compiler::optimised(b.finish({out[0], out[1]}));
  INFO(text_of(p));
  CHECK(scan_of(p).carry == 1);
  CHECK(scan_of(p).consts == 1);
  CHECK(p.instrs[0].in.size() == 2);
  CHECK(p.outputs[1] == in[1]);
}

}  // namespace fluxion::compiler_test
