// The functions around the convolution primitive, whose laws the case table holds: layouts, padding by name, transposed
// convolutions, patches, and every refusal.
#include <complex>

#include <catch2/catch.hpp>

#include <fluxion/lax/convolution.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using lax::ConvOptions;
using test::message_of;
using test::shown;

namespace {

Array ramp(const Shape& shape) {
  return reshape(arange(0.0, static_cast<double>(element_count(shape))), shape) * 0.25 - 3.0;
}

template <class F>
void refused_with(const F& f, std::initializer_list<const char*> pieces) {
  const auto message = message_of<Error>(f);
  INFO(message);
  CHECK(message.substr(0, 1) != "!");
  CHECK(!message.empty());
  for (const auto* p : pieces) CHECK_THAT(message, Catch::Contains(p));
}

}  // namespace

TEST_CASE("a window slides without being turned round") {
  const auto x = array({{{1.0, 2.0, 3.0, 4.0, 5.0}}}), w = array({{{1.0, 10.0, 100.0}}});
  CHECK(shown(lax::conv(x, w, {1}, "VALID")) == "f64[1,1,3] [[[321. 432. 543.]]]");
  CHECK(shown(lax::conv(x, w, {1}, "SAME")) == "f64[1,1,5] [[[210. 321. 432. 543. 54.]]]");
  CHECK(shown(lax::conv(x, w, {2}, {{1, 1}})) == "f64[1,1,3] [[[210. 432. 54.]]]");
}

TEST_CASE("what SAME adds stands behind if it is odd, with SAME_LOWER in front") {
  const auto x = array({{{1.0, 2.0, 3.0, 4.0}}}), w = array({{{1.0, 10.0}}});
  CHECK(shown(lax::conv(x, w, {1}, "SAME")) == "f64[1,1,4] [[[21. 32. 43. 4.]]]");
  CHECK(shown(lax::conv(x, w, {1}, "SAME_LOWER")) == "f64[1,1,4] [[[10. 21. 32. 43.]]]");
  CHECK(shown(lax::conv(x, w, {1}, lax::PadType::same)) == "f64[1,1,4] [[[21. 32. 43. 4.]]]");
  CHECK(lax::conv(x, w, {3}, "SAME").shape() == Shape{1, 1, 2});
}

TEST_CASE("layouts only name axes") {
  const auto x = ramp({2, 3, 6, 5}), w = ramp({4, 3, 3, 2});
  const auto want = lax::conv(x, w, {2, 1}, "SAME");
  const auto last = lax::conv_general_dilated(transpose(x, {0, 2, 3, 1}), transpose(w, {2, 3, 1, 0}), {2, 1}, "SAME",
                                              {.dimension_numbers = {"NHWC", "HWIO", "NHWC"}});
  CHECK(bool(array_equal(transpose(last, {0, 3, 1, 2}), want)));
  const auto crossed = lax::conv_general_dilated(transpose(x, {3, 1, 2, 0}), transpose(w, {1, 3, 0, 2}), {2, 1}, "SAME",
                                                 {.dimension_numbers = {"WCHN", "IWOH", "HNCW"}});
  // The spatial letters are matched in the order in which the weights name them: strides are W's, then H's.
  const auto other = lax::conv_general_dilated(transpose(x, {3, 1, 2, 0}), transpose(w, {1, 3, 0, 2}), {1, 2}, "SAME",
                                               {.dimension_numbers = {"WCHN", "IWOH", "HNCW"}});
  CHECK(crossed.shape() == Shape{6, 2, 4, 3});
  CHECK(bool(allclose(transpose(other, {1, 2, 0, 3}), want)));
  const auto d = lax::conv_dimension_numbers(x.shape(), w.shape(), {"NHWC", "HWIO", "NCHW"});
  CHECK(d.lhs_spec == Dims{0, 3, 1, 2});
  CHECK(d.rhs_spec == Dims{3, 2, 0, 1});
  CHECK(d.out_spec == Dims{0, 1, 2, 3});
}

TEST_CASE("the jaxpr of a convolution shows its parameters as jax does") {
  std::ostringstream os;
  os << make_jaxpr([](const Array& x, const Array& w) { return lax::conv(x, w, {1}, "SAME"); })(ones({1, 2, 5}),
                                                                                                ones({3, 2, 3}));
  const auto jaxpr = os.str();
  CHECK_THAT(jaxpr, Catch::Contains("dimension_numbers=ConvDimensionNumbers(lhs_spec=(0, 1, 2), rhs_spec=(0, 1, 2), "
                                    "out_spec=(0, 1, 2))"));
  CHECK_THAT(jaxpr, Catch::Contains("padding=((1, 1),)"));
  CHECK_THAT(jaxpr, Catch::Contains("window_strides=(1,)"));
}

