// Every law over every case of the table.
#include <catch2/catch.hpp>

#include <algorithm>

#include "lax/laws.hpp"

namespace fluxion::test {

TEST_CASE("every primitive gives its reference's values") {
  run_law({"value equals reference", value_equals_reference});
}
TEST_CASE("jit and the interpreted jaxpr equal eager evaluation to the bit") {
  run_law({"jit equals eager to the bit", jit_equals_eager});
}
TEST_CASE("predicted avals are those of the results, weak types included") {
  run_law({"avals are what came out", avals_are_what_came_out});
}
TEST_CASE("jaxprs of functions, derivatives and batches type-check and contain their primitive") {
  run_law({"jaxprs type-check", jaxprs_typecheck});
}
TEST_CASE("jaxprs of functions, derivatives and batches print, parse and print the same, and what was parsed evaluates the same") {
  run_law({"print, parse, print is a fixpoint", print_parse_print_is_a_fixpoint});
}
TEST_CASE("results do not depend on the layout of operands") {
  run_law({"layout does not matter", layout_does_not_matter});
}
TEST_CASE("jvp equals central differences") {
  run_law({"jvp equals differences", jvp_equals_differences});
}
TEST_CASE("second derivatives equal central differences, forward over forward and forward over reverse") {
  run_law({"second derivatives equal differences", second_derivatives_equal_differences});
}
TEST_CASE("transposes satisfy the inner-product identity, also of derivatives") {
  run_law({"transpose satisfies the inner product", transpose_satisfies_inner_product});
}
TEST_CASE("linearize equals jvp to the bit") {
  run_law({"linearize equals jvp", linearize_equals_jvp});
}
TEST_CASE("each argument can be differentiated alone") {
  run_law({"arguments alone", arguments_alone});
}
TEST_CASE("the derivative in a linear argument is the function itself") {
  run_law({"linear arguments", linear_arguments});
}
TEST_CASE("transposing the function itself gives the cotangent of a linear argument") {
  run_law({"transpose rules give the cotangent", transpose_rules_give_the_cotangent});
}
TEST_CASE("Taylor mode equals nested jvp to the fourth order, and its jitted program to the bit") {
  run_law({"Taylor mode equals nested jvp", taylor_mode_equals_nested_jvp});
}
TEST_CASE("vmap equals the loop to the bit for every choice of mapped operands and axes") {
  run_law({"vmap equals the loop to the bit", vmap_equals_loop});
}
TEST_CASE("what does not equal the loop under vmap to the bit is close to it") {
  run_law({"vmap is close to the loop", vmap_is_close_to_loop, 5});
}
TEST_CASE("jit commutes with jvp and vjp to the bit") {
  run_law({"jit commutes with derivatives", jit_commutes_with_derivatives});
}
TEST_CASE("jit commutes with vmap to the bit") {
  run_law({"jit commutes with vmap", jit_commutes_with_vmap});
}
TEST_CASE("vmap commutes with jvp") {
  run_law({"vmap commutes with jvp", vmap_commutes_with_jvp});
}
TEST_CASE("vmap commutes with vjp, gradients of shared arguments summed") {
  run_law({"vmap commutes with vjp", vmap_commutes_with_vjp});
}
TEST_CASE("vmap nests") {
  run_law({"vmap nests", vmap_nests});
}

namespace {

// What refused operands throw, or what went wrong.
std::string refusal(const FlatFn& f, const Arrays& args) {
  try {
    f(args);
    return "nothing was thrown";
  } catch (const InternalError& e) {
    return std::string("an InternalError: ") + e.what();
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace

TEST_CASE("refused operands throw a message that names the primitive and what came") {
  std::size_t checked = 0;
  for (const auto& c : cases())
    for (std::size_t i = 0; i < c.errors.size(); ++i) {
      const auto args = c.errors[i].args();
      const auto eager = refusal(c.f, args);
      INFO(c.name << ", error input " << i << ": " << eager);
      CHECK(eager.rfind(c.primitive + ":", 0) == 0);
      for (const auto& piece : c.errors[i].message) CHECK_THAT(eager, Catch::Contains(piece));
      CHECK(refusal([&](const Arrays& a) { return interpreted(c.f, a); }, args) == eager);
      ++checked;
    }
  CHECK(checked >= 100);
}

TEST_CASE("every case with a floating argument is differentiated or says why not") {
  for (const auto& c : cases()) {
    const bool reaches_derivatives =
        std::any_of(c.signatures.begin(), c.signatures.end(), [&](const Signature& s) { return any(active_arguments(c, s)); });
    INFO(c.name);
    CHECK(reaches_derivatives == any(c.differentiable));
  }
}

}  // namespace fluxion::test
