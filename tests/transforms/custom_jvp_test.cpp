#include "transforms/composition_table.hpp"
#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {

constexpr double kClose = 1e-13;

Array plain(const Array& x, const Array& y) { return sum(sin(x) * y * y) + y * tanh(sum(x)); }
const auto true_rule = [](const auto& primals, const auto& tangents) { return jvp(plain, primals, tangents); };

Array square_rule_count(int& runs) {
  const auto f = custom_jvp([](const Array& x) { return x * x; }, [&runs](const auto& p, const auto& t) {
    ++runs;
    const auto& [x] = p;
    const auto& [dx] = t;
    return std::pair(x * x, 2 * x * dx);
  });
  f(3.0);
  jit([](const Array& x) { return x + 1; })(f(2.0));
  return grad(f)(3.0);
}

}  // namespace

TEST_CASE("custom_jvp with the true rule is the plain function under every composition") {
  const auto f = custom_jvp(plain, true_rule);
  CHECK(differing(reverse_compositions(f), reverse_compositions(plain), kClose) == "");
  CHECK(differing(forward_compositions(f), forward_compositions(plain), kClose) == "");
}

TEST_CASE("a custom_jvp rule may be jitted, hold control flow, and use functions with rules") {
  const auto jitted_rule = custom_jvp(plain, [](const auto& p, const auto& t) {
    return jit([](const auto& primals, const auto& tangents) { return jvp(jit(plain), primals, tangents); })(p, t);
  });
  CHECK(differing(reverse_compositions(jitted_rule), reverse_compositions(plain), kClose) == "");
  CHECK(differing(forward_compositions(jitted_rule), forward_compositions(plain), kClose) == "");
  const auto looped = [](const Array& x, const Array& y) {
    return sum(scan([](const Array& c, const Array& e) { return std::pair(sin(c) * e, c * e); }, y, x).second);
  };
  const auto f = custom_jvp(looped, [looped](const auto& p, const auto& t) { return jvp(looped, p, t); });
  CHECK(differing(reverse_compositions(f), reverse_compositions(looped), kClose) == "");
  CHECK(differing(forward_compositions(f), forward_compositions(looped), kClose) == "");
  const auto nested = custom_jvp(plain, [g = custom_jvp(plain, true_rule)](const auto& p, const auto& t) { return jvp(g, p, t); });
  CHECK(differing(reverse_compositions(nested), reverse_compositions(plain), kClose) == "");
}

TEST_CASE("what the function and the rule of custom_jvp capture may be arrays and traced values") {
  const auto make = [](const Array& w) {
    return custom_jvp([w](const Array& x, const Array& y) { return sum(w * sin(x)) * y; },
                      [w](const auto& p, const auto& t) {
                        return jvp([w](const Array& x, const Array& y) { return sum(w * sin(x)) * y; }, p, t);
                      });
  };
  const auto want = [](const Array& w) { return [w](const Array& x, const Array& y) { return sum(w * sin(x)) * y; }; };
  const auto w = array({1.0, 2.0, 3.0});
  CHECK(differing(reverse_compositions(make(w)), reverse_compositions(want(w)), kClose) == "");
  CHECK(differing(forward_compositions(make(w)), forward_compositions(want(w)), kClose) == "");
  const auto inside = [make](const Array& x, const Array& y) { return make(stop_gradient(x) * 2)(x, y); };
  const auto inside_plain = [want](const Array& x, const Array& y) { return want(stop_gradient(x) * 2)(x, y); };
  CHECK(differing(reverse_compositions(inside), reverse_compositions(inside_plain), kClose) == "");
}

TEST_CASE("the derivative is what the rule says") {
  const auto f = custom_jvp([](const Array& x) { return x * x; }, [](const auto& p, const auto& t) {
    return std::pair(std::get<0>(p) * std::get<0>(p), 100 * std::get<0>(t));
  });
  CHECK(grad(f)(3.0).item<double>() == 100);
  CHECK(grad(grad(f))(3.0).item<double>() == 0);
  CHECK(numbers(vmap(grad(f))(arange(3.0))) == Numbers{100, 100, 100});
  CHECK(grad(jit(f))(3.0).item<double>() == 100);
  const auto zero = custom_jvp([](const Array& x) { return x * x; },
                               [](const auto& p, const auto&) { return std::pair(std::get<0>(p) * std::get<0>(p), none); });
  CHECK(grad(zero)(3.0).item<double>() == 0);
  CHECK(jvp(zero, 3.0, 1.0).second.item<double>() == 0);
}

