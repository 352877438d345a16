#include "transforms/composition_table.hpp"
#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {

constexpr double kClose = 1e-13;

Array plain(const Array& x, const Array& y) { return sum(sin(x) * y * y) + y * tanh(sum(x)); }
const auto true_fwd = [](const Array& x, const Array& y) { return std::pair(plain(x, y), std::tuple(x, y)); };
const auto true_bwd = [](const auto& residuals, const Array& ct) {
  const auto& [x, y] = residuals;
  return vjp(plain, x, y).second(ct);
};

}  // namespace

TEST_CASE("custom_vjp with the true rules is the plain function under every composition, forward mode included") {
  const auto f = custom_vjp(plain, true_fwd, true_bwd);
  CHECK(differing(reverse_compositions(f), reverse_compositions(plain), kClose) == "");
  CHECK(differing(forward_compositions(f), forward_compositions(plain), kClose) == "");
}

TEST_CASE("rules of custom_vjp may be jitted and written by hand") {
  const auto by_hand = custom_vjp(
      plain, [](const Array& x, const Array& y) { return std::pair(plain(x, y), std::tuple(sin(x), cos(x), y, tanh(sum(x)))); },
      [](const auto& residuals, const Array& ct) {
        const auto& [s, c, y, t] = residuals;
        return std::tuple(ct * (c * y * y + y * (1 - t * t)), ct * (2 * y * sum(s) + t));
      });
  // Of the second derivative the rules say what they say: s, c and t are differentiated as functions of x.
  CHECK(differing(reverse_compositions(by_hand), reverse_compositions(plain), 1e-12) == "");
  CHECK(differing(forward_compositions(by_hand), forward_compositions(plain), 1e-12) == "");
  const auto jitted = custom_vjp(plain, jit(true_fwd), jit(true_bwd));
  CHECK(differing(reverse_compositions(jitted), reverse_compositions(plain), kClose) == "");
  CHECK(differing(forward_compositions(jitted), forward_compositions(plain), kClose) == "");
}

TEST_CASE("what the function and the rules of custom_vjp capture may be arrays and traced values") {
  const auto want = [](const Array& w) { return [w](const Array& x, const Array& y) { return sum(w * sin(x)) * y; }; };
  const auto make = [](const Array& w) {
    return custom_vjp([w](const Array& x, const Array& y) { return sum(w * sin(x)) * y; },
                      [w](const Array& x, const Array& y) { return std::pair(sum(w * sin(x)) * y, std::tuple(x, y)); },
                      [w](const auto& residuals, const Array& ct) {
                        const auto& [x, y] = residuals;
                        return std::tuple(ct * w * cos(x) * y, ct * sum(w * sin(x)));
                      });
  };
  const auto w = array({1.0, 2.0, 3.0});
  CHECK(differing(reverse_compositions(make(w)), reverse_compositions(want(w)), kClose) == "");
  CHECK(differing(forward_compositions(make(w)), forward_compositions(want(w)), kClose) == "");
  const auto inside = [make](const Array& x, const Array& y) { return make(stop_gradient(x) * 2)(x, y); };
  const auto inside_plain = [want](const Array& x, const Array& y) { return want(stop_gradient(x) * 2)(x, y); };
  CHECK(differing(reverse_compositions(inside), reverse_compositions(inside_plain), kClose) == "");
}

TEST_CASE("the gradient is what the bwd rule says") {
  const auto clip = custom_vjp([](const Array& x, const Array&) { return x; },
                               [](const Array& x, const Array& limit) { return std::pair(x, limit); },
                               [](const Array& limit, const Array& ct) { return std::tuple(minimum(ct, limit), none); });
  const auto f = [&](const Array& x) { return sum(5 * clip(x, 2.0)); };
  CHECK(numbers(grad(f)(arange(2.0))) == Numbers{2, 2});
  CHECK(numbers(jit(grad(f))(arange(2.0))) == Numbers{2, 2});
  CHECK(numbers(grad(jit(f))(arange(2.0))) == Numbers{2, 2});
  CHECK(grad([&](const Array& limit) { return clip(1.0, limit); })(2.0).item<double>() == 0);
  CHECK(numbers(vmap(grad([&](const Array& x) { return 5 * clip(x, 2.0); }))(arange(3.0))) == Numbers{2, 2, 2});
  const auto [y, pullback] = vjp(f, arange(2.0));
  CHECK(numbers(pullback(1.0)) == Numbers{2, 2});
  CHECK(numbers(pullback(0.1)) == Numbers{0.5, 0.5});
}

