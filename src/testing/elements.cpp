#include "testing/elements.hpp"

#include <complex>

#include <fluxion/complex.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/random.hpp>

namespace fluxion::testing {

std::vector<Element> elements_of(const Array& x) {
  std::vector<Element> out(static_cast<std::size_t>(x.size()));
  if (is_key(x.dtype())) {
    const auto words = random::key_data(x).to_vector<std::uint32_t>();
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i].whole = static_cast<std::int64_t>(static_cast<std::uint64_t>(words[2 * i]) << 32 | words[2 * i + 1]);
  } else if (is_complex(x.dtype())) {
    const auto v = x.astype(complex128).to_vector<std::complex<double>>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = {v[i].real(), v[i].imag(), 0};
  } else if (is_floating(x.dtype())) {
    const auto v = x.astype(float64).to_vector<double>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i].re = v[i];
  } else if (x.dtype() != DType::float0) {
    const auto v = x.astype(int64).to_vector<std::int64_t>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i].whole = v[i];
  }
  return out;
}

Array array_of(const std::vector<Element>& elements, DType dtype, const Shape& shape) {
  if (is_complex(dtype)) {
    std::vector<std::complex<double>> v;
    for (const auto& e : elements) v.emplace_back(e.re, e.im);
    return array(v, shape).astype(dtype);
  }
  if (is_floating(dtype)) {
    std::vector<double> v;
    for (const auto& e : elements) v.push_back(e.re);
    return array(v, shape).astype(dtype);
  }
  std::vector<std::int64_t> v;
  for (const auto& e : elements) v.push_back(e.whole);
  return array(v, shape).astype(dtype);
}

}  // namespace fluxion::testing
