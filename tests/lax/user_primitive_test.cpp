// Primitives and tree types made from <fluxion/extend.hpp> alone, held against the laws that the library's own obey.
#include <fluxion/extend.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <sstream>

#include <fluxion/fluxion.hpp>

#include "lax/laws.hpp"
#include "support/text.hpp"

namespace fluxion::test {
namespace mine {

/// Sums along the last axis up to each element, or from each on: linear, and each the transpose of the other. Computed
/// by the host.
struct RunningSum {
  static constexpr std::string_view name = "running_sum";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (bool, reverse));
  };
  static Avals abstract_eval(AvalSpan in, const Params&) {
    if (in[0].ndim() == 0 || !is_floating(in[0].dtype))
      throw TypeError("running_sum: a floating array with an axis is required, got " + show(in[0]) + "; reshape it");
    return {{in[0].shape, in[0].dtype}};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {bind_one<RunningSum>(args.cotangents, {!p.reverse})};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {bind_all<RunningSum>(args.operands, p), {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<RunningSum>(b, in, p, [reverse = p.reverse](auto from, auto to) {
      if (from[0].dtype() == float64) run<double>(from[0], to[0], reverse);
      else run<float>(from[0], to[0], reverse);
    });
  }

 private:
  template <class T>
  static void run(const HostOperand& in, const HostResult& out, bool reverse) {
    const auto x = in.elements<T>();
    const auto y = out.elements<T>();
    const auto n = static_cast<std::size_t>(in.shape().back());
    for (std::size_t row = 0; n != 0 && row < x.size(); row += n) {
      T sum = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const auto at = row + (reverse ? n - 1 - i : i);
        y[at] = sum += x[at];
      }
    }
  }
};
Array running_sum(const Array& x, bool reverse = false) { return bind_one<RunningSum>({&x, 1}, {reverse}); }

/// x / (1 + |x|) scaled by s, elementwise, as other operations.
struct Softsign {
  static constexpr std::string_view name = "softsign";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (double, scale), (int, power));
  };
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{in[0].shape, in[0].dtype, in[0].weak}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const Array& x = args.primals[0];
    const Array d = 1.0 + abs(x);
    return {{bind_one<Softsign>(args.primals, p)}, {args.tangents[0] * (p.scale / (d * d))}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {bind_all<Softsign>(args.operands, p), {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_as(b, in, [&](const Arrays& x) { return Arrays{p.scale * x[0] / (1.0 + abs(x[0]))}; });
  }
};
Array softsign(const Array& x) { return bind_one<Softsign>({&x, 1}, {3.0, 1}); }

/// sum_i w_i x_i^2 of two vectors: vmap by a loop.
struct WeightedSquares {
  static constexpr std::string_view name = "weighted_squares";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{{}, in[0].dtype}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const Array &w = args.primals[0], &x = args.primals[1];
    const Array dw = instantiated(args.tangents[0], w.aval()), dx = instantiated(args.tangents[1], x.aval());
    return {{bind_one<WeightedSquares>(args.primals, p)}, {sum(dw * x * x) + sum(2.0 * w * x * dx)}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return batch_by_loop(args, [&](const Arrays& lane) { return bind_all<WeightedSquares>(lane, p); });
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<WeightedSquares>(b, in, p, [](auto from, auto to) {
      const auto w = from[0].template elements<double>(), x = from[1].template elements<double>();
      double total = 0;
      for (std::size_t i = 0; i < w.size(); ++i) total += w[i] * x[i] * x[i];
      to[0].template elements<double>()[0] = total;
    });
  }
};
Array weighted_squares(const Array& w, const Array& x) { return bind_all<WeightedSquares>(Arrays{w, x}, {})[0]; }

Reference per_row(void (*row)(std::vector<Number>::iterator, std::size_t)) {
  return [row](const std::vector<Host>& in) -> std::vector<Host> {
    Host out = in[0];
    const auto n = static_cast<std::size_t>(out.shape.back());
    for (std::size_t at = 0; n != 0 && at < out.v.size(); at += n) row(out.v.begin() + static_cast<std::ptrdiff_t>(at), n);
    return {out};
  };
}

std::vector<Case> user_cases() {
  Case sums{"running_sum", "running_sum", [](const Arrays& a) { return Arrays{running_sum(a[0])}; }, {}, {}, 0, 1, {1}, {1}, {}};
  sums.reference = per_row([](auto x, std::size_t n) {
    for (std::size_t i = 1; i < n; ++i) x[i].f += x[i - 1].f;
  });
  for (const auto& s : {Shape{1}, Shape{7}, Shape{2, 5}, Shape{3, 0}, Shape{2, 3, 4}}) sums.signatures.push_back({{{float64, s}}});
  Case back = sums;
  back.name = "running_sum/reverse";
  back.f = [](const Arrays& a) { return Arrays{running_sum(a[0], true)}; };
  back.reference = per_row([](auto x, std::size_t n) {
    for (std::size_t i = n - 1; i-- > 0;) x[i].f += x[i + 1].f;
  });
  Case soft{"softsign", "softsign", [](const Arrays& a) { return Arrays{softsign(a[0])}; }, {}, {}, 1, 1, {1}, {0}, {}};
  soft.reference = [](const std::vector<Host>& in) -> std::vector<Host> {
    Host out = in[0];
    for (auto& n : out.v) n.f = 3 * n.f / (1 + std::fabs(n.f));
    return {out};
  };
  for (const auto& s : {Shape{}, Shape{1}, Shape{9}, Shape{2, 3}}) soft.signatures.push_back({{{float64, s, 0.2, 2}}});
  Case squares{"weighted_squares", "weighted_squares", [](const Arrays& a) { return Arrays{weighted_squares(a[0], a[1])}; },
               {}, {}, 4, 4, {1, 1}, {0, 0}, {}};
  squares.reference = [](const std::vector<Host>& in) -> std::vector<Host> {
    double total = 0;
    for (std::size_t i = 0; i < in[0].v.size(); ++i) total += in[0].v[i].f * in[1].v[i].f * in[1].v[i].f;
    return {{float64, {}, {real(total)}}};
  };
  for (const auto& s : {Shape{1}, Shape{6}}) squares.signatures.push_back({{{float64, s, 0.5, 1}, {float64, s, 0.5, 1}}});
  return {sums, back, soft, squares};
}

/// A tree that is no Hana struct: private members, and a name that is part of the structure.
class Polynomial {
 public:
  Polynomial() = default;
  Polynomial(std::string name, std::vector<Array> coefficients) : name_(std::move(name)), coefficients_(std::move(coefficients)) {}
  const std::string& name() const { return name_; }
  const std::vector<Array>& coefficients() const { return coefficients_; }
  Array operator()(const Array& x) const {
    Array y = 0.0;
    for (std::size_t i = coefficients_.size(); i-- > 0;) y = y * x + coefficients_[i];
    return y;
  }

 private:
  std::string name_;
  std::vector<Array> coefficients_;
};

}  // namespace mine
}  // namespace fluxion::test

