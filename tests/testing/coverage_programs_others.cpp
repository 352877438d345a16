// Small programs for primitives that the case table has no record of, or not for every dtype.
#include "testing/coverage_programs.hpp"

#include <fluxion/callbacks.hpp>
#include <fluxion/fluxion.hpp>
#include <fluxion/lax/linalg.hpp>
#include <fluxion/lax/math.hpp>

#include "core/jaxpr.hpp"
#include "ir/op.hpp"
#include "lax/control_flow/tape.hpp"
#include "lax/elementwise.hpp"
#include "support/host.hpp"

namespace fluxion::test {

namespace {

Array sampled(DType t, const Shape& shape, std::uint64_t seed = 1) {
  return make(sample({t, shape, 0.5, 1.5}, seed));
}

/// Collects programs of one dtype.
struct Programs {
  DType t;
  std::vector<CoverageProgram> all{};

  void add(const char* primitive, Shape shape, const std::function<Array(const Array&)>& f) {
    add(primitive, {sampled(t, shape)}, [f](const Arrays& a) { return Arrays{f(a[0])}; });
  }
  void add(const char* primitive, Arrays args, FlatFn f) {
    all.push_back({primitive,
                   std::string(primitive) + ", by a program of its own",
                   t,
                   std::move(f),
                   std::move(args),
                   {},
                   2});
  }
  void refuse(std::initializer_list<const char*> primitives, const char* why) {
    for (const auto* p : primitives) all.push_back({p, p, t, nullptr, {}, why, 2});
  }
};

// A constant of x's dtype.
Array as(const Array& x, double v) { return Array(v).astype(x.dtype()); }

void add_custom_rules(Programs& p) {
  p.add("custom_jvp_call", {3}, [](const Array& x) {
    return custom_jvp([](const Array& v) { return sin(v); },
                      [](const auto& at, const auto& t) {
                        const auto& v = std::get<0>(at);
                        return std::pair(sin(v), cos(v) * std::get<0>(t));
                      })(x);
  });
  p.add("custom_vjp_call", {3}, [](const Array& x) {
    return custom_vjp([](const Array& v) { return sin(v); },
                      [](const Array& v) { return std::pair(sin(v), cos(v)); },
                      [](const Array& slope, const Array& ct) { return std::tuple(slope * ct); })(x);
  });
  p.add("custom_vmap_call", {3}, [](const Array& x) {
    return custom_vmap(
        [](const Array& v) { return sin(v) * v; },
        [](std::int64_t, const auto&, const Array& v) { return std::pair(sin(v) * v, true); })(x);
  });
  p.add("linear_call", {3}, [](const Array& x) {
    const Array twice = as(x, 2);
    return linear_call([](const Array& r, const Array& v) { return r * v; },
                       [](const Array& r, const Array& ct) { return r * ct; }, twice, x) *
           x;
  });
  p.add("checkpoint", {3},
        [](const Array& x) { return checkpoint([](const Array& v) { return sin(v) * v; })(x); });
  p.add("name", {3}, [](const Array& x) { return checkpoint_name(sin(x), "s") * x; });
}

// A function of the host, with a rule that calls it again.
Array squared_by_host(const Array& x) {
  const auto host = [](const Array& v) {
    return pure_callback([](const Array& w) { return w * w; }, ShapeDtypeStruct{v.shape(), v.dtype()}, v);
  };
  return custom_jvp(host, [](const auto& at, const auto& t) {
    const auto& v = std::get<0>(at);
    return std::pair(squared_by_host(v), as(v, 2) * v * std::get<0>(t));
  })(x);
}

void add_callbacks(Programs& p) {
  p.add("debug_callback", {3}, [](const Array& x) {
    debug::callback([](const Array&) {}, x);
    return x * x;
  });
  p.add("pure_callback", {3}, squared_by_host);
  p.add("io_callback", {3}, [](const Array& x) {
    return x * io_callback([](const Array& w) { return w; }, ShapeDtypeStruct{x.shape(), x.dtype()},
                           stop_gradient(x));
  });
}

void add_collectives(Programs& p) {
  const auto over = [&](const char* primitive, const Shape& shape,
                        const std::function<Array(const Array&)>& f) {
    p.add(primitive, shape,
          [f](const Array& x) { return vmap([f](const Array& v) { return f(v); }, {.axis_name = "i"})(x); });
  };
  over("psum", {3, 2}, [](const Array& x) { return psum(x, "i") * x; });
  if (!is_complex(p.t)) {
    over("pmax", {3, 2}, [](const Array& x) { return pmax(x, "i") * x; });
    over("pmin", {3, 2}, [](const Array& x) { return pmin(x, "i") * x; });
  } else {
    p.refuse({"pmax", "pmin"}, "complex numbers have no order");
  }
  over("axis_index", {3, 2}, [](const Array& x) { return x * axis_index("i").astype(x.dtype()); });
  over("all_gather", {3, 2}, [](const Array& x) { return all_gather(x, "i") * x; });
  over("reduce_scatter", {3, 3}, [](const Array& x) { return psum_scatter(x * x, "i"); });
  over("all_to_all", {3, 3}, [](const Array& x) { return all_to_all(x * x, "i", 0, 0); });
  over("ppermute", {3, 2}, [](const Array& x) { return ppermute(x, "i", {{0, 1}, {1, 2}, {2, 0}}) * x; });
}

// Work enough in a lane for buckets of lanes to be worth it.
Array heavy(const Array& x) {
  auto y = x;
  for (int i = 0; i < 12; ++i) y = sin(y) + as(x, 0.125) * cos(y);
  return y;
}

void add_control_flow(Programs& p) {
  p.add("cond_buckets", {4, 16}, [](const Array& x) {
    return vmap([](const Array& v) {
      return cond(
          real(v[0]) > 1.0, [](const Array& w) { return heavy(w); }, [](const Array& w) { return w * w; }, v);
    })(x);
  });
  p.all.back().order = p.t == DType::float64 ? 2 : 1;  // it costs seconds
  const auto compiled = [&](const char* primitive, const Shape& shape,
                            const std::function<Array(const Array&)>& f) {
    p.add(primitive, {sampled(p.t, shape)},
          jitted([f](const Arrays& a) { return Arrays{f(a[0])}; }));  // a tape lives in one run
  };
  const auto index = [](std::int64_t i) { return Array(i).astype(DType::int64); };
  const auto record = [](const Array& x) { return Aval{x.shape(), x.dtype(), false}; };
  const auto one = [=](const Array& x) { return lax::tape_push(lax::tape_empty({}), index(0), {&x, 1}); };
  compiled("tape_push", {2},
           [=](const Array& x) { return lax::tape_read(one(x), index(0), {record(x)})[0] * x; });
  compiled("tape_read", {2},
           [=](const Array& x) { return lax::tape_read(one(x), index(0), {record(x)})[0] * x; });
  compiled("tape_add", {2}, [=](const Array& x) {
    return lax::tape_read(lax::tape_add(one(x), one(x * x)), index(0), {record(x)})[0];
  });
  compiled("tape_sum", {3, 2}, [=](const Array& x) {
    const auto tapes = lax::tape_push(lax::tape_empty({3}), arange(3).astype(DType::int64), {&x, 1});
    return lax::tape_read(lax::tape_sum(tapes, {0}), index(1), {record(x[0])})[0] * x[0];
  });
}

void add_implicit(Programs& p) {
  p.add("custom_root", {}, [](const Array& q) {
    const auto newton = [](const auto& f, const Array& start) {
      return fori_loop(
          0, 12, [&](const Array&, const Array& x) { return x - f(x) / (as(x, 3) * x * x); }, start);
    };
    const auto divide = [](const auto& g, const Array& y) { return y / g(ones_like(y)); };
    return custom_root([&](const Array& x) { return x * x * x - q; }, ones_like(q), newton, divide);
  });
  p.add("custom_linear_solve", {2}, [](const Array& x) {
    const auto divide = [x](const auto&, const Array& b) { return b / x; };
    return custom_linear_solve([x](const Array& v) { return x * v; }, sin(x), divide, divide);
  });
}

void add_others(Programs& p) {
  if (is_floating(p.t)) {
    for (const auto op : {ir::Op::round_half_even, ir::Op::round_half_away})
      p.add(ir::name(op).data(), {3}, [op](const Array& x) {
        return lax::elementwise(op).bind_one({&x, 1}, ParamsView::of(NoParams{})) * x;
      });
  } else {
    p.refuse({"round_half_even", "round_half_away"}, "the operand must be floating");
  }
  const auto words = [] { return array({1, 2}).astype(DType::uint32); };
  p.add("random_wrap", {2}, [=](const Array& x) {
    return x * random::key_data(random::wrap_key_data(words())).astype(x.dtype());
  });
  p.add("random_unwrap", {2}, [=](const Array& x) {
    return x * random::key_data(random::wrap_key_data(words())).astype(x.dtype());
  });
  p.add("iota", {3}, [](const Array& x) { return x * lax::iota(x.dtype(), {3}, 0); });
  p.add("select_n", {3}, [](const Array& x) { return lax::select_n(array({true, false, true}), x, x * x); });
}

void add_complex(Programs& p) {
  namespace la = lax::linalg;
  const auto hermitian = [](const Array& x) {
    return matmul(x, conj(x.T())) + as(x, 2) * eye(x.shape()[0]).astype(x.dtype());
  };
  p.add("cholesky", {2, 2}, [=](const Array& x) { return la::cholesky(hermitian(x)); });
  p.add("qr", {3, 2}, [](const Array& x) { return la::qr(x, {.full_matrices = false}).r; });
  p.add("eigh", {2, 2}, [=](const Array& x) {  // what does not depend on the phases of the vectors
    const auto [v, w] = la::eigh(hermitian(x));
    return matmul(v * (w * w).astype(x.dtype()), conj(v.T()));
  });
  p.add("convert_element_type", {3}, [](const Array& x) {
    const auto other = x.dtype() == DType::complex64 ? DType::complex128 : DType::complex64;
    return (x * x).astype(other).astype(x.dtype());
  });
}

}  // namespace

std::vector<CoverageProgram> programs_without_case(DType t) {
  Programs p{t};
  add_others(p);
  add_collectives(p);
  if (is_inexact(t)) {
    add_custom_rules(p);
    add_callbacks(p);
    add_control_flow(p);
    add_implicit(p);
  }
  if (is_complex(t)) add_complex(p);
  return std::move(p.all);
}

}  // namespace fluxion::test
