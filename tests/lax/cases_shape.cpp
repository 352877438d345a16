// Primitives that move elements: broadcasts, reshapes, permutations, slices, padding, concatenation.
#include "lax/case_parts.hpp"

namespace fluxion::test {

namespace {

constexpr DType kMoved[] = {DType::float64, DType::float32, DType::int32, DType::uint64, DType::bool_, DType::key_fry};

using OutShape = std::function<Shape(const Shape&)>;
using Source = std::function<Dims(const Dims& out, const Shape& in)>;

// Each element of the result is one of the operand.
Reference gathered(OutShape out_shape, Source source) {
  return [=](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{in[0].dtype, out_shape(in[0].shape), {}};
    for_each_index(out.shape, [&](const Dims& at, std::size_t) {
      out.v.push_back(in[0].v[flat_index(in[0].shape, source(at, in[0].shape))]);
    });
    return {out};
  };
}

Case moving_case(std::string name, std::string primitive, std::vector<Shape> shapes, std::function<Array(const Array&)> f,
                 OutShape out_shape, Source source) {
  Case c{std::move(name), std::move(primitive), {}, {}, gathered(std::move(out_shape), std::move(source)), 0, 0, {1}, {1}, {}};
  c.f = [f = std::move(f)](const Arrays& a) -> Arrays { return {f(a[0])}; };
  for (const auto& s : shapes)
    for (const auto t : kMoved) c.signatures.push_back({{{t, s}}});
  return c;
}

ErrorInput refuses(Shape shape, std::vector<std::string> message) {
  return {[shape] { return Arrays{make(sample({DType::float64, shape}, 1))}; }, std::move(message)};
}

Case broadcast_case(const char* variant, Shape in, Shape out, Dims dims) {
  auto c = moving_case(std::string("broadcast_in_dim/") + variant, "broadcast_in_dim", {in},
                       [=](const Array& x) { return lax::broadcast_in_dim(x, out, dims); }, [=](const Shape&) { return out; },
                       [=](const Dims& at, const Shape& from) {
                         Dims source;
                         for (std::size_t i = 0; i < dims.size(); ++i)
                           source.push_back(from[i] == 1 ? 0 : at[static_cast<std::size_t>(dims[i])]);
                         return source;
                       });
  if (!in.empty()) {
    Shape wrong = in, ranker = in;
    wrong[0] += 7;
    ranker.insert(0, 1);
    c.errors = {refuses(wrong, {"extent"}), refuses(ranker, {"broadcast_dimensions", "one result axis per operand axis"})};
  }
  return c;
}

Dims unflattened(std::size_t flat, const Shape& shape) {
  Dims at(shape.size(), 0);
  for (std::size_t d = shape.size(); d-- > 0; flat /= static_cast<std::size_t>(shape[d]))
    at[d] = static_cast<std::int64_t>(flat % static_cast<std::size_t>(shape[d]));
  return at;
}

Case reshape_case(const char* variant, Shape in, Shape out) {
  auto c = moving_case(std::string("reshape/") + variant, "reshape", {in}, [=](const Array& x) { return lax::reshape(x, out); },
                       [=](const Shape&) { return out; },
                       [=](const Dims& at, const Shape& from) { return unflattened(flat_index(out, at), from); });
  c.errors = {refuses({7}, {"elements", "f64[7]"})};
  return c;
}

Case transpose_case(Dims perm, std::vector<Shape> shapes) {
  auto c = moving_case("transpose/" + std::to_string(perm.size()) + std::to_string(perm.empty() ? 0 : perm[0]), "transpose",
                       std::move(shapes), [=](const Array& x) { return lax::transpose(x, perm); },
                       [=](const Shape& s) {
                         Shape out;
                         for (auto d : perm) out.push_back(s[static_cast<std::size_t>(d)]);
                         return out;
                       },
                       [=](const Dims& at, const Shape& s) {
                         Dims source(s.size(), 0);
                         for (std::size_t i = 0; i < perm.size(); ++i) source[static_cast<std::size_t>(perm[i])] = at[i];
                         return source;
                       });
  c.errors = {refuses({2, 2, 2, 2}, {"permutation", "every axis"})};
  return c;
}

Case rev_case(const char* variant, Dims axes, std::vector<Shape> shapes) {
  auto c = moving_case(std::string("rev/") + variant, "rev", std::move(shapes), [=](const Array& x) { return lax::rev(x, axes); },
                       [](const Shape& s) { return s; },
                       [=](const Dims& at, const Shape& s) {
                         Dims source = at;
                         for (auto d : axes) {
                           const auto a = static_cast<std::size_t>(d);
                           source[a] = s[a] - 1 - at[a];
                         }
                         return source;
                       });
  c.errors = {refuses({}, {"must be in [0, 0)", "f64[]"})};
  return c;
}

Case slice_case(const char* variant, Shape in, Dims start, Dims limit, Dims strides) {
  auto c = moving_case(std::string("slice/") + variant, "slice", {in},
                       [=](const Array& x) { return lax::slice(x, start, limit, strides); },
                       [=](const Shape& s) {
                         Shape out;
                         for (std::size_t i = 0; i < s.size(); ++i) {
                           std::int64_t n = 0;
                           for (auto at = start[i]; at < limit[i]; at += strides[i]) ++n;
                           out.push_back(n);
                         }
                         return out;
                       },
                       [=](const Dims& at, const Shape& s) {
                         Dims source;
                         for (std::size_t i = 0; i < s.size(); ++i) source.push_back(start[i] + at[i] * strides[i]);
                         return source;
                       });
  Shape small(in.size(), 0), ranker = in;
  ranker.push_back(1);
  if (limit != small) c.errors.push_back(refuses(small, {"start <= limit <= extent"}));
  c.errors.push_back(refuses(ranker, {"one entry per axis"}));
  return c;
}

// Each result element is the operand's that falls on it, else the padding value.
Reference padded(std::vector<lax::Padding> config) {
  return [=](const std::vector<Host>& in) -> std::vector<Host> {
    const auto& s = in[0].shape;
    Host out{in[0].dtype, {}, {}};
    for (std::size_t i = 0; i < s.size(); ++i)
      out.shape.push_back(config[i].low + config[i].high + s[i] + std::max<std::int64_t>(s[i] - 1, 0) * config[i].interior);
    out.v.assign(static_cast<std::size_t>(element_count(out.shape)), in[1].v[0]);
    for_each_index(s, [&](const Dims& at, std::size_t flat) {
      Dims to;
      bool inside = true;
      for (std::size_t i = 0; i < s.size(); ++i) {
        to.push_back(config[i].low + at[i] * (config[i].interior + 1));
        inside = inside && to[i] >= 0 && to[i] < out.shape[i];
      }
      if (inside) out.v[flat_index(out.shape, to)] = in[0].v[flat];
    });
    return {out};
  };
}

Case pad_case(const char* variant, std::vector<Shape> shapes, std::vector<lax::Padding> config) {
  Case c{std::string("pad/") + variant, "pad", {}, {}, padded(config), 0, 0, {1, 1}, {0, 0}, {}, {1, 1}};
  c.f = [=](const Arrays& a) -> Arrays { return {lax::pad(a[0], a[1], config)}; };
  for (const auto& s : shapes)
    for (const auto t : kMoved) c.signatures.push_back({{{t, s}, {t, {}}}});
  const auto first = shapes[0];
  c.errors = {{[=] { return Arrays{make(sample({DType::float64, first}, 1)), Array(1)}; }, {"padding value", "i64[]", "f64"}},
              {[=] { return Arrays{make(sample({DType::float64, first}, 1)), array({1.0})}; }, {"padding value", "scalar", "f64[1]"}},
              {[] { return Arrays{make(sample({DType::float64, {2, 2, 2, 2}}, 1)), Array(1.0)}; }, {"per axis", "f64[2,2,2,2]"}}};
  return c;
}

Case concatenate_case(const char* variant, std::int64_t dimension, std::vector<std::vector<Shape>> signatures) {
  Case c{std::string("concatenate/") + variant, "concatenate", {}, {}, {}, 0, 0, {1, 1, 1}, {0, 0, 0}, {}, {1, 1, 1}};
  c.f = [=](const Arrays& a) -> Arrays { return {lax::concatenate(a, dimension)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    const auto d = static_cast<std::size_t>(dimension);
    Host out{in[0].dtype, in[0].shape, {}};
    out.shape[d] = 0;
    for (const auto& x : in) out.shape[d] += x.shape[d];
    for_each_index(out.shape, [&](Dims at, std::size_t) {
      std::size_t k = 0;
      while (at[d] >= in[k].shape[d]) at[d] -= in[k++].shape[d];
      out.v.push_back(in[k].v[flat_index(in[k].shape, at)]);
    });
    return {out};
  };
  for (const auto& shapes : signatures)
    for (const auto t : kMoved) {
      Signature s;
      for (const auto& shape : shapes) s.args.push_back({t, shape});
      c.signatures.push_back(s);
    }
  c.errors = {{[] { return Arrays{array({{1.0}, {2.0}}), array({{1.0f}, {2.0f}})}; }, {"agree in dtype", "f64[2,1]", "f32[2,1]"}},
              {[] { return Arrays{array({{1.0}, {2.0}}), array({{1.0, 2.0, 3.0}})}; }, {"agree", "f64[2,1]", "f64[1,3]"}},
              {[] { return Arrays{}; }, {"at least one operand"}}};
  return c;
}

}  // namespace

void add_shape_cases(std::vector<Case>& to) {
  to.push_back(broadcast_case("of_a_scalar", {}, {2, 3}, {}));
  to.push_back(broadcast_case("to_the_middle", {3}, {2, 3, 4}, {1}));
  to.push_back(broadcast_case("of_ones", {2, 1}, {2, 5, 9}, {0, 2}));
  to.push_back(broadcast_case("of_nothing", {0}, {2, 0}, {1}));
  to.push_back(broadcast_case("to_nothing", {1, 3}, {0, 3}, {0, 1}));
  to.push_back(reshape_case("merged", {2, 3, 4}, {6, 4}));
  to.push_back(reshape_case("split", {26}, {2, 13}));
  to.push_back(reshape_case("across", {2, 9}, {3, 6}));
  to.push_back(reshape_case("of_a_scalar", {}, {1, 1}));
  to.push_back(reshape_case("to_a_scalar", {1, 1}, {}));
  to.push_back(reshape_case("of_nothing", {0, 3}, {5, 0, 2}));
  to.push_back(transpose_case({1, 0}, {{2, 3}, {9, 17}, {0, 3}, {1, 4}}));
  to.push_back(transpose_case({2, 0, 1}, {{2, 3, 4}, {3, 1, 2}}));
  to.push_back(transpose_case({1, 2, 0}, {{2, 3, 4}, {8, 1, 9}}));
  to.push_back(rev_case("one_axis", {0}, {{9}, {0}, {1}, {3, 2}}));
  to.push_back(rev_case("two_axes", {0, 2}, {{2, 3, 4}}));
  to.push_back(slice_case("inside", {26}, {3}, {20}, {1}));
  to.push_back(slice_case("strided", {9, 7}, {1, 0}, {9, 7}, {3, 2}));
  to.push_back(slice_case("to_nothing", {4, 3}, {2, 1}, {2, 3}, {1, 1}));
  to.push_back(slice_case("of_one", {2, 3, 4}, {1, 2, 3}, {2, 3, 4}, {1, 1, 1}));
  to.push_back(pad_case("positive", {{3}, {0}, {9}}, {{2, 3, 0}}));
  to.push_back(pad_case("interior", {{4}, {1}, {0}}, {{0, 0, 2}}));
  to.push_back(pad_case("negative", {{5}, {9}}, {{-1, -2, 0}}));
  to.push_back(pad_case("mixed", {{3, 4}, {2, 9}}, {{-1, 2, 1}, {3, -2, 2}}));
  to.push_back(pad_case("to_nothing", {{2, 2}}, {{-1, -1, 0}, {1, 0, 0}}));
  to.push_back(pad_case("beyond_the_operand", {{2}}, {{-3, 4, 0}}));
  to.push_back(pad_case("of_a_scalar", {{}}, {}));
  to.push_back(concatenate_case("rows", 0, {{{2}, {0}, {9}}, {{1, 3}, {2, 3}, {3, 3}}, {{0, 2}, {0, 2}, {0, 2}}}));
  to.push_back(concatenate_case("columns", 1, {{{2, 1}, {2, 4}, {2, 8}}, {{2, 1, 3}, {2, 2, 3}, {2, 0, 3}}}));
}

}  // namespace fluxion::test
