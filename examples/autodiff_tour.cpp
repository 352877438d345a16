// A tour of the transformations on one function, f(a, b) = a (a + b): what it is once traced, and what
// forward and reverse mode, second derivatives, vmap and jit make of it. Every number is checked; the exit
// code is 1 if one is wrong.
#include <iostream>
#include <string>
#include <tuple>

#include <fluxion/fluxion.hpp>

namespace fx = fluxion;
using fx::Array;

Array f(const Array& a, const Array& b) { return a * (a + b); }

bool all_right = true;

void section(const std::string& title) { std::cout << "\n--- " << title << "\n\n"; }

/// Prints a value, and checks it against what it must be by hand.
void show(const std::string& name, const Array& value, const Array& expected) {
  const bool right = value.shape() == expected.shape() && bool(fx::allclose(value, expected));
  all_right = all_right && right;
  std::cout << name << " = " << value << (right ? "" : "   WRONG") << '\n';
}

void require(bool condition, const std::string& what) {
  if (!condition) std::cout << "WRONG: " << what << '\n';
  all_right = all_right && condition;
}

const double a = 3, b = 4;

void a_function_and_its_jaxpr() {
  section("a function, and the program it is");
  show("f(3, 4)", f(a, b), 21.0);
  std::cout << "\nCalled with stand-ins for its arguments, f leaves the list of operations that it did,\n"
               "its jaxpr. Every transformation works on what such a trace sees:\n\n"
            << fx::make_jaxpr(f)(a, b) << '\n';
}

void forward_mode() {
  section("forward mode: a derivative along a direction");
  // Each value carries its tangent: a' = 1 and b' = 0, so s = a + b has s' = 1, and a s has s + a = 7 + 3.
  const auto [value, tangent] = fx::jvp(f, std::tuple(a, b), std::tuple(1.0, 0.0));
  show("f", value, 21.0);
  show("df along (1, 0)", tangent, 2 * a + b);
  std::cout << "\nThe jvp is a function too, and has a jaxpr with the tangents beside the values:\n\n";
  const auto along = [](const Array& x, const Array& y, const Array& dx, const Array& dy) {
    return fx::jvp(f, std::tuple(x, y), std::tuple(dx, dy));
  };
  std::cout << fx::make_jaxpr(along)(a, b, 1.0, 0.0) << '\n';
}

void reverse_mode() {
  section("reverse mode: all derivatives at once");
  // The derivative is recorded as a linear program of the tangents, then run backwards: each operation hands
  // the cotangent of its result on to its operands, and what arrives twice, as at a, is summed.
  const auto [value, pullback] = fx::vjp(f, a, b);
  const auto [da, db] = pullback(fx::scalar(1.0));
  show("f", value, 21.0);
  show("df/da", da, 2 * a + b);
  show("df/db", db, a);
  const auto [ga, gb] = fx::grad(f, fx::argnums<0, 1>)(a, b);
  show("grad says df/da", ga, 2 * a + b);
  show("grad says df/db", gb, a);
  std::cout << "\nThe gradient is operations like any others. (_ is the value of f, not used here.)\n\n"
            << fx::make_jaxpr(fx::grad(f, fx::argnums<0, 1>))(a, b) << '\n';
}

void second_order() {
  section("second order: transformations compose");
  const auto df_da = fx::grad(f);
  show("d2f/da2", fx::grad(df_da)(a, b), 2.0);
  show("d2f/da db", fx::grad(df_da, fx::argnums<1>)(a, b), 1.0);
  const auto of_vector = [](const Array& v) { return f(v[0], v[1]); };
  const Array expected = fx::array({{2.0, 1.0}, {1.0, 0.0}});
  show("the Hessian in (a, b)", fx::hessian(of_vector)(fx::array({a, b})), expected);
  std::cout << "\nThe jaxpr of d2f/da2: its result depends on neither a nor b.\n\n"
            << fx::make_jaxpr(fx::grad(df_da))(a, b) << '\n';
}

void many_at_once() {
  section("vmap: many examples at once");
  const Array as = fx::array({1.0, 2.0, 3.0});
  const auto f_of_each = fx::vmap(f, {.in_axes = {0, fx::none}});  // a is mapped, b is shared
  const auto slope_of_each = fx::vmap(fx::grad(f), {.in_axes = {0, fx::none}});
  show("f for three a", f_of_each(as, b), fx::array({5.0, 12.0, 21.0}));
  show("df/da for three a", slope_of_each(as, b), fx::array({6.0, 8.0, 10.0}));
  std::cout << "\nThe same operations, on vectors:\n\n" << fx::make_jaxpr(f_of_each)(as, b) << '\n';
}

void compiled() {
  section("jit: traced once, compiled, and the same to the bit");
  const auto eager = fx::vmap(fx::grad(f), {.in_axes = {0, fx::none}});
  const auto fast = fx::jit(eager);
  const Array as = fx::linspace(0.0, 1.0, 1000);
  require(bool(fx::array_equal(fast(as, b), eager(as, b))), "jit changes no bit");
  show("the sum of 1000 compiled gradients", fx::sum(fast(as, b)), 5000.0);
}

void an_impure_function() {
  section("an impure function: what happens while tracing happens once");
  int calls = 0;
  double scale = 10;
  const auto impure = fx::jit([&](const Array& x) {
    ++calls;
    std::cout << "(being traced: x is " << x << ")\n";
    return scale * x;
  });
  show("impure(1)", impure(1.0), 10.0);
  show("impure(2)", impure(2.0), 20.0);
  require(calls == 1, "the function was traced once");
  std::cout << "It printed once: the second call ran the compiled program.\n\n";

  scale = 100;
  show("impure(3), after scale = 100", impure(3.0), 30.0);
  std::cout << "The program still multiplies by the 10 that it read while it was traced. What may change\n"
               "must be an argument:\n";
  const auto pure = fx::jit([](const Array& factor, const Array& x) { return factor * x; });
  show("pure(100, 3)", pure(100.0, 3.0), 300.0);

  std::cout << "\nA value of the trace that escapes it is caught when it is used:\n";
  Array leaked;
  fx::jit([&](const Array& x) { return leaked = x + 1; })(1.0);
  try {
    std::cout << leaked + 1 << '\n';
    require(false, "a leaked tracer is an error");
  } catch (const fx::UnexpectedTracerError& e) {
    std::cout << e.what() << '\n';
  }
}

int main() {
  a_function_and_its_jaxpr();
  forward_mode();
  reverse_mode();
  second_order();
  many_at_once();
  compiled();
  an_impure_function();
  std::cout << (all_right ? "\nAll numbers are right.\n" : "\nSome numbers are WRONG.\n");
  return all_right ? 0 : 1;
}