namespace fluxion {
template <>
struct Tree<test::mine::Polynomial> {
  using traced = test::mine::Polynomial;
  static constexpr const char* fields[] = {"name", "coefficients"};
  static const NodeType& node() {
    static constexpr NodeType type{NodeType::Kind::record, 2, fields, &typeid(test::mine::Polynomial)};
    return type;
  }
  static void flatten(const traced& p, TreeWriter& w) {
    w.record(node());
    w.fixed(p.name());
    Tree<std::vector<Array>>::flatten(p.coefficients(), w);
  }
  static traced build(TreeReader& r) {
    r.record(node());
    auto name = r.fixed<std::string>();
    return {std::move(name), Tree<std::vector<Array>>::build(r)};
  }
};
}  // namespace fluxion

namespace fluxion::test {

using namespace mine;

TEST_CASE("users' primitives obey the laws of the library's own") {
  const Law laws[] = {
      {"value", value_equals_reference},
      {"jit", jit_equals_eager},
      {"avals", avals_are_what_came_out},
      {"typecheck", jaxprs_typecheck},
      {"layout", layout_does_not_matter},
      {"jvp", jvp_equals_differences},
      {"second derivatives", second_derivatives_equal_differences},
      {"transpose", transpose_satisfies_inner_product},
      {"linearize", linearize_equals_jvp},
      {"arguments alone", arguments_alone},
      {"linear arguments", linear_arguments},
      {"transpose rules", transpose_rules_give_the_cotangent},
      {"vmap", vmap_equals_loop},
      {"jit and derivatives", jit_commutes_with_derivatives},
      {"jit and vmap", jit_commutes_with_vmap},
      {"vmap and jvp", vmap_commutes_with_jvp},
      {"vmap and vjp", vmap_commutes_with_vjp},
      {"vmap nests", vmap_nests},
  };
  for (const auto& law : laws) {
    std::size_t applied = 0;
    for (const auto& c : user_cases())
      for (std::size_t i = 0; i < c.signatures.size(); ++i) {
        INFO(law.name << " of " << c.name << " for " << describe(c.signatures[i]));
        const auto outcome = law.check(c, c.signatures[i], seed_of(c.name, i));
        applied += outcome.applies;
        CHECK(outcome.failure.value_or("") == "");
      }
    INFO(law.name);
    CHECK(applied > 0);
  }
}

TEST_CASE("a user's primitive works inside loops, prints its parameters, and names what it refuses") {
  const auto f = [](const Array& x) {
    return sum(fori_loop(0, 3, [](const Array&, const Array& c) { return running_sum(c) * 0.5; }, x));
  };
  const auto unrolled = [](const Array& x) {
    return sum(running_sum(running_sum(running_sum(x) * 0.5) * 0.5) * 0.5);
  };
  const auto x = linspace(0.0, 1.0, 5);
  CHECK(differs(jit(grad(jit(f)))(x), grad(unrolled)(x), Tolerance::within_ulps(4)) == "");
  CHECK(differs(jit(vmap(grad(f)))(stack({x, 2.0 * x}))[1], grad(unrolled)(2.0 * x), Tolerance::within_ulps(4)) == "");
  CHECK_THAT(str(make_jaxpr([](const Array& v) { return softsign(running_sum(v, true)); })(x)),
             Catch::Contains("running_sum[reverse=True] a") && Catch::Contains("softsign[scale=3.0 power=1]"));
  CHECK_THAT(thrown<TypeError>([] { running_sum(1.0); }), Catch::Contains("running_sum: ") && Catch::Contains("got f64[]"));
}

namespace {

/// Lowering that does not agree with abstract_eval.
template <int kind>
struct Wrong {
  static constexpr std::string_view name = "wrong";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{in[0].shape, in[0].dtype}}; }
  static constexpr no_jvp jvp{"not here"};
  static constexpr no_transpose transpose{"not here"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {bind_all<Wrong>(args.operands, p), {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    if constexpr (kind == 0) return {};
    if constexpr (kind == 1) return lower_as(b, in, [](const Arrays& x) { return Arrays{sum(x[0])}; });
    if constexpr (kind == 2) return lower_as(b, in, [](const Arrays& x) { return Arrays{x[0] + captured()}; });
    return lower_to_host<Wrong>(b, in, {}, [](auto from, auto) { static_cast<void>(from[0].template elements<float>()); });
  }
  static Array captured() {
    static const Array one = array({1.0, 2.0, 3.0});
    return one;
  }
};
template <int kind>
Array wrong(const Array& x) { return bind_one<Wrong<kind>>({&x, 1}, {}); }

}  // namespace

TEST_CASE("a lower rule that does not agree with abstract_eval is named, compiled or not") {
  using Catch::Contains;
  const auto x = ones({3});
  CHECK_THAT(thrown<InternalError>([&] { wrong<0>(x); }), Contains("wrong: its lower rule must give 1 values, got 0"));
  CHECK_THAT(thrown<InternalError>([&] { jit(wrong<0>)(x); }), Contains("wrong: its lower rule must give 1 values, got 0"));
  CHECK_THAT(thrown<InternalError>([&] { wrong<1>(x); }), Contains("must give f64[3], got f64[]"));
  CHECK_THAT(thrown<InternalError>([&] { jit(wrong<1>)(x); }), Contains("must give f64[3], got f64[]"));
  CHECK_THAT(thrown<TypeError>([&] { wrong<2>(x); }), Contains("lower_as: ") && Contains("captured f64[3]"));
  CHECK_THAT(thrown<TypeError>([&] { jit(wrong<3>)(x); }), Contains("elements: ") && Contains("got float32 for f64[3]"));
}

namespace {

std::vector<double> tangents_seen;

/// The identity, with a jvp rule that looks at its tangent.
struct LookingAtTangents {
  static constexpr std::string_view name = "looking_at_tangents";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{in[0].shape, in[0].dtype}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    debug::callback([](const Array& t) { tangents_seen.push_back(t.item<double>()); }, args.tangents[0]);
    return {bind_all<LookingAtTangents>(args.primals, p), {args.tangents[0]}};
  }
  static constexpr no_transpose transpose{"not here"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {bind_all<LookingAtTangents>(args.operands, p), {1}}; }
  static ir::Values lower(ir::Builder&, std::span<const ir::ValueId> in, const Params&) { return {in[0]}; }
};

}  // namespace

