// Calls into the host in programs: what passes and planning may do with them, and what a call costs.
#include <catch2/catch.hpp>

#include <cstring>
#include <functional>
#include <sstream>

#include "compiler/executable.hpp"
#include "compiler/interpreter.hpp"
#include "compiler/passes/passes.hpp"
#include "support/allocations.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;

class Function final : public HostFunction {
 public:
  using Body = std::function<void(std::span<const HostOperand>, std::span<const HostResult>)>;
  explicit Function(Body body) : body_(std::move(body)) {}
  std::string name() const override { return "function"; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override { body_(in, out); }

 private:
  Body body_;
};
HostFunctionPtr function(Function::Body body) { return std::make_shared<Function>(std::move(body)); }

HostFunctionPtr doubling() {
  return function([](auto in, auto out) {
    for (std::size_t k = 0; k < out.size(); ++k) {
      const auto from = in[k].template elements<double>();
      const auto to = out[k].template elements<double>();
      for (std::size_t i = 0; i < from.size(); ++i) to[i] = 2 * from[i];
    }
  });
}
const ir::Type vector4{float64, {4}};

std::size_t calls_in(const ir::Program& p) {
  std::size_t n = 0;
  for (const auto& i : p.instrs) n += std::holds_alternative<ir::HostCall>(i.action);
  return n;
}

}  // namespace

TEST_CASE("pure calls are dropped when unused and merged when equal, effects neither") {
  for (const auto effect : {Effect::none, Effect::unordered, Effect::ordered}) {
    ir::Builder b;
    const auto x = b.input(vector4);
    const auto f = doubling();
    const auto once = b.host_call({&x, 1}, {vector4}, f, effect)[0], twice = b.host_call({&x, 1}, {vector4}, f, effect)[0];
    b.host_call({&x, 1}, {vector4}, f, effect);
    b.host_call({&x, 1}, {}, f, effect);
    const auto p = compiler::optimised(b.finish({b.map(Op::add, {once, twice})}));
    CHECK(calls_in(p) == (effect == Effect::none ? 1 : 4));
  }
}

TEST_CASE("equal calls of different functions are not one") {
  ir::Builder b;
  const auto x = b.input(vector4);
  const auto y = b.host_call({&x, 1}, {vector4}, doubling(), Effect::none)[0];
  const auto z = b.host_call({&x, 1}, {vector4}, doubling(), Effect::none)[0];
  CHECK(calls_in(compiler::optimised(b.finish({b.map(Op::add, {y, z})}))) == 2);
}

TEST_CASE("a loop that only has effects is kept, one that has none is not") {
  for (const auto effect : {Effect::none, Effect::unordered}) {
    ir::Builder body;
    const auto in = body.input({float64, {}});
    body.host_call({&in, 1}, {}, doubling(), effect);
    ir::Builder b;
    const auto x = b.input(vector4);
    b.scan({&x, 1}, {std::make_shared<const ir::Program>(body.finish({})), 0, 0, 4, false});
    const auto p = compiler::optimised(b.finish({x}));
    CHECK(p.instrs.size() == (effect == Effect::none ? 0 : 1));
  }
}

TEST_CASE("programs with calls print, list and verify") {
  ir::Builder b;
  const auto x = b.input(vector4);
  b.host_call({&x, 1}, {}, doubling(), Effect::ordered);
  const auto y = b.host_call({&x, 1}, {vector4}, doubling(), Effect::none);
  const auto p = b.finish(y);
  std::ostringstream os;
  os << p;
  CHECK_THAT(os.str(), Catch::Contains("\nhost_call[function, ordered] %0\n") &&
                           Catch::Contains("%1:f64[4] = host_call[function] %0"));
  CHECK_THAT(compiler::compile_program(p, {{{4}, float64}})->listing(), Catch::Contains("host call: function from input 0"));
  ir::Builder none;
  none.host_call({}, {}, nullptr, Effect::ordered);
  CHECK_THROWS_WITH(ir::verify(none.finish({})), Catch::Contains("a function is needed"));
  auto forgotten = p;
  forgotten.effect = Effect::none;
  CHECK_THROWS_WITH(ir::verify(forgotten), Catch::Contains("does not know the effect"));
}

