// The type checker must find every way in which a jaxpr can be wrong; dead code elimination and evaluation.
#include <catch2/catch.hpp>

#include <fluxion/lax.hpp>

#include "core/jaxpr.hpp"
#include "support/flat.hpp"
#include "support/text.hpp"

namespace fluxion::test {

namespace {

// lambda a:f64[3] b:f64[3]. let c = add a b; d = sin c in (d,)
Jaxpr sample_jaxpr() {
  const FlatFn f = [](const Arrays& x) -> Arrays { return {lax::sin(lax::add(x[0], x[1]))}; };
  return *detail::make_jaxpr_flat(f, {{{3}, DType::float64}, {{3}, DType::float64}}, "test").jaxpr;
}

}  // namespace

TEST_CASE("a traced jaxpr passes the checker") {
  const auto j = sample_jaxpr();
  CHECK(j.eqns.size() == 2);
  CHECK_NOTHROW(typecheck(j));
}

TEST_CASE("the checker refuses a wrong result type") {
  auto j = sample_jaxpr();
  j.vars[static_cast<std::size_t>(j.eqns[0].out[0])].shape = {4};
  CHECK_THAT(thrown<InternalError>([&] { typecheck(j); }), Catch::Contains("add gives f64[3], recorded as f64[4]"));
  j = sample_jaxpr();
  j.vars[static_cast<std::size_t>(j.eqns[1].out[0])].dtype = DType::float32;
  CHECK_THAT(thrown<InternalError>([&] { typecheck(j); }), Catch::Contains("sin gives f64[3], recorded as f32[3]"));
}

TEST_CASE("the checker refuses uses before definitions and second definitions") {
  auto j = sample_jaxpr();
  std::swap(j.eqns[0], j.eqns[1]);
  CHECK_THAT(thrown<InternalError>([&] { typecheck(j); }), Catch::Contains("sin reads a variable before it is defined"));
  j = sample_jaxpr();
  j.eqns[1].out = j.eqns[0].out;
  CHECK_THAT(thrown<InternalError>([&] { typecheck(j); }), Catch::Contains("sin defines a variable twice"));
  j = sample_jaxpr();
  j.eqns.pop_back();
  CHECK_THAT(thrown<InternalError>([&] { typecheck(j); }), Catch::Contains("the result reads a variable before it is defined"));
  j = sample_jaxpr();
  j.eqns[0].out.push_back(j.eqns[1].out[0]);
  CHECK_THAT(thrown<InternalError>([&] { typecheck(j); }), Catch::Contains("add has the wrong number of results"));
}

TEST_CASE("dead code goes, inputs and what results need stay") {
  const FlatFn f = [](const Arrays& x) -> Arrays {
    lax::exp(x[0]);
    const auto used = lax::sin(x[1]);
    lax::mul(used, x[0]);
    return {used};
  };
  const auto j = *detail::make_jaxpr_flat(f, {{{}, DType::float64}, {{}, DType::float64}}, "test").jaxpr;
  CHECK(j.eqns.size() == 3);
  const auto lean = dead_code_eliminated(j);
  CHECK(to_string(lean) == "{ lambda ; a:f64[] b:f64[]. let c:f64[] = sin b in (c,) }");
  CHECK(differs(eval_jaxpr(lean, Arrays{Array(1.0), Array(0.5)})[0], lax::sin(Array(0.5))) == "");
}

TEST_CASE("evaluating a jaxpr with the wrong number of inputs is refused") {
  CHECK_THAT(thrown<InternalError>([] { eval_jaxpr(sample_jaxpr(), Arrays{Array(1.0)}); }), Catch::Contains("2 inputs are required, got 1"));
}

}  // namespace fluxion::test
