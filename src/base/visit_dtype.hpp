// From a dtype known at run time to the C++ type of its elements.
#pragma once

#include <complex>
#include <cstdint>
#include <string>
#include <utility>

#include <fluxion/dtype.hpp>
#include <fluxion/error.hpp>

namespace fluxion {

/// f.template operator()<T>() for the element type T of a dtype with arithmetic in C++. The halves have none: widen
/// them to float32 first. bool is std::uint8_t-sized `bool`; keys, tapes and float0 are refused.
template <class F>
decltype(auto) visit_dtype(DType t, F&& f) {
  switch (t) {
    case DType::bool_: return std::forward<F>(f).template operator()<bool>();
    case DType::int8: return std::forward<F>(f).template operator()<std::int8_t>();
    case DType::int16: return std::forward<F>(f).template operator()<std::int16_t>();
    case DType::int32: return std::forward<F>(f).template operator()<std::int32_t>();
    case DType::int64: return std::forward<F>(f).template operator()<std::int64_t>();
    case DType::uint8: return std::forward<F>(f).template operator()<std::uint8_t>();
    case DType::uint16: return std::forward<F>(f).template operator()<std::uint16_t>();
    case DType::uint32: return std::forward<F>(f).template operator()<std::uint32_t>();
    case DType::uint64: return std::forward<F>(f).template operator()<std::uint64_t>();
    case DType::float32: return std::forward<F>(f).template operator()<float>();
    case DType::float64: return std::forward<F>(f).template operator()<double>();
    case DType::complex64: return std::forward<F>(f).template operator()<std::complex<float>>();
    case DType::complex128: return std::forward<F>(f).template operator()<std::complex<double>>();
    default: throw InternalError("visit_dtype: no C++ arithmetic for " + std::string(name(t)));
  }
}

}  // namespace fluxion
