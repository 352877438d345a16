#include <cstdlib>
#include <string>

#include <fluxion/error.hpp>
#include "kernels/isa.hpp"

namespace fluxion::kernels {
namespace {

bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
}

const Isa& chosen() {
  if (const char* wanted = std::getenv("FLUXION_ISA"); wanted != nullptr && *wanted != '\0') {
    if (const Isa* found = isa_for(wanted)) return *found;
    std::string have;
    for (const std::string_view name : isa_names)
      if (isa_for(name)) have.append(have.empty() ? "" : ", ").append(name);
    throw ValueError("FLUXION_ISA: must name an instruction set of this machine (" + have + "), got \"" + wanted +
                     "\"; unset it to use the best one");
  }
  const Isa* best = &isa_baseline::isa;
  for (const std::string_view name : isa_names)
    if (const Isa* found = isa_for(name)) best = found;
  return *best;
}

}  // namespace

const Isa* isa_for(std::string_view name) {
  __builtin_cpu_init();
  if (name == "baseline") return &isa_baseline::isa;
  if (name == "avx2" && has_avx2()) return &isa_avx2::isa;
  if (name == "avx512" && has_avx512()) return &isa_avx512::isa;
  return nullptr;
}

const Table* table_for(std::string_view name) {
  const Isa* found = isa_for(name);
  return found ? &found->table : nullptr;
}

const Isa& isa() {
  static const Isa& once = chosen();
  return once;
}

const Table& table() { return isa().table; }

Batched batched(DType t) { return isa().batched(t); }

Factors factors(DType t) { return isa().factors(t); }

WindowedGemm windowed_gemm(DType t) { return isa().windowed(t); }

PrefixSum prefix_sum(DType t) { return isa().prefix_sum(t); }

const RowsKernels& rows() { return isa().rows(); }

const FftKernels& fft(bool is_double) { return isa().fft(is_double); }

}  // namespace fluxion::kernels
