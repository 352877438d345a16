// Properties of random programs. A failure shows the shrunk program as its jaxpr.
#include <rapidcheck/catch.h>

#include <cmath>

#include <fluxion/lax.hpp>
#include <fluxion/transforms/jacobian.hpp>

#include <tbb/global_control.h>

#include "core/jaxpr.hpp"
#include "properties/random_program.hpp"
#include "support/host.hpp"

namespace fluxion::test {

void showValue(const Program& p, std::ostream& os) { os << "\n" << text_of(p); }

namespace {

constexpr std::uint64_t kSeed = 17;

// Sizes of numbers must not follow rapidcheck's size, which starts at nothing.
rc::Gen<unsigned> number(unsigned below) {
  return rc::gen::resize(rc::kNominalSize, rc::gen::map(rc::gen::arbitrary<std::uint16_t>(), [below](std::uint16_t v) { return v % below; }));
}

rc::Gen<Program> programs(bool smooth, bool dots, int longest = 14) {
  const auto gene = rc::gen::build<Gene>(rc::gen::set(&Gene::op, number(288)), rc::gen::set(&Gene::a, number(4)),
                                         rc::gen::set(&Gene::b, number(6)), rc::gen::set(&Gene::c, number(8)));
  const auto genes = rc::gen::mapcat(rc::gen::resize(rc::kNominalSize, rc::gen::inRange(1, longest + 1)), [gene](int n) {
    return rc::gen::container<std::vector<Gene>>(static_cast<std::size_t>(n), gene);
  });
  return rc::gen::build<Program>(rc::gen::set(&Program::genes, rc::gen::nonEmpty(genes)), rc::gen::set(&Program::extents, number(8)),
                                 rc::gen::set(&Program::smooth, rc::gen::just(smooth)), rc::gen::set(&Program::dots, rc::gen::just(dots)));
}

void same(const Arrays& got, const Arrays& want, const char* what, Tolerance t = {}) {
  if (const auto d = difference(got, want, t)) RC_FAIL(std::string(what) + ": " + *d);
}

const std::vector<char> kAll{1, 1, 1};

Arrays like_floating(const Arrays& xs, std::uint64_t seed) {
  Arrays out;
  for (const auto& x : xs) out.push_back(make(sample({DType::float64, x.shape()}, seed++)));
  return out;
}

Array transposed_view(const Array& x) {
  if (x.ndim() != 2) return x;
  return lax::transpose(make(read(lax::transpose(x, {1, 0}))), {1, 0});
}

double inner(const Arrays& x, const Arrays& y, double& magnitude) {
  double s = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const auto a = read(x[k]), b = read(y[k]);
    for (std::size_t i = 0; i < a.v.size(); ++i) {
      s += a.v[i].f * b.v[i].f;
      magnitude += std::fabs(a.v[i].f * b.v[i].f);
    }
  }
  return s;
}

}  // namespace

TEST_CASE("random programs: compiled, interpreted and eager results are the same bits") {
  rc::prop("jit and the jaxpr equal eager evaluation", [] {
    const auto p = *programs(false, true);
    const auto f = function_of(p);
    const auto args = inputs_of(p, kSeed);
    const auto want = f(args);
    same(jitted(f)(args), want, "jit");
    same(interpreted(f, args), want, "interpreted");
    const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
    same(jitted(f)(args), want, "jit on one thread");
  });
  rc::prop("layouts do not matter", [] {
    const auto p = *programs(false, false);
    const auto f = function_of(p);
    auto args = inputs_of(p, kSeed);
    const auto want = f(args);
    args[0] = lax::rev(make(read(lax::rev(args[0], {0}))), {0});
    args[1] = transposed_view(args[1]);
    same(f(args), want, "eager");
    same(jitted(f)(args), want, "jit");
  });
}

