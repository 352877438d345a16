// Ties primitives to cases: a primitive without a record fails here, by name.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <fluxion/parse.hpp>

#include "ir/op.hpp"
#include "lax/elementwise.hpp"
#include "support/case.hpp"
#include "support/text.hpp"

namespace fluxion::test {

namespace {

std::set<std::string> covered() {
  std::set<std::string> names;
  for (const auto& c : cases()) names.insert(c.primitive);
  return names;
}

std::string missing(const std::set<std::string>& wanted) {
  const auto have = covered();
  std::string list;
  for (const auto& name : wanted)
    if (!have.contains(name)) list += name + " ";
  return list;
}

// The names that primitives outside the elementwise table declare in a layer's sources.
std::set<std::string> declared_in(const std::string& folder) {
  const std::regex declaration("string_view name = \"([a-z0-9_]+)\"");
  std::set<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(FLUXION_TEST_DATA) / "../../src" / folder)) {
    std::ostringstream text;
    text << std::ifstream(file.path()).rdbuf();
    const auto source = text.str();
    for (std::sregex_iterator it(source.begin(), source.end(), declaration), end; it != end; ++it) names.insert((*it)[1]);
  }
  return names;
}

// Held against plain functions under every composition instead, in tests/transforms/custom_*_test.cpp and
// checkpoint_test.cpp: these hold rules or programs, or a name, which a case's sample arguments cannot.
const std::set<std::string> kWithRules{"checkpoint", "custom_jvp_call", "custom_vjp_call", "custom_vmap_call", "linear_call", "name"};
// What reverse_loops_test.cpp, tapes_test.cpp and control_flow_lanes_test.cpp cover: the case table has no tapes, and
// does not choose buckets.
const std::set<std::string> kWithinLoops{"cond_buckets", "tape_add", "tape_push", "tape_read", "tape_sum"};

}  // namespace

TEST_CASE("every row of the elementwise table has a case") {
  std::set<std::string> rows;
  for (std::size_t i = 0; i < static_cast<std::size_t>(ir::Op::count_); ++i)
    rows.insert(std::string(ir::name(static_cast<ir::Op>(i))));
  // What `round` is lowered to, whose cases cover both.
  rows.erase("round_half_away");
  rows.erase("round_half_even");
  CHECK(missing(rows) == "");
}

TEST_CASE("every other primitive has a case") {
  auto declared = declared_in("lax");
  CHECK(declared.size() >= 18);
  for (const auto* family : {"lax/control_flow", "lax/linalg", "lax/special"}) declared.merge(declared_in(family));
  declared.merge(declared_in("transforms"));
  for (const auto* elsewhere : {&kWithRules, &kWithinLoops})
    for (const auto& name : *elsewhere) CHECK(declared.erase(name) == 1);
  CHECK(missing(declared) == "");
}

TEST_CASE("every primitive is listed for the parser") {
  auto declared = declared_in("transforms");
  declared.merge(declared_in("lax"));
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(FLUXION_TEST_DATA) / "../../src/lax"))
    if (entry.is_directory()) declared.merge(declared_in("lax/" + entry.path().filename().string()));
  CHECK(declared.size() > 90);
  for (const auto& name : declared) {
    const auto message = thrown<ValueError>([&, name = name] { parse_jaxpr("{ lambda ; . let " + name + " in () }"); });
    CHECK(message.find("a known primitive is required") == std::string::npos);
  }
}

TEST_CASE("collectives are held against computations over the stacked axis, and none is forgotten") {
  // What collectives_laws_test.cpp covers: they mean something only inside a vmap that names their axis.
  CHECK(declared_in("lax/collectives") == std::set<std::string>{"all_gather", "all_to_all", "axis_index", "pmax", "pmin",
                                                                "ppermute", "psum", "reduce_scatter"});
}

TEST_CASE("callbacks are held against what they saw, and none is forgotten") {
  // What callbacks_test.cpp covers: they have no reference but their own function.
  CHECK(declared_in("lax/callbacks") == std::set<std::string>{"debug_callback", "io_callback", "pure_callback"});
}

TEST_CASE("implicit differentiation is held against formulas, and no primitive of it is forgotten") {
  // What implicit_test.cpp covers.
  CHECK(declared_in("lax/implicit") == std::set<std::string>{"custom_linear_solve", "custom_root"});
}

TEST_CASE("rows stand at their operation and have a tangent rule for every argument or for none") {
  for (std::size_t i = 0; i < static_cast<std::size_t>(ir::Op::count_); ++i) {
    const auto op = static_cast<ir::Op>(i);
    const auto& row = lax::row(op);
    INFO(ir::name(op));
    CHECK(row.op == op);
    if (ir::arity(op) == 2) CHECK((row.tangent[0] == nullptr) == (row.tangent[1] == nullptr));
    if (ir::arity(op) == 1) CHECK(row.tangent[1] == nullptr);
    CHECK(lax::elementwise(op).op() == op);
  }
}

TEST_CASE("cases have unique names and a reference") {
  std::set<std::string> names;
  for (const auto& c : cases()) {
    INFO(c.name);
    CHECK(names.insert(c.name).second);
    CHECK(static_cast<bool>(c.reference));
    for (const auto& s : c.signatures) CHECK(s.args.size() == c.differentiable.size());
    CHECK(c.linear.size() == c.differentiable.size());
  }
}

}  // namespace fluxion::test
