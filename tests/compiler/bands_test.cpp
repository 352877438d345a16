// Bands with products, rows that are taken, and assembled arrays; columns of many results folded while they are
// computed; fields of records gathered together: the same bits as the interpreter's.
#include <catch2/catch.hpp>

#include <cstring>

#include <tbb/global_control.h>

#include "compiler/executable.hpp"
#include "compiler/interpreter.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;
using ir::ReduceOp;
using compiler::Band;

std::unique_ptr<const compiler::Plan> plan_of(const ir::Program& p) {
  std::vector<Dims> strides;
  std::vector<Aval> results;
  for (const auto v : p.inputs) strides.push_back(compiler::row_major(p.types[v].shape));
  for (const auto v : p.outputs) results.push_back({p.types[v].shape, p.types[v].dtype, false});
  return compiler::planned(p, strides, results);
}
/// Parts of the only band; 0 if there is none, or more than one.
std::size_t parts(const ir::Program& p) {
  const auto plan = plan_of(p);
  std::size_t n = 0, bands = 0;
  for (const auto& s : plan->steps)
    if (const auto* b = std::get_if<Band>(&s)) n = b->parts.size(), ++bands;
  return bands == 1 ? n : 0;
}

std::vector<Value> random_inputs(const ir::Program& p, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Value> inputs;
  for (const auto v : p.inputs) inputs.push_back(random_value(p.types[v], random));
  return inputs;
}
bool agrees_in_layouts(const ir::Program& p, std::vector<Value> inputs, int most = layouts) {
  bool all = true;
  for (int layout = 0; layout < most; ++layout)
    all = agrees(p, inputs, std::vector<Layout>(inputs.size(), static_cast<Layout>(layout))) && all;
  return all;
}
bool agrees_in_layouts(const ir::Program& p, unsigned seed) { return agrees_in_layouts(p, random_inputs(p, seed)); }

/// sum_i (a_g x - c_g)_i^2 for points x [d, n] and `groups` of matrices a and vectors c.
ir::Program distances(DType t, std::int64_t groups, std::int64_t d, std::int64_t n) {
  ir::Builder b;
  const Shape shape{groups, d, n};
  const auto a = b.input({t, {groups * d, d}}), x = b.input({t, {d, n}}), c = b.input({t, {groups, d}});
  const auto apart = b.map(Op::sub, {b.reshape(b.dot(a, x), shape), b.broadcast(c, shape, {0, 1})});
  return b.finish({b.reduce(ReduceOp::sum, b.map(Op::square, {apart}), {1})});
}

/// softmax(q k') v for each of a batch.
ir::Program attention(DType t, std::int64_t batch, std::int64_t n, std::int64_t d) {
  ir::Builder b;
  const ir::Type in{t, {batch, n, d}};
  const auto q = b.input(in), k = b.input(in), v = b.input(in);
  const auto scores = b.dot(q, b.transpose(k, {0, 2, 1}));
  const auto over = [&](ir::ValueId x) { return b.broadcast(x, {batch, n, n}, {0, 1}); };
  const auto e = b.map(Op::exp, {b.map(Op::sub, {scores, over(b.reduce(ReduceOp::max, scores, {2}))})});
  return b.finish({b.dot(b.map(Op::div, {e, over(b.reduce(ReduceOp::sum, e, {2}))}), v)});
}

/// Of records [m, 3] those with these indices: two fields of each, made of all three.
ir::Program projected(DType t, DType index, std::int64_t m, std::int64_t n) {
  ir::Builder b;
  const auto records = b.input({t, {m, 3}}), indices = b.input({index, {n}}), scale = b.input({t, {n}});
  const auto taken = b.take_rows(records, indices, 0);
  const auto field = [&](std::int64_t k) { return b.reshape(b.slice(taken, {0, k}, {1, 1}, {n, 1}), {n}); };
  const auto z = b.map(Op::add, {b.map(Op::square, {field(2)}), scale});
  const ir::ValueId pieces[] = {b.reshape(b.map(Op::mul, {field(0), z}), {n, 1}),
                                b.reshape(b.map(Op::mul, {field(1), z}), {n, 1})};
  return b.finish({b.assemble({n, 2}, b.constant(t, 0.0), pieces, {{{0, 0}, {1, 1}}, {{0, 1}, {1, 1}}}, true)});
}
Value indices_below(DType t, std::int64_t n, std::int64_t most, unsigned seed) {
  std::mt19937 random(seed);
  Value v{{t, {n}}, std::vector<std::byte>(static_cast<std::size_t>(n) * itemsize(t))};
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t k = static_cast<std::int64_t>(random()) % most;
    std::memcpy(v.bytes.data() + static_cast<std::size_t>(i) * itemsize(t), &k, itemsize(t));
  }
  return v;
}

}  // namespace

