// Transforms of lanes: autosorting passes of small radices (Stockham), and what moves lines into lanes and back.
#include "kernels/fft.hpp"

#include "kernels/eval/shuffle.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

template <class T>
struct Fft {
  using B = Batch<T>;
  static constexpr std::size_t width = width_of<B>;

  struct C {
    B re, im;
  };
  static C load(const T* p) { return {B::load_aligned(p), B::load_aligned(p + width)}; }
  static void store(T* p, C x) {
    x.re.store_aligned(p);
    x.im.store_aligned(p + width);
  }
  static C add(C a, C b) { return {a.re + b.re, a.im + b.im}; }
  static C sub(C a, C b) { return {a.re - b.re, a.im - b.im}; }
  static C mul(C a, B re, B im) { return {nmadd(a.im, im, a.re * re), madd(a.re, im, a.im * re)}; }
  static C mul(C a, const T* w) { return mul(a, B(w[0]), B(w[1])); }
  static C minus_i(C a) { return {a.im, negate(a.re)}; }
  /// a - i b and a + i b.
  static C sub_i(C a, C b) { return {a.re + b.im, a.im - b.re}; }
  static C add_i(C a, C b) { return {a.re - b.im, a.im + b.re}; }

  // --- butterflies: forward transforms of 2, 3, 4, 5 and 8 points, in place ---------------------------------------

  template <std::size_t radix> static void butterfly(C* a) {
    if constexpr (radix == 2) two(a[0], a[1]);
    else if constexpr (radix == 3) three(a);
    else if constexpr (radix == 4) four(a[0], a[1], a[2], a[3]);
    else if constexpr (radix == 5) five(a);
    else eight(a);
  }
  static void two(C& a, C& b) {
    const C difference = sub(a, b);
    a = add(a, b);
    b = difference;
  }
  static void four(C& a, C& b, C& c, C& d) {
    const C p = add(a, c), q = sub(a, c), r = add(b, d), s = sub(b, d);
    a = add(p, r);
    b = sub_i(q, s);
    c = sub(p, r);
    d = add_i(q, s);
  }
  static void three(C* a) {
    const B half(T(0.5)), sine(T(0.86602540378443864676));
    const C sum = add(a[1], a[2]), d = sub(a[1], a[2]);
    const C middle{nmadd(half, sum.re, a[0].re), nmadd(half, sum.im, a[0].im)};
    a[0] = add(a[0], sum);
    a[1] = {madd(sine, d.im, middle.re), nmadd(sine, d.re, middle.im)};
    a[2] = {nmadd(sine, d.im, middle.re), madd(sine, d.re, middle.im)};
  }
  static void five(C* a) {
    const B c1(T(0.30901699437494742410)), c2(T(-0.80901699437494742410));
    const B s1(T(0.95105651629515357212)), s2(T(0.58778525229247312917));
    const C p = add(a[1], a[4]), q = sub(a[1], a[4]), r = add(a[2], a[3]), s = sub(a[2], a[3]);
    const C m1{madd(c2, r.re, madd(c1, p.re, a[0].re)), madd(c2, r.im, madd(c1, p.im, a[0].im))};
    const C m2{madd(c1, r.re, madd(c2, p.re, a[0].re)), madd(c1, r.im, madd(c2, p.im, a[0].im))};
    const C d1{madd(s2, s.re, s1 * q.re), madd(s2, s.im, s1 * q.im)};
    const C d2{nmadd(s1, s.re, s2 * q.re), nmadd(s1, s.im, s2 * q.im)};
    a[0] = add(a[0], add(p, r));
    a[1] = sub_i(m1, d1);
    a[2] = sub_i(m2, d2);
    a[3] = add_i(m2, d2);
    a[4] = add_i(m1, d1);
  }
  static void eight(C* a) {
    const B h(T(0.70710678118654752440));
    four(a[0], a[2], a[4], a[6]);
    four(a[1], a[3], a[5], a[7]);
    const C x = a[3], z = a[7];
    a[3] = {(x.re + x.im) * h, (x.im - x.re) * h};
    a[7] = {(z.im - z.re) * h, negate((z.re + z.im) * h)};
    const C o2 = a[5];
    const C even[4] = {a[0], a[2], a[4], a[6]}, odd[4] = {a[1], a[3], o2, a[7]};
    a[0] = add(even[0], odd[0]);
    a[1] = add(even[1], odd[1]);
    a[2] = sub_i(even[2], odd[2]);
    a[3] = add(even[3], odd[3]);
    a[4] = sub(even[0], odd[0]);
    a[5] = sub(even[1], odd[1]);
    a[6] = add_i(even[2], odd[2]);
    a[7] = sub(even[3], odd[3]);
  }

  // --- passes: y[q + s (radix p + k)] = butterfly_k(x[q + s (p + m j)]) w^(p k) ------------------------------------

  static constexpr std::size_t pair = 2 * width;  // elements of a row

