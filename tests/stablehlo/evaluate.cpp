#include "stablehlo/evaluate.hpp"

#include <fluxion/control.hpp>

namespace fluxion::test::stablehlo {

namespace {

void define(Scope& scope, const std::vector<std::string>& names, const Arrays& values) {
  if (names.size() != values.size()) throw std::runtime_error("another number of results");
  for (std::size_t i = 0; i < names.size(); ++i) scope.values[names[i]] = values[i];
}

Arrays call_function(const std::string& name, const Module& module, const Arrays& args) {
  const auto it = module.find(name);
  if (it == module.end()) throw std::runtime_error("no function " + name);
  Scope scope{&module};
  define(scope, it->second.args, args);
  return run(it->second.body, scope);
}

Arrays while_loop(const Op& op, const Scope& scope) {
  return fluxion::while_loop([&](const Arrays& c) { return call(op.regions[0], scope, c)[0]; },
                             [&](const Arrays& c) { return call(op.regions[1], scope, c); }, scope.operands(op));
}

Arrays evaluate(const Op& op, const Scope& scope) {
  if (op.name == "constant") return {op.value};
  if (op.name == "call") return call_function(op.callee, *scope.module, scope.operands(op));
  if (op.name == "while") return while_loop(op, scope);
  const auto x = scope.operands(op);
  if (auto y = elementwise(op, x)) return *y;
  if (auto y = structural(op, x, scope)) return *y;
  if (auto y = windowed(op, x, scope)) return *y;
  throw NotTranscribed(op.name);
}

bool is_check(const Op& op) { return op.name == "custom_call" && op.callee.starts_with("check."); }

}  // namespace

Arrays run(const std::vector<Op>& body, Scope& scope) {
  for (const auto& op : body) {
    if (op.name == "return") return scope.operands(op);
    define(scope, op.results, evaluate(op, scope));
  }
  throw std::runtime_error("a block without return");
}

Arrays call(const Region& region, const Scope& around, const Arrays& args) {
  Scope scope{around.module, &around};
  define(scope, region.args, args);
  return run(region.body, scope);
}

Arrays Program::inputs() const {
  return module.contains("inputs") ? call_function("inputs", module, {}) : Arrays{};
}
Arrays Program::expected() const {
  // In the order of the checks, which may name some of @expected's results only.
  const auto values = call_function("expected", module, {});
  Scope scope{&module};
  Arrays list;
  for (const auto& op : module.at("main").body) {
    if (op.name == "call" && op.callee == "expected") define(scope, op.results, values);
    if (is_check(op)) list.push_back(scope[op.operands.at(1)]);
  }
  return list;
}

std::vector<std::string> Program::checks() const {
  std::vector<std::string> list;
  for (const auto& op : module.at("main").body)
    if (is_check(op)) list.push_back(op.callee.substr(6));
  return list;
}

Arrays Program::operator()(const Arrays& inputs) const {
  Scope scope{&module};
  Arrays checked;
  for (const auto& op : module.at("main").body) {
    if (op.name == "return") break;
    if (is_check(op)) checked.push_back(scope[op.operands.at(0)]);
    else if (op.name != "call" || op.callee != "expected")
      define(scope, op.results, op.name == "call" && op.callee == "inputs" ? inputs : evaluate(op, scope));
  }
  return checked;
}

}  // namespace fluxion::test::stablehlo
