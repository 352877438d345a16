// Documents are programs: every C++ block of a Markdown page is compiled and run, and what it prints is
// compared with the block ```text that follows it directly.
//
// The word after ```cpp says what a block is:
//   cpp        statements. They run in order in one function per page, so later blocks see earlier variables.
//   cpp local  statements in a scope of their own: they see the page's variables, and leave none.
//   cpp decl   declarations, at namespace scope, before all statements of the page.
//   cpp main   a whole program, compiled alone exactly as it stands.
// Blocks other than `main` find <fluxion/fluxion.hpp>, <iostream>, the namespace alias fx and fx::Array in
// place; repeating those lines in a block is allowed, and other #include lines go to the top of the program.
// A block ```hpp FILE quotes a source of the library: its lines, and the pieces between `...`, must occur in FILE in this
// order. FILE is relative to the folder above the page's, or to the page's own.
// Output is compared line by line without trailing spaces: a number with a point or an exponent at five
// significant digits, everything else exactly.
//
//   runner generate PAGE.md STEM            writes STEM.cpp and, for each main block, STEM_main1.cpp, ...
//   runner check PAGE.md PROGRAM MAIN1 ...  runs those programs and compares
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/wait.h>

namespace {

using Lines = std::vector<std::string>;

struct Quote {
  std::string file;
  int line = 0;
  Lines code;
};

struct Block {
  std::string kind;  // "", "local", "decl" or "main"
  int line = 0;      // of the first line inside the fence
  Lines code;
  bool has_expected = false;
  int expected_line = 0;
  Lines expected;
};

constexpr char separator = '\036';  // printed before each block's output, followed by the block's line

[[noreturn]] void fail(const std::string& page, int line, const std::string& what) {
  throw std::runtime_error(page + ":" + std::to_string(line) + ": " + what);
}

std::string trimmed_right(std::string s) {
  s.erase(s.find_last_not_of(" \t\r\n") + 1);
  return s;
}

Lines read_lines(std::istream& in) {
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(trimmed_right(line));
  return lines;
}

void drop_blank_end(Lines& lines) {
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
}

bool is_cpp(const std::string& language) {
  return language == "c++" || language == "C++" || language == "cxx" || language == "cc" || language == "CPP";
}

std::vector<Block> parse(const std::string& page, std::vector<Quote>* quotes = nullptr) {
  std::ifstream in(page);
  if (!in) fail(page, 0, "cannot be read");
  const Lines lines = read_lines(in);
  std::vector<Block> blocks;
  bool after_cpp = false;  // nothing but blank lines since the last C++ block
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t indent = lines[i].find_first_not_of(" >\t");
    if (indent == std::string::npos) continue;
    if (lines[i].compare(indent, 3, "```") != 0) {
      after_cpp = false;
      continue;
    }
    std::istringstream info(lines[i].substr(indent + 3));
    std::string language, kind;
    info >> language >> kind;
    const int fence = int(i) + 1;
    if (is_cpp(language)) fail(page, fence, "a C++ block is written ```cpp");
    if (language == "cpp" && indent > 0) fail(page, fence, "a C++ block starts in the first column");
    if (language == "cpp" && !kind.empty() && kind != "local" && kind != "decl" && kind != "main")
      fail(page, fence, "a C++ block is cpp, cpp local, cpp decl or cpp main, got cpp " + kind);
    Lines body;
    for (++i; i < lines.size() && lines[i].compare(0, indent + 3, lines[fence - 1], 0, indent + 3) != 0; ++i)
      body.push_back(lines[i]);
    if (i == lines.size()) fail(page, fence, "this block is not closed");
    if (language == "cpp") {
      blocks.push_back({kind, fence + 1, body, false, 0, {}});
    } else if (language == "text" && after_cpp) {
      Block& block = blocks.back();
      if (block.kind == "decl") fail(page, fence, "declarations print nothing");
      block.has_expected = true;
      block.expected_line = fence + 1;
      block.expected = body;
    }
    if (language == "hpp") {
      if (kind.empty()) fail(page, fence, "a quotation names its source: ```hpp src/file.hpp");
      if (quotes != nullptr) quotes->push_back({kind, fence + 1, body});
    }
    after_cpp = language == "cpp";
  }
  return blocks;
}