TEST_CASE("a rule runs when the function is differentiated, on the values that there are") {
  int runs = 0;
  CHECK(square_rule_count(runs).item<double>() == 6);
  CHECK(runs == 1);
  const auto f = custom_jvp([](const Array& x) { return x; }, [](const auto& p, const auto& t) {
    const auto& [x] = p;
    return std::pair(x, x.template item<double>() > 0 ? std::get<0>(t) : -std::get<0>(t));
  });
  CHECK(grad(f)(-2.0).item<double>() == -1);
}

TEST_CASE("a rule may use the function that it belongs to, which then has the rule in higher derivatives too") {
  struct Exp {
    Array operator()(const Array& x) const { return exp(x); }
  };
  struct ExpRule {
    std::pair<Array, Array> operator()(const std::tuple<Array>& p, const std::tuple<Array>& t) const {
      const Array y = custom_jvp(Exp{}, ExpRule{})(std::get<0>(p));
      return {y, 2 * y * std::get<0>(t)};
    }
  };
  const auto f = custom_jvp(Exp{}, ExpRule{});
  CHECK(grad(grad(grad(f)))(0.0).item<double>() == 8);
  CHECK(grad(jit(grad(jit(f))))(0.0).item<double>() == 4);
}

TEST_CASE("custom_jvp over trees, with integer leaves and nondiff arguments") {
  const auto f = custom_jvp(
      [](int n, const Layer& l, const Array& k, const Array& fixed) { return Layer{l.w * n + fixed, l.b * k}; },
      [](int n, const Array& fixed, const auto& p, const auto& t) {
        const auto& [l, k] = p;
        const auto& [dl, dk] = t;
        CHECK(dk.dtype() == float0);
        return std::pair(Layer{l.w * n + fixed, l.b * k}, Layer{dl.w * n * 10, dl.b * k});
      },
      nondiff_argnums<0, -1>);
  const Layer at{array({1.0, 2.0}), 3.0};
  const auto loss = [&](const Layer& l) {
    const auto out = f(2, l, 5, array({1.0, 1.0}));
    return sum(out.w) + out.b;
  };
  CHECK(numbers(grad(loss)(at).w) == Numbers{20, 20});
  CHECK(numbers(grad(loss)(at).b) == Numbers{5});
  CHECK(numbers(jit(grad(loss))(at).w) == Numbers{20, 20});
  CHECK(numbers(grad(jit(loss))(at).w) == Numbers{20, 20});
  const auto integers = custom_jvp([](const Array& x) { return std::pair(x, Array(3)); },
                                   [](const auto& p, const auto& t) {
                                     return std::pair(std::pair(std::get<0>(p), Array(3)), std::pair(std::get<0>(t), Array()));
                                   });
  const auto [out, tangent] = jvp(integers, 2.0, 1.0);
  CHECK(tangent.first.item<double>() == 1);
  CHECK(tangent.second.dtype() == float0);
}

TEST_CASE("custom_jvp prints as in jax") {
  const auto f = custom_jvp([](const Array& x) { return x + 1.0F; },
                            [](const auto& p, const auto& t) { return std::pair(std::get<0>(p) + 1.0F, std::get<0>(t)); });
  CHECK(text_of(make_jaxpr(f)(zeros<float>({1}))) ==
        "{ lambda ; a:f32[1]. let\n"
        "    b:f32[1] = custom_jvp_call[\n"
        "      name=<lambda>\n"
        "      call_jaxpr={ lambda ; c:f32[1]. let d:f32[1] = add c 1.0:f32[] in (d,) }\n"
        "      jvp=<lambda>\n"
        "      symbolic_zeros=False\n"
        "    ] a\n"
        "  in (b,) }");
}

TEST_CASE("custom_jvp: numbers of jax's documentation") {
  const auto f = custom_jvp([](const Array& x, const Array& y) { return sin(x) * y; }, [](const auto& p, const auto& t) {
    const auto& [x, y] = p;
    const auto& [dx, dy] = t;
    return std::pair(sin(x) * y, cos(x) * dx * y + sin(x) * dy);
  });
  CHECK(f(2.0, 3.0).item<double>() == Approx(2.7278922));
  CHECK(jvp(f, std::tuple(2.0, 3.0), std::tuple(1.0, 0.0)).second.item<double>() == Approx(-1.2484405));
  CHECK(grad(f)(2.0, 3.0).item<double>() == Approx(-1.2484405));
  const auto [value, slope] = value_and_grad(f)(1.0, 2.0);
  CHECK(value.item<double>() == Approx(1.68).epsilon(2e-3));
  CHECK(slope.item<double>() == Approx(1.08).epsilon(2e-3));

  const auto log1pexp = custom_jvp([](const Array& x) { return log(1.0 + exp(x)); }, [](const auto& p, const auto& t) {
    const auto& [x] = p;
    return std::pair(log(1.0 + exp(x)), (1 - 1 / (1 + exp(x))) * std::get<0>(t));
  });
  CHECK(log1pexp(3.0).item<double>() == Approx(3.0485873));
  CHECK(grad(log1pexp)(3.0).item<double>() == Approx(0.95257413));
  CHECK(grad(log1pexp)(100.0).item<double>() == 1);
  const auto row = vmap(jit(grad(log1pexp)))(arange(3.0));
  CHECK(row[1].item<double>() == Approx(0.7310586));
  CHECK(row[2].item<double>() == Approx(0.88079715));
}

