#include <fluxion/ufuncs.hpp>
#include <fluxion/windows.hpp>

#include <numbers>

#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/special.hpp>

#include "base/text.hpp"
#include "core/guards.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion {

namespace {

void require_size(const char* op, std::int64_t m) {
  if (m < 0)
    throw ValueError(text(op, ": the number of samples must not be negative, got ", m, "; 0 gives none"));
}

Array sample_numbers(std::int64_t m) { return lax::iota(config().default_float, {m}, 0); }

// A sum of c[k] cos(2 pi k n / (m - 1)).
Array cosines(const char* op, std::int64_t m, std::initializer_list<double> c) {
  require_size(op, m);
  if (m <= 1) return ones({m});
  const auto n = sample_numbers(m);
  Array w;
  double k = 0;
  for (double factor : c) {
    const auto term =
        k == 0 ? literal(n, factor) : factor * cos(2 * std::numbers::pi * k * n / static_cast<double>(m - 1));
    w = k == 0 ? term : w + term;
    ++k;
  }
  return w;
}

}  // namespace

Array bartlett(std::int64_t m) {
  require_size("bartlett", m);
  if (m <= 1) return ones({m});
  return 1.0 - abs(2.0 * sample_numbers(m) + (1.0 - static_cast<double>(m))) / static_cast<double>(m - 1);
}

Array blackman(std::int64_t m) { return cosines("blackman", m, {0.42, -0.5, 0.08}); }
Array hamming(std::int64_t m) { return cosines("hamming", m, {0.54, -0.46}); }
Array hanning(std::int64_t m) { return cosines("hanning", m, {0.5, -0.5}); }

Array kaiser(std::int64_t m, const Array& beta) {
  require_size("kaiser", m);
  if (beta.ndim() != 0)
    throw ValueError(text("kaiser: beta must be a scalar, got ", beta.aval(), "; map over several with vmap"));
  if (m <= 1) return ones({m});
  const auto n = sample_numbers(m);
  const auto middle = 0.5 * static_cast<double>(m - 1);
  const auto b = convert(beta, n.dtype());
  return i0(b * sqrt(1.0 - square((n - middle) / middle))) / i0(b);
}

}  // namespace fluxion
