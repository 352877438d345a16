// Conversions, constants, random bits, and primitives that hold jaxprs; and the table of all cases.
#include "lax/case_parts.hpp"

#include <algorithm>
#include <cstring>

namespace fluxion::test {

namespace {

// Float to integer saturates and NaN gives 0; integer to integer wraps; to bool is != 0.
Number converted(const Number& n, DType from, DType to) {
  if (to == DType::bool_) return whole(is_floating(from) ? n.f != 0 : n.i != 0);
  if (is_floating(to)) {
    if (is_floating(from)) return real(n.f);
    const auto u = static_cast<std::uint64_t>(n.i);
    if (to == DType::float32) return real(from == DType::uint64 ? static_cast<float>(u) : static_cast<float>(n.i));
    return real(from == DType::uint64 ? static_cast<double>(u) : static_cast<double>(n.i));
  }
  if (!is_floating(from)) return whole(wrapped(n.i, to));
  if (std::isnan(n.f)) return whole(0);
  const auto t = std::trunc(n.f);
  switch (to) {
    case DType::int32: return whole(t >= 0x1p31 ? INT32_MAX : t < -0x1p31 ? INT32_MIN : static_cast<std::int64_t>(t));
    case DType::int64: return whole(t >= 0x1p63 ? INT64_MAX : t < -0x1p63 ? INT64_MIN : static_cast<std::int64_t>(t));
    case DType::uint32: return whole(t >= 0x1p32 ? 0xffffffff : t < 0 ? 0 : static_cast<std::int64_t>(t));
    default: return whole(t >= 0x1p64 ? -1 : t < 0 ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(t)));
  }
}

constexpr DType kValues[] = {DType::float64, DType::float32, DType::int64, DType::int32, DType::uint64, DType::uint32, DType::bool_};

std::vector<Number> conversion_edges() {
  auto v = edge_values();
  for (const double x : {2147483647.0, 2147483648.0, 4294967295.0, 4294967296.0, 9.3e18, 1.9e19, 16777217.0, 254.7})
    for (const double s : {1.0, -1.0}) v.push_back(real(s * x));
  for (auto& n : v) n.i = std::isfinite(n.f) && std::fabs(n.f) < 9e18 ? static_cast<std::int64_t>(n.f) : static_cast<std::int64_t>(0x8000000080000001ULL);
  return v;
}

// Results are new arrays of one dtype, so one case per dtype converted from.
Case convert_case(DType to) {
  Case c{"convert_element_type/" + std::string(short_name(to)), "convert_element_type", {}, {}, {}, 0, 0, {}, {}, {}};
  c.f = [to](const Arrays& a) -> Arrays { return {lax::convert_element_type(a[0], to)}; };
  c.reference = [to](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{to, in[0].shape, {}};
    for (const auto& n : in[0].v) out.v.push_back(converted(n, in[0].dtype, to));
    return {out};
  };
  for (const auto from : kValues) {
    if (from == to) continue;  // no operation at all
    for (const auto& s : {Shape{}, Shape{0}, Shape{17}, Shape{33}, Shape{2, 3, 4}}) c.signatures.push_back({{{from, s, 0, 50}}});
    c.signatures.push_back(edges(from, conversion_edges()));
  }
  c.differentiable = c.linear = {static_cast<char>(to == DType::float32)};  // from float64, that is
  c.errors = {{[] { return Arrays{make(sample({DType::key_fry, {2}}, 1))}; }, {"keys", "key_data"}},
              {[] { return Arrays{detail::zeros_like_aval({{2}, DType::float0})}; }, {"float0"}}};
  return c;
}

Case bitcast_case(DType to) {
  Case c{"bitcast_convert_type/" + std::string(short_name(to)), "bitcast_convert_type", {}, {}, {}, 0, 0, {0}, {0}, {}};
  c.f = [to](const Arrays& a) -> Arrays { return {lax::bitcast_convert_type(a[0], to)}; };
  c.reference = [to](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{to, in[0].shape, {}};
    for (const auto& n : in[0].v) {
      std::uint64_t bits = static_cast<std::uint64_t>(n.i);
      const auto narrow = static_cast<float>(n.f);
      if (in[0].dtype == DType::float64) std::memcpy(&bits, &n.f, 8);
      if (in[0].dtype == DType::float32) { std::uint32_t b; std::memcpy(&b, &narrow, 4); bits = b; }
      Number m = whole(wrapped(static_cast<std::int64_t>(bits), to));
      if (to == DType::float64) std::memcpy(&m.f, &bits, 8);
      if (to == DType::float32) { float f; const auto b = static_cast<std::uint32_t>(bits); std::memcpy(&f, &b, 4); m.f = f; }
      out.v.push_back(m);
    }
    return {out};
  };
  for (const auto from : kValues)
    if (itemsize(from) == itemsize(to) && from != DType::bool_)
      for (const auto& s : {Shape{}, Shape{9}, Shape{2, 0}, Shape{3, 2, 4}}) c.signatures.push_back({{{from, s, 1, 500}}});
  c.errors = {{[] { return Arrays{array({true})}; }, {"integers and floats", "bool[1]", "astype"}},
              {[] { return Arrays{make(sample({DType::key_fry, {2}}, 1))}; }, {"integers and floats", "key<fry>[2]"}}};
  return c;
}

Case stop_gradient_case() {
  Case c{"stop_gradient", "stop_gradient", flat(lax::stop_gradient), {}, {}, 0, 0, {0}, {0}, {}};
  c.reference = [](const std::vector<Host>& in) -> std::vector<Host> { return {in[0]}; };
  for (const auto t : {DType::float64, DType::float32, DType::int32, DType::bool_, DType::key_fry})
    for (const auto& s : {Shape{}, Shape{9}, Shape{2, 3}}) c.signatures.push_back({{{t, s}}});
  return c;
}

Case iota_case(DType dtype, Shape shape, std::int64_t dimension) {
  Case c{"iota/" + std::string(short_name(dtype)) + "_" + std::to_string(shape.size()), "iota", {}, {{{}}}, {}, 0, 0, {}, {}, {}};
  c.f = [=](const Arrays&) -> Arrays { return {lax::iota(dtype, shape, dimension)}; };
  c.reference = [=](const std::vector<Host>&) -> std::vector<Host> {
    Host out{dtype, shape, {}};
    for_each_index(shape, [&](const Dims& at, std::size_t) {
      const auto i = at[static_cast<std::size_t>(dimension)];
      out.v.push_back({is_floating(dtype) ? static_cast<double>(i) : 0, i});
    });
    return {out};
  };
  return c;
}

// Salmon et al. 2011, Threefry-2x32 with 20 rounds.
std::pair<std::uint32_t, std::uint32_t> threefry(std::uint32_t k0, std::uint32_t k1, std::uint32_t x0, std::uint32_t x1) {
  const std::uint32_t ks[3] = {k0, k1, k0 ^ k1 ^ 0x1BD11BDA};
  const int rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  x0 += ks[0];
  x1 += ks[1];
  for (std::uint32_t group = 0; group < 5; ++group) {
    for (const int r : rotations[group % 2]) {
      x0 += x1;
      x1 = (x1 << r) | (x1 >> (32 - r));
      x1 ^= x0;
    }
    x0 += ks[(group + 1) % 3];
    x1 += ks[(group + 2) % 3] + group + 1;
  }
  return {x0, x1};
}

Case threefry_case() {
  Case c{"threefry2x32", "threefry2x32", {}, {}, {}, 0, 0, {0, 0, 0, 0}, {0, 0, 0, 0}, {}};
  c.f = [](const Arrays& a) -> Arrays {
    auto [x, y] = lax::threefry2x32(a[0], a[1], a[2], a[3]);
    return {x, y};
  };
  c.reference = [](const std::vector<Host>& in) -> std::vector<Host> {
    Host x{DType::uint32, in[2].shape, {}}, y = x;
    const auto word = [&](std::size_t k, std::size_t i) { return static_cast<std::uint32_t>(in[k].v[in[k].v.size() == 1 ? 0 : i].i); };
    for (std::size_t i = 0; i < in[2].v.size(); ++i) {
      const auto [a, b] = threefry(word(0, i), word(1, i), word(2, i), word(3, i));
      x.v.push_back(whole(a));
      y.v.push_back(whole(b));
    }
    return {x, y};
  };
  const Interval any{0, 4294967295.0};
  for (const auto& count : {Shape{}, Shape{0}, Shape{15}, Shape{16}, Shape{17}, Shape{2, 3, 4}})
    for (const auto& key : {Shape{}, count}) {
      const Arg k{DType::uint32, key, any.lo, any.hi}, n{DType::uint32, count, any.lo, any.hi};
      c.signatures.push_back({{k, k, n, n}});
    }
  const Arg ones{DType::uint32, {1}, 0, 0, {whole(0xffffffff)}}, zero{DType::uint32, {1}, 0, 0, {whole(0)}};
  c.signatures.push_back({{ones, ones, ones, ones}});
  c.signatures.push_back({{zero, zero, zero, zero}});
  c.errors = refused_dtypes({DType::uint32}, 4);
  return c;
}

// A key is its two words, the first in the low half.
Case random_wrap_case() {
  Case c{"random_wrap", "random_wrap", flat(lax::random_wrap), {}, {}, 0, 0, {0}, {0}, {}};
  c.reference = [](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{DType::key_fry, in[0].shape, {}};
    out.shape.pop_back();
    for (std::size_t i = 0; i < in[0].v.size(); i += 2)
      out.v.push_back(whole(static_cast<std::int64_t>(static_cast<std::uint64_t>(in[0].v[i].i) |
                                                      (static_cast<std::uint64_t>(in[0].v[i + 1].i) << 32))));
    return {out};
  };
  for (const auto& s : {Shape{2}, Shape{9, 2}, Shape{0, 2}, Shape{2, 3, 2}})
    c.signatures.push_back({{{DType::uint32, s, 0, 4294967295.0}}});
  c.errors = refused_dtypes({DType::uint32}, 1);
  c.errors.push_back({[] { return Arrays{array({1U, 2U, 3U})}; }, {"last axis of extent 2", "u32[3]"}});
  return c;
}
Case random_unwrap_case() {
  Case c{"random_unwrap", "random_unwrap", flat(lax::random_unwrap), {}, {}, 0, 0, {0}, {0}, {}};
  c.reference = [](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{DType::uint32, in[0].shape, {}};
    out.shape.push_back(2);
    for (const auto& n : in[0].v) {
      out.v.push_back(whole(n.i & 0xffffffff));
      out.v.push_back(whole(static_cast<std::int64_t>(static_cast<std::uint64_t>(n.i) >> 32)));
    }
    return {out};
  };
  for (const auto& s : {Shape{}, Shape{9}, Shape{0}, Shape{2, 3}}) c.signatures.push_back({{{DType::key_fry, s}}});
  c.errors = refused_dtypes({DType::key_fry}, 1);
  return c;
}

// Two results, one of which depends on one argument only, a literal, and a captured array.
Case jit_case() {
  Case c{"jit", "jit", {}, {}, {}, 0, 0, {1, 1}, {0, 0}, {}};
  const auto captured = make({DType::float64, {3}, {real(0.5), real(-1.25), real(2)}});
  c.f = jitted([captured](const Arrays& a) -> Arrays {
    const auto y = lax::mul(a[0], a[1]);
    return {lax::add(lax::mul(y, captured), a[0]), lax::neg(a[1]), captured};
  });
  c.reference = [captured](const std::vector<Host>& in) -> std::vector<Host> {
    const auto k = read(captured);
    std::vector<Host> out{k, in[1], k};
    for (std::size_t i = 0; i < 3; ++i) {
      const auto a = in[0].v[in[0].shape.empty() ? 0 : i].f, b = in[1].v[in[1].shape.empty() ? 0 : i].f;
      out[0].v[i] = real(a * b * k.v[i].f + a);
    }
    for (auto& n : out[1].v) n = real(-n.f);
    return out;
  };
  for (const auto& x : {Shape{}, Shape{3}})
    for (const auto& y : {Shape{}, Shape{3}}) c.signatures.push_back({{{DType::float64, x}, {DType::float64, y}}});
  return c;
}

}  // namespace