// --- quotations -----------------------------------------------------------------------------------------------

/// Without white space, so that line breaks and indentation do not matter.
std::string squeezed(const std::string& s) {
  std::string out;
  for (const char c : s)
    if (std::isspace(static_cast<unsigned char>(c)) == 0) out += c;
  return out;
}

std::string source_text(const std::string& page, const Quote& q) {
  const auto folder = page.substr(0, page.find_last_of('/') + 1);
  std::ifstream in(folder + "../" + q.file);
  if (!in) in.open(folder + q.file);
  if (!in) fail(page, q.line, q.file + " cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  return squeezed(text.str());
}

void check_quote(const std::string& page, const Quote& q) {
  const auto source = source_text(page, q);
  std::size_t from = 0;
  for (std::size_t i = 0; i < q.code.size(); ++i) {
    std::string rest = squeezed(q.code[i]);
    while (!rest.empty()) {
      const auto dots = rest.find("...");
      const auto piece = rest.substr(0, dots);
      rest = dots == std::string::npos ? "" : rest.substr(dots + 3);
      const auto at = source.find(piece, from);
      if (at == std::string::npos) fail(page, q.line + int(i), "this is not in " + q.file + ", or not in this order");
      from = at + piece.size();
    }
  }
}

// --- generate ---------------------------------------------------------------------------------------------

std::string position(const std::string& page, int line) {
  return "#line " + std::to_string(line) + " \"" + page + "\"\n";
}

std::string code_of(const std::string& page, const Block& block) {
  std::string code = position(page, block.line);
  for (const std::string& line : block.code) code += line + "\n";
  return code;
}

/// Empties the lines of `block` that belong at the top of a program and returns its includes.
std::set<std::string> hoist(Block& block) {
  std::set<std::string> includes;
  for (std::string& line : block.code) {
    const bool include = line.compare(0, 8, "#include") == 0;
    if (include) includes.insert(line);
    if (include || line == "namespace fx = fluxion;" || line == "using fx::Array;") line.clear();
  }
  return includes;
}

std::string page_program(const std::string& page, std::vector<Block> blocks) {
  std::set<std::string> includes{"#include <exception>", "#include <fluxion/fluxion.hpp>",
                                 "#include <iostream>"};
  std::string declarations, statements;
  for (Block& block : blocks) {
    if (block.kind == "main") continue;
    includes.merge(hoist(block));
    if (block.kind == "decl") {
      declarations += code_of(page, block);
      continue;
    }
    statements += "std::cout << \"\\n\\036" + std::to_string(block.line) + "\\n\" << std::flush;\n";
    const bool local = block.kind == "local";
    statements += (local ? "{\n" : "") + code_of(page, block) + (local ? "}\n" : "");
  }
  std::string program;
  for (const std::string& include : includes) program += include + "\n";
  program += "namespace fx = fluxion;\nusing fx::Array;\n";
  return program + declarations + "static void run_page() {\n" + statements + R"(}
int main() try {
  run_page();
} catch (const std::exception& e) {
  std::cout << std::flush;
  std::cerr << "uncaught: " << e.what() << '\n';
  return 1;
}
)";
}

void write(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  if (!out.flush()) fail(path, 0, "cannot be written");
}

void generate(const std::string& page, const std::string& stem) {
  const std::vector<Block> blocks = parse(page);
  write(stem + ".cpp", page_program(page, blocks));
  int number = 0;
  for (const Block& block : blocks)
    if (block.kind == "main") write(stem + "_main" + std::to_string(++number) + ".cpp", code_of(page, block));
}

// --- check ------------------------------------------------------------------------------------------------

struct Token {
  std::string text;
  bool real = false;  // a number with a point or an exponent
};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }

/// The length of the number that starts at `at`, or 0. Digits inside a word (f64, x1) are no number.
std::size_t number_length(const std::string& s, std::size_t at) {
  if (at > 0 && (is_word(s[at - 1]) || s[at - 1] == '.')) return 0;
  auto digits = [&](std::size_t i) {
    while (i < s.size() && is_digit(s[i])) ++i;
    return i;
  };
  std::size_t i = s[at] == '-' ? at + 1 : at;
  const std::size_t whole = digits(i);
  std::size_t end = whole < s.size() && s[whole] == '.' ? digits(whole + 1) : whole;
  if (whole == i && end <= whole + 1) return 0;
  if (end < s.size() && (s[end] == 'e' || s[end] == 'E')) {
    const std::size_t exponent = end + 1 + (end + 1 < s.size() && (s[end + 1] == '+' || s[end + 1] == '-'));
    if (digits(exponent) > exponent) end = digits(exponent);
  }
  return end - at;
}