TEST_CASE("effects on tangents happen forwards, and reverse mode says that it has none") {
  const auto f = [](const Array& x) { return 3.0 * bind_one<LookingAtTangents>({&x, 1}, {}); };
  tangents_seen.clear();
  CHECK(jvp(f, Array(1.0), Array(2.0)).second.item<double>() == 6);
  const auto pushforward = linearize(jit(f), 1.0).second;
  CHECK(tangents_seen == std::vector<double>{2});
  pushforward(4.0), pushforward(5.0);
  CHECK(tangents_seen == std::vector<double>{2, 4, 5});
  for (const auto& run : {std::function<void()>([&] { grad(f)(1.0); }), std::function<void()>([&] { jit(grad(jit(f)))(1.0); })})
    CHECK_THAT(thrown<TypeError>(run), Catch::Contains("debug_callback: reverse mode needs a linear operation"));
  CHECK(tangents_seen.size() == 3);
}

TEST_CASE("a user's class is a tree under every transformation") {
  const Polynomial p("p", {1.0, 2.0, 3.0});
  const auto value = [](const Polynomial& q, const Array& x) { return q(x); };
  const auto g = grad(value)(p, 2.0);
  CHECK(g.name() == "p");
  CHECK(differs(stack(g.coefficients()), array({1.0, 2.0, 4.0})) == "");
  CHECK(jit(value)(p, 2.0).item<double>() == 17);
  CHECK(jit(value)(Polynomial("q", {1.0}), 2.0).item<double>() == 1);
  const Polynomial several("s", {array({1.0, 2.0}), array({0.5, 0.5})});
  CHECK(differs(vmap(value, {.in_axes = {0, none}})(several, 2.0), array({2.0, 3.0})) == "");
  CHECK(str(tree::structure(p)).find("coefficients=[*, *, *]") != std::string::npos);
  CHECK(tree::flatten_with_paths(p)[1].first == ".coefficients[1]");
  CHECK(tree::map([](const Array& x) { return x * 2.0; }, p).name() == "p");
}

}  // namespace fluxion::test