TEST_CASE("rules run when the function is differentiated, on the values that there are") {
  int fwd = 0, bwd = 0, f = 0;
  const auto g = custom_vjp([&](const Array& x) { ++f; return x * x; },
                            [&](const Array& x) { ++fwd; return std::pair(x * x, x); },
                            [&](const Array& x, const Array& ct) { ++bwd; return std::tuple(2 * x * ct); });
  g(2.0);
  CHECK(std::tuple(f, fwd, bwd) == std::tuple(1, 0, 0));
  CHECK(grad(g)(3.0).item<double>() == 6);
  CHECK(std::tuple(f, fwd, bwd) == std::tuple(1, 1, 1));
  const auto looks = custom_vjp([](const Array& x) { return x; }, [](const Array& x) { return std::pair(x, x); },
                                [](const Array& x, const Array& ct) { return x.item<double>() > 0 ? ct : -ct; });
  CHECK(grad(looks)(-2.0).item<double>() == -1);
}

TEST_CASE("custom_vjp over trees, with integer leaves, fixed residuals and nondiff arguments") {
  const auto f = custom_vjp(
      [](const Layer& l, int n, const Array& k) { return Layer{l.w * n, l.b * k}; },
      [](const Layer& l, int n, const Array& k) { return std::pair(Layer{l.w * n, l.b * k}, std::tuple(k, Static<int>(n + 1))); },
      [](int n, const auto& residuals, const Layer& ct) {
        const auto& [k, more] = residuals;
        CHECK(*more == n + 1);
        return std::tuple(Layer{ct.w * n * 10, ct.b * k}, Array());
      },
      nondiff_argnums<1>);
  const Layer at{array({1.0, 2.0}), 3.0};
  const auto loss = [&](const Layer& l) {
    const auto out = f(l, 2, 5);
    return sum(out.w) + out.b;
  };
  CHECK(numbers(grad(loss)(at).w) == Numbers{20, 20});
  CHECK(numbers(grad(loss)(at).b) == Numbers{5});
  CHECK(numbers(grad(jit(loss))(at).w) == Numbers{20, 20});
  CHECK(numbers(jit(grad(loss))(at).b) == Numbers{5});
  const auto counted = custom_vjp([](const Array& x) { return std::pair(x * 2, Array(7)); },
                                  [](const Array& x) { return std::pair(std::pair(x * 2, Array(7)), none); },
                                  [](None, const std::pair<Array, Array>& ct) {
                                    CHECK(ct.second.dtype() == float0);
                                    return std::tuple(3 * ct.first);
                                  });
  const auto first = [&](const Array& x) { return counted(x).first; };
  CHECK(grad(first)(1.0).item<double>() == 3);
  CHECK(numbers(vmap(grad(first))(arange(2.0))) == Numbers{3, 3});
  CHECK(numbers(grad([&](const Array& x) { return sum(vmap(first)(x)); })(arange(2.0))) == Numbers{3, 3});
}

TEST_CASE("custom_vjp prints as in jax") {
  const auto f = custom_vjp([](const Array& x) { return x + 1.0F; }, [](const Array& x) { return std::pair(x + 1.0F, none); },
                            [](None, const Array& ct) { return std::tuple(ct); });
  CHECK(text_of(make_jaxpr(f)(zeros<float>({1}))) ==
        "{ lambda ; a:f32[1]. let\n"
        "    b:f32[1] = custom_vjp_call[\n"
        "      name=<lambda>\n"
        "      bwd=<lambda>\n"
        "      call_jaxpr={ lambda ; c:f32[1]. let d:f32[1] = add c 1.0:f32[] in (d,) }\n"
        "      fwd=<lambda>\n"
        "      symbolic_zeros=False\n"
        "    ] a\n"
        "  in (b,) }");
}