std::vector<Token> tokens(const std::string& line) {
  std::vector<Token> result;
  for (std::size_t i = 0; i < line.size();) {
    const std::size_t n = number_length(line, i);
    const std::string text = line.substr(i, n ? n : 1);
    result.push_back({text, n > 0 && text.find_first_of(".eE") != std::string::npos});
    i += text.size();
  }
  return result;
}

bool same(const Token& a, const Token& b) {
  if (!a.real || !b.real) return a.text == b.text;
  const double x = std::strtod(a.text.c_str(), nullptr), y = std::strtod(b.text.c_str(), nullptr);
  return std::abs(x - y) <= 5e-5 * std::max(std::abs(x), std::abs(y));
}

bool same(const std::string& a, const std::string& b) {
  const auto x = tokens(a), y = tokens(b);
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](auto& s, auto& t) { return same(s, t); });
}

/// Prints where `got` differs from what the page says; true if nowhere.
bool matches(const std::string& page, Block block, Lines got) {
  if (!block.has_expected) return true;
  drop_blank_end(got);
  drop_blank_end(block.expected);
  bool right = true;
  for (std::size_t i = 0; i < std::max(got.size(), block.expected.size()); ++i) {
    const std::string want = i < block.expected.size() ? block.expected[i] : "(nothing)";
    const std::string have = i < got.size() ? got[i] : "(nothing)";
    if (i < got.size() && i < block.expected.size() && same(want, have)) continue;
    right = false;
    std::cout << page << ":" << block.expected_line + int(i) << ": the output differs\n"
              << "  expected: " << want << "\n  got:      " << have << "\n";
  }
  return right;
}

struct Output {
  Lines lines;
  bool succeeded = false;
};

Output run(const std::string& program) {
  FILE* pipe = popen(("'" + program + "'").c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot start " + program);
  std::string text;
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
  const int status = pclose(pipe);
  std::istringstream in(text);
  return {read_lines(in), WIFEXITED(status) && WEXITSTATUS(status) == 0};
}

bool check_main(const std::string& page, const Block& block, const std::string& program) {
  const Output output = run(program);
  if (!output.succeeded) std::cout << page << ":" << block.line << ": this program failed\n";
  return matches(page, block, output.lines) && output.succeeded;
}

bool check_statements(const std::string& page, const std::vector<Block>& blocks,
                      const std::string& program) {
  const Output output = run(program);
  bool right = output.succeeded;
  auto at = output.lines.begin();
  int last = 0;
  for (const Block& block : blocks) {
    if (block.kind == "main" || block.kind == "decl") continue;
    at = std::find(at, output.lines.end(), separator + std::to_string(block.line));
    if (at == output.lines.end()) break;
    last = block.line;
    auto end = std::find_if(++at, output.lines.end(), [](auto& l) { return l[0] == separator; });
    right = matches(page, block, {at, end}) && right;
  }
  if (!output.succeeded) std::cout << page << ":" << last << ": the page failed in this block\n";
  return right;
}

bool check(const std::string& page, const Lines& programs) {
  std::vector<Quote> quotes;
  const std::vector<Block> blocks = parse(page, &quotes);
  for (const Quote& q : quotes) check_quote(page, q);
  bool right = check_statements(page, blocks, programs.at(0));
  std::size_t number = 0;
  for (const Block& block : blocks)
    if (block.kind == "main") right = check_main(page, block, programs.at(++number)) && right;
  return right;
}

}  // namespace

int main(int argc, char** argv) try {
  const Lines args(argv + 1, argv + argc);
  if (args.size() == 3 && args[0] == "generate") {
    generate(args[1], args[2]);
    return 0;
  }
  if (args.size() >= 3 && args[0] == "check") return check(args[1], {args.begin() + 2, args.end()}) ? 0 : 1;
  throw std::runtime_error("usage: runner generate PAGE STEM | runner check PAGE PROGRAM MAIN...");
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
