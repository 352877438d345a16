// Named axes: which are in scope, and which programs use one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/primitive.hpp"

namespace fluxion {

/// A named axis in scope, and those around it. A vmap with a name adds one for the time of its function.
struct AxisFrame {
  std::string name;
  std::int64_t size;
  std::shared_ptr<const AxisFrame> outer;
};
using AxisEnv = std::shared_ptr<const AxisFrame>;

/// The innermost axis in scope on this thread; null if there is none.
const AxisEnv& current_axes();

/// Replaces the axes in scope for a scope of C++.
class SetAxes {
 public:
  explicit SetAxes(AxisEnv axes);
  ~SetAxes();
  SetAxes(const SetAxes&) = delete;

 private:
  AxisEnv saved_;
};

/// The innermost axis of that name. Throws ValueError listing the names in scope if there is none.
const AxisFrame& axis_in_scope(std::string_view op, std::string_view name);
[[noreturn]] void throw_unbound_axis(std::string_view op, std::string_view name);

/// Whether carrying out the operation, or any of the program, needs the axis of that name.
bool uses_axis(const Primitive& p, ParamsView params, std::string_view name);
bool uses_axis(const Jaxpr& jaxpr, std::string_view name);

}  // namespace fluxion