namespace {

Array newton(const Array& a) {
  return while_loop([a](const Array& x) { return abs(x * x - a) > 1e-14; }, [a](const Array& x) { return 0.5 * (x + a / x); }, a);
}
// The rules use the function itself, so that derivatives of any order are taken at the fixed point.
Array newton_sqrt(const Array& a);
std::pair<Array, Array> newton_fwd(const Array& a) {
  const Array root = newton_sqrt(a);
  return {root, root};
}
Array newton_bwd(const Array& root, const Array& ct) { return ct / (2 * root); }
Array newton_sqrt(const Array& a) {
  return custom_vjp([](const Array& x) { return newton(x); }, [](const Array& x) { return newton_fwd(x); },
                    [](const Array& root, const Array& ct) { return newton_bwd(root, ct); })(a);
}

}  // namespace

TEST_CASE("newton's square root, differentiated at the fixed point") {
  const auto f = [](const Array& a) { return newton_sqrt(a); };
  CHECK(f(2.0).item<double>() == Approx(1.4142135));
  CHECK(grad(f)(2.0).item<double>() == Approx(0.35355335));
  CHECK(grad(grad(f))(2.0).item<double>() == Approx(-0.088388346));
  CHECK(grad(jit(grad(jit(f))))(2.0).item<double>() == Approx(-0.088388346));
  CHECK(jvp(grad(f), 2.0, 1.0).second.item<double>() == Approx(-0.088388346));
}

TEST_CASE("custom_gradient returns a value and its pullback") {
  const auto f = custom_gradient([](const Array& x) { return std::pair(x * x, [x](const Array& g) { return std::tuple(g * x); }); });
  CHECK(f(3.0).item<double>() == 9);
  CHECK(grad(f)(3.0).item<double>() == 3);
  CHECK(grad(grad(f))(3.0).item<double>() == 1);
  CHECK(numbers(vmap(grad(f))(arange(3.0))) == Numbers{0, 1, 2});
  CHECK(grad(jit(f))(3.0).item<double>() == 3);
  CHECK(jit(grad(f))(3.0).item<double>() == 3);
  const auto two = custom_gradient([](const Array& x, const Array& y) {
    return std::pair(x * y, [x, y](const Array& g) { return std::tuple(g * y, g * x * 10); });
  });
  CHECK(grad(two, argnums<1>)(3.0, 4.0).item<double>() == 30);
  CHECK(grad([&](const Array& x) { return scan([&](const Array& c, None) { return std::pair(f(c), none); }, x, none, {.length = 2}).first; })(2.0).item<double>() == 8);
}

TEST_CASE("linear_call: a linear function and its transpose") {
  const auto div_add = [](const Array& x, const Array& d) {
    return x + linear_call([](const Array& r, const Array& v) { return v / r; }, [](const Array& r, const Array& ct) { return ct / r; }, d, x);
  };
  CHECK(div_add(9.0, 3.0).item<double>() == 12);
  CHECK(vjp([&](const Array& x) { return div_add(x, 3.0); }, Array(9.0)).second(18.0).item<double>() == 24);
  CHECK(grad(grad(div_add, argnums<1>))(9.0, 3.0).item<double>() == Approx(-1.0 / 9));
  CHECK(numbers(vmap(grad(div_add))(arange(3.0), array({1.0, 2.0, 4.0}))) == Numbers{2, 1.5, 1.25});
  CHECK(jit(grad(jit(div_add)))(9.0, 3.0).item<double>() == Approx(4.0 / 3));
  const auto id = [](const Array& x) {
    return linear_call([](None, const Array& v) { return v; }, [](None, const Array&) { return Array(7.0); }, none, x);
  };
  const auto once = [id](const Array& x) { return vjp(id, Array(1.0)).second(x); };
  const auto twice = [once](const Array& x) { return vjp(once, Array(1.0)).second(x); };
  const auto thrice = [twice](const Array& x) { return vjp(twice, Array(1.0)).second(x); };
  CHECK(id(1.0).item<double>() == 1);
  CHECK(once(1.0).item<double>() == 7);
  CHECK(twice(1.0).item<double>() == 1);
  CHECK(thrice(1.0).item<double>() == 7);
}

