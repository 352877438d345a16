// Every primitive that takes complex numbers, against std::complex.
#include "lax/case_parts.hpp"

#include <complex>

#include <fluxion/complex.hpp>
#include <fluxion/lax/math.hpp>

namespace fluxion::test {

namespace {

using C = std::complex<double>;
constexpr DType kComplex[] = {DType::complex128, DType::complex64};

struct UnaryRow {
  const char* name;
  Unary f;
  C (*reference)(C);
  double ulps;
  Interval smooth;
  bool real_result = false, linear = false;
  bool differentiable = true;
};

C expm1(C z) {
  const auto s = std::sin(z.imag() / 2);
  return {std::expm1(z.real()) * std::cos(z.imag()) - 2 * s * s, std::exp(z.real()) * std::sin(z.imag())};
}
C log1p(C z) {
  const std::complex<long double> w(1.0L + z.real(), z.imag());
  return C(std::log(w));
}
C logistic(C z) { return 1.0 / (1.0 + std::exp(-z)); }

const UnaryRow kUnary[] = {
    {"neg", lax::neg, [](C z) { return -z; }, 0, {-2, 2}, false, true},
    {"conj", lax::conj, [](C z) { return std::conj(z); }, 0, {-2, 2}, false, true},
    {"real", lax::real, [](C z) { return C(z.real()); }, 0, {-2, 2}, true, true},
    {"imag", lax::imag, [](C z) { return C(z.imag()); }, 0, {-2, 2}, true, true},
    {"abs", lax::abs, [](C z) { return C(std::abs(z)); }, 1, {0.5, 2}, true},
    {"sign", lax::sign, [](C z) { return z == C(0) ? z : z / std::abs(z); }, 2, {0.5, 2}, false, false, false},
    {"exp", lax::exp, [](C z) { return std::exp(z); }, 2, {-2, 2}},
    {"expm1", lax::expm1, expm1, 3, {-2, 2}},
    {"log", lax::log, [](C z) { return std::log(z); }, 2, {0.5, 3}},
    {"log1p", lax::log1p, log1p, 3, {-0.3, 3}},
    {"sqrt", lax::sqrt, [](C z) { return std::sqrt(z); }, 2, {0.5, 3}},
    {"sin", lax::sin, [](C z) { return std::sin(z); }, 2, {-2, 2}},
    {"cos", lax::cos, [](C z) { return std::cos(z); }, 2, {-2, 2}},
    {"tanh", lax::tanh, [](C z) { return std::tanh(z); }, 3, {-0.7, 0.7}},
    {"logistic", lax::logistic, logistic, 4, {-1, 1}},
    {"square", lax::square, [](C z) { return z * z; }, 2, {-2, 2}},
    {"rsqrt", lax::rsqrt, [](C z) { return 1.0 / std::sqrt(z); }, 3, {0.5, 3}},
    {"exp2", lax::exp2, [](C z) { return std::exp(z * std::log(2.0)); }, 4, {-2, 2}},
    {"tan", lax::tan, [](C z) { return std::tan(z); }, 3, {-0.7, 0.7}},
    {"asin", lax::asin, [](C z) { return std::asin(z); }, 3, {-0.6, 0.6}},
    {"acos", lax::acos, [](C z) { return std::acos(z); }, 3, {-0.6, 0.6}},
    {"atan", lax::atan, [](C z) { return std::atan(z); }, 3, {-0.6, 0.6}},
    {"sinh", lax::sinh, [](C z) { return std::sinh(z); }, 3, {-2, 2}},
    {"cosh", lax::cosh, [](C z) { return std::cosh(z); }, 3, {-2, 2}},
    {"asinh", lax::asinh, [](C z) { return std::asinh(z); }, 3, {-0.6, 0.6}},
    {"acosh", lax::acosh, [](C z) { return std::acosh(z); }, 3, {1.5, 3}},
    {"atanh", lax::atanh, [](C z) { return std::atanh(z); }, 3, {-0.6, 0.6}},
};

std::vector<Shape> shapes() { return {{}, {0}, {5}, {130}, {2, 3}}; }

// The parts' dtype where the result is real.
Reference pointwise_complex(std::function<C(std::span<const Number>)> f, bool real_result) {
  return [=](const std::vector<Host>& in) {
    auto out = pointwise([&](std::span<const Number> x, DType) { return complex_number(f(x)); })(in);
    if (real_result) out[0].dtype = real_part(out[0].dtype);
    return out;
  };
}

Case unary_case(const UnaryRow& r) {
  Case c{std::string(r.name) + "/complex", r.name, flat(r.f), {}, {}, r.ulps, r.ulps, {r.differentiable}, {r.linear}, {}};
  c.reference = pointwise_complex([f = r.reference](std::span<const Number> x) { return f(complex_value(x[0])); }, r.real_result);
  for (const auto t : kComplex)
    for (const auto& shape : shapes()) c.signatures.push_back({{{t, shape, r.smooth.lo, r.smooth.hi}}});
  if (std::string(r.name) == "conj" || r.real_result)
    if (std::string(r.name) != "abs") c.errors = refused_dtypes({}, 1);
  return c;
}

struct BinaryRow {
  const char* name;
  Binary f;
  C (*reference)(C, C);
  double ulps;
  Interval x, y;
  std::vector<char> linear, affine;
};

C lexicographic(C a, C b, bool larger) {
  const bool first = a.real() == b.real() ? a.imag() > b.imag() : a.real() > b.real();
  return first == larger ? a : b;
}

const BinaryRow kBinary[] = {
    {"add", lax::add, [](C a, C b) { return a + b; }, 0, {-2, 2}, {-2, 2}, {0, 0}, {1, 1}},
    {"sub", lax::sub, [](C a, C b) { return a - b; }, 0, {-2, 2}, {-2, 2}, {0, 0}, {1, 1}},
    {"mul", lax::mul, [](C a, C b) { return a * b; }, 2, {-2, 2}, {-2, 2}, {1, 1}, {1, 1}},
    {"div", lax::div, [](C a, C b) { return a / b; }, 3, {-2, 2}, {0.5, 2}, {1, 0}, {1, 0}},
    {"pow", lax::pow, [](C a, C b) { return std::pow(a, b); }, 12, {0.5, 2}, {-2, 2}, {0, 0}, {}},
    {"max", lax::max, [](C a, C b) { return lexicographic(a, b, true); }, 0, {0, 1}, {1.1, 2}, {0, 0}, {}},
    {"min", lax::min, [](C a, C b) { return lexicographic(a, b, false); }, 0, {0, 1}, {1.1, 2}, {0, 0}, {}},
};

Case binary_case(const BinaryRow& r) {
  Case c{std::string(r.name) + "/complex", r.name, flat(r.f), {}, {}, r.ulps, r.ulps, {1, 1}, r.linear, {}, r.affine};
  c.reference = pointwise_complex([f = r.reference](std::span<const Number> x) { return f(complex_value(x[0]), complex_value(x[1])); }, false);
  for (const auto t : kComplex) {
    for (const auto& shape : shapes()) c.signatures.push_back({{{t, shape, r.x.lo, r.x.hi}, {t, shape, r.y.lo, r.y.hi}}});
    c.signatures.push_back({{{t, {}, r.x.lo, r.x.hi}, {t, {131}, r.y.lo, r.y.hi}}});
    c.signatures.push_back({{{t, {2, 3}, r.x.lo, r.x.hi}, {t, {}, r.y.lo, r.y.hi}}});
  }
  c.errors = mismatched(DType::complex64, DType::complex128);
  return c;
}

Case complex_case() {
  Case c{"complex", "complex", flat(lax::complex), {}, {}, 0, 0, {1, 1}, {0, 0}, {}, {1, 1}};
  c.reference = [](const std::vector<Host>& in) {
    auto out = pointwise([](std::span<const Number> x, DType) { return Number{x[0].f, 0, x[1].f}; })(in);
    out[0].dtype = with_parts(out[0].dtype);
    return out;
  };
  for (const auto t : kFloats)
    for (auto& s : same_shape_signatures(t, {{-2, 2}, {-2, 2}})) c.signatures.push_back(s);
  c.errors = refused_dtypes({DType::float32, DType::float64}, 2);
  for (auto& e : mismatched(DType::float32, DType::float64)) c.errors.push_back(e);
  return c;
}

Case equality_case(const char* name, Binary f, bool equal) {
  Case c{std::string(name) + "/complex", name, flat(f), {}, {}, 0, 0, {0, 0}, {0, 0}, {}};
  c.reference = pointwise([=](std::span<const Number> x, DType) {
    return whole((complex_value(x[0]) == complex_value(x[1])) == equal);
  }, DType::bool_);
  const std::vector<Number> values{{0, 0, 0}, {-0.0, 0, 0}, {1, 0, 2}, {1, 0, -2}, {kNaN, 0, 0}, {kInf, 0, 1}};
  for (const auto t : kComplex) c.signatures.push_back(edge_pairs(t, values));
  return c;
}

Case order_case(const char* name, Binary f) {
  Case c{std::string(name) + "/real", name, flat(f), {}, {}, 0, 0, {0, 0}, {0, 0}, {}};
  c.reference = pointwise([](std::span<const Number>, DType) { return whole(0); }, DType::bool_);
  const auto none = [] { return Arrays{array<C>({C(1)}), array<C>({C(2)})}; };
  c.errors = {{none, {"real numbers", "c128[1]"}}};
  return c;
}

Case integer_pow_case(std::int64_t y) {
  Case c{"integer_pow/complex" + std::to_string(y), "integer_pow", {}, {}, {}, 12, 12, {1}, {0}, {}};
  c.f = [y](const Arrays& a) -> Arrays { return {lax::integer_pow(a[0], y)}; };
  c.reference = pointwise_complex([y](std::span<const Number> x) { return std::pow(complex_value(x[0]), static_cast<int>(y)); }, false);
  for (const auto t : kComplex)
    for (const auto& shape : {Shape{}, Shape{5}}) c.signatures.push_back({{{t, shape, 0.5, 2}}});
  return c;
}

// The rest moves numbers, or sums them: the results of both parts, each for itself.
struct PartwiseRow {
  const char* name;
  const char* primitive;
  std::vector<Shape> args;
  std::vector<char> linear;
  Array (*f)(const Arrays&);
};

const PartwiseRow kPartwise[] = {
    {"reduce_sum/complex", "reduce_sum", {{3, 40}}, {1}, [](const Arrays& a) { return lax::reduce_sum(a[0], {1}); }},
    {"reduce_sum/complex columns", "reduce_sum", {{40, 3}}, {1}, [](const Arrays& a) { return lax::reduce_sum(a[0], {0}); }},
    {"transpose/complex", "transpose", {{3, 4}}, {1}, [](const Arrays& a) { return lax::transpose(a[0], {1, 0}); }},
    {"reshape/complex", "reshape", {{3, 4}}, {1}, [](const Arrays& a) { return lax::reshape(a[0], {2, 6}); }},
    {"rev/complex", "rev", {{5}}, {1}, [](const Arrays& a) { return lax::rev(a[0], {0}); }},
    {"broadcast_in_dim/complex", "broadcast_in_dim", {{3}}, {1}, [](const Arrays& a) { return lax::broadcast_in_dim(a[0], {2, 3}, {1}); }},
    {"slice/complex", "slice", {{3, 4}}, {1}, [](const Arrays& a) { return lax::slice(a[0], {1, 0}, {3, 3}); }},
    {"concatenate/complex", "concatenate", {{2}, {3}}, {0, 0}, [](const Arrays& a) { return lax::concatenate(a, 0); }},
    {"pad/complex", "pad", {{3}, {}}, {0, 0}, [](const Arrays& a) { return lax::pad(a[0], a[1], {{1, 2, 1}}); }},
};

Host part_of(Host x, bool imaginary) {
  x.dtype = DType::float64;
  for (auto& n : x.v) n = real(imaginary ? n.im : n.f);
  return x;
}

Case partwise_case(const PartwiseRow& r) {
  Case c{r.name, r.primitive, {}, {}, {}, 2, 2, std::vector<char>(r.args.size(), 1), r.linear, {}};
  c.f = [f = r.f](const Arrays& a) -> Arrays { return {f(a)}; };
  c.reference = [f = r.f](const std::vector<Host>& in) {
    Host parts[2];
    for (const bool imaginary : {false, true}) {
      Arrays args;
      for (const auto& x : in) args.push_back(make(part_of(x, imaginary)));
      parts[imaginary] = read(f(args));
    }
    for (std::size_t i = 0; i < parts[0].v.size(); ++i) parts[0].v[i].im = parts[1].v[i].f;
    parts[0].dtype = in[0].dtype;
    return std::vector<Host>{parts[0]};
  };
  for (const auto t : kComplex) {
    Signature s;
    for (const auto& shape : r.args) s.args.push_back({t, shape});
    c.signatures.push_back(s);
  }
  return c;
}

Case dot_case() {
  Case c{"dot_general/complex", "dot_general", {}, {}, {}, 8, 8, {1, 1}, {1, 1}, {}};
  c.f = [](const Arrays& a) -> Arrays { return {lax::dot_general(a[0], a[1], {{1}, {0}, {}, {}})}; };
  c.reference = [](const std::vector<Host>& in) {
    const auto m = in[0].shape[0], k = in[0].shape[1], n = in[1].shape[1];
    Host out{in[0].dtype, {m, n}, {}};
    for (std::int64_t i = 0; i < m; ++i)
      for (std::int64_t j = 0; j < n; ++j) {
        C sum = 0;
        for (std::int64_t p = 0; p < k; ++p)
          sum += complex_value(in[0].v[static_cast<std::size_t>(i * k + p)]) * complex_value(in[1].v[static_cast<std::size_t>(p * n + j)]);
        out.v.push_back(complex_number(sum));
      }
    return std::vector<Host>{out};
  };
  for (const auto t : kComplex) c.signatures.push_back({{{t, {3, 4}, 0.5, 1}, {t, {4, 2}, 0.5, 1}}});
  return c;
}

// Folds of one line.
struct FoldRow {
  const char* name;
  Array (*f)(const Array&, const Dims&);
  C (*of)(C, C);
  double ulps;
};
const FoldRow kFolds[] = {
    {"reduce_max", lax::reduce_max, [](C a, C b) { return lexicographic(a, b, true); }, 0},
    {"reduce_min", lax::reduce_min, [](C a, C b) { return lexicographic(a, b, false); }, 0},
};

Case fold_case(const FoldRow& r, bool columns) {
  Case c{std::string(r.name) + "/complex" + (columns ? " columns" : ""), r.name, {}, {}, {}, r.ulps, r.ulps, {1}, {0}, {}};
  c.f = [f = r.f, columns](const Arrays& a) -> Arrays { return {f(a[0], {columns ? 0 : 1})}; };
  c.reference = [of = r.of, columns](const std::vector<Host>& in) {
    const auto n = in[0].shape[columns ? 1 : 0], m = in[0].shape[columns ? 0 : 1];
    Host out{in[0].dtype, {n}, {}};
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = [&](std::int64_t j) { return complex_value(in[0].v[static_cast<std::size_t>(columns ? j * n + i : i * m + j)]); };
      C folded = at(0);
      for (std::int64_t j = 1; j < m; ++j) folded = of(folded, at(j));
      out.v.push_back(complex_number(folded));
    }
    return std::vector<Host>{out};
  };
  for (const auto t : kComplex)
    for (const auto& shape : {Shape{2, 3}, Shape{2, 37}})  // few: differences must not step over a near tie
      c.signatures.push_back({{{t, columns ? Shape{shape[1], shape[0]} : shape, 0.5, 0.9}}, shape[1] < 10});
  return c;
}

Case select_case() {
  Case c{"select_n/complex", "select_n", {}, {}, {}, 0, 0, {0, 1, 1}, {0, 0, 0}, {}, {0, 1, 1}};
  c.f = [](const Arrays& a) -> Arrays { return {lax::select_n(a[0], a[1], a[2])}; };
  c.reference = pointwise([](std::span<const Number> x, DType) { return x[0].i != 0 ? x[2] : x[1]; });
  for (const auto t : kComplex) {
    c.signatures.push_back({{{DType::bool_, {5}}, {t, {5}}, {t, {5}}}});
    c.signatures.push_back({{{DType::bool_, {130}}, {t, {}}, {t, {130}}}});
    c.signatures.push_back({{{DType::bool_, {}}, {t, {2, 3}}, {t, {}}}});
  }
  return c;
}

}  // namespace

void add_complex_cases(std::vector<Case>& to) {
  for (const auto& r : kUnary) to.push_back(unary_case(r));
  for (const auto& r : kBinary) to.push_back(binary_case(r));
  for (const auto& r : kPartwise) to.push_back(partwise_case(r));
  to.push_back(complex_case());
  to.push_back(equality_case("eq", lax::eq, true));
  to.push_back(equality_case("ne", lax::ne, false));
  to.push_back(order_case("lt", lax::lt));
  to.push_back(order_case("ge", lax::ge));
  for (const std::int64_t y : {-3, 2, 5}) to.push_back(integer_pow_case(y));
  for (const auto& r : kFolds)
    for (const bool columns : {false, true}) to.push_back(fold_case(r, columns));
  to.push_back(dot_case());
  to.push_back(select_case());
}

}  // namespace fluxion::test
