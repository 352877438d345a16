#include "core/params.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace fluxion {

std::string show(const Dims& v) { return text(v); }
std::string show(bool v) { return v ? "True" : "False"; }
std::string show(std::int64_t v) { return std::to_string(v); }
std::string show(double v) {
  auto s = text(v);
  return s.find_first_not_of("-0123456789") == std::string::npos ? s + ".0" : s;
}
std::string show(const HostFunctionPtr& v) { return v->name(); }
std::string show(const Aval& v) { return text(v); }
std::string show(DType v) { return std::string(name(v)); }
// A name; whatever else it is, is quoted, so that it can be read again.
std::string show(const std::string& v) { return !v.empty() && std::all_of(v.begin(), v.end(), is_plain) ? v : quoted(v); }
std::string show(const std::optional<std::int64_t>& v) { return v ? std::to_string(*v) : ""; }
std::string show(const std::vector<Aval>& v) {
  std::string s = "(";
  for (std::size_t i = 0; i < v.size(); ++i) s += text(i == 0 ? "" : ", ", v[i]);
  return s + (v.size() == 1 ? ",)" : ")");
}

std::size_t hash_value(const std::vector<Aval>& v) {
  std::size_t h = v.size();
  for (const auto& a : v) h = hash_combine(hash_combine(h, hash_value(a.shape)), static_cast<std::size_t>(a.dtype));
  return h;
}
std::string show(const AxisNames& v) {
  std::string names;
  for (const auto& n : v.list()) names += (names.empty() ? "" : ", ") + quoted(n);
  return "(" + names + (v.list().size() == 1 ? ",)" : ")");
}

std::size_t hash_value(const AxisNames& v) {
  std::size_t h = v.list().size();
  for (const auto& n : v.list()) h = hash_combine(h, hash_value(n));
  return h;
}

std::size_t hash_value(const std::vector<JaxprPtr>& v) {
  std::size_t h = v.size();
  for (const auto& j : v) h = hash_combine(h, hash_value(j));
  return h;
}

std::size_t hash_value(const Dims& v) {
  std::size_t h = v.size();
  for (auto d : v) h = hash_combine(h, static_cast<std::size_t>(d));
  return h;
}

}  // namespace fluxion