  template <std::size_t radix, bool turns>
  static void column(const T* x, T* y, std::size_t s, std::size_t m, const T* w) {
    C a[radix];
    for (std::size_t j = 0; j < radix; ++j) a[j] = load(x + s * m * j * pair);
    butterfly<radix>(a);
    store(y, a[0]);
    for (std::size_t k = 1; k < radix; ++k) store(y + s * k * pair, turns ? mul(a[k], w + 2 * (k - 1)) : a[k]);
  }
  template <std::size_t radix>
  static void pass(const T* x, T* y, std::size_t s, const FftPass& f) {
    const T* w = static_cast<const T*>(f.twiddles);
    for (std::size_t q = 0; q < s; ++q) column<radix, false>(x + q * pair, y + q * pair, s, f.count, w);
    for (std::size_t p = 1; p < f.count; ++p) {
      w += 2 * (radix - 1);
      for (std::size_t q = 0; q < s; ++q)
        column<radix, true>(x + (q + s * p) * pair, y + (q + s * radix * p) * pair, s, f.count, w);
    }
  }

  /// Any radix, by its definition.
  static constexpr std::size_t largest_radix = 64;
  static void defined(const T* x, T* y, std::size_t s, const FftPass& f, const T* w, const T* roots) {
    C a[largest_radix];
    const std::size_t r = f.radix;
    for (std::size_t j = 0; j < r; ++j) a[j] = load(x + s * f.count * j * pair);
    for (std::size_t k = 0; k < r; ++k) {
      C sum = a[0];
      for (std::size_t j = 1, at = k; j < r; ++j, at = at + k < r ? at + k : at + k - r) {
        const B re(roots[2 * at]), im(roots[2 * at + 1]);
        sum = {nmadd(a[j].im, im, madd(a[j].re, re, sum.re)), madd(a[j].re, im, madd(a[j].im, re, sum.im))};
      }
      store(y + s * k * pair, k == 0 ? sum : mul(sum, w + 2 * (k - 1)));
    }
  }
  static void any_pass(const T* x, T* y, std::size_t s, const FftPass& f) {
    const T* w = static_cast<const T*>(f.twiddles);
    const T* const roots = w + 2 * (f.radix - 1) * f.count;
    for (std::size_t p = 0; p < f.count; ++p, w += 2 * (f.radix - 1))
      for (std::size_t q = 0; q < s; ++q)
        defined(x + (q + s * p) * pair, y + (q + s * f.radix * p) * pair, s, f, w, roots);
  }

  static void* transform(void* panel, void* spare, const FftPass* passes, std::size_t count) {
    T *x = static_cast<T*>(panel), *y = static_cast<T*>(spare);
    for (std::size_t i = 0, s = 1; i < count; s *= passes[i++].radix) {
      switch (passes[i].radix) {
        case 2: pass<2>(x, y, s, passes[i]); break;
        case 3: pass<3>(x, y, s, passes[i]); break;
        case 4: pass<4>(x, y, s, passes[i]); break;
        case 5: pass<5>(x, y, s, passes[i]); break;
        case 8: pass<8>(x, y, s, passes[i]); break;
        default: any_pass(x, y, s, passes[i]);
      }
      T* const z = x;
      x = y;
      y = z;
    }
    return x;
  }

  // --- into lanes and out of them ----------------------------------------------------------------------------------

  static C apart(const T* p) {
    const B a = B::load_unaligned(p), b = B::load_unaligned(p + width);
    return {rearranged<EvenAt>(a, b), rearranged<OddAt>(a, b)};
  }
  static void joined(T* p, C x) {
    rearranged<LowAt>(x.re, x.im).store_unaligned(p);
    rearranged<HighAt>(x.re, x.im).store_unaligned(p + width);
  }
  template <std::size_t n, std::size_t...> using EvenAt = Evens<n>;
  template <std::size_t n, std::size_t...> using OddAt = Odds<n>;
  template <std::size_t n, std::size_t...> using LowAt = ZipLow<n>;
  template <std::size_t n, std::size_t...> using HighAt = ZipHigh<n>;

  static void load_block(void* panel, const FftBlock& b) {
    T* to = static_cast<T*>(panel);
    const T* from = static_cast<const T*>(b.from);
    const std::size_t re = b.swapped ? width : 0, im = width - re;
    for (std::size_t r = 0; r < b.rows; ++r, to += pair, from += 2 * b.row) {
      if (b.lane == 1 && b.lanes == width) {
        const C x = apart(from);
        x.re.store_aligned(to + re);
        x.im.store_aligned(to + im);
        continue;
      }
      for (std::size_t l = 0; l < b.lanes; ++l) {
        to[re + l] = from[2 * std::ptrdiff_t(l) * b.lane];
        to[im + l] = from[2 * std::ptrdiff_t(l) * b.lane + 1];
      }
      for (std::size_t l = b.lanes; l < width; ++l) to[l] = to[width + l] = T(0);
    }
  }
  static void store_block(const FftBlock& b, const void* panel, double scale) {
    const T* from = static_cast<const T*>(panel);
    T* to = static_cast<T*>(b.to);
    const std::size_t re = b.swapped ? width : 0, im = width - re;
    const T factor = T(scale);
    for (std::size_t r = 0; r < b.rows; ++r, from += pair, to += 2 * b.row) {
      if (b.lane == 1 && b.lanes == width) {
        joined(to, {B::load_aligned(from + re) * B(factor), B::load_aligned(from + im) * B(factor)});
        continue;
      }
      for (std::size_t l = 0; l < b.lanes; ++l) {
        to[2 * std::ptrdiff_t(l) * b.lane] = from[re + l] * factor;
        to[2 * std::ptrdiff_t(l) * b.lane + 1] = from[im + l] * factor;
      }
    }
  }
  static void load_vectors(void* panel, const void* from, std::size_t rows, std::ptrdiff_t row) {
    T* to = static_cast<T*>(panel);
    const T* p = static_cast<const T*>(from);
    for (std::size_t r = 0; r < rows; ++r, to += pair, p += row * std::ptrdiff_t(pair)) store(to, load(p));
  }

