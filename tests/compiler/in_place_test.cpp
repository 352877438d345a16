// Rows and windows moved by indices: what they mean, what they do to indices themselves, and when nothing is copied.
#include <catch2/catch.hpp>

#include <cstring>
#include <sstream>

#include "compiler/executable.hpp"
#include "compiler/interpreter.hpp"
#include "compiler/passes/passes.hpp"

namespace fluxion::compiler_test {
namespace {

using ir::Op;
using ir::ValueId;

Value indices(DType t, const Shape& shape, std::initializer_list<std::int64_t> numbers) {
  Value v{{t, shape}, {}};
  for (const auto n : numbers) {
    const auto narrow = static_cast<std::int32_t>(n);
    const auto* from = t == DType::int32 ? reinterpret_cast<const std::byte*>(&narrow) : reinterpret_cast<const std::byte*>(&n);
    v.bytes.insert(v.bytes.end(), from, from + itemsize(t));
  }
  return v;
}

std::string listed(const ir::Program& p) {
  std::vector<Aval> results;
  for (const auto v : p.outputs) results.push_back({p.types[v].shape, p.types[v].dtype});
  return compiler::compile_program(p, results)->listing();
}
std::size_t copies_in(const ir::Program& p) {
  const auto text = listed(p);
  std::size_t n = 0;
  for (auto at = text.find("copy "); at != std::string::npos; at = text.find("copy ", at + 1)) ++n;
  return n;
}
std::string after(ir::Program p) {
  std::ostringstream os;
  os << compiler::optimised(std::move(p));
  return os.str();
}

/// i where it is not negative, else i + extent, as x[i] writes it.
ValueId wrapped(ir::Builder& b, ValueId i, std::int64_t extent) {
  const auto number = [&](std::int64_t n) { return b.constant(DType::int64, &n); };
  return b.map(Op::select, {b.map(Op::lt, {i, number(0)}), i, b.map(Op::add, {i, number(extent)})});
}
ValueId clamped(ir::Builder& b, ValueId i, std::int64_t last) {
  const auto number = [&](std::int64_t n) { return b.constant(DType::int64, &n); };
  return b.map(Op::max, {b.map(Op::min, {i, number(last)}), number(0)});
}

const std::initializer_list<std::int64_t> some = {3, -1, 0, 7, 3, -6, 5, -9, 2};

}  // namespace

TEST_CASE("rows are taken and put for every dtype of indices, row and mode") {
  std::mt19937 random(1);
  for (const auto t : {DType::int32, DType::int64})
    for (const auto dtype : {DType::float32, DType::float64, DType::int32, DType::complex64, DType::bool_, DType::int16})
      for (const Shape& row : {Shape{}, Shape{3}, Shape{2, 17}})
        for (const bool wraps : {false, true})
          for (const bool other : {false, true}) {  // fills, or does not clip
            Shape table{6}, rows{9};
            for (const auto n : row) table.push_back(n), rows.push_back(n);
            const auto at = indices(t, {9}, some);
            const auto x = random_value({dtype, table}, random), y = random_value({dtype, rows}, random);
            ir::Builder b;
            const auto in = b.input(x.type), i = b.input(at.type), from = b.input(y.type), fill = b.input({dtype, {}});
            const auto taken = other ? b.take_rows(in, i, fill, 0) : b.take_rows(in, i, 0);
            const auto put = b.put_rows(in, i, from, {0, false, wraps, !other});
            ir::Values out{taken, put};
            if (dtype != DType::bool_ && dtype != DType::int16) out.push_back(b.put_rows(in, i, from, {0, true, wraps, !other}));
            auto p = b.finish(std::move(out));
            for (auto& instr : p.instrs)
              if (auto* take = std::get_if<ir::TakeRows>(&instr.action)) take->wraps = wraps;
            CHECK(agrees(p, {x, at, y, random_value({dtype, {}}, random)}));
          }
}

TEST_CASE("rows of a batch, and tables and indices of any layout") {
  std::mt19937 random(2);
  ir::Builder b;
  const auto x = b.input({float32, {2, 5, 3}}), i = b.input({DType::int64, {2, 4}}), y = b.input({float32, {2, 4, 3}});
  const auto p = b.finish({b.take_rows(x, i, 1), b.put_rows(x, i, y, {1, true}), b.put_rows(x, i, y, {1, false})});
  const auto in = indices(DType::int64, {2, 4}, {0, 4, 4, 9, -1, 2, 3, 2});
  const auto table = random_value({float32, {2, 5, 3}}, random), rows = random_value({float32, {2, 4, 3}}, random);
  for (int l = 0; l < layouts; ++l)
    for (int m = 0; m < layouts; ++m)
      CHECK(agrees(p, {table, in, rows}, {static_cast<Layout>(l), static_cast<Layout>(m), static_cast<Layout>(l)}));
}

TEST_CASE("many rows are taken in the order of their indices, on any number of threads") {
  std::mt19937 random(3);
  constexpr std::int64_t n = 1500, m = 3000;
  ir::Builder b;
  const auto x = b.input({float64, {n}}), i = b.input({DType::int32, {m}}), y = b.input({float64, {m}});
  const auto p = b.finish({b.take_rows(x, i, 0), b.put_rows(x, i, y, {0, true}), b.put_rows(x, i, y, {0, false})});
  Value at{{DType::int32, {m}}, std::vector<std::byte>(m * 4)};
  for (std::int64_t k = 0; k < m; ++k) {
    const auto v = static_cast<std::int32_t>(random() % (n + 20)) - 10;
    std::memcpy(at.bytes.data() + 4 * k, &v, 4);
  }
  CHECK(agrees(p, {random_value({float64, {n}}, random), at, random_value({float64, {m}}, random)}));
}

TEST_CASE("windows are taken and put wherever they fit") {
  std::mt19937 random(4);
  ir::Builder b;
  const ir::Type start{DType::int64, {}};
  const auto x = b.input({float32, {5, 4, 6}}), w = b.input({float32, {2, 4, 3}});
  const ValueId starts[] = {b.input(start), b.input(start), b.input(start)};
  const auto p = b.finish({b.take_window(x, starts, {2, 4, 3}), b.put_window(x, w, starts),
                           b.put_window(b.map(Op::exp, {x}), w, starts), b.take_window(b.transpose(x, {0, 1, 2}), starts, {5, 4, 6})});
  for (const std::int64_t first : {-3, 0, 2, 9})
    for (int l = 0; l < layouts; ++l)
      CHECK(agrees(p, {random_value({float32, {5, 4, 6}}, random), random_value({float32, {2, 4, 3}}, random),
                       indices(DType::int64, {}, {first}), indices(DType::int64, {}, {first}), indices(DType::int64, {}, {1})},
                   {static_cast<Layout>(l)}));
}

TEST_CASE("indices that are converted, wrapped and clamped are not computed") {
  ir::Builder b;
  const auto x = b.input({float32, {6}}), i = b.input({DType::int32, {9}}), y = b.input({float32, {9}});
  const auto at = b.reshape(wrapped(b, b.convert(i, DType::int64), 6), {9, 1});
  const auto put = b.put_rows(x, clamped(b, b.reshape(at, {9}), 5), y, {0, true});
  const auto p = b.finish({b.take_rows(x, b.reshape(at, {9}), 0), put});
  const auto text = after(p);
  INFO(text);
  CHECK_THAT(text, Catch::Contains("take_rows[batch=0 wraps] %0 %1") && Catch::Contains("add_rows[batch=0 wraps clips] %0 %1 %2"));
  CHECK_THAT(text, !Catch::Contains("convert") && !Catch::Contains("select"));
  std::mt19937 random(5);
  CHECK(agrees(p, {random_value({float32, {6}}, random), indices(DType::int32, {9}, some), random_value({float32, {9}}, random)}));
}

TEST_CASE("indices wrapped by another extent, or clamped before they wrap, stay what they are") {
  std::mt19937 random(6);
  ir::Builder b;
  const auto x = b.input({float32, {6}}), i = b.input({DType::int64, {9}}), fill = b.constant(float32, 2.0);
  const auto p = b.finish({b.take_rows(x, wrapped(b, i, 5), 0), b.take_rows(x, wrapped(b, clamped(b, i, 5), 6), 0),
                           b.take_rows(x, clamped(b, i, 5), fill, 0), b.take_rows(x, wrapped(b, wrapped(b, i, 6), 6), 0),
                           b.take_rows(x, clamped(b, wrapped(b, i, 6), 4), 0)});
  CHECK(agrees(p, {random_value({float32, {6}}, random), indices(DType::int64, {9}, some)}));
}

TEST_CASE("what nobody reads any more is changed where it is") {
  std::mt19937 random(7);
  ir::Builder b;
  const auto x = b.input({float32, {6}}), i = b.input({DType::int64, {9}}), y = b.input({float32, {9}});
  const auto e = b.map(Op::exp, {x});
  SECTION("a value that dies") {
    const auto p = b.finish({b.put_rows(b.put_rows(e, i, y, {0, true}), i, y, {0, false})});
    CHECK(copies_in(p) == 0);
    CHECK(agrees(p, {random_value({float32, {6}}, random), indices(DType::int64, {9}, some), random_value({float32, {9}}, random)}));
  }
  SECTION("a value that dies, read before and under another shape") {
    const auto sum = b.reduce(ir::ReduceOp::sum, b.map(Op::mul, {e, e}), {0});
    const auto put = b.put_rows(b.reshape(e, {6, 1}), i, b.reshape(y, {9, 1}), {0, true});
    const auto p = b.finish({b.map(Op::neg, {put}), sum});
    CHECK(copies_in(p) == 0);
    CHECK(agrees(p, {random_value({float32, {6}}, random), indices(DType::int64, {9}, some), random_value({float32, {9}}, random)}));
  }
  SECTION("not one that is read later, or returned, or an argument") {
    const auto put = b.put_rows(e, i, y, {0, true});
    const auto p = b.finish({b.map(Op::add, {put, e}), b.put_rows(x, i, y, {0, true})});
    CHECK(copies_in(p) == 2);
    CHECK(agrees(p, {random_value({float32, {6}}, random), indices(DType::int64, {9}, some), random_value({float32, {9}}, random)}));
  }
  SECTION("not one whose own elements are put") {
    const auto f = b.map(Op::exp, {y});
    const auto p = b.finish({b.put_rows(f, i, f, {0, true})});
    CHECK(copies_in(p) == 1);
    CHECK(agrees(p, {random_value({float32, {6}}, random), indices(DType::int64, {9}, some), random_value({float32, {9}}, random)}));
  }
}

namespace {

/// Per trip: (i, x) -> (i + 1, x with an element changed), and perhaps the sum of what x was before.
ir::ProgramPtr changing(bool reads_after, bool twice) {
  ir::Builder b;
  const auto i = b.input({DType::int64, {}}), x = b.input({float32, {5}});
  const auto at = b.reshape(i, {1});
  const auto v = b.reshape(b.convert(i, float32), {1});
  const auto before = b.reduce(ir::ReduceOp::sum, x, {0});
  auto y = b.put_rows(x, at, v, {0, true});
  if (twice) y = b.put_rows(y, at, b.map(Op::add, {v, b.take_rows(y, at, 0)}), {0, false});
  const auto s = reads_after ? b.reduce(ir::ReduceOp::sum, b.map(Op::mul, {x, y}), {0}) : before;
  return std::make_shared<const ir::Program>(b.finish({b.map(Op::add, {i, b.constant(DType::int64, 1.0)}), y, s}));
}

}  // namespace

TEST_CASE("a loop changes elements of its carry without copying it") {
  std::mt19937 random(8);
  for (const bool reads_after : {false, true})
    for (const bool twice : {false, true})
      for (const bool dies : {false, true}) {
        ir::Builder b;
        const auto x = b.input({float32, {5}});
        const ValueId in[] = {b.constant(DType::int64, 0.0), dies ? b.map(Op::exp, {x}) : x};
        const auto out = b.scan(in, {changing(reads_after, twice), 0, 2, 6, false});
        const auto p = b.finish({out[1], out[2]});
        INFO(listed(p));
        CHECK(agrees(p, {random_value({float32, {5}}, random)}));
        if (!reads_after && !twice) CHECK(copies_in(p) == (dies ? 0 : 1));
      }
}

TEST_CASE("loops in loops change one array, and other uses of it are respected") {
  std::mt19937 random(9);
  ir::Builder inner;
  const auto j = inner.input({DType::int64, {}}), y = inner.input({float32, {5}});
  const auto put = inner.put_rows(y, inner.reshape(j, {1}), inner.reshape(inner.convert(j, float32), {1}), {0, true});
  const auto inner_body = std::make_shared<const ir::Program>(
      inner.finish({inner.map(Op::add, {j, inner.constant(DType::int64, 1.0)}), put}));
  for (const bool also_read : {false, true}) {
    ir::Builder outer;
    const auto x = outer.input({float32, {5}});
    const ValueId in[] = {outer.constant(DType::int64, 0.0), x};
    const auto done = outer.scan(in, {inner_body, 0, 2, 4, false})[1];
    const auto result = also_read ? outer.map(Op::add, {done, x}) : done;
    const auto outer_body = std::make_shared<const ir::Program>(outer.finish({result}));
    ir::Builder b;
    const auto a = b.input({float32, {5}});
    const auto p = b.finish({b.scan({&a, 1}, {outer_body, 0, 1, 3, false})[0], a});
    INFO(listed(p));
    CHECK(agrees(p, {random_value({float32, {5}}, random)}));
    if (!also_read) CHECK(copies_in(p) == 1);
  }
}

TEST_CASE("a while loop tests what it changes in place") {
  ir::Builder c;
  const auto i = c.input({DType::int64, {}});
  c.input({float32, {5}});
  const auto cond = std::make_shared<const ir::Program>(c.finish({c.map(Op::lt, {i, c.constant(DType::int64, 4.0)})}));
  ir::Builder d;
  const auto j = d.input({DType::int64, {}}), y = d.input({float32, {5}});
  const auto put = d.put_rows(y, d.reshape(j, {1}), d.reshape(d.convert(j, float32), {1}), {0, true});
  const auto body = std::make_shared<const ir::Program>(d.finish({d.map(Op::add, {j, d.constant(DType::int64, 1.0)}), put}));
  std::mt19937 random(10);
  ir::Builder b;
  const auto x = b.input({float32, {5}}), n = b.input({DType::int64, {}});
  const ValueId in[] = {n, x};
  const auto out = b.while_loop(in, {cond, body, 0, 0});
  const auto p = b.finish({out[1], b.map(Op::add, {x, out[1]})});
  for (const std::int64_t first : {0, 3, 4})
    CHECK(agrees(p, {random_value({float32, {5}}, random), indices(DType::int64, {}, {first})}));
}

TEST_CASE("carries that change places are not changed in place") {
  std::mt19937 random(11);
  ir::Builder d;
  const auto x = d.input({float32, {3}}), y = d.input({float32, {3}});
  const std::int64_t one = 1;
  const auto at = d.reshape(d.constant(DType::int64, &one), {1});
  const auto changed = d.put_rows(x, at, d.slice(y, {0}, {1}, {1}), {0, true});
  const auto body = std::make_shared<const ir::Program>(d.finish({y, changed}));
  ir::Builder b;
  const auto u = b.input({float32, {3}}), v = b.input({float32, {3}});
  const ValueId in[] = {u, v};
  for (const std::int64_t rounds : {1, 2, 5}) {
    ir::Builder c = b;
    const auto out = c.scan(in, {body, 0, 2, rounds, false});
    CHECK(agrees(c.finish({out[0], out[1], u}), {random_value({float32, {3}}, random), random_value({float32, {3}}, random)}));
  }
}

}  // namespace fluxion::compiler_test
