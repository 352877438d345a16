// Prints jaxprs as jax does, line breaks included. Names are given in the order of printing.
#include <algorithm>
#include <cstring>
#include <deque>
#include <ostream>
#include <set>
#include <unordered_map>

#include "base/pretty.hpp"
#include "base/text.hpp"
#include "core/jaxpr.hpp"
#include "core/literal.hpp"

namespace fluxion {

namespace {

using pretty::brk;
using pretty::concat;
using pretty::Doc;
using pretty::group;
using pretty::nest;

std::string letters(std::size_t n) {
  std::string s;
  for (++n; n > 0; n = (n - 1) / 26) s.insert(s.begin(), static_cast<char>('a' + (n - 1) % 26));
  return s;
}

// What a variable cannot be called: the grammar or a literal has it.
bool is_reserved(std::string_view name) {
  for (const std::string_view word : {"in", "let", "lambda", "nan", "inf", "empty", "discard"})
    if (name == word) return true;
  return false;
}

std::vector<JaxprPtr> sub_jaxprs(const Eqn& e) {
  struct Collect final : FieldVisitor {
    std::vector<JaxprPtr> found;
    void text(const char*, const std::string&) override {}
    void jaxpr(const char*, const JaxprPtr& j) override { found.push_back(j); }
    void jaxprs(const char*, const std::vector<JaxprPtr>& js) override { found.insert(found.end(), js.begin(), js.end()); }
  } v;
  e.params.view().fields(v);
  return v.found;
}

std::string name_param(const Eqn& e) {
  struct Find final : FieldVisitor {
    std::string name;
    void text(const char* field, const std::string& value) override {
      if (std::strcmp(field, "name") == 0) name = value;
    }
    void jaxpr(const char*, const JaxprPtr&) override {}
    void jaxprs(const char*, const std::vector<JaxprPtr>&) override {}
  } v;
  e.params.view().fields(v);
  return v.name;
}

class Printer {
 public:
  std::string print(const Jaxpr& top) {
    std::vector<Doc> docs;
    for (const auto& [jaxpr, name] : shared(top)) {
      shared_name_[jaxpr] = name;
      hoisted_.push_back(jaxpr);
    }
    for (const auto* j : hoisted_)
      docs.push_back(concat({pretty::text("let " + shared_name_[j] + " = "), jaxpr_doc(*j, 0), pretty::text(" in"), brk()}));
    docs.push_back(jaxpr_doc(top, top.n_consts));
    return pretty::format(docs.size() == 1 ? docs[0] : concat(docs), 80);
  }

 private:
  using Names = std::unordered_map<VarId, std::string>;

  // Sub-jaxprs that occur more than once, in the order they are met, with unique names.
  std::vector<std::pair<const Jaxpr*, std::string>> shared(const Jaxpr& top) {
    std::unordered_map<const Jaxpr*, int> count;
    std::vector<std::pair<const Jaxpr*, std::string>> order;
    std::deque<const Jaxpr*> queue{&top};
    while (!queue.empty()) {
      const auto* j = queue.front();
      queue.pop_front();
      for (const auto& e : j->eqns)
        for (const auto& sub : sub_jaxprs(e)) {
          const int seen = ++count[sub.get()];
          if (seen == 1) order.emplace_back(sub.get(), name_param(e));
          if (seen <= 2) queue.push_back(sub.get());
        }
    }
    std::erase_if(order, [&](const auto& o) { return count[o.first] < 2; });
    std::set<std::string> taken;
    for (auto& [jaxpr, name] : order) {
      std::erase_if(name, [](char c) { return c == '<' || c == '>'; });
      std::replace_if(name.begin(), name.end(), [](char c) { return !is_plain(c); }, '_');
      const auto base = name.empty() ? std::string("jaxpr") : name;
      name = base;
      for (int i = 1; !taken.insert(name).second; ++i) name = base + std::to_string(i);
    }
    return order;
  }

  const std::string& var_name(Names& names, VarId v) {
    auto& n = names[v];
    while (n.empty() || is_reserved(n)) n = letters(next_++);
    return n;
  }

  Doc atom_doc(Names& names, const Atom& a) {
    if (a.is_literal()) return pretty::text(text(literal_text(a.literal), ":", Aval{{}, a.literal.dtype()}));
    return pretty::text(var_name(names, a.var));
  }

  static Doc fill(const std::vector<Doc>& parts) { return nest(2, group(pretty::join(group(brk()), parts))); }

  Doc binders(const Jaxpr& j, Names& names, std::span<const VarId> vars, const std::vector<char>* used = nullptr) {
    std::vector<Doc> parts;
    for (auto v : vars) {
      const auto& name = used != nullptr && !(*used)[v] ? kUnderscore : var_name(names, v);
      parts.push_back(pretty::text(text(name, ":", j.vars[v])));
    }
    return fill(parts);
  }

  static std::vector<char> used_vars(const Jaxpr& j) {
    std::vector<char> used(j.vars.size(), 0);
    const auto mark = [&](const std::vector<Atom>& atoms) {
      for (const auto& a : atoms)
        if (!a.is_literal()) used[a.var] = 1;
    };
    for (const auto& e : j.eqns) mark(e.in);
    mark(j.out);
    return used;
  }

