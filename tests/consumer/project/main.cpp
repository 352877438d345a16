// A user's program: the derivative of x sin(x) at 1, a compiled function, and a primitive of one's own.
#include <fluxion/extend.hpp>
#include <fluxion/fluxion.hpp>

#include <cmath>
#include <iostream>

namespace fx = fluxion;
using fx::Array;

struct Tripled {
  static constexpr std::string_view name = "tripled";
  using Params = fx::NoParams;
  static fx::Avals abstract_eval(fx::AvalSpan in, const Params&) { return {{in[0].shape, in[0].dtype}}; }
  static constexpr fx::Linear jvp = fx::linear;
  static fx::Arrays transpose(const fx::TransposeArgs& args, const Params& p) {
    return fx::bind_all<Tripled>(args.cotangents, p);
  }
  static fx::BatchOut batch(const fx::BatchArgs& args, const Params& p) {
    return {fx::bind_all<Tripled>(args.operands, p), {1}};
  }
  static fx::ir::Values lower(fx::ir::Builder& b, std::span<const fx::ir::ValueId> in, const Params& p) {
    return fx::lower_to_host<Tripled>(b, in, p, [](auto from, auto to) {
      const auto x = from[0].template elements<double>();
      for (std::size_t i = 0; i < x.size(); ++i) to[0].template elements<double>()[i] = 3 * x[i];
    });
  }
};
Array tripled(const Array& x) { return fx::bind_one<Tripled>({&x, 1}, {}); }

int main() {
  auto f = [](const Array& x) { return fx::sin(x) * x; };
  double derivative = fx::grad(f)(1.0).item<double>();
  double compiled = fx::jit(f)(1.0).item<double>();
  double own = fx::jit(fx::grad([](const Array& x) { return tripled(x) * x; }))(2.0).item<double>();
  std::cout << derivative << ' ' << compiled << ' ' << own << '\n';
  bool right = std::abs(derivative - (std::cos(1.0) + std::sin(1.0))) < 1e-12 &&
               std::abs(compiled - std::sin(1.0)) < 1e-12 && own == 12.0;
  return right ? 0 : 1;
}
