// fft's functions: lengths, axes and factors, inverses, derivatives, and what they refuse.
#include <catch2/catch.hpp>

#include <fluxion/complex.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/fft.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/fft.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/random.hpp>
#include <fluxion/reductions.hpp>
#include <fluxion/transforms.hpp>

#include "support/host.hpp"

namespace fluxion::test {

namespace {

Array noise(int seed, const Shape& shape) { return random::normal(random::key(seed), shape, float64); }
Array complex_noise(int seed, const Shape& shape) { return lax::complex(noise(seed, shape), noise(seed + 100, shape)); }
double distance(const Array& a, const Array& b) {
  CHECK(a.shape() == b.shape());
  return std::max(max(abs(real(a) - real(b))).item<double>(), max(abs(imag(a) - imag(b))).item<double>());
}

template <class E, class F>
void refuses(const F& f, const std::vector<std::string>& pieces) {
  std::string message = "nothing was thrown";
  try {
    f();
  } catch (const E& e) {
    message = e.what();
  } catch (const std::exception& e) {
    message = std::string("another error: ") + e.what();
  }
  INFO(message);
  CHECK(message.rfind(pieces[0] + ":", 0) == 0);
  for (const auto& piece : pieces) CHECK_THAT(message, Catch::Contains(piece));
  CHECK_THAT(message, Catch::Contains("got") && Catch::Contains("; "));
}

}  // namespace

TEST_CASE("inverses invert for every factor, length and axis") {
  for (const auto* norm : {"backward", "ortho", "forward"}) {
    const auto z = complex_noise(1, {3, 4, 5, 2});
    const auto x = noise(2, {3, 4, 5, 6});
    for (const int axis : {0, 1, -1}) {
      CHECK(distance(fft::ifft(fft::fft(z, {.axis = axis, .norm = norm}), {.axis = axis, .norm = norm}), z) < 1e-14);
      const auto n = x.shape(axis);
      CHECK(distance(fft::irfft(fft::rfft(x, {.axis = axis, .norm = norm}), {.n = n, .axis = axis, .norm = norm}), x) < 1e-14);
      CHECK(distance(fft::hfft(fft::ihfft(x, {.axis = axis, .norm = norm}), {.n = n, .axis = axis, .norm = norm}), x) < 1e-13);
    }
    CHECK(distance(fft::ifftn(fft::fftn(z, {.norm = norm}), {.norm = norm}), z) < 1e-14);
    CHECK(distance(fft::irfftn(fft::rfftn(x, {.norm = norm}), {.s = x.shape(), .norm = norm}), x) < 1e-14);
    CHECK(distance(fft::ifft2(fft::fft2(z, {.axes = {2, 0}, .norm = norm}), {.axes = {2, 0}, .norm = norm}), z) < 1e-14);
    CHECK(distance(fft::irfft2(fft::rfft2(x, {.norm = norm}), {.norm = norm}), x) < 1e-14);
  }
}

TEST_CASE("factors stand where norm says") {
  const auto ones4 = ones({4});
  CHECK(fft::fft(ones4)[0].real().item<double>() == 4);
  CHECK(fft::fft(ones4, {.norm = "ortho"})[0].real().item<double>() == 2);
  CHECK(fft::fft(ones4, {.norm = "forward"})[0].real().item<double>() == 1);
  CHECK(fft::ifft(ones4)[0].real().item<double>() == 1);
  CHECK(fft::ifft(ones4, {.norm = "forward"})[0].real().item<double>() == 4);
  CHECK(fft::hfft(ones({3}))[0].item<double>() == 4);
  CHECK(fft::ihfft(ones4)[0].real().item<double>() == 1);
}

TEST_CASE("several axes are one after the other, in any number") {
  const auto z = complex_noise(3, {2, 3, 4, 3, 2});
  auto one_by_one = z;
  for (int axis = 0; axis < 5; ++axis) one_by_one = fft::fft(one_by_one, {.axis = axis});
  CHECK(distance(fft::fftn(z), one_by_one) < 1e-12);
  CHECK(distance(fft::fftn(z, {.axes = {1, -1}}), fft::fft(fft::fft(z, {.axis = 1}), {.axis = 4})) < 1e-12);
  CHECK(distance(fft::fftn(z, {.s = Dims{4, 2}}), fft::fft(fft::fft(z, {.n = 2}), {.n = 4, .axis = 3})) < 1e-12);
  const auto x = noise(4, {2, 3, 4, 3});
  CHECK(distance(fft::rfftn(x), fft::fftn(x)[{ellipsis, range(0, 2)}]) < 1e-12);
  CHECK(distance(fft::irfftn(fft::rfftn(x), {.s = x.shape()}), x) < 1e-13);
  CHECK(distance(fft::fftn(x, {.axes = Dims{}}), x) == 0);
}

TEST_CASE("signals are cropped and padded with zeros") {
  const auto x = array({1.0, 2.0, 3.0});
  CHECK(distance(fft::fft(x, {.n = 2}), fft::fft(array({1.0, 2.0}))) == 0);
  CHECK(distance(fft::fft(x, {.n = 5}), fft::fft(array({1.0, 2.0, 3.0, 0.0, 0.0}))) == 0);
  CHECK(fft::irfft(ones({4})).shape() == Shape{6});
  CHECK(fft::irfft(ones({4}), {.n = 9}).shape() == Shape{9});
  CHECK(fft::rfft(ones<int>({4})).dtype() == complex64);
  CHECK(fft::fft(ones<float>({4})).dtype() == complex64);
  CHECK(fft::irfft(ones<float>({4})).dtype() == float32);
  CHECK(fft::fft(zeros({2, 0})).shape() == Shape{2, 0});
}

TEST_CASE("every prime and its neighbours, against convolution's law") {
  for (const std::int64_t n : {47, 53, 59, 101, 106, 127, 251, 1009}) {
    const auto x = complex_noise(5, {n}), y = complex_noise(6, {n});
    const auto product = fft::ifft(fft::fft(x) * fft::fft(y));
    const auto reversed = concatenate({y[range(0, 1)], flip(y[range(1, none)])});
    CHECK(std::abs((sum(x * reversed) - product[0]).real().item<double>()) < 1e-11);
    CHECK(distance(fft::fft(x)[0], sum(x)) < 1e-12);
  }
}

TEST_CASE("gradients of spectra, and a jaxpr") {
  const auto power = [](const Array& x) { const auto y = fft::rfft(x); return sum(square(y.real()) + square(y.imag())); };
  const auto x = noise(7, {6});
  const auto y = fft::rfft(x);
  const auto weight = array({1.0, 2.0, 2.0, 1.0});
  CHECK(std::abs((sum(weight * (square(y.real()) + square(y.imag()))) / 6.0 - sum(square(x))).item<double>()) < 1e-13);
  const auto g = grad(power)(x), numeric = noise(8, {6});
  const auto slope = (power(x + 1e-4 * numeric) - power(x - 1e-4 * numeric)) / 2e-4;
  CHECK(std::abs((sum(g * numeric) - slope).item<double>()) < 1e-8);
  CHECK_FALSE(difference(jit(grad(power))(x), g));
  CHECK_FALSE(difference(vmap(grad(power))(stack({x, numeric}))[1], grad(power)(numeric)));
  CHECK_THAT(to_string(make_jaxpr(power)(x)), Catch::Contains("fft[fft_lengths=(6,) fft_type=RFFT]"));
}

TEST_CASE("frequencies and their order") {
  CHECK(fft::fftfreq(5).to_vector<double>() == std::vector<double>{0, 0.2, 0.4, -0.4, -0.2});
  CHECK(fft::fftfreq(4, 0.5).to_vector<double>() == std::vector<double>{0, 0.5, -1, -0.5});
  CHECK(fft::rfftfreq(5).to_vector<double>() == std::vector<double>{0, 0.2, 0.4});
  CHECK(fft::rfftfreq(4, 1, float32).dtype() == float32);
  CHECK(fft::fftshift(fft::fftfreq(5)).to_vector<double>() == std::vector<double>{-0.4, -0.2, 0, 0.2, 0.4});
  const auto x = noise(9, {3, 4});
  CHECK_FALSE(difference(fft::ifftshift(fft::fftshift(x)), x));
  CHECK_FALSE(difference(fft::ifftshift(fft::fftshift(x, -1), -1), x));
}

TEST_CASE("misuse is one message") {
  const auto x = ones({4}), z = fft::fft(x);
  refuses<ValueError>([&] { fft::rfft(z); }, {"rfft", "real", "c128[4]"});
  refuses<ValueError>([&] { fft::fft(x, {.norm = "unitary"}); }, {"fft", "backward, ortho or forward", "unitary"});
  refuses<ValueError>([&] { fft::fft(x, {.n = -1}); }, {"fft", "negative", "got -1"});
  refuses<ValueError>([&] { fft::fft(x, {.axis = 1}); }, {"fft", "1"});
  refuses<ValueError>([&] { fft::fftn(x, {.s = Dims{-1}}); }, {"fftn", "negative", "(-1,)"});
  refuses<ValueError>([&] { fft::fftn(x, {.s = Dims{2, 2}}); }, {"fftn", "at most 1", "f64[4]"});
  refuses<ValueError>([&] { fft::fftn(ones({2, 2}), {.s = Dims{2}, .axes = {0, 1}}); }, {"fftn", "as many lengths", "(2,)"});
  refuses<ValueError>([&] { fft::fftn(ones({2, 2}), {.axes = {0, -2}}); }, {"fftn", "(0, -2)"});
  refuses<ValueError>([&] { fft::fft2(ones({2, 2}), {.axes = {0}}); }, {"fft2", "two axes", "(0,)"});
  refuses<ValueError>([] { fft::fftfreq(0); }, {"fftfreq", "positive", "got 0"});
  refuses<TypeError>([] { fft::rfftfreq(3, 1, int32); }, {"rfftfreq", "floating", "int32"});
  refuses<TypeError>([&] { lax::fft(z, lax::FftType::RFFT, {4}); }, {"fft", "RFFT", "float64", "c128[4]"});
  refuses<ValueError>([&] { lax::fft(x, lax::FftType::FFT, {5}); }, {"fft", "(5,)", "c128[4]", "pad"});
  refuses<ValueError>([&] { lax::fft(x, lax::FftType::IRFFT, {4}); }, {"fft", "(3,)", "c128[4]"});
  refuses<ValueError>([] { lax::fft(ones({1, 1, 1, 1}), lax::FftType::FFT, {1, 1, 1, 1}); }, {"fft", "one to three", "fftn"});
  refuses<ValueError>([&] { lax::fft(z[range(0, 1)], lax::FftType::IRFFT, {-1}); }, {"fft", "none negative", "(-1,)"});
}

}  // namespace fluxion::test