TEST_CASE("misuse of custom_jvp is one clear error") {
  const auto with = [](auto rule) { return custom_jvp([](const Array& x) { return x * 2; }, rule); };
  const auto x = array({1.0, 2.0});
  const auto at = [&](auto rule) { return [=] { jvp(with(rule), std::tuple(x), std::tuple(x)); }; };
  CHECK(message<TypeError>(at([](const auto& p, const auto& t) { return std::pair(std::get<0>(p) * 2, sum(std::get<0>(t))); })) ==
        "custom_jvp: the rule's tangent must be f64[2] for result, got f64[]; reshape, broadcast or sum it");
  CHECK(message<TypeError>(at([](const auto& p, const auto& t) {
          return std::pair(std::get<0>(p) * 2, std::get<0>(t).astype(float32));
        })) == "custom_jvp: the rule's tangent must be f64[2] for result, got f32[2]; convert it with astype");
  CHECK(message<TypeError>(at([](const auto&, const auto& t) { return std::pair(Array(), std::get<0>(t)); })) ==
        "custom_jvp: the function must return values, got an empty handle; assign every result");
  CHECK(message<TypeError>([&] {
          const auto f = jit(with([](const auto& p, const auto& t) { return std::pair(sum(std::get<0>(p)), std::get<0>(t)); }));
          jvp(f, std::tuple(x), std::tuple(x));
        }) == "custom_jvp: the rule's primal result must be that of the function, f64[2], got f64[] at result; reshape, broadcast or sum it");
  CHECK(message<TypeError>([&] {
          grad([&](const Array& v) {
            return sum(with([](const auto& p, const auto& t) { return std::pair(std::get<0>(p) + std::get<0>(t), std::get<0>(t)); })(v));
          })(x);
        }) == "custom_jvp: the rule's primal result must not depend on tangents, got f64[2] that does (result 0); compute it from "
              "the primals alone");
  const auto lists = custom_jvp([](const Array& v) { return std::vector<Array>{v}; }, [](const auto& p, const auto& t) {
    return std::pair(std::vector<Array>{std::get<0>(p)}, std::vector<Array>{std::get<0>(t), std::get<0>(t)});
  });
  CHECK_THAT(message<ValueError>([&] { jvp(lists, std::tuple(x), std::tuple(x)); }),
             Catch::Contains("custom_jvp: the rule's tangent: trees must have one structure, got a list of 2 where a list of 1 is expected"));
  const auto longer = jit(custom_jvp([](const Array& v) { return std::vector<Array>{v}; }, [](const auto& p, const auto& t) {
    return std::pair(std::vector<Array>{std::get<0>(p), std::get<0>(p)}, std::vector<Array>{std::get<0>(t), std::get<0>(t)});
  }));
  CHECK_THAT(message<ValueError>([&] { jvp(longer, std::tuple(x), std::tuple(x)); }),
             Catch::Contains("custom_jvp: the rule's primal result: trees must have one structure, got a list of 2"));
  const auto counted = custom_jvp([](const Array& v) { return std::pair(v, Array(1)); }, [](const auto& p, const auto& t) {
    return std::pair(std::pair(std::get<0>(p), Array(1)), std::pair(std::get<0>(t), Array(1.0)));
  });
  CHECK(message<TypeError>([&] { jvp(counted, std::tuple(x), std::tuple(x)); }) ==
        "custom_jvp: the rule's tangent must be float0[] for result[1], got f64[]; integers take an empty Array{}");
  CHECK(message<TypeError>([&] { with([](const auto& p, const auto& t) { return std::pair(std::get<0>(p), std::get<0>(t)); })(Array()); }) ==
        "custom_jvp: every argument must hold a value, got an empty handle; assign it first");
}

