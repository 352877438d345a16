#include <catch2/catch.hpp>

#include <memory>
#include <sstream>

#include "compiler/random_ir.hpp"

namespace fluxion::compiler_test {
namespace {

void check(unsigned seed, std::size_t length) {
  Generator g(seed);
  const auto p = g.draw(length);
  ir::verify(p);
  std::ostringstream text;
  text << p;
  INFO("seed " << seed << "\n" << text.str());
  CHECK(agrees(p, g.inputs, g.layouts_drawn));
}

/// A random program as the body of a scan: half of its inputs stay, the others are stacked, and so are results.
void check_as_body(unsigned seed, std::size_t length) {
  constexpr std::int64_t rounds = 3;
  Generator g(seed);
  const auto body = std::make_shared<const ir::Program>(g.draw(length));
  const std::size_t consts = body->inputs.size() / 2;
  std::mt19937 random(seed);
  ir::Builder b;
  ir::Values in;
  std::vector<Value> inputs;
  for (const auto v : body->inputs) {
    ir::Type t = body->types[v];
    if (in.size() >= consts) t.shape.insert(0, rounds);
    inputs.push_back(random_value(t, random));
    in.push_back(b.input(std::move(t)));
  }
  const auto p = b.finish(b.scan(in, {body, consts, 0, rounds, seed % 2 == 0}));
  ir::verify(p);
  std::ostringstream text;
  text << p;
  INFO("seed " << seed << "\n" << text.str());
  CHECK(agrees(p, inputs, g.layouts_drawn));
}

}  // namespace

TEST_CASE("random programs as bodies of scans agree with the interpreter to the bit") {
  for (unsigned seed = 3000; seed < 3100; ++seed) check_as_body(seed, 3 + seed % 20);
}

TEST_CASE("compiled random programs agree with the interpreter to the bit") {
  const auto before = results_in_place();
  for (unsigned seed = 0; seed < 300; ++seed) check(seed, 3 + seed % 30);
  CHECK(results_in_place() - before > 100);  // so that something is tested
}

TEST_CASE("long random programs agree with the interpreter to the bit") {
  for (unsigned seed = 1000; seed < 1020; ++seed) check(seed, 150);
}

}  // namespace fluxion::compiler_test