TEST_CASE("what rows of a product become is computed while they are in a cache") {
  for (const DType t : {DType::float32, DType::float64}) {
    CHECK(parts(distances(t, 24, 8, 1100)) == 2);
    CHECK(agrees_in_layouts(distances(t, 24, 8, 1100), 1));
  }
  CHECK(parts(distances(DType::float64, 24, 1, 1100)) == 0);  // one row alone is summed in another way
  CHECK(agrees_in_layouts(distances(DType::float64, 3, 2, 9000), 2));
}

TEST_CASE("products of a batch and what is between them are a band") {
  const auto p = attention(DType::float32, 6, 70, 20);
  CHECK(parts(p) == 5);
  CHECK(agrees_in_layouts(p, 3));
  const auto plan = plan_of(p);
  for (const auto& s : plan->steps)
    if (const auto* band = std::get_if<Band>(&s)) CHECK(band->rows == 6);
}

TEST_CASE("a product whose rows share what the band has written is no part of it") {
  ir::Builder b;
  const auto x = b.input({DType::float64, {40, 40}}), y = b.input({DType::float64, {40, 700}});
  const auto p = b.finish({b.map(Op::neg, {b.dot(x, b.map(Op::exp, {y}))})});
  const auto plan = plan_of(p);
  for (const auto& s : plan->steps)
    if (const auto* band = std::get_if<Band>(&s)) CHECK(band->parts.size() == 2);  // from the product on
  CHECK(agrees_in_layouts(p, 4));
}

