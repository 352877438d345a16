// Compositions without Fluxion: plain loops over hyper-dual numbers.
#include "properties/composition.hpp"

namespace fluxion::test {

namespace {

using Kind = Composition::Kind;

HyperVector map(const HyperVector& x, const auto& f) {
  HyperVector out;
  for (const auto& v : x) out.push_back(f(v));
  return out;
}
HyperVector zip(const HyperVector& x, const HyperVector& y, const auto& f) {
  HyperVector out;
  for (std::size_t i = 0; i < x.size(); ++i) out.push_back(f(x[i], y[i]));
  return out;
}
HyperDual total(const HyperVector& x) {
  HyperDual s;
  for (const auto& v : x) s = s + v;
  return s;
}
HyperVector mixed(const HyperVector& a, double p, const HyperVector& b, double q) {
  return zip(a, b, [&](const auto& u, const auto& v) { return p * u + q * v; });
}

HyperVector leaf(unsigned variant, const HyperVector& x) {
  switch (variant % 7) {
    case 0: return map(x, [](const auto& v) { return sin(v); });
    case 1: return map(x, [](const auto& v) { return 0.7 * tanh(v); });
    case 2: return map(x, [](const auto& v) { return 0.3 * (v * v); });
    case 3: return map(x, [](const auto& v) { return exp(-(v * v)); });
    case 4: return map(x, [](const auto& v) { return v.value() > 0.2 ? 0.9 * v : cos(v); });
    case 5: return {x[2] * 0.5, x[1] * 0.5, x[0] * 0.5};
    default: return map(x, [s = total(x)](const auto& v) { return 0.2 * s + v * v * 0.1; });
  }
}

HyperVector gradient(const Composition& c, const HyperVector& x, std::size_t level) {
  const auto w = map(x, [](const auto& v) { return sin(v); });
  HyperVector out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto moved = x;
    moved[i] = moved[i].seeded(level, 1.0);
    const auto y = written_out(c.parts[0], moved, level + 1);
    out.push_back(total(zip(w, y, [](const auto& a, const auto& b) { return a * b; })).slope(level));
  }
  return out;
}

HyperVector tangent(const Composition& c, const HyperVector& x, std::size_t level) {
  HyperVector moved;
  for (const auto& v : x) moved.push_back(v.seeded(level, cos(v)));
  return map(written_out(c.parts[0], moved, level + 1), [&](const auto& v) { return v.slope(level); });
}

}  // namespace

HyperVector written_out(const Composition& c, const HyperVector& x, std::size_t level) {
  const auto part = [&](std::size_t i, const HyperVector& v) { return written_out(c.parts[i], v, level); };
  switch (c.kind) {
    case Kind::leaf: return leaf(c.variant, x);
    case Kind::chain: return mixed(part(1, part(0, x)), 0.8, x, 0.1);
    case Kind::jit:
    case Kind::remat:
    case Kind::custom_jvp:
    case Kind::custom_vjp: return part(0, x);
    case Kind::scan:
    case Kind::reverse_scan: {
      auto carry = x, sums = HyperVector(x.size());
      const auto trips = c.variant % 4;
      for (unsigned k = 0; k < trips; ++k) {
        const auto at = c.kind == Kind::scan ? k : trips - 1 - k;
        carry = mixed(part(0, carry), 0.6, x, 0.1 * (at + 1));
        sums = mixed(sums, 1.0, carry, at == 1 ? 0.5 : 0.25);
      }
      return mixed(carry, 1.0, sums, 1.0);
    }
    case Kind::loop: {
      auto v = x;
      const auto trips = c.variant % 3 + (total(x).value() > 0 ? 1 : 0);
      for (unsigned k = 0; k < trips; ++k) v = mixed(part(0, v), 0.6, x, 0.2);
      return v;
    }
    case Kind::branch: return total(x).value() > 0.1 ? mixed(part(0, x), 1.0, x, 0.3) : part(1, x);
    case Kind::map: return mixed(part(0, x), 0.6, part(0, map(x, [](const auto& v) { return v * 0.5; })), 0.4);
    case Kind::gradient: return gradient(c, x, level);
    case Kind::tangent: return tangent(c, x, level);
  }
  return x;
}

}  // namespace fluxion::test