TEST_CASE("random programs: derivatives commute with jit to the bit") {
  rc::prop("vjp and jvp of jit equal jit of vjp and jvp", [] {
    const auto p = *programs(false, false, 10);
    const auto f = function_of(p);
    const auto args = inputs_of(p, kSeed);
    const auto backward = joined(args, like_floating(f(args), kSeed + 7));
    const auto gradient = vjp_of(f, kAll)(backward);
    same(jitted(vjp_of(f, kAll))(backward), gradient, "jit of vjp");
    same(vjp_of(jitted(f), kAll)(backward), gradient, "vjp of jit");
    const auto forward = joined(args, like_floating(args, kSeed + 8));
    const auto tangents = jvp_of(f, kAll)(forward);
    same(jitted(jvp_of(f, kAll))(forward), tangents, "jit of jvp");
    same(jvp_of(jitted(f), kAll)(forward), tangents, "jvp of jit");
    same(linearized_of(f, kAll)(forward), tangents, "linearize");
  });
}

TEST_CASE("random programs: vmap equals the loop to the bit") {
  rc::prop("for any choice of mapped arguments", [] {
    const auto p = *programs(false, false, 10);
    const auto mask = 1 + *number(7);
    const auto f = function_of(p);
    auto args = inputs_of(p, kSeed);
    FlatAxes axes(3);
    for (std::size_t i = 0; i < 3; ++i) {
      if ((mask >> i & 1) == 0) continue;
      axes[i] = i == 1 ? 1 : 0;
      Shape shape = args[i].shape();
      shape.insert(static_cast<std::size_t>(*axes[i]), 3);
      args[i] = make(sample({DType::float64, shape, -2, 2}, kSeed + i));
    }
    const auto got = vmapped(f, axes, 3)(args), compiled = jitted(vmapped(f, axes, 3))(args);
    same(compiled, got, "jit of vmap");
    for (std::int64_t i = 0; i < 3; ++i) {
      Arrays one, lane;
      for (std::size_t k = 0; k < 3; ++k) one.push_back(axes[k] ? take(args[k], *axes[k], i) : args[k]);
      for (const auto& x : got) lane.push_back(take(x, 0, i));
      same(lane, f(one), "lane");
    }
  });
}

TEST_CASE("random programs: forward and reverse mode are transposes of each other") {
  rc::prop("<ct, J t> = <J^T ct, t>", [] {
    const auto p = *programs(true, true);
    const auto f = function_of(p);
    const auto args = inputs_of(p, kSeed);
    const auto tangents = like_floating(args, kSeed + 3);
    const auto out = jvp_of(f, kAll)(joined(args, tangents));
    const auto pushed = part(out, 2, 2);
    const auto cotangents = like_floating(pushed, kSeed + 4);
    const auto pulled = part(vjp_of(f, kAll)(joined(args, cotangents)), 2, 3);
    double size = 1e-3;
    const auto left = inner(cotangents, pushed, size), right = inner(pulled, tangents, size);
    RC_ASSERT(std::isfinite(left));
    if (std::fabs(left - right) > 1e-11 * size) RC_FAIL("inner products " + std::to_string(left) + " and " + std::to_string(right));
  });
  rc::prop("jacfwd and jacrev agree, and the Hessian is symmetric", [] {
    const auto p = *programs(true, true, 8);
    const auto args = inputs_of(p, kSeed);
    const auto f = [f = function_of(p), args](const Array& x) { return f({x, args[1], args[2]})[1]; };
    const auto forward = jacfwd(f)(args[0]), reverse = jacrev(f)(args[0]);
    double scale = 1;
    for (const auto& n : read(forward).v) scale = std::max(scale, std::fabs(n.f));
    same({forward}, {reverse}, "jacobian", Tolerance::close(1e-10, 1e-11 * scale));
    const auto h = hessian(f)(args[0]);
    for (const auto& n : read(h).v) scale = std::max(scale, std::fabs(n.f));
    same({h}, {lax::transpose(h, {1, 0})}, "hessian", Tolerance::close(1e-9, 1e-10 * scale));
  });
}

