// Convolutions, against loops over the definition.
#include <fluxion/lax/convolution.hpp>

#include "lax/case_parts.hpp"

namespace fluxion::test {

namespace {

struct Convolution {
  const char* variant;
  Shape lhs, rhs;
  Dims strides;
  std::vector<lax::PadAmounts> padding;
  lax::ConvOptions options{};
};

std::int64_t at(const Dims& d, std::int64_t i) { return d[static_cast<std::size_t>(i)]; }
std::int64_t or_one(const Dims& d, std::size_t i) { return d.empty() ? 1 : d[i]; }

// out[n, o, p] = sum over c, k of lhs[batch of n and o's group, channel c of o's group, p*stride + k*dilation - low]
// rhs[o, c, k], written down without regard for cost.
Reference convolved(const Convolution& v) {
  return [v](const std::vector<Host>& in) -> std::vector<Host> {
    const auto &x = in[0], &w = in[1];
    const auto d = v.options.dimension_numbers.numbers(static_cast<std::int64_t>(x.shape.size()));
    const auto rank = x.shape.size() - 2;
    const auto fgc = v.options.feature_group_count, bgc = v.options.batch_group_count;
    Host out{x.dtype, Shape(rank + 2, 0), {}};
    const auto n_out = at(w.shape, d.rhs_spec[0]), batch = at(x.shape, d.lhs_spec[0]) / bgc;
    out.shape[static_cast<std::size_t>(d.out_spec[0])] = batch;
    out.shape[static_cast<std::size_t>(d.out_spec[1])] = n_out;
    for (std::size_t i = 0; i < rank; ++i) {
      const auto n = at(x.shape, d.lhs_spec[i + 2]), k = at(w.shape, d.rhs_spec[i + 2]);
      const auto over =
          (n == 0 ? 0 : (n - 1) * or_one(v.options.lhs_dilation, i) + 1) + v.padding[i].low + v.padding[i].high;
      const auto window = k == 0 ? 0 : (k - 1) * or_one(v.options.rhs_dilation, i) + 1;
      out.shape[static_cast<std::size_t>(d.out_spec[i + 2])] = over < window ? 0 : (over - window) / v.strides[i] + 1;
    }
    for_each_index(out.shape, [&](const Dims& o, std::size_t) {
      const auto feature = at(o, d.out_spec[1]);
      long double sum = 0;
      std::uint64_t wholes = 0;
      for_each_index(w.shape, [&](const Dims& k, std::size_t flat) {
        if (at(k, d.rhs_spec[0]) != feature) return;
        Dims place(rank + 2, 0);
        const auto channels = at(w.shape, d.rhs_spec[1]);
        place[static_cast<std::size_t>(d.lhs_spec[0])] = at(o, d.out_spec[0]) + (feature / (n_out / bgc)) * batch;
        place[static_cast<std::size_t>(d.lhs_spec[1])] = at(k, d.rhs_spec[1]) + (feature / (n_out / fgc)) * channels;
        for (std::size_t i = 0; i < rank; ++i) {
          const auto dilation = or_one(v.options.lhs_dilation, i);
          const auto where = at(o, d.out_spec[i + 2]) * v.strides[i] +
                             at(k, d.rhs_spec[i + 2]) * or_one(v.options.rhs_dilation, i) - v.padding[i].low;
          if (where < 0 || where % dilation != 0 || where / dilation >= at(x.shape, d.lhs_spec[i + 2])) return;
          place[static_cast<std::size_t>(d.lhs_spec[i + 2])] = where / dilation;
        }
        const auto &a = x.v[flat_index(x.shape, place)], &b = w.v[flat];
        sum += static_cast<long double>(a.f) * b.f;
        wholes += static_cast<std::uint64_t>(a.i) * static_cast<std::uint64_t>(b.i);
      });
      out.v.push_back({static_cast<double>(sum), wrapped(static_cast<std::int64_t>(wholes), out.dtype)});
    });
    return {out};
  };
}

std::function<Arrays()> operands(DType a, Shape x, DType b, Shape y) {
  return [=] { return Arrays{make(sample({a, x, 1, 1}, 1)), make(sample({b, y, 1, 1}, 1))}; };
}

Case convolution_case(const Convolution& v) {
  Case c{std::string("conv_general_dilated/") + v.variant,
         "conv_general_dilated",
         {},
         {},
         convolved(v),
         16,
         16,
         {1, 1},
         {1, 1},
         {}};
  c.f = [v](const Arrays& a) -> Arrays {
    return {lax::conv_general_dilated(a[0], a[1], v.strides, v.padding, v.options)};
  };
  for (const auto t : kFloats) c.signatures.push_back({{{t, v.lhs, 0.5, 1.5}, {t, v.rhs, 0.5, 1.5}}});
  for (const auto t : kIntegers) c.signatures.push_back({{{t, v.lhs, -9, 9}, {t, v.rhs, -9, 9}}});
  const auto f64 = DType::float64;
  c.errors = {{operands(f64, v.lhs, DType::float32, v.rhs), {"equal dtypes", "f64[", "f32[", "astype"}},
              {operands(DType::bool_, v.lhs, DType::bool_, v.rhs), {"must be numbers", "bool["}},
              {operands(f64, {3}, f64, {3}), {"equal ranks of at least 2", "f64[3]"}}};
  auto longer = v.lhs, flatter = v.rhs;
  longer.push_back(2);
  c.errors.push_back({operands(f64, longer, f64, v.rhs), {"equal ranks"}});
  for (auto& n : flatter) n += 5;
  c.errors.push_back({operands(f64, v.lhs, f64, flatter), {"input features of rhs times feature_group_count"}});
  return c;
}

const lax::ConvLayout kLast{"NHWC", "HWIO", "NHWC"};

std::vector<Convolution> convolutions() {
  return {
      {"no_window", {3, 4}, {5, 4}, {}, {}},
      {"line", {2, 3, 9}, {4, 3, 3}, {1}, {{0, 0}}},
      {"line_strided_and_padded", {2, 3, 9}, {2, 3, 4}, {2}, {{3, 1}}},
      {"line_dilated_both_ways", {2, 2, 5}, {3, 2, 3}, {2}, {{2, 3}}, {.lhs_dilation = {3}, .rhs_dilation = {2}}},
      {"line_cut", {2, 2, 9}, {3, 2, 2}, {1}, {{-2, -1}}},
      {"image", {2, 3, 5, 6}, {4, 3, 3, 2}, {1, 1}, {{1, 1}, {0, 1}}},
      {"image_features_last", {2, 5, 6, 3}, {3, 2, 3, 4}, {2, 1}, {{1, 1}, {0, 1}}, {.dimension_numbers = kLast}},
      {"pointwise", {2, 3, 4, 5}, {4, 3, 1, 1}, {1, 1}, {{0, 0}, {0, 0}}},
      {"image_transposed", {2, 2, 3, 3}, {3, 2, 3, 3}, {1, 1}, {{1, 2}, {2, 1}}, {.lhs_dilation = {2, 2}}},
      {"two_feature_groups", {2, 4, 5, 4}, {6, 2, 2, 3}, {1, 2}, {{1, 0}, {1, 1}}, {.feature_group_count = 2}},
      {"depthwise",
       {2, 5, 5, 3},
       {3, 3, 1, 6},
       {1, 1},
       {{1, 1}, {1, 1}},
       {.dimension_numbers = kLast, .feature_group_count = 3}},
      {"batch_groups", {4, 3, 5, 4}, {6, 3, 2, 2}, {1, 2}, {{0, 1}, {1, 0}}, {.batch_group_count = 2}},
      {"volume", {1, 2, 3, 4, 3}, {2, 2, 2, 2, 2}, {1, 2, 1}, {{0, 0}, {1, 1}, {0, 1}}},
      {"window_does_not_fit", {2, 3, 4}, {2, 3, 6}, {1}, {{0, 1}}},
      {"of_nothing", {2, 0, 4}, {3, 0, 2}, {1}, {{0, 0}}},
      {"large", {2, 5, 16, 16}, {20, 5, 3, 3}, {1, 1}, {{1, 1}, {1, 1}}},
  };
}

}  // namespace

void add_convolution_cases(std::vector<Case>& to) {
  for (const auto& v : convolutions()) to.push_back(convolution_case(v));
}

}  // namespace fluxion::test
