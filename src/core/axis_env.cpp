#include "core/axis_env.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "core/jaxpr.hpp"

namespace fluxion {

namespace {

AxisEnv& current() {
  thread_local AxisEnv axes;
  return axes;
}

std::string names_in_scope() {
  std::string names;
  for (const auto* a = current().get(); a != nullptr; a = a->outer.get()) names += (names.empty() ? "'" : ", '") + a->name + "'";
  return names.empty() ? "none" : names;
}

}  // namespace

const AxisEnv& current_axes() { return current(); }

SetAxes::SetAxes(AxisEnv axes) : saved_(std::exchange(current(), std::move(axes))) {}
SetAxes::~SetAxes() { current() = std::move(saved_); }

void throw_unbound_axis(std::string_view op, std::string_view name) {
  throw ValueError(text(op, ": the axis must be one that a vmap around the call names, got '", name, "' with these in scope: ",
                        names_in_scope(), "; give the vmap {.axis_name = \"", name, "\"}"));
}

const AxisFrame& axis_in_scope(std::string_view op, std::string_view name) {
  for (const auto* a = current().get(); a != nullptr; a = a->outer.get())
    if (a->name == name) return *a;
  throw_unbound_axis(op, name);
}

bool uses_axis(const Primitive& p, ParamsView params, std::string_view name) {
  if (p.op()) return false;
  struct Find final : FieldVisitor {
    std::string_view wanted;
    bool found = false;
    void text(const char*, const std::string&) override {}
    void axes(const char*, const AxisNames& names, const std::string&) override {
      found = found || std::find(names.list().begin(), names.list().end(), wanted) != names.list().end();
    }
    void jaxpr(const char*, const JaxprPtr& j) override { found = found || uses_axis(*j, wanted); }
    void jaxprs(const char*, const std::vector<JaxprPtr>& js) override {
      for (const auto& j : js) found = found || uses_axis(*j, wanted);
    }
  } find;
  find.wanted = name;
  params.fields(find);
  return find.found;
}

bool uses_axis(const Jaxpr& jaxpr, std::string_view name) {
  return std::any_of(jaxpr.eqns.begin(), jaxpr.eqns.end(),
                     [&](const Eqn& e) { return uses_axis(*e.prim, e.params.view(), name); });
}

}  // namespace fluxion
