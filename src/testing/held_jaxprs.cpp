#include "testing/held_jaxprs.hpp"

namespace fluxion::testing {

void for_each_equation(const Jaxpr& jaxpr, const std::function<void(const Eqn&)>& f) {
  struct Descend final : FieldVisitor {
    const std::function<void(const Eqn&)>& f;
    explicit Descend(const std::function<void(const Eqn&)>& g) : f(g) {}
    void text(const char*, const std::string&) override {}
    void jaxpr(const char*, const JaxprPtr& value) override {
      if (value != nullptr) for_each_equation(*value, f);
    }
    void jaxprs(const char*, const std::vector<JaxprPtr>& values) override {
      for (const auto& v : values) for_each_equation(*v, f);
    }
  } descend(f);
  for (const auto& e : jaxpr.eqns) {
    f(e);
    e.params.view().fields(descend);
  }
}

}  // namespace fluxion::testing