  static C turned(const FftTurn& t, const T* panel, std::size_t row) {
    const auto factor = [&](const void* re, const void* im, std::size_t at) {
      const std::ptrdiff_t offset = std::ptrdiff_t(at) * t.factor_row;
      return C{B::load_unaligned(static_cast<const T*>(re) + offset), B::load_unaligned(static_cast<const T*>(im) + offset)};
    };
    C w = factor(t.low_real, t.low_imag, row % t.low_rows);
    if (t.high_real != nullptr) {
      const C high = factor(t.high_real, t.high_imag, row / t.low_rows);
      w = mul(high, w.re, w.im);
    }
    return mul(load(panel + row * pair), w.re, w.im);
  }
  static void turn(const FftTurn& t) {
    const T* const panel = static_cast<const T*>(t.panel);
    T* to = static_cast<T*>(t.to);
    for (std::size_t row = 0; row < t.rows; row += width, to += pair) {
      B re[width], im[width];
      for (std::size_t i = 0; i < width; ++i) {
        const C x = row + i < t.rows ? turned(t, panel, row + i) : C{B(T(0)), B(T(0))};
        re[i] = x.re;
        im[i] = x.im;
      }
      transpose_square(re);
      transpose_square(im);
      for (std::size_t l = 0; l < t.lanes; ++l) store(to + std::ptrdiff_t(l) * t.line, {re[l], im[l]});
    }
  }

  // --- real signals --------------------------------------------------------------------------------------------------

  // With z the transform of the pairs: X_k = (z_k + conj z_(m-k)) / 2 - i w^k (z_k - conj z_(m-k)) / 2.
  static void untangle(void* spectrum, const void* pairs, const void* turns, std::size_t m) {
    T* const x = static_cast<T*>(spectrum);
    const T *z = static_cast<const T*>(pairs), *w = static_cast<const T*>(turns);
    x[0] = z[0] + z[1];
    x[1] = T(0);
    x[2 * m] = z[0] - z[1];
    x[2 * m + 1] = T(0);
    for (std::size_t k = 1; 2 * k <= m; ++k) {
      const std::size_t a = 2 * k, b = 2 * (m - k);
      const T sum_re = (z[a] + z[b]) * T(0.5), sum_im = (z[a + 1] - z[b + 1]) * T(0.5);
      const T dif_re = (z[a] - z[b]) * T(0.5), dif_im = (z[a + 1] + z[b + 1]) * T(0.5);
      const T turn_re = w[a] * dif_im + w[a + 1] * dif_re, turn_im = w[a + 1] * dif_im - w[a] * dif_re;
      x[a] = sum_re + turn_re;
      x[a + 1] = sum_im + turn_im;
      x[b] = sum_re - turn_re;
      x[b + 1] = turn_im - sum_im;
    }
  }
  // The same solved for z, times two.
  static void tangle(void* pairs, const void* spectrum, const void* turns, std::size_t m) {
    T* const z = static_cast<T*>(pairs);
    const T *x = static_cast<const T*>(spectrum), *w = static_cast<const T*>(turns);
    z[0] = x[0] + x[2 * m];
    z[1] = x[0] - x[2 * m];
    for (std::size_t k = 1; 2 * k <= m; ++k) {
      const std::size_t a = 2 * k, b = 2 * (m - k);
      const T sum_re = x[a] + x[b], sum_im = x[a + 1] - x[b + 1];
      const T dif_re = x[a] - x[b], dif_im = x[a + 1] + x[b + 1];
      const T turn_re = w[a] * dif_re + w[a + 1] * dif_im, turn_im = w[a] * dif_im - w[a + 1] * dif_re;
      z[a] = sum_re - turn_im;
      z[a + 1] = sum_im + turn_re;
      z[b] = sum_re + turn_im;
      z[b + 1] = turn_re - sum_im;
    }
  }

  static constexpr FftKernels kernels{width, &load_block, &store_block, &transform, &turn, &load_vectors, &untangle, &tangle};
};

}  // namespace

const FftKernels& fft_kernels(bool is_double) { return is_double ? Fft<double>::kernels : Fft<float>::kernels; }

}  // namespace fluxion::kernels::FLUXION_ISA
