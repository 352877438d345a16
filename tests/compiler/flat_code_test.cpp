// Flat programs: what is computed on single elements, with loops and branches, in one step.
#include <catch2/catch.hpp>

#include <memory>
#include <sstream>

#include "compiler/executable.hpp"
#include "compiler/interpreter.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;
using ir::ProgramPtr;
using ir::Type;
using ir::ValueId;
using ir::Values;

const Type real{float64, {}}, integer{int32, {}};

compiler::Plan plan_of(const ir::Program& p) {
  const auto better = compiler::optimised(p);
  std::vector<Dims> strides;
  std::vector<Aval> results;
  for (const auto v : better.inputs) strides.push_back(compiler::row_major(better.types[v].shape));
  for (const auto v : better.outputs) results.push_back({better.types[v].shape, better.types[v].dtype});
  return *compiler::planned(better, strides, results);
}
bool is_one_flat_program(const ir::Program& p) {
  const auto plan = plan_of(p);
  return plan.steps.size() == 1 && std::holds_alternative<compiler::Flat>(plan.steps[0]);
}
/// Instructions of a plan that is one flat program.
std::size_t length_of(const ir::Program& p) { return std::get<compiler::Flat>(plan_of(p).steps.at(0)).code.size(); }

/// Draws programs on single elements: arithmetic of several dtypes, conversions, branches and loops in one another.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  ir::Program draw() {
    ir::Builder b;
    Values known;
    for (int k = 0; k < 4; ++k) known.push_back(b.input({dtypes[pick(std::size(dtypes))], shape()}));
    const auto stack = b.input({float64, {5}});
    block(b, known, 4 + pick(10), 3);
    if (pick(2) == 0) walk(b, known, stack);
    block(b, known, 4 + pick(10), 2);
    Values out;
    for (int k = 0; k < 4; ++k) out.push_back(known[known.size() - 1 - pick(std::min<std::size_t>(known.size(), 12))]);
    return b.finish(out);
  }
  std::mt19937& random() { return random_; }

 private:
  static constexpr DType dtypes[] = {DType::float64, DType::float64, DType::float32, DType::int32,
                                     DType::int64,   DType::bool_,   DType::complex128};
  static constexpr Op binary[] = {Op::add, Op::sub, Op::mul, Op::add, Op::sub, Op::mul, Op::max, Op::min};

  std::size_t pick(std::size_t n) { return random_() % n; }
  Shape shape() { return pick(4) == 0 ? Shape{1, 1} : Shape{}; }

  /// A value of type t among those known, or made from one.
  ValueId of(ir::Builder& b, const Values& known, const Type& t) {
    for (int tries = 0; tries < 6; ++tries)
      if (const auto v = known[pick(known.size())]; b.type(v) == t) return v;
    auto v = known[pick(known.size())];
    if (b.type(v).dtype != t.dtype) v = b.convert(v, t.dtype);
    return b.type(v).shape == t.shape ? v : b.reshape(v, t.shape);
  }
  void block(ir::Builder& b, Values& known, std::size_t length, int depth) {
    for (std::size_t k = 0; k < length; ++k) {
      const auto x = known[pick(known.size())];
      const Type t = b.type(x);
      const auto what = pick(depth > 0 ? 14 : 10);
      if (what >= 12) branch(b, known, depth - 1);
      else if (what >= 10) loop(b, known, depth - 1, what == 10);
      else if (t.dtype == DType::bool_) known.push_back(what < 5 ? b.map(Op::not_, {x}) : b.map(Op::and_, {x, of(b, known, t)}));
      else known.push_back(arithmetic(b, known, x, t, what));
    }
  }
  ValueId arithmetic(ir::Builder& b, Values& known, ValueId x, const Type& t, std::size_t what) {
    const auto y = of(b, known, t);
    const bool complex = t.dtype == DType::complex128;
    if (what < 6) return b.map(binary[pick(complex ? 6 : std::size(binary))], {x, y});
    if (what == 6 && is_floating(t.dtype)) return pick(2) == 0 ? b.map(Op::tanh, {x}) : b.map(Op::div, {x, y});
    if (what == 7 && !complex) return b.map(pick(2) == 0 ? Op::lt : Op::ne, {x, y});
    if (what == 8) return b.map(Op::select, {of(b, known, {DType::bool_, t.shape}), x, y});
    return b.map(pick(2) == 0 ? Op::neg : Op::square, {x});
  }

  ProgramPtr held(const std::vector<Type>& in, const std::vector<Type>& out, std::size_t pinned, int depth) {
    ir::Builder b;
    Values known;
    for (const auto& t : in) known.push_back(b.input(t));
    const Values inputs = known;
    const DType t = DType::float64;
    known.push_back(b.constant(t, 0.5));
    block(b, known, 2 + pick(6), depth);
    Values results;
    for (std::size_t k = 0; k < out.size(); ++k)
      results.push_back(k < pinned ? b.map(Op::add, {inputs[0], b.constant(int32, 1.0)}) : of(b, known, out[k]));
    return std::make_shared<const ir::Program>(b.finish(results));
  }
  std::vector<Type> types_of(const ir::Builder& b, const Values& values) {
    std::vector<Type> types;
    for (const auto v : values) types.push_back(b.type(v));
    return types;
  }
  Values some(const Values& known, std::size_t n) {
    Values drawn;
    for (std::size_t k = 0; k < n; ++k) drawn.push_back(known[pick(known.size())]);
    return drawn;
  }

  void branch(ir::Builder& b, Values& known, int depth) {
    const auto index = of(b, known, integer);
    const auto operands = some(known, 3);
    const std::vector<Type> out = {real, b.type(known[pick(known.size())])};
    std::vector<ProgramPtr> branches;
    for (std::size_t n = 1 + pick(4); n > 0; --n) branches.push_back(held(types_of(b, operands), out, 0, depth));
    for (const auto v : b.cond(index, operands, branches)) known.push_back(v);
  }
  void loop(ir::Builder& b, Values& known, int depth, bool counted) {
    Values operands = some(known, 5);
    if (counted) {
      const auto types = types_of(b, operands);
      const std::vector<Type> carry(types.begin() + 2, types.end());
      const auto length = static_cast<std::int64_t>(1 + pick(4));
      for (const auto v : b.scan(operands, {held(types, carry, 0, depth), 2, 3, length, false})) known.push_back(v);
      return;
    }
    operands[0] = b.constant(int32, 0.0);  // counts the rounds
    const auto types = types_of(b, operands);
    ir::Builder c;
    Values in;
    for (const auto& t : types) in.push_back(c.input(t));
    const auto limit = c.constant(int32, static_cast<double>(pick(4)));
    const auto cond = std::make_shared<const ir::Program>(c.finish({c.map(Op::lt, {in[0], limit})}));
    for (const auto v : b.while_loop(operands, {cond, held(types, types, 1, depth), 0, 0})) known.push_back(v);
  }
  /// A scan that reads a stack and makes two, of which one may not be wanted.
  void walk(ir::Builder& b, Values& known, ValueId stack) {
    const auto c = of(b, known, real);
    const auto body = held({real, real}, {real, real, real}, 0, 1);
    const auto out = b.scan({{c, stack}}, {body, 0, 1, 5, pick(2) == 0});
    known.push_back(out[0]);
    for (std::size_t k = 1; k < 3; ++k)
      if (pick(3) != 0) known.push_back(b.reshape(b.slice(out[k], {2}, {1}, {1}), {}));
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("programs on single elements are flat, and right") {
  std::size_t flat = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    Generator g(seed);
    const auto p = g.draw();
    std::vector<Value> inputs;
    for (const auto v : p.inputs) inputs.push_back(random_value(p.types[v], g.random()));
    ir::verify(p);
    INFO("seed " << seed << '\n' << p);
    REQUIRE(agrees(p, inputs));
    for (const auto& s : plan_of(p).steps) flat += std::holds_alternative<compiler::Flat>(s);
  }
  CHECK(flat >= 250);
}