TEST_CASE("misuse of custom_vjp is one clear error") {
  const auto x = array({1.0, 2.0});
  const auto f = [](const Array& v) { return v * 2; };
  const auto fwd = [](const Array& v) { return std::pair(v * 2, v); };
  const auto with = [&](auto rule) { return [=] { grad([=](const Array& v) { return sum(custom_vjp(f, fwd, rule)(v)); })(x); }; };
  CHECK(message<TypeError>(with([](const Array&, const Array& ct) { return std::tuple(sum(ct)); })) ==
        "custom_vjp: the cotangent that the bwd rule returns must be f64[2] for arg0, got f64[]; reshape, broadcast or sum it");
  CHECK(message<TypeError>(with([](const Array&, const Array& ct) { return std::tuple(ct.astype(float32)); })) ==
        "custom_vjp: the cotangent that the bwd rule returns must be f64[2] for arg0, got f32[2]; convert it with astype");
  CHECK_THAT(message<ValueError>(with([](const Array&, const Array& ct) { return std::tuple(std::pair(ct, ct)); })),
             Catch::Contains("custom_vjp: the cotangent that the bwd rule returns: trees must have one structure"));
  CHECK(message<TypeError>([&] {
          grad(jit([=](const Array& v) {
            return sum(custom_vjp(f, [](const Array& w) { return std::pair(sum(w), w); }, [](const Array&, const Array& ct) { return ct; })(v));
          }))(x);
        }) == "custom_vjp: the fwd rule's first result must be that of the function, f64[2], got f64[] at result; reshape, "
              "broadcast or sum it");
  CHECK(message<TypeError>([&] {
          jvp(custom_vjp(f, fwd, [](const Array&, const Array& ct) { return sin(ct); }), std::tuple(x), std::tuple(x));
        }) == "custom_vjp: for forward mode, the bwd rule must be linear, got one that applies sin, which is not linear in what it "
              "is applied to; transpose its derivative instead, by fx::vjp");
  CHECK(message<TypeError>([&] { custom_vjp(f, fwd, [](const Array&, const Array& ct) { return ct; })(Array()); }) ==
        "custom_vjp: every argument must hold a value, got an empty handle; assign it first");
  CHECK(message<TypeError>([&] {
          const auto id = [](const Array& v) {
            return linear_call([](None, const Array& w) { return w; }, [](None, const Array& ct) { return sum(ct); }, none, v);
          };
          id(x);
        }) == "linear_call: the transpose's result must be f64[2] for linear, got f64[]; reshape, broadcast or sum it");
}

TEST_CASE("a differentiated value that custom_vjp captured is refused, wherever the call stands") {
  const auto captured = "custom_vjp: a differentiated value must be an argument, got f64[] that the function or a rule "
                        "captured, or a nondiff_argnums argument; the rules say nothing of its derivative: pass it as an "
                        "argument, or through fx::stop_gradient";
  const auto make = [](const Array& w) {
    return custom_vjp([w](const Array& x) { return x * w; }, [](const Array& x) { return std::pair(x, none); },
                      [w](None, const Array& ct) { return ct * w; });
  };
  CHECK(message<TypeError>([&] { grad([&](const Array& w) { return make(w)(1.0); })(2.0); }) == captured);
  CHECK(message<TypeError>([&] { grad([&](const Array& w) { return make(w)(w); })(2.0); }) == captured);
  CHECK(message<TypeError>([&] { jvp([&](const Array& w) { return make(w)(w); }, 2.0, 1.0); }) == captured);
  CHECK(message<TypeError>([&] { grad([&](const Array& w) { return jit(make(w))(w); })(2.0); }) == captured);
  CHECK(message<TypeError>([&] { grad([&](const Array& w) { return sum(vmap(make(w))(arange(3.0))); })(2.0); }) == captured);
}
