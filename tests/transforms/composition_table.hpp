// What a function of (vector, scalar) -> scalar gives under the transformations and their compositions: two functions
// that are the same must agree in every row.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <fluxion/fluxion.hpp>

namespace fluxion::test {

struct CompositionRow {
  std::string name;
  Array value;
};

template <class F>
std::vector<CompositionRow> reverse_compositions(F f) {
  const Array x = array({0.3, -1.2, 0.8}), y = 0.7;
  const Array xs = array({{0.3, -1.2, 0.8}, {1.1, 0.2, -0.4}}), ys = array({0.7, -0.5});
  const auto of_x = [f](const Array& v) { return f(v, 0.7); };
  std::vector<CompositionRow> rows;
  const auto row = [&rows](const char* name, const Array& value) { rows.push_back({name, value}); };
  row("f", f(x, y));
  row("jit", jit(f)(x, y));
  row("vmap", vmap(f)(xs, ys));
  row("vmap of the first", vmap(f, {.in_axes = {0, none}})(xs, y));
  row("grad", grad(f)(x, y));
  row("grad in y", grad(f, argnums<1>)(x, y));
  row("grad of jit", grad(jit(f))(x, y));
  row("jit of grad", jit(grad(f))(x, y));
  row("vmap of grad", vmap(grad(f))(xs, ys));
  row("grad of vmap", grad([f](const Array& v, const Array& w) { return sum(vmap(f)(v, w)); })(xs, ys));
  row("grad of vmap in the unmapped", grad([f, &xs](const Array& w) { return sum(vmap(f, {.in_axes = {0, none}})(xs, w)); })(y));
  row("jit of vmap of grad of jit", jit(vmap(grad(jit(f))))(xs, ys));
  row("hessian by reverse over reverse", jacrev(jacrev(of_x))(x));
  row("grad of grad in y", grad(grad(f, argnums<1>), argnums<1>)(x, y));
  row("third derivative in y", grad(grad(grad(f, argnums<1>), argnums<1>), argnums<1>)(x, y));
  row("grad of jit of grad", grad(jit(grad(f, argnums<1>)), argnums<1>)(x, y));
  const auto loop = [f](const Array& v, const Array& w) {
    return scan([f](const Array& c, const Array& e) { return std::pair(c * 0.5 + f(c, e), f(c * e, e)); }, v, w);
  };
  row("grad of scan", grad([loop, ys](const Array& v) { return sum(loop(v, ys).first); })(x));
  row("grad of scan in xs", grad([loop, x](const Array& w) { return sum(loop(x, w).second); })(ys));
  row("grad of vmap of scan", grad([loop, ys](const Array& v) {
        return sum(vmap([loop, ys](const Array& e) { return loop(e, ys).first; })(v));
      })(xs));
  row("second derivative of scan", grad(grad([loop, x](const Array& w) { return sum(loop(x, stack({w, w})).first); }))(y));
  const auto branch = [f](const Array& v, const Array& w) {
    return cond(w > 0, [f](const Array& a, const Array& b) { return f(a, b); }, [f](const Array& a, const Array& b) { return f(b * a, b); }, v, w);
  };
  row("grad of cond", grad(branch)(x, y));
  row("vmap of grad of cond", vmap(grad(branch))(xs, ys));
  return rows;
}

/// Those that need forward mode.
template <class F>
std::vector<CompositionRow> forward_compositions(F f) {
  const Array x = array({0.3, -1.2, 0.8}), y = 0.7;
  const Array xs = array({{0.3, -1.2, 0.8}, {1.1, 0.2, -0.4}}), ys = array({0.7, -0.5});
  const auto of_x = [f](const Array& v) { return f(v, 0.7); };
  std::vector<CompositionRow> rows;
  const auto row = [&rows](const char* name, const Array& value) { rows.push_back({name, value}); };
  row("jvp", jvp(f, std::tuple(x, y), std::tuple(array({1.0, 2.0, 3.0}), scalar(0.5))).second);
  row("jvp in x", jvp(f, std::tuple(x, y), std::tuple(array({1.0, 2.0, 3.0}), Array())).second);
  row("jvp of jit", jvp(jit(f), std::tuple(x, y), std::tuple(array({1.0, 2.0, 3.0}), scalar(0.5))).second);
  row("jacfwd", jacfwd(of_x)(x));
  row("jacfwd of jacfwd", jacfwd(jacfwd(of_x))(x));
  row("hessian", hessian(of_x)(x));
  row("reverse over forward", jacrev(jacfwd(of_x))(x));
  row("jit of hessian", jit(hessian(of_x))(x));
  row("vmap of jacfwd", vmap(jacfwd(of_x))(xs));
  row("jacfwd of vmap", jacfwd([f, ys](const Array& v) { return vmap(f)(v, ys); })(xs));
  const auto loop = [f](const Array& v, const Array& n) {
    return while_loop([n](const std::pair<Array, Array>& c) { return c.first < n; },
                      [f](const std::pair<Array, Array>& c) { return std::pair(c.first + 1, c.second * 0.5 + f(c.second, 0.9)); },
                      std::pair(Array(0), v))
        .second;
  };
  row("jvp of while", jvp([loop](const Array& v) { return loop(v, 3); }, std::tuple(x), std::tuple(ones_like(x))).second);
  row("jacfwd of while over lanes", vmap(jacfwd(loop))(xs, array({1, 3})));
  return rows;
}

/// The rows that differ by more than `relative`, named; empty if there are none.
inline std::string differing(const std::vector<CompositionRow>& got, const std::vector<CompositionRow>& want, double relative) {
  std::string names;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const bool alike = got[i].value.shape() == want[i].value.shape() && got[i].value.dtype() == want[i].value.dtype() &&
                       static_cast<bool>(all(abs(got[i].value - want[i].value) <= relative * (1.0 + abs(want[i].value))));
    if (!alike) names += "[" + want[i].name + "] ";
  }
  return names;
}

}  // namespace fluxion::test