TEST_CASE("a loop over numbers is one step") {
  // (x, y) -> (x + 0.1 y, y - 0.1 x): the sum of the old x and a product, and a stack of each
  ir::Builder body;
  const auto x = body.input(real), y = body.input(real);
  const auto h = body.constant(float64, 0.125);
  const auto next = body.map(Op::add, {x, body.map(Op::mul, {h, y})});
  const auto other = body.map(Op::sub, {y, body.map(Op::mul, {h, next})});
  const auto held = std::make_shared<const ir::Program>(body.finish({next, other, next, other}));
  ir::Builder b;
  const Values in{b.input(real), b.input(real)};
  const auto p = b.finish(b.scan(in, {held, 0, 2, 1000, false}));
  CHECK(is_one_flat_program(p));
  // counter, two carries, two chains computed in their places, two stacks, the count, the end
  CHECK(length_of(p) == 9);
  std::mt19937 random(1);
  CHECK(agrees(p, {random_value(real, random), random_value(real, random)}));
}

TEST_CASE("flat programs are as long as their work") {
  ir::Builder b;
  const auto x = b.input(real), y = b.input(real);
  // ((x + y) * x - y) / ((x - y) * (x + x)): chains of at most three
  const auto a = b.map(Op::sub, {b.map(Op::mul, {b.map(Op::add, {x, y}), x}), y});
  const auto c = b.map(Op::mul, {b.map(Op::sub, {x, y}), b.map(Op::add, {x, x})});
  const auto p = b.finish({b.map(Op::div, {a, c})});
  CHECK(is_one_flat_program(p));
  CHECK(length_of(p) == 4);
}

TEST_CASE("long loops leave nothing on the stack") {
  ir::Builder body;
  const auto x = body.input(real);
  const auto held = std::make_shared<const ir::Program>(body.finish({body.map(Op::add, {x, body.constant(float64, 1.0)})}));
  ir::Builder b;
  const auto p = b.finish(b.scan({{b.input(real)}}, {held, 0, 1, 3'000'000, false}));
  const auto out = compiled(p, {{real, std::vector<std::byte>(8)}});
  double last = 0;
  std::memcpy(&last, out.at(0).bytes.data(), sizeof last);
  CHECK(last == 3e6);
}

}  // namespace fluxion::compiler_test