TEST_CASE("operands are row-major whatever the layout, and asked for by their own type") {
  ir::Builder b;
  const auto x = b.input({float64, {2, 3, 4}});
  std::mt19937 random(1);
  const auto strided = b.slice(b.transpose(x, {2, 0, 1}), {3, 0, 0}, {-2, 1, 2}, {2, 2, 2});
  CHECK(agrees(b.finish(b.host_call({&strided, 1}, {{float64, {2, 2, 2}}}, doubling(), Effect::none)),
               {random_value({float64, {2, 3, 4}}, random)}, {Layout::column_major}));
  ir::Builder c;
  const auto y = c.input(vector4);
  c.host_call({&y, 1}, {}, function([](auto in, auto) { in[0].template elements<float>(); }), Effect::unordered);
  const auto p = c.finish({});
  CHECK_THROWS_WITH(compiled(p, {random_value(vector4, random)}, {}),
                    Catch::Contains("elements: ") && Catch::Contains("got float32 for f64[4]"));
}

// Random chains of elementwise work, products, reductions, loops and calls: calls happen in program order and see what
// an interpreter that takes one instruction after the other gives them.
TEST_CASE("effects happen in program order, whatever is fused around them") {
  for (unsigned seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
    auto log = std::make_shared<std::vector<std::pair<int, double>>>();
    ir::Builder b;
    ir::Values pool{b.input(vector4), b.input(vector4)};
    int next = 0;
    const auto logging = [&](std::size_t results) {
      return function([log, id = next++, results](auto in, auto out) {
        log->push_back({id, in[0].template elements<double>()[1]});
        for (std::size_t k = 0; k < results; ++k)
          for (std::size_t i = 0; i < 4; ++i) out[k].template elements<double>()[i] = in[0].template elements<double>()[i] + id;
      });
    };
    const auto effect = [&] { return pick(3) == 0 ? Effect::unordered : Effect::ordered; };
    for (int step = 0; step < 25; ++step) {
      const auto x = pool[pick(pool.size())], y = pool[pick(pool.size())];
      switch (pick(5)) {
        case 0: pool.push_back(b.map(Op::tanh, {b.map(Op::add, {x, y})})); break;
        case 1: pool.push_back(b.broadcast(b.reduce(ir::ReduceOp::sum, x, {0}), {4}, {})); break;
        case 2: pool.push_back(b.host_call({&x, 1}, {vector4}, logging(1), effect())[0]); break;
        case 3: b.host_call({&y, 1}, {}, logging(0), effect()); break;
        default: {
          ir::Builder body;
          const auto c = body.input(vector4);
          const auto s = body.map(Op::sin, {c});
          body.host_call({&s, 1}, {}, logging(0), Effect::ordered);
          pool.push_back(b.scan({&x, 1}, {std::make_shared<const ir::Program>(body.finish({s})), 0, 1, 3, false})[0]);
        }
      }
    }
    const auto p = b.finish({pool.back(), pool[pool.size() / 2]});
    const std::vector<Value> inputs{random_value(vector4, random), random_value(vector4, random)};
    const auto want = interpreted(p, inputs);
    const auto want_log = std::exchange(*log, {});
    const auto have = compiled(p, inputs, {});
    INFO("seed " << seed << "\n" << p);
    CHECK(*log == want_log);
    for (std::size_t k = 0; k < want.size(); ++k) CHECK(same_elements(want[k], have[k]));
  }
}

TEST_CASE("a call allocates nothing, in loops either") {
  const auto allocated = [](std::int64_t length) {
    ir::Builder body;
    const auto c = body.input(vector4);
    const auto d = body.host_call({&c, 1}, {vector4}, doubling(), Effect::ordered);
    ir::Builder b;
    const auto x = b.input(vector4);
    const auto out = b.scan({&x, 1}, {std::make_shared<const ir::Program>(body.finish(d)), 0, 1, length, false});
    const auto e = compiler::compile_program(b.finish(out), {{{4}, float64}});
    const Arrays args{laid_out(Value{vector4, std::vector<std::byte>(32)}, Layout::row_major)};
    Arrays results;
    results.reserve(2);
    e->run(args, results);
    const auto before = heap_allocations();
    e->run(args, results);
    return heap_allocations() - before;
  };
  CHECK(allocated(1000) == allocated(2));
}

}  // namespace fluxion::compiler_test