TEST_CASE("random programs: nested derivatives do not confuse their perturbations") {
  // h(x) = x * d/dy g(x + y) at y = 0.3, whose inner derivative must not see the outer tangent.
  rc::prop("all nestings agree with differences", [] {
    const auto p = *programs(true, false, 5);
    const auto args = inputs_of(p, kSeed);
    const FlatFn g = [f = function_of(p), args](const Arrays& x) -> Arrays { return {f({args[0], args[1], x[0]})[1]}; };
    const auto h = [&](bool reverse, bool compiled) -> FlatFn {
      return [=](const Arrays& x) -> Arrays {
        const FlatFn of_y = [=](const Arrays& y) -> Arrays { return g({lax::add(x[0], y[0])}); };
        const auto inner = compiled ? jitted(of_y) : of_y;
        const Array y(0.3), one(1.0);
        const auto slope = reverse ? vjp_of(inner, {1})({y, one})[1] : jvp_of(inner, {1})({y, one})[1];
        return {lax::mul(x[0], slope)};
      };
    };
    const Array x(0.7), one(1.0);
    const double step = 1e-4;
    const auto at = [&](double d) { return h(false, false)({Array(0.7 + d)})[0].item<double>(); };
    const auto want = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    for (const bool inner_reverse : {false, true})
      for (const bool outer_reverse : {false, true})
        for (const bool compiled : {false, true}) {
          const auto f = h(inner_reverse, compiled);
          const auto got = (outer_reverse ? vjp_of(f, {1}) : jvp_of(f, {1}))({x, one})[1].item<double>();
          if (std::fabs(got - want) > 1e-6 * (1 + std::fabs(want)))
            RC_FAIL("derivative " + std::to_string(got) + ", differences " + std::to_string(want));
        }
  });
}

TEST_CASE("random programs: every jaxpr type-checks, whatever transformation made it") {
  rc::prop("typecheck accepts them, and dead code goes", [] {
    const auto p = *programs(false, true);
    const auto f = function_of(p);
    const auto args = inputs_of(p, kSeed);
    const auto plain = jaxpr_of(f, args).jaxpr;
    typecheck(*plain);
    typecheck(dead_code_eliminated(*plain));
    RC_ASSERT(dead_code_eliminated(*plain).eqns.size() <= plain->eqns.size());
    typecheck(*jaxpr_of(jvp_of(f, kAll), joined(args, args)).jaxpr);
    typecheck(*jaxpr_of(vjp_of(f, kAll), joined(args, like_floating(f(args), 1))).jaxpr);
    typecheck(*jaxpr_of(vmapped(f, {0, std::nullopt, std::nullopt}, 4),
                        {make(sample({DType::float64, {4, args[0].size()}}, 1)), args[1], args[2]}).jaxpr);
  });
}

TEST_CASE("results do not depend on the number of threads") {
  const auto x = make(sample({DType::float64, {700, 601}, 0, 2}, 1));
  const FlatFn f = [](const Arrays& a) -> Arrays {
    const auto y = lax::mul(lax::sin(a[0]), lax::exp(lax::neg(a[0])));
    return {y, lax::reduce_sum(y, {0}), lax::reduce_sum(y, {1}), lax::reduce_sum(y, {0, 1}), lax::reduce_max(y, {1}), lax::argmax(y, 0)};
  };
  const auto eager = f({x}), compiled = jitted(f)({x});
  const auto none = [](const std::optional<std::string>& d) { return d.value_or("none"); };
  CHECK(none(difference(compiled, eager)) == "none");
  const auto wide = lax::transpose(make(read(lax::transpose(x, {1, 0}))), {1, 0});
  CHECK(none(difference(jitted(f)({wide}), eager)) == "none");
  for (const std::size_t threads : {1U, 2U, 3U}) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    INFO(threads << " threads");
    CHECK(none(difference(f({x}), eager)) == "none");
    CHECK(none(difference(jitted(f)({x}), eager)) == "none");
  }
}

}  // namespace fluxion::test
