// Scans whose carries are put together and taken apart, and whose constants are read in pieces: the same bits from
// leaner loops.
#include <catch2/catch.hpp>

#include "compiler/interpreter.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;

constexpr DType t = DType::float64;
constexpr std::int64_t width = 5, length = 9;

ir::ValueId row(ir::Builder& b, ir::ValueId x, std::int64_t k) {
  return b.reshape(b.slice(x, {k, 0}, {1, 1}, {1, width}), {width});
}
ir::ValueId both(ir::Builder& b, ir::ValueId x, ir::ValueId y) {
  const ir::ValueId pieces[] = {b.reshape(x, {1, width}), b.reshape(y, {1, width})};
  return b.assemble({2, width}, b.constant(t, 0.0), pieces, {{{0, 0}, {1, 1}}, {{1, 0}, {1, 1}}}, true);
}

enum class Reads { pieces, whole, other };
/// (x, y) becomes (y, sin(x) * x_i); one row of each round is stacked.
ir::ProgramPtr body(Reads reads) {
  ir::Builder b;
  const auto state = b.input({t, {2, width}}), x = b.input({t, {width}});
  const auto next = b.map(Op::mul, {b.map(Op::sin, {row(b, state, 0)}), x});
  ir::ValueId shown = b.map(Op::neg, {row(b, state, 1)});
  if (reads == Reads::whole) shown = b.reduce(ir::ReduceOp::sum, state, {0});
  if (reads == Reads::other) shown = b.reshape(b.slice(state, {0, 0}, {2, 1}, {1, width}), {width});
  return std::make_shared<const ir::Program>(b.finish({both(b, row(b, state, 1), next), shown}));
}
ir::Program scanned(Reads reads, bool reverse) {
  ir::Builder b;
  const auto state = b.input({t, {2, width}}), xs = b.input({t, {length, width}});
  const ir::ValueId in[] = {state, xs};
  return b.finish(b.scan(in, {body(reads), 0, 1, length, reverse}));
}

const ir::Scan& scan_of(const ir::Program& p) {
  for (const auto& i : p.instrs)
    if (const auto* s = std::get_if<ir::Scan>(&i.action)) return *s;
  throw std::logic_error("no scan");
}
std::vector<Value> random_inputs(const ir::Program& p) {
  std::mt19937 random(3);
  std::vector<Value> inputs;
  for (const auto v : p.inputs) inputs.push_back(random_value(p.types[v], random));
  return inputs;
}
bool same(const ir::Program& p, const ir::Program& q) {
  const auto inputs = random_inputs(p);
  const auto a = interpreted(p, inputs), b = interpreted(q, inputs);
  bool all = a.size() == b.size();
  for (std::size_t k = 0; all && k < a.size(); ++k) all = same_elements(a[k], b[k]);
  return all;
}

}  // namespace

TEST_CASE("a carry that is put together and taken apart is carried in its pieces") {
  for (const bool reverse : {false, true}) {
    const auto p = scanned(Reads::pieces, reverse), q = compiler::with_parted_carries(p);
    CHECK(scan_of(q).carry == 2);
    for (const auto& i : scan_of(q).body->instrs) CHECK(!std::holds_alternative<ir::Assemble>(i.action));
    CHECK(same(p, q));
    CHECK(agrees(p, random_inputs(p)));
  }
}

TEST_CASE("a carry that is read as a whole, or in other pieces, stays whole") {
  for (const auto reads : {Reads::whole, Reads::other}) {
    const auto p = scanned(reads, false);
    CHECK(scan_of(compiler::with_parted_carries(p)).carry == 1);
    CHECK(agrees(p, random_inputs(p)));
  }
}

TEST_CASE("a carry to which each round adds what it has assembled is added to in pieces") {
  for (const bool first : {false, true})
    for (const bool read_as_well : {false, true}) {
      ir::Builder inner;
      const auto sums = inner.input({t, {2, width}}), x = inner.input({t, {width}});
      const auto more = both(inner, inner.map(Op::sin, {x}), inner.map(Op::square, {row(inner, sums, 1)}));
      const auto next = first ? inner.map(Op::sub, {sums, more}) : inner.map(Op::sub, {more, sums});
      const auto shown = read_as_well ? inner.map(Op::neg, {next}) : inner.map(Op::neg, {more});
      const auto held = std::make_shared<const ir::Program>(inner.finish({next, shown}));
      ir::Builder b;
      const ir::ValueId in[] = {b.input({t, {2, width}}), b.input({t, {length, width}})};
      const auto p = b.finish(b.scan(in, {held, 0, 1, length, true})), q = compiler::with_parted_carries(p);
      CHECK(scan_of(q).carry == (read_as_well ? 1 : 2));
      CHECK(same(p, q));
      CHECK(agrees(p, random_inputs(p)));
    }
}

TEST_CASE("a carry that is stacked as well stays whole where it is read so, and is parted where it is made") {
  ir::Builder inner;
  const auto state = inner.input({t, {2, width}}), x = inner.input({t, {width}});
  const auto next = both(inner, inner.map(Op::add, {row(inner, state, 0), x}), row(inner, state, 0));
  const auto held = std::make_shared<const ir::Program>(inner.finish({next, next}));
  ir::Builder b;
  const ir::ValueId in[] = {b.input({t, {2, width}}), b.input({t, {length, width}})};
  const auto p = b.finish(b.scan(in, {held, 0, 1, length, false})), q = compiler::with_parted_carries(p);
  CHECK(scan_of(q).carry == 2);
  CHECK(same(p, q));
  CHECK(agrees(p, random_inputs(p)));
}

TEST_CASE("pieces of a large constant are taken before the loop, which is then a flat program") {
  ir::Builder inner;
  const auto weights = inner.input({t, {30, width}}), state = inner.input({t, {width}}), x = inner.input({t, {width}});
  const auto next = inner.map(Op::add, {inner.map(Op::mul, {state, row(inner, weights, 7)}),
                                        inner.map(Op::sub, {x, row(inner, weights, 29)})});
  const auto held = std::make_shared<const ir::Program>(inner.finish({next, next}));
  ir::Builder b;
  const ir::ValueId in[] = {b.input({t, {30, width}}), b.input({t, {width}}), b.input({t, {length, width}})};
  const auto p = b.finish(b.scan(in, {held, 1, 1, length, false})), q = compiler::with_hoisted_invariants(p);
  CHECK(scan_of(q).consts == 2);
  for (const auto v : scan_of(q).body->inputs) CHECK(element_count(scan_of(q).body->types[v].shape) == width);
  CHECK(same(p, q));
  CHECK(agrees(p, random_inputs(p)));
  std::vector<Dims> strides;
  std::vector<Aval> results;
  for (const auto v : q.inputs) strides.push_back(compiler::row_major(q.types[v].shape));
  for (const auto v : q.outputs) results.push_back({q.types[v].shape, q.types[v].dtype, false});
  const auto plan = compiler::planned(q, strides, results);
  CHECK(plan->steps.size() == 1);
  CHECK(std::holds_alternative<compiler::Flat>(plan->steps[0]));
}

}  // namespace fluxion::compiler_test
