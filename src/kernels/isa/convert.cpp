#include "kernels/eval/convert.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

template <class To, class From>
void convert(void* const* args, std::size_t n) {
  auto* out = static_cast<To*>(args[0]);
  const auto* in = static_cast<const From*>(args[1]);
  for (std::size_t i = 0; i < n; ++i) out[i] = convert_element<To>(in[i]);
}

/// f.operator()<T>() for the element type of a dtype; null for those that are no numbers.
template <class F> Kernel with_elements(DType t, F f) {
  switch (t) {
    case DType::bool_: return f.template operator()<Flag>();
    case DType::int8: return f.template operator()<std::int8_t>();
    case DType::int16: return f.template operator()<std::int16_t>();
    case DType::int32: return f.template operator()<std::int32_t>();
    case DType::int64: return f.template operator()<std::int64_t>();
    case DType::uint8: return f.template operator()<std::uint8_t>();
    case DType::uint16: return f.template operator()<std::uint16_t>();
    case DType::uint32: return f.template operator()<std::uint32_t>();
    case DType::uint64: return f.template operator()<std::uint64_t>();
    case DType::bfloat16: return f.template operator()<BrainHalf>();
    case DType::float16: return f.template operator()<Half>();
    case DType::float32: return f.template operator()<float>();
    case DType::float64: return f.template operator()<double>();
    case DType::complex64: return f.template operator()<Complex<float>>();
    case DType::complex128: return f.template operator()<Complex<double>>();
    default: return nullptr;
  }
}

template <class T>
void iota(void* const* args, std::size_t n) {
  auto* out = static_cast<T*>(args[0]);
  const std::int64_t start = *static_cast<const std::int64_t*>(args[1]);
  // Counting in 32 bits where that is enough: the conversion of 64-bit integers is not vectorised everywhere.
  constexpr std::int64_t bound = std::int64_t(1) << 30;
  if (start >= -bound && start <= bound && n <= std::size_t(bound)) {
    const auto first = std::int32_t(start), count = std::int32_t(n);
    for (std::int32_t i = 0; i < count; ++i) out[i] = convert_element<T>(first + i);
  } else {
    for (std::size_t i = 0; i < n; ++i) out[i] = convert_element<T>(std::int64_t(std::uint64_t(start) + i));
  }
}

}  // namespace

Kernel convert_kernel(DType from, DType to) {
  return with_elements(from, [to]<class From>() -> Kernel {
    return with_elements(to, []<class To>() -> Kernel { return &convert<To, From>; });
  });
}

Kernel iota_kernel(DType t) {
  return t == DType::bool_ ? nullptr : with_elements(t, []<class T>() -> Kernel { return &iota<T>; });
}

}  // namespace fluxion::kernels::FLUXION_ISA
