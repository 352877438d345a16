#include "properties/composition.hpp"

#include <fluxion/fluxion.hpp>

#include <ostream>

namespace fluxion::test {

namespace {

using Kind = Composition::Kind;

const char* name(Kind k) {
  constexpr const char* names[] = {"leaf", "chain", "jit", "scan", "while", "cond", "vmap", "grad", "jvp", "checkpoint", "custom_jvp", "custom_vjp", "reverse_scan"};
  return names[static_cast<std::size_t>(k)];
}

std::size_t n_parts(Kind k) { return k == Kind::leaf ? 0 : k == Kind::chain || k == Kind::branch ? 2 : 1; }

class Reader {
 public:
  explicit Reader(const std::vector<unsigned>& genes) : genes_(genes) {}
  Composition read(int depth) {
    Composition c;
    c.kind = depth == 0 ? Kind::leaf : static_cast<Kind>(next() % (static_cast<unsigned>(Kind::last) + 1));
    c.variant = next();
    for (std::size_t i = 0; i < n_parts(c.kind); ++i) c.parts.push_back(read(depth - 1));
    return c;
  }

 private:
  unsigned next() { return at_ < genes_.size() ? genes_[at_++] : 0; }
  const std::vector<unsigned>& genes_;
  std::size_t at_ = 0;
};

Array leaf(unsigned variant, const Array& x) {
  switch (variant % 7) {
    case 0: return sin(x);
    case 1: return 0.7 * tanh(x);
    case 2: return 0.3 * (x * x);
    case 3: return exp(-(x * x));
    case 4: return where(x > 0.2, 0.9 * x, cos(x));
    case 5: return flip(x, 0) * 0.5;
    default: return 0.2 * sum(x) + x * x * 0.1;
  }
}

VectorFunction scanned(const VectorFunction& f, unsigned trips, bool reverse) {
  return [=](const Array& x) {
    const auto step = [&](const Array& carry, const Array& i) {
      const Array next = 0.6 * f(carry) + (0.1 * (i + 1)) * x;
      return std::pair(next, where(i == 1, 0.5, 0.25) * next);
    };
    const auto [last, ys] = scan(step, x, arange(static_cast<std::int64_t>(trips)), {.reverse = reverse});
    return last + sum(ys, 0);
  };
}

VectorFunction looped(const VectorFunction& f, unsigned trips) {
  return [=](const Array& x) {
    using Carry = std::pair<Array, Array>;
    const Array bound = static_cast<std::int64_t>(trips) + where(sum(x) > 0, 1, 0);
    return while_loop([&](const Carry& c) { return c.first < bound; },
                      [&](const Carry& c) { return Carry(c.first + 1, 0.6 * f(c.second) + 0.2 * x); }, Carry(0, x))
        .second;
  };
}

VectorFunction with_jvp_rule(const VectorFunction& f) {
  return custom_jvp(f, [f](const std::tuple<Array>& primals, const std::tuple<Array>& tangents) {
    return jvp(f, std::get<0>(primals), std::get<0>(tangents));
  });
}

VectorFunction with_vjp_rule(const VectorFunction& f) {
  return custom_vjp(
      f, [f](const Array& x) { return std::pair(f(x), x); },
      [f](const Array& x, const Array& ct) { return std::tuple(vjp(f, x).second(ct)); });
}

}  // namespace

Composition composition(const std::vector<unsigned>& genes, int depth) { return Reader(genes).read(depth); }

std::ostream& operator<<(std::ostream& os, const Composition& c) {
  os << name(c.kind) << c.variant << (c.parts.empty() ? "" : "(");
  for (std::size_t i = 0; i < c.parts.size(); ++i) os << (i == 0 ? "" : ", ") << c.parts[i];
  return os << (c.parts.empty() ? "" : ")");
}

VectorFunction function_of(const Composition& c) {
  std::vector<VectorFunction> parts;
  for (const auto& p : c.parts) parts.push_back(function_of(p));
  const auto f = parts.empty() ? VectorFunction() : parts[0];
  switch (c.kind) {
    case Kind::leaf: return [v = c.variant](const Array& x) { return leaf(v, x); };
    case Kind::chain: return [f, g = parts[1]](const Array& x) { return 0.8 * g(f(x)) + 0.1 * x; };
    case Kind::jit: return jit(f);
    case Kind::scan: return scanned(f, c.variant % 4, false);
    case Kind::reverse_scan: return scanned(f, c.variant % 4, true);
    case Kind::loop: return looped(f, c.variant % 3);
    case Kind::branch:
      return [f, g = parts[1]](const Array& x) {
        return cond(sum(x) > 0.1, [&](const Array& v) { return f(v) + 0.3 * x; }, [&](const Array& v) { return g(v); }, x);
      };
    case Kind::map:
      return [f](const Array& x) {
        const auto rows = vmap(f)(stack({x, x * 0.5}));
        return 0.6 * rows[0] + 0.4 * rows[1];
      };
    case Kind::gradient:
      return [f](const Array& x) {
        const Array w = sin(x);
        return grad([&](const Array& u) { return sum(w * f(u)); })(x);
      };
    case Kind::tangent: return [f](const Array& x) { return jvp(f, x, cos(x)).second; };
    case Kind::remat: return checkpoint(f);
    case Kind::custom_jvp: return with_jvp_rule(f);
    case Kind::custom_vjp: return with_vjp_rule(f);
  }
  return f;
}

}  // namespace fluxion::test