TEST_CASE("conv_transpose with the kernel transposed is the gradient of a convolution") {
  for (const auto* padding : {"SAME", "VALID"})
    for (const std::int64_t stride : {1, 2, 3})
      for (const std::int64_t window : {1, 2, 3, 5}) {
        // An extent that the stride divides, so that the gradient has the extent that conv_transpose takes it to have.
        const auto x = ramp({2, window + 4 * stride, 3}), w = ramp({window, 3, 4});
        const ConvOptions layout{.dimension_numbers = {"NHC", "HIO", "NHC"}};
        const auto forward = [&](const Array& v) { return lax::conv_general_dilated(v, w, {stride}, padding, layout); };
        const auto [y, pullback] = vjp(forward, x);
        const auto ct = ramp(y.shape());
        const auto got = lax::conv_transpose(ct, w, {stride}, padding, {.transpose_kernel = true});
        INFO(padding << " stride " << stride << " window " << window);
        const auto want = pullback(ct);
        const auto n = std::min(got.shape(1), want.shape(1));
        CHECK(got.shape(1) >= want.shape(1));
        if (std::string(padding) == "VALID" || want.shape(1) % stride == 0)
          CHECK(bool(allclose(got(range(), range(0, n)), want(range(), range(0, n)))));
      }
  CHECK(lax::conv_transpose(ones({1, 4, 4, 2}), ones({3, 3, 2, 5}), {2, 2}, "SAME").shape() == Shape{1, 8, 8, 5});
  CHECK(lax::conv_transpose(ones({2, 3}), ones({3, 4}), {}, "VALID").shape() == Shape{2, 4});
  CHECK(lax::conv_transpose(ones({1, 2, 2, 2, 3}), ones({2, 2, 2, 3, 4}), {2, 2, 2}, "VALID").shape() ==
        Shape{1, 4, 4, 4, 4});
}

TEST_CASE("patches times weights are the convolution") {
  const auto x = ramp({2, 3, 6, 5}), w = ramp({4, 3, 3, 2});
  const auto patches = lax::conv_general_dilated_patches(x, {3, 2}, {2, 1}, "SAME");
  CHECK(patches.shape() == Shape{2, 18, 3, 5});
  const auto product = einsum("nkhw,ok->nohw", {patches, reshape(w, {4, 18})});
  CHECK(bool(allclose(product, lax::conv(x, w, {2, 1}, "SAME"))));
  const auto last = lax::conv_general_dilated_patches(transpose(x, {0, 2, 3, 1}), {3, 2}, {2, 1}, "SAME",
                                                      {.dimension_numbers = {"NHWC", "OIHW", "NHWC"}});
  CHECK(bool(array_equal(transpose(last, {0, 3, 1, 2}), patches)));
}

TEST_CASE("weights that differ from place to place, and those that do not") {
  const auto x = ramp({2, 3, 6, 5}), w = ramp({4, 3, 3, 2});
  const auto same = broadcast_to(reshape(w, {4, 18, 1, 1}), {4, 18, 3, 5});
  CHECK(bool(
      allclose(lax::conv_general_dilated_local(x, same, {2, 1}, "SAME", {3, 2}), lax::conv(x, w, {2, 1}, "SAME"))));
  const auto other = same * ramp({1, 1, 3, 5});
  CHECK(bool(allclose(lax::conv_general_dilated_local(x, other, {2, 1}, "SAME", {3, 2}),
                      lax::conv(x, w, {2, 1}, "SAME") * ramp({1, 1, 3, 5}))));
  const auto last = lax::conv_general_dilated_local(transpose(x, {0, 2, 3, 1}), transpose(other, {2, 3, 1, 0}), {2, 1},
                                                    "SAME", {3, 2}, {.dimension_numbers = {"NHWC", "HWIO", "NHWC"}});
  CHECK(
      bool(allclose(transpose(last, {0, 3, 1, 2}), lax::conv_general_dilated_local(x, other, {2, 1}, "SAME", {3, 2}))));
  refused_with(
      [&] {
        lax::conv_general_dilated_local(x, w, {2, 1}, "SAME", {3, 2});
      },
      {"the weights must be [O, 18, places...]", "(3, 5)"});
  refused_with([&] { lax::conv_general_dilated_local(x, w[0], {2, 1}, "SAME", {3, 2}); }, {"equal ranks"});
}

