// to_dot: a jaxpr in the language of Graphviz.
#include <fluxion/parse.hpp>

#include "base/text.hpp"
#include "core/jaxpr.hpp"
#include "core/params.hpp"

namespace fluxion {

namespace {

std::string escaped(const std::string& s) {
  std::string out;
  for (const char c : s) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
  return out;
}

/// The parameters of an equation: texts for its label, jaxprs for clusters.
struct Fields final : FieldVisitor {
  std::string label;
  std::vector<std::pair<std::string, JaxprPtr>> held;
  void text(const char* name, const std::string& value) override { label += fluxion::text('\n', name, '=', value); }
  void jaxpr(const char* name, const JaxprPtr& value) override { held.emplace_back(name, value); }
  void jaxprs(const char* name, const std::vector<JaxprPtr>& values) override {
    for (std::size_t i = 0; i < values.size(); ++i) held.emplace_back(fluxion::text(name, '[', i, ']'), values[i]);
  }
};

class Graph {
 public:
  std::string draw(const Jaxpr& j) {
    line("digraph jaxpr {");
    ++depth_;
    line("node [shape=box];");
    contents(j);
    --depth_;
    line("}");
    return std::move(out_);
  }

 private:
  using Nodes = std::vector<std::string>;  // by VarId, where the value comes from

  void line(const std::string& s) { out_ += std::string(2 * depth_, ' ') + s + '\n'; }
  std::string node(const std::string& label, const char* style = "") {
    const auto name = text('n', next_++);
    line(text(name, " [label=\"", escaped(label), '"', style, "];"));
    return name;
  }
  void edge(const Jaxpr& j, const Nodes& from, const Atom& a, const std::string& to) {
    const auto begin =
        a.is_literal() ? node(text(a.literal), " shape=plaintext") : from[static_cast<std::size_t>(a.var)];
    line(text(begin, " -> ", to, " [label=\"", j.aval(a), "\"];"));
  }

  void contents(const Jaxpr& j) {
    Nodes from(j.vars.size());
    for (std::size_t i = 0; i < j.in.size(); ++i) {
      const bool constant = i < j.n_consts;
      from[static_cast<std::size_t>(j.in[i])] = node(constant ? text("const ", i) : text("arg ", i - j.n_consts),
                                                     constant ? " shape=ellipse style=dashed" : " shape=ellipse");
    }
    for (const auto& e : j.eqns) {
      Fields fields;
      e.params.view().fields(fields);
      const auto name = node(std::string(e.prim->name()) + fields.label);
      for (const auto& a : e.in) edge(j, from, a, name);
      for (const auto v : e.out) from[static_cast<std::size_t>(v)] = name;
      for (const auto& [label, sub] : fields.held) cluster(label, *sub, name);
    }
    for (std::size_t i = 0; i < j.out.size(); ++i) edge(j, from, j.out[i], node(text("result ", i), " shape=ellipse"));
  }

  void cluster(const std::string& label, const Jaxpr& j, const std::string& holder) {
    const auto first = next_;
    line(text("subgraph cluster_", next_cluster_++, " {"));
    ++depth_;
    line(text("label=\"", escaped(label), "\";"));
    contents(j);
    --depth_;
    line("}");
    if (next_ > first) line(text(holder, " -> n", first, " [style=dotted arrowhead=none];"));
  }

  std::string out_;
  std::size_t depth_ = 0, next_ = 0, next_cluster_ = 0;
};

}  // namespace

std::string to_dot(const ClosedJaxpr& jaxpr) { return Graph().draw(*jaxpr.jaxpr); }

}  // namespace fluxion