void add_other_cases(std::vector<Case>& to) {
  for (const auto t : kValues) to.push_back(convert_case(t));
  for (const auto t : {DType::float64, DType::int64, DType::uint64, DType::float32, DType::int32, DType::uint32}) to.push_back(bitcast_case(t));
  to.push_back(stop_gradient_case());
  for (const auto t : {DType::int64, DType::int32, DType::uint64, DType::uint32, DType::float64, DType::float32}) {
    to.push_back(iota_case(t, {26}, 0));
    to.push_back(iota_case(t, {3, 17}, 1));
    to.push_back(iota_case(t, {3, 2, 0}, 0));
  }
  to.push_back(threefry_case());
  to.push_back(random_wrap_case());
  to.push_back(random_unwrap_case());
  to.push_back(jit_case());
}

const std::vector<Exception>& exceptions() {
  static const std::vector<Exception> list{
      {"conv_general_dilated/large", "vmap equals the loop to the bit", "BLAS sums in another order for more output features", false},
      {"convert_element_type/f32", "jvp equals differences", "float32 results have too few digits for differences"},
      {"convert_element_type/f32", "second derivatives equal differences", "float32 results have too few digits for differences"},
      {"convert_element_type/f32", "transpose satisfies the inner product", "the tangent is rounded to float32, the cotangent is not"},
  };
  return list;
}

bool excepted(const Case& c, std::string_view law) {
  return std::any_of(exceptions().begin(), exceptions().end(), [&](const Exception& e) { return e.covers(c, law); });
}

const std::vector<Case>& cases() {
  static const auto all = [] {
    std::vector<Case> c;
    add_unary_cases(c);
    add_binary_cases(c);
    add_integer_cases(c);
    add_shape_cases(c);
    add_reduction_cases(c);
    add_cumulative_cases(c);
    add_sorting_cases(c);
    add_row_cases(c);
    add_convolution_cases(c);
    add_indexing_cases(c);
    add_other_cases(c);
    add_control_flow_cases(c);
    add_complex_cases(c);
    add_narrow_cases(c);
    add_linalg_cases(c);
    add_fft_cases(c);
    add_math_cases(c);
    add_special_cases(c);
    return c;
  }();
  return all;
}

}  // namespace fluxion::test