  // A nested jaxpr takes over the names of the operands and results of its equation.
  Names inherited(const Jaxpr& sub, const Eqn& e, Names& outer, const std::vector<char>& used) {
    Names names;
    std::set<std::string> taken;
    for (std::size_t i = 0; i < sub.in.size() && i < e.in.size(); ++i) {
      if (e.in[i].is_literal()) continue;
      const auto& n = var_name(outer, e.in[i].var);
      if (taken.insert(n).second) names[sub.in[i]] = n;
    }
    for (std::size_t i = 0; i < sub.out.size() && i < e.out.size(); ++i) {
      const auto& a = sub.out[i];
      const bool is_input = !a.is_literal() && std::find(sub.in.begin(), sub.in.end(), a.var) != sub.in.end();
      if (a.is_literal() || is_input || !used[e.out[i]] || names.contains(a.var)) continue;
      const auto& n = var_name(outer, e.out[i]);
      if (taken.insert(n).second) names[a.var] = n;
    }
    return names;
  }

  Doc eqn_doc(const Jaxpr& j, const Eqn& e, Names& names, const std::vector<char>& used) {
    auto lhs = binders(j, names, e.out, &used);
    struct Fields final : FieldVisitor {
      Printer& p;
      const Eqn& e;
      Names& names;
      const std::vector<char>& used;
      std::vector<Doc> docs;
      Fields(Printer& pr, const Eqn& eq, Names& n, const std::vector<char>& u) : p(pr), e(eq), names(n), used(u) {}
      void text(const char* field, const std::string& value) override {
        docs.push_back(pretty::text(std::string(field) + "=" + value));
      }
      void axes(const char* field, const AxisNames& value, const std::string& shown) override {
        const bool one = value.list().size() == 1 && shown == value.list()[0];
        text(field, one ? show(shown) : shown);
      }
      void jaxpr(const char* field, const JaxprPtr& sub) override {
        const auto it = p.shared_name_.find(sub.get());
        const auto key = pretty::text(std::string(field) + "=");
        if (it != p.shared_name_.end()) {
          docs.push_back(concat({key, pretty::text(it->second)}));
        } else {
          // jax gives the jaxprs of functions with custom rules names of their own
          auto inner = std::strcmp(field, "call_jaxpr") == 0 ? Names{} : p.inherited(*sub, e, names, used);
          docs.push_back(concat({key, p.jaxpr_doc(*sub, 0, std::move(inner))}));
        }
      }
      void jaxprs(const char* field, const std::vector<JaxprPtr>& subs) override {
        std::vector<Doc> each;
        for (const auto& sub : subs) {
          const auto it = p.shared_name_.find(sub.get());
          each.push_back(it != p.shared_name_.end() ? pretty::text(it->second) : p.jaxpr_doc(*sub, 0, Names{}));
        }
        docs.push_back(concat({pretty::text(std::string(field) + "="),
                               group(concat({nest(2, concat({pretty::text("("), brk(""), pretty::join(brk(), each)})), brk(""), pretty::text(")")}))}));
      }
    } fields(*this, e, names, used);
    e.params.view().fields(fields);
    std::vector<Doc> line{lhs, pretty::text((e.out.empty() ? "" : " = ") + std::string(e.prim->name()))};
    if (!fields.docs.empty())
      line.push_back(group(concat({nest(2, concat({pretty::text("["), brk(""), pretty::join(brk(), fields.docs)})), brk(""), pretty::text("]")})));
    std::vector<Doc> operands;
    for (const auto& a : e.in) operands.push_back(atom_doc(names, a));
    if (!operands.empty()) {
      line.push_back(pretty::text(" "));
      line.push_back(fill(operands));
    }
    return concat(std::move(line));
  }

  // The constants of a nested jaxpr are operands of its equation, like the others.
  Doc jaxpr_doc(const Jaxpr& j, std::size_t n_consts, Names names = {}) {
    const auto used = used_vars(j);
    const std::span<const VarId> in(j.in);
    auto consts = binders(j, names, in.first(n_consts));
    auto args = binders(j, names, in.subspan(n_consts));
    std::vector<Doc> eqns;
    for (const auto& e : j.eqns) eqns.push_back(eqn_doc(j, e, names, used));
    std::vector<Doc> outs;
    for (const auto& a : j.out) outs.push_back(atom_doc(names, a));
    auto out = concat({pretty::text("("), nest(2, group(pretty::join(concat({pretty::text(","), group(brk())}), outs))),
                       pretty::text(outs.size() == 1 ? ",)" : ")")});
    auto body = nest(2, concat({pretty::text("{ lambda "), consts, pretty::text("; "), args, pretty::text(". let"),
                                nest(2, concat({brk(), pretty::join(brk("; "), eqns)})), brk(), pretty::text("in "), out}));
    return concat({group(body), pretty::text(" }")});
  }

  inline static const std::string kUnderscore = "_";
  std::size_t next_ = 0;
  std::unordered_map<const Jaxpr*, std::string> shared_name_;
  std::vector<const Jaxpr*> hoisted_;
};

}  // namespace

std::string to_string(const Jaxpr& jaxpr) { return Printer().print(jaxpr); }
std::ostream& operator<<(std::ostream& os, const Jaxpr& jaxpr) { return os << to_string(jaxpr); }

}  // namespace fluxion