TEST_CASE("preferred_element_type is what products are summed in") {
  const auto big = full({1, 1, 3}, 1e8F), one = array({{{1.0F, 1e-8F, -1.0F}}});
  CHECK(lax::conv(big.astype(float32), one, {1}, "VALID").dtype() == float32);
  const auto wide = lax::conv(big.astype(float32), one, {1}, "VALID", float64);
  CHECK(wide.dtype() == float64);
  CHECK(wide.to_vector<double>()[0] == Approx(1.0).epsilon(1e-6));
}

TEST_CASE("narrow integers wrap") {
  const auto x = (arange(60) * 7 % 50 - 20).reshape({2, 3, 10}), w = (arange(36) * 5 % 31 - 9).reshape({4, 3, 3});
  const auto f = [](const Array& a, const Array& b) { return lax::conv(a, b, {1}, "SAME"); };
  for (const auto t : {int8, int16, uint8, uint16}) {
    const auto a = x.astype(t), b = w.astype(t);
    INFO(t);
    CHECK(bool(array_equal(f(a, b), f(a.astype(int64), b.astype(int64)).astype(t))));
    CHECK(bool(array_equal(jit(f)(a, b), f(a, b))));
    CHECK(f(a, b).dtype() == t);
  }
}

TEST_CASE("convolutions of halves are summed in float32 and rounded once") {
  const auto x = ramp({2, 3, 10}), w = ramp({4, 3, 3});
  const auto f = [](const Array& a, const Array& b) { return lax::conv(a, b, {2}, "SAME"); };
  for (const auto t : {float16, bfloat16}) {
    const auto a = x.astype(t), b = w.astype(t);
    INFO(t);
    CHECK(bool(array_equal(f(a, b), f(a.astype(float32), b.astype(float32)).astype(t))));
    CHECK(bool(array_equal(jit(f)(a, b), f(a, b))));
    CHECK(bool(array_equal(vmap(f, {.in_axes = {0, none}})(expand_dims(a, 0), b)[0], f(a, b))));
    CHECK(grad([&](const Array& v) { return sum(f(a, v)); })(b).dtype() == t);
  }
}

TEST_CASE("complex numbers are multiplied without conjugation") {
  const Array i = std::complex<double>(0, 1);
  const auto a = ramp({2, 3, 10}), b = a * a - 1.0, c = ramp({4, 3, 3}), d = 2.0 - c;
  const auto f = [](const Array& x, const Array& w) { return lax::conv(x, w, {1}, {{1, 2}}); };
  const auto x = a + i * b, w = c + i * d;
  const auto want = f(a, c) - f(b, d) + i * (f(a, d) + f(b, c));
  CHECK(f(x, w).dtype() == complex128);
  CHECK(max(abs(f(x, w) - want)).item<double>() < 1e-10);
  CHECK(max(abs(jit(f)(x, w) - want)).item<double>() < 1e-10);
  CHECK(max(abs(f(x.astype(complex64), w.astype(complex64)) - want)).item<float>() < 1e-3F);
  const auto [y, dy] = jvp([&](const Array& v) { return f(v, w); }, x, i * x);
  CHECK(max(abs(dy - i * want)).item<double>() < 1e-10);
  // The transpose is that of the linear map, not its adjoint.
  const auto [z, pullback] = vjp([&](const Array& v) { return f(x, v); }, w);
  const auto ct = ramp(z.shape()) + i;
  CHECK(abs(sum(pullback(ct) * w) - sum(ct * z)).item<double>() < 1e-8);
}

TEST_CASE("large convolutions, which BLAS multiplies, agree with loops in either orientation, and in pieces") {
  for (const auto t : {float32, float64}) {
    const auto x = (ramp({3, 8, 40, 40}) * 0.001).astype(t), w = (ramp({16, 8, 5, 5}) * 0.01).astype(t);
    const auto y = lax::conv(x, w, {1, 1}, "SAME");
    const auto patches = lax::conv_general_dilated_patches(x, {5, 5}, {1, 1}, "SAME");
    const auto want = einsum("nkhw,ok->nohw", {patches, reshape(w, {16, 200})});
    CHECK(bool(allclose(y, want, t == float32 ? 1e-4 : 1e-10, t == float32 ? 1e-3 : 1e-10)));
    // The gradient in w has a large window and few places.
    const auto g = grad([&](const Array& v) { return sum(lax::conv(x, v, {1, 1}, "SAME") * y); })(w);
    const auto by_hand = reshape(einsum("nkhw,nohw->ok", {patches, y}), {16, 8, 5, 5});
    CHECK(bool(allclose(g, by_hand, t == float32 ? 1e-3 : 1e-9)));
  }
}

