// A user's program: the derivative of x sin(x) at 1, and a compiled function.
#include <fluxion/fluxion.hpp>

#include <cmath>
#include <iostream>

namespace fx = fluxion;
using fx::Array;

int main() {
  auto f = [](const Array& x) { return fx::sin(x) * x; };
  double derivative = fx::grad(f)(1.0).item<double>();
  double compiled = fx::jit(f)(1.0).item<double>();
  std::cout << derivative << ' ' << compiled << '\n';
  bool right = std::abs(derivative - (std::cos(1.0) + std::sin(1.0))) < 1e-12 &&
               std::abs(compiled - std::sin(1.0)) < 1e-12;
  return right ? 0 : 1;
}
