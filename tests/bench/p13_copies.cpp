// P13: what moves data by numbers known when it is compiled, against loops of copies: concatenation, padding, flips,
// rolls, transposes; and Fourier transforms, against kissfft.
#include <fluxion/fluxion.hpp>

#include <cmath>
#include <complex>

#if __has_include(<kissfft/kissfft.hh>)
#include <kissfft/kissfft.hh>
#define FLUXION_BENCH_KISSFFT 1
#endif

#include "bench.hpp"

namespace fluxion::bench {
namespace {

constexpr std::int64_t rows = 4096, columns = 1024;

/// A program on a matrix, and a loop that writes the result's elements in order.
template <class Program>
Case moved(Program program, std::int64_t size, void (*loop)(const float* from, float* to), double most = 1.2) {
  const Array x = uniform({rows, columns}, -1, 1, float32);
  const auto compiled = jit(program);
  const auto in = std::make_shared<Memory<float>>(x);
  const auto out = std::make_shared<Memory<float>>(std::size_t(size));
  const auto hand = [=] {
    loop(in->data(), out->data());
    keep(out->data());
  };
  return {.impls = {{"jit", [=] { keep(compiled(x)); }}, {"hand", hand}},
          .check = [=] { hand(); return differs(compiled(x), *out, 0); },
          .narrow = true,
          .bytes = 4.0 * double(rows * columns + size),
          .goals = {{"jit", "hand", most}}};
}

Case concatenated() {
  return moved([](const Array& x) { return concatenate({x, x}, 1); }, 2 * rows * columns, [](const float* from, float* to) {
    for (std::int64_t r = 0; r < rows; ++r, from += columns, to += 2 * columns) {
      std::copy_n(from, columns, to);
      std::copy_n(from, columns, to + columns);
    }
  });
}

Case padded() {
  constexpr std::int64_t wide = columns + 2;
  return moved([](const Array& x) { return pad(x, 1); }, (rows + 2) * wide, [](const float* from, float* to) {
    std::fill_n(to, wide, 0.0F);
    for (std::int64_t r = 0; r < rows; ++r) {
      float* const line = to + (r + 1) * wide;
      line[0] = line[wide - 1] = 0;
      std::copy_n(from + r * columns, columns, line + 1);
    }
    std::fill_n(to + (rows + 1) * wide, wide, 0.0F);
  });
}

/// Reshaped, so that the elements must be moved.
Case flipped() {
  return moved([](const Array& x) { return ravel(flip(x, 1)); }, rows * columns, [](const float* from, float* to) {
    for (std::int64_t r = 0; r < rows; ++r, from += columns, to += columns) std::reverse_copy(from, from + columns, to);
  });
}

Case rolled() {
  constexpr std::int64_t by = 100;
  return moved([](const Array& x) { return roll(x, by, 1); }, rows * columns, [](const float* from, float* to) {
    for (std::int64_t r = 0; r < rows; ++r, from += columns, to += columns)
      std::rotate_copy(from, from + columns - by, from + columns, to);
  });
}

Case transposed() {
  return moved([](const Array& x) { return ravel(transpose(x)); }, rows * columns, [](const float* from, float* to) {
    constexpr std::int64_t tile = 16;
    // Rows of both sides are powers of two apart and meet in few sets of the cache: a line is used up at once.
    for (std::int64_t r = 0; r < rows; r += tile)
      for (std::int64_t c = 0; c < columns; c += tile) {
        alignas(64) float square[tile][tile];
        for (std::int64_t i = 0; i < tile; ++i)
          for (std::int64_t j = 0; j < tile; ++j) square[j][i] = from[(r + i) * columns + c + j];
        for (std::int64_t j = 0; j < tile; ++j) std::copy_n(square[j], tile, to + (c + j) * rows + r);
      }
  });
}

// --- Fourier transforms ------------------------------------------------------------------------------------------------

template <class T>
Array signal(Shape shape) {
  const auto t = sizeof(T) == 4 ? float32 : float64;
  return lax::complex(uniform(shape, -1, 1, t, 1), uniform(shape, -1, 1, t, 2));
}

/// `lines` signals of length n. There is no transform by hand; kissfft's scalar code stands for a peer.
template <class T>
Case fourier(std::int64_t lines, std::int64_t n, double seconds) {
  const Array x = signal<T>({lines, n});
  const auto compiled = jit([](const Array& v) { return fft::fft(v); });
  std::vector<Impl> impls{{"jit", [=] { keep(compiled(x)); }}};
  std::function<std::string()> check = [=] {
    return differs(lax::real(fft::ifft(compiled(x))), lax::real(x), sizeof(T) == 4 ? 1e-5 : 1e-13);
  };
#ifdef FLUXION_BENCH_KISSFFT
  using Complex = std::complex<T>;
  const auto in = std::make_shared<Memory<Complex>>(x), out = std::make_shared<Memory<Complex>>(std::size_t(lines * n));
  const auto plan = std::make_shared<kissfft<T>>(std::size_t(n), false);
  const auto peer = [=] {
    for (std::int64_t i = 0; i < lines; ++i) plan->transform(in->data() + i * n, out->data() + i * n);
    keep(out->data());
  };
  impls.push_back({"kissfft", peer});
  check = [=] {
    peer();
    std::vector<double> wanted;
    for (const auto& z : *out) wanted.push_back(z.real());
    const auto got = lax::real(compiled(x)).astype(float64).template to_vector<double>();
    return differs(got, wanted, sizeof(T) == 4 ? 1e-5 : 1e-13, std::sqrt(double(n)) * 10);
  };
#endif
  return {.impls = std::move(impls),
          .check = check,
          .narrow = sizeof(T) == 4,
          .flops = 5.0 * double(lines * n) * std::log2(double(n)),
          .bytes = 4.0 * double(lines * n) * sizeof(T),
          .table_seconds = seconds};
}

Case real_fourier() {
  const Array x = uniform({1 << 20}, -1, 1, float32);
  const auto compiled = jit([](const Array& v) { return fft::rfft(v); });
  return {.impls = {{"jit", [=] { keep(compiled(x)); }}},
          .check = [=] { return differs(fft::irfft(compiled(x)), x, 1e-5); },
          .narrow = true,
          .flops = 2.5 * (1 << 20) * 20};
}

const bool registered[] = {
    add("P13/concatenate", concatenated),
    add("P13/pad", padded),
    add("P13/flip", flipped),
    add("P13/roll", rolled),
    add("P13/transpose", transposed),
    add("P13/fft_c64_2^20", [] { return fourier<float>(1, 1 << 20, 9.5e-3); }),
    add("P13/fft_c128_2^20", [] { return fourier<double>(1, 1 << 20, 0); }),
    add("P13/fft_c64_1e6", [] { return fourier<float>(1, 1'000'000, 0); }),
    add("P13/fft_c64_1024x1024", [] { return fourier<float>(1024, 1024, 0); }),
    add("P13/rfft_f32_2^20", real_fourier),
};

}  // namespace
}  // namespace fluxion::bench
