#include "stablehlo/module.hpp"

#include <cctype>
#include <stdexcept>

namespace fluxion::test::stablehlo {

namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; }

DType element_type(std::string_view name) {
  static const std::map<std::string_view, DType> names{{"i1", bool_},
                                                       {"i8", int8},
                                                       {"i16", int16},
                                                       {"i32", int32},
                                                       {"i64", int64},
                                                       {"ui8", uint8},
                                                       {"ui16", uint16},
                                                       {"ui32", uint32},
                                                       {"ui64", uint64},
                                                       {"f16", float16},
                                                       {"bf16", bfloat16},
                                                       {"f32", float32},
                                                       {"f64", float64},
                                                       {"complex<f32>", complex64},
                                                       {"complex<f64>", complex128}};
  const auto it = names.find(name);
  if (it == names.end()) throw std::runtime_error("element type " + std::string(name));
  return it->second;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Module module() {
    Module m;
    expect("module");
    skip_to('{');
    if (rest().starts_with("{mhlo") || rest().starts_with("{jax")) skip_braces();
    expect("{");
    while (!accept("}")) {
      expect("func.func");
      if (!accept("public")) accept("private");
      const auto name = symbol();
      m[name] = function();
    }
    return m;
  }

 private:
  // --- characters ---
  std::string_view rest() const { return text_.substr(at_); }
  void space() {
    for (; at_ < text_.size(); ++at_) {
      if (rest().starts_with("//")) at_ = std::min(text_.find('\n', at_), text_.size() - 1);
      else if (std::isspace(static_cast<unsigned char>(text_[at_])) == 0) return;
    }
  }
  bool peek(std::string_view s) {
    space();
    return rest().starts_with(s);
  }
  bool accept(std::string_view s) {
    if (!peek(s)) return false;
    at_ += s.size();
    return true;
  }
  void expect(std::string_view s) {
    if (!accept(s)) fail("expected " + std::string(s));
  }
  [[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what + ", got " + std::string(rest().substr(0, 60)));
  }
  void skip_to(char c) { at_ = std::min(text_.find(c, at_), text_.size()); }
  /// Past the `}` that closes the `{` here.
  void skip_braces() {
    int depth = 0;
    do {
      if (at_ >= text_.size()) fail("expected }");
      if (text_[at_] == '"') at_ = text_.find('"', at_ + 1);
      else if (text_[at_] == '{') ++depth;
      else if (text_[at_] == '}') --depth;
      ++at_;
    } while (depth > 0);
    space();
  }
  std::string word() {
    space();
    std::string w;
    while (at_ < text_.size() && is_word(text_[at_])) w += text_[at_++];
    return w;
  }
  std::string symbol() {
    expect("@");
    if (accept("\"")) {
      const auto end = text_.find('"', at_);
      const auto name = std::string(text_.substr(at_, end - at_));
      at_ = end + 1;
      return name;
    }
    return word();
  }
  std::string value_name() {
    expect("%");
    auto name = "%" + word();
    if (at_ < text_.size() && text_[at_] == '#') {
      ++at_;
      name += "#" + word();
    }
    return name;
  }
  std::int64_t integer() {
    space();
    const bool negative = accept("-");
    if (std::isdigit(static_cast<unsigned char>(rest().front())) == 0) fail("expected a number");
    std::int64_t v = 0;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0)
      v = v * 10 + (text_[at_++] - '0');
    return negative ? -v : v;
  }

  // --- types ---
  TensorType type() {
    expect("tensor<");
    TensorType t{};
    while (std::isdigit(static_cast<unsigned char>(rest().front())) != 0) {
      t.shape.push_back(integer());
      expect("x");
    }
    auto element = word();
    if (accept("<")) {
      element += "<" + word() + ">";
      expect(">");
    }
    expect(">");
    t.dtype = element_type(element);
    if (peek("{mhlo") || peek("{jax")) skip_braces();
    return t;
  }
  std::vector<TensorType> types() {
    std::vector<TensorType> list;
    const bool parenthesised = accept("(");
    if (parenthesised && accept(")")) return list;
    do list.push_back(type()); while (accept(","));
    if (parenthesised) expect(")");
    return list;
  }
  /// Operand types, then `->` and result types, or only those that both share.
  std::vector<TensorType> result_types(const Op& op) {
    auto list = types();
    if (accept("->")) return types();
    if (op.name == "while") return list;
    return {list.back()};
  }

  // --- attributes ---
  void numbers_into(std::vector<std::int64_t>& to) {
    expect("[");
    while (!accept("]")) {
      if (peek("[")) numbers_into(to);
      else to.push_back(integer());
      accept(",");
    }
  }
  void entries(Op& op, std::string_view end) {
    while (!accept(end)) {
      entry(op, word());
      accept(",");
    }
  }
  /// What follows a name: `= value`.
  void entry(Op& op, const std::string& key) {
    expect("=");
    if (key == "dim_numbers") {
      const auto end = text_.find("window", at_);
      op.texts[key] = std::string(text_.substr(at_, std::min(end, text_.find('{', at_)) - at_));
      at_ += op.texts[key].size();
    } else if (peek("[")) {
      numbers_into(op.numbers[key]);
      if (rest().starts_with(" x ")) expect("x"), numbers_into(op.numbers[key + ".rhs"]);
    } else if (accept("{")) {
      entries(op, "}");
    } else if (accept("array<i64:")) {
      do op.numbers[key].push_back(integer()); while (accept(","));
      expect(">");
    } else if (accept("dense<")) {
      dense_numbers(op.numbers[key]);
    } else if (accept("#stablehlo<")) {
      word();
      op.texts[key] = word();
      expect(">");
    } else if (accept("#stablehlo.")) {
      word();
      expect("<");
      entries(op, ">");
    } else if (accept("true")) {
      op.numbers[key] = {1};
    } else if (accept("false")) {
      op.numbers[key] = {0};
    } else if (peek("-") || std::isdigit(static_cast<unsigned char>(rest().front())) != 0) {
      op.numbers[key] = {integer()};
      if (accept(": i")) word();
    } else {
      op.texts[key] = word();
    }
  }
  void dense_numbers(std::vector<std::int64_t>& to) {
    if (peek("[")) numbers_into(to);
    else to.push_back(integer());
    expect("> :");
    const auto t = type();
    std::int64_t size = 1;
    for (const auto n : t.shape) size *= n;
    if (to.size() == 1) to.assign(static_cast<std::size_t>(size), to[0]);
  }

  // --- operations ---
  Function function() {
    Function f;
    expect("(");
    while (!accept(")")) {
      f.args.push_back(value_name());
      expect(":");
      type();
      accept(",");
    }
    expect("->");
    types();
    expect("{");
    f.body = operations();
    return f;
  }
  std::vector<Op> operations() {
    std::vector<Op> list;
    while (!accept("}")) list.push_back(operation());
    return list;
  }
  Region region() {
    Region r;
    if (accept("^bb0(")) {
      while (!accept(")")) {
        r.args.push_back(value_name());
        expect(":");
        type();
        accept(",");
      }
      expect(":");
    }
    r.body = operations();
    return r;
  }
  std::vector<std::string> result_names() {
    std::vector<std::string> names;
    do {
      const auto name = value_name();
      if (accept(":")) {
        const auto n = integer();
        for (std::int64_t i = 0; i < n; ++i) names.push_back(name + "#" + std::to_string(i));
      } else {
        names.push_back(name);
      }
    } while (accept(","));
    expect("=");
    return names;
  }
  Op operation() {
    Op op;
    if (peek("%")) op.results = result_names();
    if (accept("\"")) generic(op);
    else pretty(op);
    return op;
  }
  static std::string plain(const std::string& name) {
    if (name.starts_with("stablehlo.")) return name.substr(10);
    return name.starts_with("func.") ? name.substr(5) : name;
  }
  void generic(Op& op) {
    op.name = plain(word());
    expect("\"(");
    while (!accept(")")) {
      op.operands.push_back(value_name());
      accept(",");
    }
    if (accept("<{")) entries(op, "}>");
    if (accept("({")) {
      do op.regions.push_back(region()); while (accept(", {"));
      expect(")");
    }
    expect(":");
    op.types = result_types(op);
  }
  void constant(Op& op) {
    expect("dense<");
    const auto end = rest().front() == '"' ? text_.find("\">", at_) + 1 : text_.find('>', at_);
    const auto literal = text_.substr(at_, end - at_);
    at_ = end;
    expect("> :");
    op.types = {type()};
    op.value = parse_dense(literal, op.types[0]);
  }
  void slice_ranges(Op& op) {
    expect("[");
    while (!accept("]")) {
      op.numbers["start"].push_back(integer());
      expect(":");
      op.numbers["limit"].push_back(integer());
      op.numbers["stride"].push_back(accept(":") ? integer() : 1);
      accept(",");
    }
  }
  void carries(Op& op, Region& names) {
    expect("(");
    while (!accept(")")) {
      names.args.push_back(value_name());
      expect("=");
      op.operands.push_back(value_name());
      accept(",");
    }
  }
  void pretty(Op& op) {
    op.name = plain(word());
    if (op.name == "constant") return constant(op);
    Region names;
    if (op.name == "while") carries(op, names);
    if (peek("@")) op.callee = symbol();
    for (bool more = true; more;) more = piece(op);
    if (op.name == "return" && op.operands.empty()) return;
    expect(":");
    op.types = result_types(op);
    if (op.name == "while") {
      for (const auto* label : {"cond", "do"}) {
        expect(label);
        expect("{");
        op.regions.push_back({names.args, operations()});
      }
    } else if (accept("reducer")) {
      Region r;
      std::vector<std::string> elements;
      while (accept("(")) {
        r.args.push_back(value_name());
        expect(":"), type(), expect(",");
        elements.push_back(value_name());
        expect(":"), type(), expect(")");
      }
      r.args.insert(r.args.end(), elements.begin(), elements.end());
      expect("{");
      r.body = operations();
      op.regions.push_back(std::move(r));
    }
  }
  /// One operand, bare word or attribute of a pretty operation; false at the types.
  bool piece(Op& op) {
    if (peek(":")) return false;
    if (peek("%")) op.operands.push_back(value_name());
    else if (accept("init:")) {}
    else if (accept("(") || accept(")") || accept(",")) {}
    else if (peek("[")) slice_ranges(op);
    else if (accept("{")) entries(op, "}");
    else if (accept("applies stablehlo.")) op.texts["applies"] = word();
    else if (accept("across dimensions")) entry(op, "dimensions");
    else {
      const auto w = word();
      if (w.empty()) fail("expected an operation");
      if (peek("=")) entry(op, w);
      else op.words.push_back(w);
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Module parse_module(std::string_view text) { return Parser(text).module(); }

}  // namespace fluxion::test::stablehlo
