// AxisNames: the names of mapped axes that a collective works over.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fluxion {

/// One name, or several: psum(x, "i"), psum(x, {"i", "j"}). Names are given by vmap's option axis_name.
class AxisNames {
 public:
  AxisNames(const char* name) : names_{name} {}                // NOLINT: implicit on purpose, as are the others
  AxisNames(std::string name) : names_{std::move(name)} {}     // NOLINT
  AxisNames(std::initializer_list<std::string_view> names) : names_(names.begin(), names.end()) {}
  explicit AxisNames(std::vector<std::string> names) : names_(std::move(names)) {}

  const std::vector<std::string>& list() const { return names_; }
  friend bool operator==(const AxisNames&, const AxisNames&) = default;

 private:
  std::vector<std::string> names_;
};

}  // namespace fluxion
