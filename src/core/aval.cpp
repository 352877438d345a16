#include <fluxion/aval.hpp>

#include <ostream>

namespace fluxion {

namespace {
struct Names {
  std::string_view full, brief;
};
constexpr Names kNames[] = {
    {"bool", "bool"},        {"int8", "i8"},          {"int16", "i16"},         {"int32", "i32"},
    {"int64", "i64"},        {"uint8", "u8"},         {"uint16", "u16"},        {"uint32", "u32"},
    {"uint64", "u64"},       {"bfloat16", "bf16"},    {"float16", "f16"},       {"float32", "f32"},
    {"float64", "f64"},      {"complex64", "c64"},    {"complex128", "c128"},   {"key<fry>", "key<fry>"},
    {"float0", "float0"},    {"tape", "tape"},
};
}  // namespace

std::string_view name(DType t) { return kNames[static_cast<std::size_t>(t)].full; }
std::string_view short_name(DType t) { return kNames[static_cast<std::size_t>(t)].brief; }
std::ostream& operator<<(std::ostream& os, DType t) { return os << name(t); }

std::ostream& operator<<(std::ostream& os, const Dims& d) {
  os << '(';
  for (std::size_t i = 0; i < d.size(); ++i) os << (i == 0 ? "" : ", ") << d[i];
  return os << (d.size() == 1 ? ",)" : ")");
}

std::ostream& operator<<(std::ostream& os, const Aval& a) {
  os << short_name(a.dtype) << '[';
  for (std::size_t i = 0; i < a.shape.size(); ++i) os << (i == 0 ? "" : ",") << a.shape[i];
  return os << ']';
}

}  // namespace fluxion
