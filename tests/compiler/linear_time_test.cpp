// Passes and planning take time in proportion to the program: ten times the instructions, about ten times the allocations
// and nothing near a hundred times the time.
#include <catch2/catch.hpp>

#include <ctime>
#include <functional>

#include "compiler/passes/passes.hpp"
#include "compiler/planner.hpp"
#include "support/allocations.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Builder;
using ir::Op;
using ir::ValueId;

ir::Program chain(std::int64_t n) {
  Builder b;
  const auto x = b.input({DType::float64, {8}});
  ValueId y = x;
  for (std::int64_t k = 0; k < n; ++k) y = b.map(k % 3 == 0 ? Op::mul : Op::add, {b.map(Op::sin, {y}), x});
  return b.finish({y});
}

ir::Program sums(std::int64_t n) {
  Builder b;
  const auto x = b.input({DType::float64, {4, 4}});
  ValueId y = x;
  for (std::int64_t k = 0; k < n; ++k) {
    const auto s = b.reduce(ir::ReduceOp::sum, b.map(Op::exp, {y}), {k % 2});
    y = b.map(Op::mul, {y, b.broadcast(s, {4, 4}, {k % 2})});
  }
  return b.finish({y});
}

/// Many slices of one array, and an array of many pieces, which are taken out again.
ir::Program slices(std::int64_t n) {
  Builder b;
  const auto x = b.input({DType::float64, {n}});
  const auto y = b.map(Op::exp, {x});
  std::vector<ValueId> parts, again;
  std::vector<ir::Assemble::Piece> places;
  for (std::int64_t k = 0; k < n; ++k) {
    parts.push_back(b.slice(k % 2 == 0 ? x : y, {k}, {1}, {1}));
    places.push_back({{k}, {1}});
  }
  const auto all = b.assemble({n}, b.constant(DType::float64, 0.0), parts, places, true);
  for (std::int64_t k = 0; k < n; ++k) again.push_back(b.slice(all, {n - 1 - k}, {1}, {1}));
  return b.finish({b.assemble({n}, b.constant(DType::float64, 0.0), again, places, true)});
}

/// The gradient of a sum over slices.
ir::Program pads(std::int64_t n) {
  Builder b;
  const auto x = b.input({DType::float64, {n}});
  ValueId sum = b.map(Op::neg, {x});
  for (std::int64_t k = 0; k < n; ++k) {
    const auto piece = b.map(Op::sin, {b.slice(x, {k}, {1}, {1})});
    sum = b.map(Op::add, {sum, b.assemble({n}, b.constant(DType::float64, 0.0), std::vector{piece}, {{{k}, {1}}}, false)});
  }
  return b.finish({sum});
}

/// Loops, each of which takes what the one before it gave.
ir::Program loops(std::int64_t n) {
  Builder body;
  const auto w = body.input({DType::float64, {4}}), c = body.input({DType::float64, {4}});
  const auto held = std::make_shared<const ir::Program>(body.finish({body.map(Op::mul, {c, body.map(Op::exp, {w})})}));
  Builder b;
  const auto x = b.input({DType::float64, {4}});
  ValueId y = x;
  for (std::int64_t k = 0; k < n; ++k) y = b.scan(ir::Values{x, y}, {held, 1, 1, 3, false})[0];
  return b.finish({y});
}

struct Cost {
  double seconds;
  std::size_t allocations;
};

Cost cost(const ir::Program& p) {
  std::vector<Dims> strides;
  for (const auto v : p.inputs) strides.push_back(compiler::row_major(p.types[v].shape));
  std::vector<Aval> results;
  for (const auto v : p.outputs) results.push_back({p.types[v].shape, p.types[v].dtype});
  const auto now = [] {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  };
  const double start = now();
  const auto before = heap_allocations();
  const auto plan = compiler::planned(compiler::optimised(p), strides, results);
  return {now() - start, static_cast<std::size_t>(heap_allocations() - before)};
}

}  // namespace

TEST_CASE("passes and planning take linear time") {
  const std::pair<const char*, std::function<ir::Program(std::int64_t)>> families[] = {
      {"chain", chain}, {"sums", sums}, {"slices", slices}, {"pads", pads}, {"loops", loops}};
  for (const auto& [name, make] : families) {
    const std::int64_t n = std::string_view(name) == "pads" ? 100 : 300;
    cost(make(n));  // caches are warm
    const Cost few = cost(make(n)), many = cost(make(10 * n));
    INFO(name << ": " << few.seconds << " s and " << many.seconds << " s, " << few.allocations << " and "
              << many.allocations << " allocations");
    CHECK(static_cast<double>(many.allocations) <= 12.0 * static_cast<double>(few.allocations));
    CHECK(many.seconds <= 30 * few.seconds);
  }
}

}  // namespace fluxion::compiler_test