TEST_CASE("rows are taken, and what is made of them assembled, a tile at a time") {
  for (const DType index : {DType::int32, DType::int64})
    for (const std::int64_t n : {30'011, 7}) {
      const auto p = projected(DType::float64, index, 90, n);
      CHECK(parts(p) == (n > 7 ? 3 : 0));
      auto inputs = random_inputs(p, 5);
      inputs[1] = indices_below(index, n, 90, 6);
      CHECK(agrees_in_layouts(p, inputs, n > 7 ? 1 : layouts));
    }
}

TEST_CASE("rows of any width are taken whole, in range or not") {
  for (const DType t : {DType::int16, DType::float32, DType::complex128})
    for (const std::int64_t width : {2, 3, 4, 5, 7, 8, 9, 15, 17, 31, 33, 64, 65, 127, 129}) {
      ir::Builder b;
      const auto table = b.input({t, {40, width}}), indices = b.input({DType::int64, {33}});
      const auto p = b.finish({b.take_rows(table, indices, 0), b.take_rows(table, indices, b.input({t, {}}), 0)});
      auto inputs = random_inputs(p, 16);
      inputs[1] = indices_below(DType::int64, 33, 45, 17);
      INFO(t << " " << width);
      CHECK(agrees_in_layouts(p, inputs, 2));
    }
}

TEST_CASE("an array that a band has assembled is read whole by what comes after it") {
  ir::Builder b;
  constexpr std::int64_t n = 20'000;
  const auto x = b.input({DType::float64, {n}}), y = b.input({DType::float64, {n}});
  const ir::ValueId pieces[] = {b.reshape(b.map(Op::mul, {x, y}), {n, 1}), b.reshape(b.map(Op::sub, {x, y}), {n, 1})};
  const std::vector<ir::Assemble::Piece> places{{{0, 0}, {1, 1}}, {{0, 1}, {1, 1}}};
  const auto both = b.assemble({n, 2}, b.constant(DType::float64, 0.0), pieces, places, true);
  const auto turned = b.map(Op::exp, {b.transpose(both, {1, 0})});
  CHECK(agrees_in_layouts(b.finish({turned, b.reduce(ReduceOp::sum, both, {0})}), 7));
}

TEST_CASE("what a band assembles in halves of one array does not take the place of what it reads") {
  constexpr std::int64_t n = 20'000;
  const DType t = DType::float32;
  ir::Builder b;
  const auto x = b.input({t, {2 * n, 4}}), y = b.input({t, {2 * n, 4}});
  const auto e = b.map(Op::exp, {b.map(Op::mul, {b.reshape(x, {n, 8}), b.reshape(y, {n, 8})})});
  const auto d = b.map(Op::sub, {e, b.broadcast(b.reduce(ReduceOp::max, e, {1}), {n, 8}, {0})});
  const auto two = [&](std::int64_t k) { return b.slice(d, {0, k}, {1, 1}, {n, 2}); };
  const auto half = [&](std::int64_t k) {
    const ir::ValueId columns[] = {two(4 + k), two(2 - k)};
    return b.assemble({n, 4}, b.constant(t, 0.0), columns, {{{0, 0}, {1, 1}}, {{0, 2}, {1, 1}}}, true);
  };
  const ir::ValueId halves[] = {half(0), half(2)};
  const auto all = b.assemble({2 * n, 4}, b.constant(t, 0.0), halves, {{{0, 0}, {1, 1}}, {{n, 0}, {1, 1}}}, true);
  const auto p = b.finish({all, halves[0], halves[1], d});
  CHECK(parts(p) >= 3);
  CHECK(agrees(p, random_inputs(p, 1)));
}

TEST_CASE("these bands do not depend on the number of threads") {
  auto taken = projected(DType::float64, DType::int64, 90, 200'003);
  auto rows = random_inputs(taken, 8);
  rows[1] = indices_below(DType::int64, 200'003, 90, 9);
  const auto product = distances(DType::float64, 30, 20, 1500), batch = attention(DType::float32, 40, 64, 32);
  const auto operands = random_inputs(product, 10), heads = random_inputs(batch, 11);
  const auto a = compiled(taken, rows), b = compiled(product, operands), c = compiled(batch, heads);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  CHECK(same_elements(a[0], compiled(taken, rows)[0]));
  CHECK(same_elements(b[0], compiled(product, operands)[0]));
  CHECK(same_elements(c[0], compiled(batch, heads)[0]));
}

TEST_CASE("columns of many results are folded while their rows are computed") {
  for (const auto& shape : {Shape{3, 7, 1024}, Shape{2, 3, 5, 600}, Shape{17, 2, 513}, Shape{2, 7, 520}}) {
    const auto last = static_cast<std::int64_t>(shape.size()) - 1;
    const ir::Type t{DType::float64, shape};
    ir::Builder b;
    const auto x = b.input(t), mean = b.input({t.dtype, {shape.back()}});
    const auto d = b.map(Op::sub, {x, b.broadcast(mean, shape, {last})});
    const auto e = b.map(Op::exp, {b.map(Op::neg, {b.map(Op::square, {d})})});
    const auto p = b.finish({b.reduce(ReduceOp::sum, e, {last - 1}), b.reduce(ReduceOp::max, e, {last - 1}), d});
    INFO(shape);
    const auto plan = plan_of(p);
    std::size_t folding = 0;
    for (const auto& s : plan->steps)
      if (const auto* l = std::get_if<compiler::Loop>(&s)) folding += l->columns && l->fold_outer > 1;
    CHECK(folding == (element_count(shape) > 16384));
    CHECK(agrees_in_layouts(p, 12));
  }
  ir::Builder b;  // several chunks of rows
  const auto p = b.finish({b.reduce(ReduceOp::sum, b.map(Op::neg, {b.input({DType::float64, {2, 515, 512}})}), {1})});
  CHECK(agrees_in_layouts(p, random_inputs(p, 15), 1));
}

TEST_CASE("neighbouring fields of records are gathered together, into neighbouring registers") {
  for (const DType t : {DType::float32, DType::float64})
    for (const std::int64_t n : {5, 130, 3001}) {
      ir::Builder b;
      const auto x = b.input({t, {n, 11}}), y = b.input({t, {n, 2, 3}});
      const auto field = [&](std::int64_t k) { return b.reshape(b.slice(x, {0, k}, {1, 1}, {n, 1}), {n}); };
      const auto entry = [&](std::int64_t i, std::int64_t k) {
        return b.reshape(b.slice(y, {0, i, k}, {1, 1, 1}, {n, 1, 1}), {n});
      };
      ir::ValueId sum = b.map(Op::mul, {field(7), entry(1, 0)});
      for (const std::int64_t k : {3, 0, 9, 1, 2, 8}) sum = b.map(Op::sub, {field(k), b.map(Op::exp, {sum})});
      const auto p = b.finish({sum, b.map(Op::div, {entry(0, 2), b.map(Op::square, {entry(1, 2)})})});
      INFO(t << " " << n);
      CHECK(agrees_in_layouts(p, 13));
      const auto plan = plan_of(p);
      std::size_t pieces = 0;
      std::int64_t fields = 0;
      const auto count = [&](const compiler::Loop& l) {
        for (const auto& g : l.gathers) ++pieces, fields += g.fields;
      };
      for (const auto& s : plan->steps) {
        if (const auto* l = std::get_if<compiler::Loop>(&s)) count(*l);
        if (const auto* band = std::get_if<Band>(&s))
          for (const auto& part : band->parts) count(std::get<compiler::Loop>(part));
      }
      if (n == 5) continue;  // a flat program
      CHECK(fields == 10);
      CHECK(pieces < 7);
    }
}

TEST_CASE("gathers take as many dimensions at a time as are whole") {
  for (const auto& shape : {Shape{7, 5, 3, 4}, Shape{2, 3, 40, 6}, Shape{1, 9, 2, 70}}) {
    ir::Builder b;
    const Shape turned{shape[3], shape[2], shape[1], shape[0]};
    const auto x = b.input({DType::float64, turned}), y = b.input({DType::float64, {shape[1]}});
    const auto z = b.input({DType::float64, shape});
    const auto p = b.finish({b.map(Op::exp, {b.map(Op::sub, {b.map(Op::mul, {z, b.transpose(x, {3, 2, 1, 0})}),
                                                             b.broadcast(y, shape, {1})})})});
    INFO(shape);
    CHECK(agrees_in_layouts(p, 14));
  }
}

}  // namespace fluxion::compiler_test