TEST_CASE("large convolutions in groups are those of the groups, and so are their gradients") {
  const auto x = ramp({3, 8, 40, 40}) * 0.001, w = ramp({16, 4, 5, 5}) * 0.01;
  const auto grouped = [](const Array& v, const Array& k) {
    return lax::conv_general_dilated(v, k, {1, 1}, "SAME", {.feature_group_count = 2});
  };
  const auto apart = [](const Array& v, const Array& k) {
    const auto half = [&](std::int64_t g) {
      return lax::conv(v(range(), range(4 * g, 4 * g + 4)), k(range(8 * g, 8 * g + 8)), {1, 1}, "SAME");
    };
    return concatenate({half(0), half(1)}, 1);
  };
  CHECK(bool(allclose(grouped(x, w), apart(x, w), 1e-10)));
  const auto gradients = [&](const auto& f) {
    return grad([&f](const Array& v, const Array& k) { return sum(square(f(v, k))); }, argnums<0, 1>)(x, w);
  };
  const auto [gx, gw] = gradients(grouped);
  const auto [ax, aw] = gradients(apart);
  CHECK(bool(allclose(gx, ax, 1e-9, 1e-12)));
  CHECK(bool(allclose(gw, aw, 1e-9, 1e-12)));
}

TEST_CASE("the gradient in the weights of many channels, whose matrix is made in pieces") {
  const auto x = ramp({2, 32, 64, 64}) * 0.0001, w = ramp({4, 32, 3, 3}) * 0.01;
  const auto ct = ramp({2, 4, 64, 64}) * 0.001;
  const auto g = grad([&](const Array& k) { return sum(lax::conv(x, k, {1, 1}, "SAME") * ct); })(w);
  const auto patches = lax::conv_general_dilated_patches(x, {3, 3}, {1, 1}, "SAME");
  CHECK(bool(allclose(g, reshape(einsum("nkhw,nohw->ok", {patches, ct}), {4, 32, 3, 3}), 1e-9, 1e-12)));
}

TEST_CASE("per-example gradients of shared weights are those of the loop, to the bit") {
  const auto x = ramp({4, 2, 8, 8}), w = ramp({3, 2, 3, 3});
  const auto loss = [](const Array& v, const Array& image) {
    return sum(square(lax::conv(expand_dims(image, 0), v, {1, 1}, "SAME")));
  };
  const auto all = vmap(grad(loss), {.in_axes = {none, 0}})(w, x);
  const auto compiled = jit(vmap(grad(loss), {.in_axes = {none, 0}}))(w, x);
  for (std::int64_t i = 0; i < 4; ++i) CHECK(bool(array_equal(all[i], grad(loss)(w, x[i]))));
  CHECK(bool(array_equal(all, compiled)));
}

TEST_CASE("a mapped axis of extent 0 gives nothing") {
  const auto f = [](const Array& x, const Array& w) { return lax::conv(x, w, {1}, "SAME"); };
  CHECK(vmap(f)(zeros({0, 2, 3, 5}), zeros({0, 4, 3, 3})).shape() == Shape{0, 2, 4, 5});
}

