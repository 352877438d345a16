// The grammar of jaxprs. One pass: equations are built as they are read, and jaxprs that have a name when one of them
// is first met.
#include "core/parse.hpp"

#include <cctype>
#include <map>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "core/literal.hpp"

namespace fluxion {

namespace {

constexpr int kDeepest = 100;  // jaxprs within jaxprs
constexpr std::size_t kMostVariables = 1 << 24;

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class JaxprParser final : public ValueParser {
 public:
  JaxprParser(std::string_view text, std::span<const ReadablePrimitive> primitives) : ValueParser(text) {
    for (const auto& p : primitives) primitives_.emplace(p.primitive->name(), &p);
  }

  JaxprPtr top() {
    while (peek_word() == "let") definition();
    auto j = lambda(true);
    if (peek() != '\0') fail("the end of the text");
    return j;
  }

  JaxprPtr jaxpr() override {
    if (peek() == '{') return lambda(false);
    const auto begin = at_;
    const auto name = word();
    const auto it = defined_.find(name);
    if (it == defined_.end()) {
      at_ = begin;
      fail("a jaxpr, or the name of one that has been defined,");
    }
    auto& d = it->second;
    if (d.running) fail_with(text("'", name, "' must not contain itself"));
    if (d.jaxpr == nullptr) {
      d.running = true;
      const auto back = std::exchange(at_, d.begin);
      d.jaxpr = lambda(false);
      at_ = back;
      d.running = false;
    }
    return d.jaxpr;
  }

 private:
  struct Definition {
    std::size_t begin;
    JaxprPtr jaxpr;
    bool running = false;
  };
  struct Scope {
    Jaxpr jaxpr;
    std::map<std::string, VarId, std::less<>> names;
  };

  /// The name that is next; empty if there is none.
  std::string_view peek_word() {
    skip_blanks();
    auto end = at_;
    while (end < text_.size() && is_name(text_[end])) ++end;
    return text_.substr(at_, end - at_);
  }
  char after(std::string_view word) const { return at_ + word.size() < text_.size() ? text_[at_ + word.size()] : '\0'; }
  /// `in` before a list of results; `in` may also be a variable.
  bool at_in() {
    if (peek_word() != "in") return false;
    auto i = at_ + 2;
    while (i < text_.size() && (text_[i] == ' ' || text_[i] == '\n')) ++i;
    return i < text_.size() && text_[i] == '(';
  }

  // let name = { ... } in: where it is, is noted; it is read when it is needed.
  void definition() {
    expect("let");
    const auto name = word();
    expect("=");
    if (peek() != '{') fail("'{'");
    if (!defined_.emplace(name, Definition{at_, nullptr}).second) fail_with(text("'", name, "' must be defined once"));
    int depth = 0;
    do {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      if (c == '\'') {
        word();
        continue;
      }
      if (c == '\0') fail("'}'");
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      ++at_;
    } while (depth > 0);
    expect("in");
  }

  JaxprPtr lambda(bool with_consts) {
    if (++depth_ > kDeepest) fail_with(text("jaxprs must be nested at most ", kDeepest, " deep, got more"));
    const auto saved_results = std::exchange(results_, {});
    const bool saved_params = std::exchange(in_params_, false);
    Scope s;
    expect("{");
    expect("lambda");
    binders(s, s.jaxpr.in);
    s.jaxpr.n_consts = s.jaxpr.in.size();
    if (!with_consts && s.jaxpr.n_consts != 0) fail("a nested jaxpr without constants: ';'");
    expect(";");
    binders(s, s.jaxpr.in);
    expect(".");
    expect("let");
    while (!at_in()) {
      if (accept(";")) continue;
      equation(s);
    }
    expect("in");
    results(s);
    expect("}");
    --depth_;
    results_ = saved_results;
    in_params_ = saved_params;
    return std::make_shared<const Jaxpr>(std::move(s.jaxpr));
  }

  VarId define(Scope& s, std::string_view name, const Aval& aval) {
    const auto id = static_cast<VarId>(s.jaxpr.vars.size());
    if (s.jaxpr.vars.size() >= kMostVariables)
      fail_with(text("a jaxpr must have at most ", kMostVariables, " variables"));
    if (name != "_" && !s.names.emplace(name, id).second)
      fail_with(text("the variable '", name, "' must be defined once"));
    s.jaxpr.vars.push_back(aval);
    return id;
  }

  /// a:f64[3] b:f64[]
  void binders(Scope& s, std::vector<VarId>& out) {
    for (auto name = peek_word(); !name.empty() && after(name) == ':'; name = peek_word()) {
      at_ += name.size() + 1;
      const auto a = aval();
      out.push_back(define(s, name, a));
    }
  }

  void equation(Scope& s) {
    std::vector<std::string_view> names;
    std::vector<std::size_t> places;
    Avals shown;
    for (auto name = peek_word(); !name.empty() && after(name) == ':'; name = peek_word()) {
      places.push_back(at_);
      at_ += name.size() + 1;
      names.push_back(name);
      shown.push_back(aval());
    }
    if (!names.empty()) expect("=");
    const auto begin = (skip_blanks(), at_);
    const auto name = peek_word();
    if (name.empty()) fail("an equation, or 'in',");
    const auto it = primitives_.find(name);
    if (it == primitives_.end())
      fail_with(text("a known primitive is required, got '", name, "'; pass a primitive of your own in "
                     "ParseOptions::primitives"));
    at_ += name.size();
    const auto& p = *it->second;
    results_ = shown;
    const bool brackets = at_ < text_.size() && text_[at_] == '[';
    if (brackets) ++at_;
    in_params_ = brackets;
    auto params = p.params(*this);
    in_params_ = false;
    if (brackets) expect("]");
    Eqn e{p.primitive, operands(s), std::move(params), {}};
    const auto end = std::exchange(at_, begin);
    const auto avals = checked(p, s.jaxpr, e, shown);
    at_ = end;
    for (std::size_t k = 0; k < avals.size(); ++k) {
      const auto back = std::exchange(at_, places[k]);
      e.out.push_back(define(s, names[k], avals[k]));
      at_ = back;
    }
    s.jaxpr.eqns.push_back(std::move(e));
  }

  /// The avals of the results, once it is known that they are what has been printed.
  Avals checked(const ReadablePrimitive& p, const Jaxpr& j, const Eqn& e, const Avals& shown) {
    const auto name = p.primitive->name();
    if (e.in.size() < p.least || e.in.size() > p.most)
      fail_with(
          text(name, ": ", p.least, p.most == p.least ? "" : " or more", " operands are required, got ", e.in.size()));
    Avals in, out;
    for (const auto& a : e.in) in.push_back(j.aval(a));
    if (p.problem != nullptr)
      if (const auto wrong = p.problem(in, e.params.view()); !wrong.empty()) fail_with(text(name, ": ", wrong));
    try {
      out = p.primitive->abstract_eval(in, e.params.view());
    } catch (const Error& error) {
      fail_with(error.what());
    }
    if (out.size() != shown.size())
      fail_with(text(name, ": ", out.size(), " results are required, got ", shown.size()));
    for (std::size_t k = 0; k < out.size(); ++k)
      if (!same_type(out[k], shown[k])) fail_with(text(name, ": result ", k, " is ", out[k], ", got ", shown[k]));
    return out;
  }

  std::vector<Atom> operands(const Scope& s) {
    std::vector<Atom> out;
    while (true) {
      const bool line_ended = skip_blanks();
      const char c = peek();
      if (c == ';' || c == '}' || c == '\0' || at_in()) return out;
      const auto name = peek_word();
      const bool is_variable = s.names.find(name) != s.names.end();
      if (!is_variable && at_literal()) {
        out.push_back({-1, literal()});
        continue;
      }
      if (!name.empty() && (after(name) == ':' || after(name) == '[')) return out;
      if (!is_variable && line_ended && !name.empty()) return out;
      out.push_back(variable(s));
    }
  }

  Atom variable(const Scope& s) {
    const auto name = peek_word();
    const auto it = s.names.find(name);
    if (it == s.names.end()) fail("a literal or a variable that has been defined");
    at_ += name.size();
    return {it->second, {}};
  }

  void results(Scope& s) {
    expect("(");
    for (bool first = true; !accept(")"); first = false) {
      if (!first) {
        expect(",");
        if (accept(")")) return;
      }
      const bool is_variable = s.names.find(peek_word()) != s.names.end();
      s.jaxpr.out.push_back(!is_variable && at_literal() ? Atom{-1, literal()} : variable(s));
    }
  }

  // --- literals: 2.0:f64[], True:bool[], (1+2j):c128[] ---

  bool at_literal() {
    const char c = peek();
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+' || c == '(') return true;
    const auto w = peek_word();
    for (const std::string_view word : {"True", "False", "nan", "inf", "empty", "discard"})
      if (w == word) return after(w) == ':';
    return w.starts_with("nan") || w.starts_with("inf") ? after(w) == '+' || after(w) == '-' || w.ends_with('j')
                                                        : false;
  }

  Array literal() {
    const auto begin = at_;
    auto end = at_;
    while (end < text_.size() && text_[end] != ':' && text_[end] != '\n' && text_[end] != ' ') ++end;
    const auto value = text_.substr(begin, end - begin);
    at_ = end;
    expect(":");
    const auto a = aval();
    auto x = a.shape.empty() ? literal_of(value, a.dtype) : std::nullopt;
    if (!x) {
      at_ = begin;
      fail("a literal of rank 0 that its dtype can hold");
    }
    return *x;
  }

  std::map<std::string, const ReadablePrimitive*, std::less<>> primitives_;
  std::map<std::string, Definition, std::less<>> defined_;
  int depth_ = 0;
};

}  // namespace

std::string difference(AvalSpan in, AvalSpan want) {
  if (in.size() != want.size()) return text(want.size(), " operands are required, got ", in.size());
  for (std::size_t i = 0; i < in.size(); ++i)
    if (!same_type(in[i], want[i])) return text("operand ", i, " must be ", want[i], ", got ", in[i]);
  return {};
}

JaxprPtr parse(std::string_view text, std::span<const ReadablePrimitive> primitives) {
  auto j = JaxprParser(text, primitives).top();
#ifdef FLUXION_DEBUG_CHECKS
  typecheck(*j);
#endif
  return j;
}

}  // namespace fluxion
