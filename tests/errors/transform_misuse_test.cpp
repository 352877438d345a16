// What a user of JAX gets wrong with control flow, custom rules, collectives, callbacks and compiled programs, as far as it
// only shows at run time: a table of the mistakes with their exact messages. Those that types tell are in compile_fail.
#include <catch2/catch.hpp>

#include <functional>
#include <stdexcept>

#include <fluxion/fluxion.hpp>

namespace fluxion::test {

namespace {

enum class Kind { type, value, concretization, unexpected_tracer };

struct Misuse {
  const char* name;
  Kind kind;
  std::function<void()> make;
  const char* message;
};

template <class E>
void check_kind(const Misuse& m) {
  CHECK_THROWS_AS(m.make(), E);
}

void check_all(const std::vector<Misuse>& table) {
  for (const auto& m : table) {
    INFO(m.name);
    std::string message = "nothing was thrown";
    try {
      m.make();
    } catch (const std::exception& e) {
      message = e.what();
    }
    CHECK(message == m.message);
    switch (m.kind) {
      case Kind::type: check_kind<TypeError>(m); break;
      case Kind::value: check_kind<ValueError>(m); break;
      case Kind::concretization: check_kind<ConcretizationError>(m); break;
      case Kind::unexpected_tracer: check_kind<UnexpectedTracerError>(m); break;
    }
    CHECK(array_equal(jit(grad([](const Array& x) { return sum(x * x); }))(array({1.0, 2.0})), array({2.0, 4.0})).item<bool>());
  }
}

const Array v3 = array({1.0, 2.0, 3.0});
const auto id = [](const Array& x) { return x; };
const auto squares = [](const Array& x) { return x * x; };

// The gradient of a function whose custom_jvp rule has this tangent.
template <class T>
auto with_tangent(const T& tangent) {
  return [tangent] {
    const auto f = custom_jvp(squares, [tangent](const auto& primals, const auto& tangents) {
      return std::pair(squares(std::get<0>(primals)), tangent(std::get<0>(tangents)));
    });
    grad([&](const Array& x) { return sum(f(x)); })(v3);
  };
}

}  // namespace

TEST_CASE("misuse of cond and switch_") {
  check_all({
      {"a predicate of many", Kind::type, [] { cond(v3 > 1.0, id, id, v3); },
       "cond: the predicate must be a scalar, got bool[3]; use fx::where for elementwise choice"},
      {"results of other shapes", Kind::type, [] { cond(true, id, [](const Array& x) { return sum(x); }, v3); },
       "cond: branches must return equal types, got f64[] and f64[3]; make shapes equal, or convert with astype"},
      {"results of other lengths", Kind::type,
       [] { cond(true, [](const Array& x) { return Arrays{x}; }, [](const Array& x) { return Arrays{x, x}; }, v3); },
       "cond: branches must return trees of one structure, got 2 and 1 leaves; return the same tree from each"},
      {"an if in a branch", Kind::concretization, [] { cond(true, [](const Array& x) { return x > 0.0 ? x : -x; }, id, 1.0); },
       "bool: a concrete value is required, got Traced<bool[]> of cond, which is abstract; select with fx::where, branch with "
       "fx::cond, loop with fx::while_loop, pass the value as a static argument (fx::static_argnums), or look at it under "
       "fx::disable_jit"},
      {"an index of many", Kind::type, [] { switch_(array({0, 1}), std::tuple(id, id), v3); },
       "switch_: the index must be an integer scalar, got i32[2]; choose one by one under fx::vmap"},
      {"a bool for an index", Kind::type, [] { switch_(true, std::tuple(id, id), v3); },
       "switch_: the index must be an integer scalar, got bool[]; convert it with astype(fx::int32), or use fx::cond for two"},
      {"no branch", Kind::value, [] { switch_(0, std::vector<std::function<Array(const Array&)>>{}, v3); },
       "switch_: at least one branch is required, got none; give the functions to choose from"},
  });
}

TEST_CASE("switch_ chooses from a vector of functions as from a tuple") {
  const std::vector<std::function<Array(const Array&)>> branches{id, squares, [](const Array& x) { return -x; }};
  const auto chosen = [&](const Array& i, const Array& x) { return switch_(i, branches, x); };
  CHECK(chosen(1, 3.0).item<double>() == 9.0);
  CHECK(jit(grad(chosen, argnums<1>))(1, 3.0).item<double>() == 6.0);
  CHECK(vmap(chosen)(array({0, 1, 2}), v3).to_vector<double>() == std::vector<double>{1.0, 4.0, -3.0});
}

TEST_CASE("misuse of loops") {
  const auto below = [](const Array& v) { return sum(v) < 9.0; };
  check_all({
      {"a condition of many", Kind::type, [] { while_loop([](const Array& v) { return v < 3.0; }, squares, v3); },
       "while_loop: the condition must return a bool scalar, got bool[3]; compare, as in x < 1, or use fx::all"},
      {"a condition that is a number", Kind::type, [] { while_loop(id, [](const Array& v) { return v - 1; }, 3); },
       "while_loop: the condition must return a bool scalar, got i64[]; compare, as in x < 1, or use fx::all"},
      {"a body that changes the dtype", Kind::type, [&] { while_loop(below, [](const Array& v) { return v + 0.5; }, 0); },
       "while_loop: the body must return a carry of the type it is given, got f64[] for i64[]; convert the initial value or the "
       "result with astype"},
      {"a body that appends", Kind::type, [&] { while_loop(below, [](const Array& v) { return concatenate({v, v}); }, v3); },
       "while_loop: the body must return a carry of the type it is given, got f64[6] for f64[3]; start with an array of the "
       "final shape, for a carry cannot grow, shrink or broadcast"},
      {"a body that counts in halves", Kind::type, [] { fori_loop(0, 3, [](const Array& i, const Array& c) { return c + 0.5 * i; }, 0); },
       "fori_loop: the body must return a carry of the type it is given, got f64[] for i64[]; convert the initial value or the "
       "result with astype"},
      {"bounds that are no integers", Kind::type, [] { fori_loop(0.0, 3.0, [](const Array& i, const Array& c) { return c + i; }, 0.0); },
       "fori_loop: bounds must be integer scalars, got f64[]; convert with astype(fx::int64)"},
      {"an index used as a number of C++", Kind::concretization,
       [] { fori_loop(0, 3, [](const Array& i, const Array& c) { return c + i.item<int>(); }, 0); },
       "item: a concrete value is required, got Traced<i64[]> of fori_loop, which is abstract; select with fx::where, branch with "
       "fx::cond, loop with fx::while_loop, pass the value as a static argument (fx::static_argnums), or look at it under "
       "fx::disable_jit"},
      {"unequal lengths", Kind::value,
       [] {
         using Two = std::pair<Array, Array>;
         scan([](const Array& c, const Two& x) { return std::pair(c + x.first, x.second); }, 0.0, Two(arange(3.0), arange(4.0)));
       },
       "scan: leading axes of xs must have one extent, got 3 and 4 at [1]; stack as many elements in each leaf"},
      {"no length", Kind::value, [] { scan([](const Array& c, None) { return std::pair(c, none); }, 0.0, none); },
       "scan: the number of trips must be known, got no xs; give xs a leaf, or scan with {.length = n}"},
      {"a carry that broadcasts", Kind::type,
       [] { scan([](const Array& c, const Array& x) { return std::pair(c + x, none); }, 0.0, ones({3, 2})); },
       "scan: the body must return a carry of the type it is given, got f64[2] for f64[]; start with an array of the final "
       "shape, for a carry cannot grow, shrink or broadcast"},
      {"a carry kept from the body", Kind::unexpected_tracer,
       [] {
         Array kept;
         scan([&](const Array& c, const Array& x) { return kept = c, std::pair(c + x, none); }, 0.0, v3);
         kept + 1.0;
       },
       "add: operands must belong to a transformation that is running on this thread, got Traced<f64[]> of scan from a finished "
       "scan; do not keep values from inside a transformed function (captured by reference, static or global): return them, "
       "pass them as arguments, or capture by value"},
      {"a combination that reduces", Kind::type,
       [] { associative_scan([](const Array& a, const Array& b) { return sum(a + b); }, v3); },
       "associative_scan: fn must return what it combines, got f64[] for f64[1]; it is called with slices along the axis and "
       "works on them elementwise"},
  });
}

TEST_CASE("numbers of C++ are as good as arrays in bodies") {
  CHECK(cond(false, id, [](const Array&) { return 2; }, 1.0).item<double>() == 2.0);
  CHECK(while_loop([](auto) { return false; }, [](auto) { return 1.0; }, 3.0).item<double>() == 3.0);
  CHECK(fori_loop(0, 2, [](auto i, auto c) { return c + i; }, 0).item<int>() == 1);
  const auto [last, ys] = scan([](auto c, auto x) { return std::tuple(c + x, true); }, 0, array({1, 2}));
  CHECK(last.item<int>() == 3);
  CHECK(all(ys).item<bool>());
}

TEST_CASE("misuse of custom rules and linear functions") {
  const auto product = "; what a rule returns must be linear in them); use fx::jvp or fx::jacfwd, or fx::stop_gradient around it";
  const auto not_linear = ": reverse mode needs a linear operation, got one that has no transpose (a product of two tangents";
  const auto mul = std::string("mul") + not_linear + product, dot_general = std::string("dot_general") + not_linear + product;
  check_all({
      {"a tangent of another shape", Kind::type, with_tangent([](const Array& t) { return sum(t); }),
       "custom_jvp: the rule's tangent must be f64[3] for result, got f64[]; reshape, broadcast or sum it"},
      {"a tangent of another dtype", Kind::type, with_tangent([](const Array& t) { return t.astype(float32); }),
       "custom_jvp: the rule's tangent must be f64[3] for result, got f32[3]; convert it with astype"},
      {"a product of tangents", Kind::type, with_tangent([](const Array& t) { return t * t; }), mul.c_str()},
      {"an inner product of tangents", Kind::type, with_tangent([](const Array& t) { return dot(t, t) * ones({3}); }), dot_general.c_str()},
      {"a cotangent of another shape", Kind::type,
       [] {
         const auto f = custom_vjp(squares, [](const Array& x) { return std::pair(x * x, x); },
                                   [](const Array&, const Array& ct) { return std::tuple(sum(ct)); });
         grad([&](const Array& x) { return sum(f(x)); })(v3);
       },
       "custom_vjp: the cotangent that the bwd rule returns must be f64[3] for arg0, got f64[]; reshape, broadcast or sum it"},
      {"a batch of another size", Kind::type,
       [] { vmap(custom_vmap(squares, [](std::int64_t, const auto&, const Array&) { return std::pair(ones({4}), true); }))(v3); },
       "custom_vmap: the rule's result must be that of the function, f64[3], got f64[4] at result; reshape, broadcast or sum it"},
      {"the transpose of sin", Kind::type, [] { linear_transpose([](const Array& x) { return sin(x); }, v3)(v3); },
       "linear_transpose: the function must be linear, got one that applies sin, which is not linear in what it is applied to; "
       "transpose its derivative instead, by fx::vjp"},
      {"a vector under hvp", Kind::type, [] { hvp(squares, v3, v3); },
       "grad: the output must be a scalar, got f64[3]; reduce it with fx::sum or fx::mean, or use fx::jacrev for a Jacobian"},
      {"series of other lengths", Kind::value,
       [] { jet([](const Array& a, const Array& b) { return a * b; }, std::tuple(2.0, 3.0), std::tuple(Arrays{1.0}, Arrays{1.0, 2.0})); },
       "jet: the series of all arguments must have one length, got 1 for arg0 and 2 for arg1; an empty handle stands for a "
       "derivative of zero"},
  });
}

TEST_CASE("misuse of named axes") {
  const auto total = [](const Array& x) { return psum(x, "i"); };
  check_all({
      {"outside any vmap", Kind::value, [&] { total(v3); },
       "psum: the axis must be one that a vmap around the call names, got 'i' with these in scope: none; give the vmap "
       "{.axis_name = \"i\"}"},
      {"another name", Kind::value, [&] { vmap(total, {.axis_name = "batch"})(v3); },
       "psum: the axis must be one that a vmap around the call names, got 'i' with these in scope: 'batch'; give the vmap "
       "{.axis_name = \"i\"}"},
      {"jitted, and called outside", Kind::value, [&] { const auto f = jit(total); vmap(f, {.axis_name = "i"})(v3); f(v3); },
       "psum: the axis must be one that a vmap around the call names, got 'i' with these in scope: none; give the vmap "
       "{.axis_name = \"i\"}"},
      {"two that send to one", Kind::value, [] { vmap([](const Array& x) { return ppermute(x, "i", {{0, 1}, {1, 1}}); }, {.axis_name = "i"})(v3); },
       "ppermute: sources and destinations must be distinct and in [0, 3), got (1, 1) besides another pair with one of them; "
       "each position sends to and receives from at most one"},
  });
}

TEST_CASE("misuse of compiled programs and donated memory") {
  check_all({
      {"donated and used again", Kind::value,
       [] { const auto f = jit(squares, donate_argnums<0>); const Array x = arange(3.0); f(x); x + 1.0; },
       "array: it must not have been donated, got a deleted f64[3], whose memory was given to a jitted function by "
       "donate_argnums; use that call's result, or do not donate this argument"},
      {"moved and used again", Kind::type, [] { const auto f = jit(squares); Array x = arange(3.0); f(std::move(x)); x + 1.0; },
       "add: every operand must hold a value, got an empty handle (default-constructed or moved-from); assign it first"},
      {"compiled for another shape", Kind::type, [] { jit([](const Array& x) { return x; }, {.name = "f"}).lower(v3).compile()(ones({4})); },
       "compiled f: arg0 must be f64[3], for which it was compiled, got f64[4]; convert it, compile for this type too, or call "
       "what fx::jit returns"},
      {"a compiled program under grad", Kind::type,
       [] {
         const auto f = jit([](const Array& x) { return sum(x); }, {.name = "f"}).lower(v3).compile();
         grad([&](const Array& x) { return f(x); })(v3);
       },
       "compiled f: arg0 must be concrete, for a compiled program cannot be transformed, got Traced<f64[3]> of grad; transform "
       "the function itself, then compile"},
  });
}

TEST_CASE("misuse of callbacks") {
  const auto host = [](auto f) { return [f](const Array& x) { return pure_callback(f, x, x); }; };
  check_all({
      {"another shape than was said", Kind::value, [&] { jit(host([](const Array& x) { return sum(x); }))(v3); },
       "pure_callback: the callback must return what result_like says, got f64[] for f64[3] as result 0; reshape it, or change "
       "result_like"},
      {"a derivative of foreign code", Kind::type, [&] { grad([&](const Array& x) { return sum(host(id)(x)); })(v3); },
       "pure_callback: a function of the host has no derivative, got operand 0 (f64[3]) with a tangent; give it one with "
       "fx::custom_jvp, or put fx::stop_gradient around its operands"},
      {"a name without a value", Kind::value, [] { debug::print("{x}", v3); },
       "debug::print: a named field needs an argument of that name, got {x}; pass fx::debug::arg(\"x\", x), in \"{x}\""},
  });
  const auto thrower = host([](const Array&) -> Array { throw std::out_of_range("mine"); });
  CHECK_THROWS_AS(jit(thrower)(v3), std::out_of_range);
  CHECK_THROWS_WITH(vmap(thrower)(v3), "mine");
}

}  // namespace fluxion::test