TEST_CASE("convolutions refuse what does not fit") {
  const auto x = ones({2, 4, 6, 5}), w = ones({6, 4, 3, 2});
  const auto general = [&](const Dims& strides, const lax::ConvPadding& padding, const ConvOptions& o) {
    return [=] { lax::conv_general_dilated(x, w, strides, padding, o); };
  };
  refused_with(general({1}, "VALID", {}),
               {"window_strides must have one entry per spatial axis", "(1,)", "f64[2,4,6,5]"});
  refused_with(general({1, 0}, "SAME", {}), {"window_strides must be positive", "(1, 0)"});
  refused_with(general({1, 1}, {{1, 1}}, {}), {"padding must have one entry per spatial axis", "((1, 1),)"});
  refused_with(general({1, 1}, "VALID", {.lhs_dilation = {1}}), {"lhs_dilation must have one entry"});
  refused_with(general({1, 1}, "VALID", {.rhs_dilation = {1, 1, 1}}), {"rhs_dilation must have one entry"});
  refused_with(general({1, 1}, {{0, 0}, {0, 0}}, {.lhs_dilation = {1, -1}}), {"lhs_dilation must be positive"});
  refused_with(general({1, 1}, "SAME", {.rhs_dilation = {0, 1}}), {"rhs_dilation must be positive"});
  refused_with(general({1, 1}, "SAME", {.lhs_dilation = {2, 1}}), {"padding by name", "conv_transpose"});
  refused_with(general({1, 1}, {{-4, -3}, {0, 0}}, {}), {"negative padding", "((-4, -3), (0, 0))", "cut off less"});
  refused_with(general({1, 1}, "VALID", {.feature_group_count = 0}), {"group counts must be positive"});
  refused_with(general({1, 1}, "VALID", {.feature_group_count = 2, .batch_group_count = 2}), {"at most one", "vmap"});
  refused_with(general({1, 1}, "VALID", {.feature_group_count = 2}),
               {"input features of rhs times feature_group_count", "4 * 2"});
  refused_with(general({1, 1}, "VALID", {.batch_group_count = 4}), {"output features of rhs must divide evenly"});
  refused_with(
      [&] {
        lax::conv_general_dilated(ones({3, 4, 6, 5}), w, {1, 1}, "VALID", {.batch_group_count = 2});
      },
      {"batch must divide evenly", "got 3"});
  refused_with(
      [&] {
        lax::conv_general_dilated(ones({2, 4, 6, 5}), ones({5, 2, 1, 1}), {1, 1}, "VALID", {.feature_group_count = 2});
      },
      {"output features of rhs must divide evenly", "got 5"});
  refused_with([&] { lax::conv(x, ones({6, 4, 3}), {1, 1}, "VALID"); }, {"equal ranks", "f64[6,4,3]", "expand_dims"});
  refused_with([&] { lax::conv(x, w, {1, 1}, "FULL"); }, {"SAME, SAME_LOWER or VALID", "FULL"});
  refused_with(general({1, 1}, "VALID", {.dimension_numbers = {"NHW", "HWIO", "NHWC"}}),
               {"one letter per axis", "NHW"});
  refused_with(general({1, 1}, "VALID", {.dimension_numbers = {"NHHC", "HWIO", "NHWC"}}), {"once each", "NHHC"});
  refused_with(general({1, 1}, "VALID",
                       {.dimension_numbers = lax::ConvDimensionNumbers{{0, 1, 2, 4}, {0, 1, 2, 3}, {0, 1, 2, 3}}}),
               {"lhs_spec must be in [0, 4)"});
  refused_with(general({1, 1}, {{0, 0}, {0, 0}},
                       {.dimension_numbers = lax::ConvDimensionNumbers{{0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 3}}}),
               {"lhs_spec must name every axis once"});
  refused_with([&] { lax::conv(x, w, {1, 1}, "VALID", float32); }, {"preferred_element_type must not be narrower"});
  refused_with([&] { lax::conv(x, w, {1, 1}, "VALID", int64); }, {"preferred_element_type must not be narrower"});
  refused_with([&] { lax::conv_dimension_numbers({1, 2}, {1, 2, 3}, {}); }, {"conv_dimension_numbers", "equal ranks"});
  refused_with([&] { lax::conv_transpose(x, w, {1}, "SAME"); }, {"conv_transpose: strides and rhs_dilation must have"});
  refused_with([&] { lax::conv_transpose(x, w, {1, 1}, "SAME_LOWER"); }, {"must be SAME, VALID or amounts"});
  refused_with(
      [&] {
        lax::conv_transpose(ones({1, 1, 1, 1, 1, 1}), ones({1, 1, 1, 1, 1, 1}), {1, 1, 1, 1}, "SAME");
      },
      {"no default layout", "rank 6"});
  refused_with([&] { lax::conv_general_dilated_patches(x, {3}, {1, 1}, "VALID"); }, {"one extent per spatial axis"});
  refused_with(
      [&] {
        lax::conv_general_dilated_patches(x.astype(int64), {3, 3}, {1, 1}, "VALID");
      },
      {"floating operand"});
  refused_with(
      [&] {
        lax::conv_general_dilated_patches(x, {3, 3}, {1, 1}, "VALID", {.feature_group_count = 2});
      },
      {"no groups"});
}

}  // namespace fluxion