TEST_CASE("rules may make constant arrays within loops and branches") {
  const auto f = custom_jvp([](const Array& x) { return sin(x); }, [](const auto& p, const auto& t) {
    const Array x = std::get<0>(p);
    return std::pair(sin(x), std::get<0>(t) * cos(x) * array({2.0, 2.0, 3.0}));
  });
  const Array x = array({0.3, -0.6, 0.9}), t = array({1.0, 0.5, -2.0});
  const Array slope = cos(x) * array({2.0, 2.0, 3.0});
  const auto once = [&](const Array& v) { return scan([&](const Array& c, None) { return std::pair(f(c), none); }, v, none, {.length = 1}).first; };
  const auto branch = [&](const Array& v) { return cond(v[0] > 0.0, f, f, v); };
  const auto loop = [&](const Array& v) {
    using Carry = std::pair<Array, Array>;
    return while_loop([](const Carry& c) { return c.first < 1; }, [&](const Carry& c) { return Carry(c.first + 1, f(c.second)); }, Carry(0, v)).second;
  };
  const auto check = [&](const auto& g) {
    CHECK(static_cast<bool>(array_equal(jvp(g, x, t).second, t * slope)));
    CHECK(static_cast<bool>(array_equal(grad([&](const Array& v) { return sum(g(v)); })(x), slope)));
    CHECK(static_cast<bool>(array_equal(jit(vmap(grad([&](const Array& v) { return sum(g(v)); })))(stack({x, t}))[0], slope)));
  };
  check(once);
  check(branch);
  check(loop);
  const auto large = custom_jvp([](const Array& v) { return v; }, [](const auto& p, const auto& dt) {
    return std::pair(std::get<0>(p), std::get<0>(dt) * array(std::vector<double>(5000, 1.5)));
  });
  CHECK_THROWS_WITH(jvp([&](const Array& v) { return scan([&](const Array& c, None) { return std::pair(large(c), none); }, v, none, {.length = 1}).first; },
                        zeros({5000}), ones({5000})),
                    "scan: rules may make constant arrays of up to 4096 elements within it, got 5000; make them outside and pass them as arguments");
}

TEST_CASE("a differentiated value that custom_jvp captured is refused, wherever the call stands") {
  const auto captured = "custom_jvp: a differentiated value must be an argument, got f64[] that the function or a rule "
                        "captured, or a nondiff_argnums argument; the rules say nothing of its derivative: pass it as an "
                        "argument, or through fx::stop_gradient";
  const auto make = [](const Array& w) {
    return custom_jvp([w](const Array& x) { return x * w; }, [w](const auto& p, const auto& t) {
      return std::pair(std::get<0>(p) * w, std::get<0>(t) * w);
    });
  };
  CHECK(message<TypeError>([&] { grad([&](const Array& w) { return make(w)(1.0); })(2.0); }) == captured);
  CHECK(message<TypeError>([&] { grad([&](const Array& w) { return make(w)(w); })(2.0); }) == captured);
  CHECK(message<TypeError>([&] { jvp([&](const Array& w) { return make(w)(w); }, 2.0, 1.0); }) == captured);
  CHECK(message<TypeError>([&] { grad([&](const Array& w) { return jit(make(w))(w); })(2.0); }) == captured);
  CHECK(message<TypeError>([&] { grad(jit([&](const Array& w) { return make(w)(w); }))(2.0); }) == captured);
  CHECK(message<TypeError>([&] { grad([&](const Array& w) { return sum(vmap(make(w))(arange(3.0))); })(2.0); }) == captured);
  CHECK(message<TypeError>([&] {
          grad([&](const Array& w) { return scan([&](const Array& c, None) { return std::pair(make(w)(c), none); }, w, none, {.length = 2}).first; })(2.0);
        }) == captured);
  const auto nondiff = custom_jvp([](const Array& w, const Array& x) { return x * w; },
                                  [](const Array& w, const auto& p, const auto& t) { return std::pair(std::get<0>(p) * w, std::get<0>(t) * w); },
                                  nondiff_argnums<0>);
  CHECK(message<TypeError>([&] { grad([&](const Array& w) { return nondiff(w, w); })(2.0); }) == captured);
  CHECK(grad(nondiff, argnums<1>)(5.0, 2.0).item<double>() == 5);
  CHECK(grad([&](const Array& x) { return jit(nondiff)(5.0, x); })(2.0).item<double>() == 5);
  CHECK(numbers(vmap([&](const Array& w) { return grad(nondiff, argnums<1>)(w, 2.0); })(arange(3.0))) == Numbers{0, 1, 2});
}
