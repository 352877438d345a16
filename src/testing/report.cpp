#include <fluxion/testing/report.hpp>

#include <ostream>
#include <sstream>

namespace fluxion::testing {

Tally& Tally::operator+=(const Tally& o) {
  agree += o.agree;
  at_kink += o.at_kink;
  disagree += o.disagree;
  kink += o.kink;
  non_finite += o.non_finite;
  ill_conditioned += o.ill_conditioned;
  return *this;
}

Tally Report::total() const {
  Tally all;
  for (const auto& l : laws) all += l.tally;
  return all;
}

// --- printing: one screen ------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t kColumns = 120, kJaxprLines = 10, kCodeLines = 8, kLaws = 3;

/// Characters, of which some are several bytes.
std::size_t width(std::string_view line) {
  std::size_t n = 0;
  for (char c : line) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return n;
}

std::string clipped(std::string line) {
  if (width(line) <= kColumns) return line;
  while (width(line) > kColumns - 4) line.pop_back();
  while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0x80) != 0) line.pop_back();  // no half characters
  return line + " ...";
}

/// In lines of full words, as wide as there is room behind so much.
std::string wrapped(const std::string& line, std::size_t behind) {
  std::istringstream words(line);
  std::string out, word;
  for (std::size_t at = behind; words >> word; at += width(word) + 1) {
    const bool full = at != behind && at + width(word) > kColumns;
    if (full) at = behind;
    out += (out.empty() ? "" : full ? "\n" : " ") + word;
  }
  return out;
}

/// Each line of `block` behind `first` or as much space, at most so many.
void append_block(std::ostream& os, const std::string& first, const std::string& block, std::size_t most) {
  std::istringstream lines(block);
  std::string line, lead = first;
  for (std::size_t n = 0; std::getline(lines, line); ++n) {
    os << '\n' << (n == most ? lead + "..." : clipped(lead + line));
    if (n == most) return;
    lead.assign(first.size(), ' ');
  }
}

std::string counts(const Tally& t) {
  std::ostringstream s;
  s << t.agree << " agree";
  if (t.at_kink != 0) s << " (" << t.at_kink << " at kinks)";
  s << ", " << t.disagree << " disagree, " << t.undecidable() << " undecidable";
  const std::pair<std::size_t, const char*> reasons[] = {
      {t.kink, "kinks"}, {t.non_finite, "non-finite"}, {t.ill_conditioned, "ill-conditioned"}};
  std::string list;
  for (const auto& [n, reason] : reasons)
    if (n != 0) list += (list.empty() ? " (" : ", ") + std::to_string(n) + ' ' + reason;
  if (!list.empty()) s << list << ')';
  return s.str();
}

std::string joined(const std::vector<std::string>& parts) {
  std::string s;
  for (const auto& p : parts) s += (s.empty() ? "" : ", ") + p;
  return s;
}

/// Without " of custom_vjp", which stands in "custom_vjp of softplus" already.
std::string rule_beside(const std::string& primitive, std::string rule) {
  const auto kind = " of " + primitive.substr(0, primitive.find(" of "));
  if (primitive.starts_with("custom_"))
    if (const auto at = rule.find(kind); at != std::string::npos) rule.erase(at, kind.size());
  return rule;
}

void append(std::ostream& os, const Explanation& e) {
  if (e.to_one_rule) os << "\nsuspect: " << e.primitive << ", " << rule_beside(e.primitive, e.rule);
  else os << "\nsuspect: " << e.rule << " of " << e.primitive << ", which are wrong only together";
  append_block(os, "  program    ", e.jaxpr, kJaxprLines);
  if (!e.point.empty()) append_block(os, "  at         ", joined(e.point), 1);
  if (!e.direction.empty()) append_block(os, "  direction  ", e.direction, 1);
  if (!e.law.empty()) append_block(os, "  law        ", wrapped(e.law, 13), 3);
  if (!e.expected.empty()) append_block(os, "  expected   ", e.expected, 1);
  if (!e.got.empty()) append_block(os, "  got        ", e.got, 1);
  os << "\nreproduce, with <fluxion/testing/program.hpp>:";
  append_block(os, "  ", e.reproduce, kCodeLines);
}

}  // namespace

std::string to_string(const Report& report) {
  std::ostringstream os;
  os << report.check << ": " << (report.passed() ? "passed" : "failed") << ", " << counts(report.total());
  if (report.passed()) return os.str();
  append_block(os, "", wrapped(report.failure, 0), 3);
  std::size_t n = 0;
  for (const auto& l : report.laws)
    if (l.tally.disagree != 0 && n++ < kLaws) os << '\n' << clipped("  " + l.law + ": " + counts(l.tally));
  if (n > kLaws) os << "\n  and " << n - kLaws << " other laws";
  for (const auto& e : report.explanation) append(os, e);
  if (!report.key.empty()) os << "\nthe same directions again: .key = " << report.key;
  return os.str();
}

std::ostream& operator<<(std::ostream& os, const Report& report) { return os << to_string(report); }

CheckError::CheckError(Report r) : Error(to_string(r)), report_(std::make_shared<const Report>(std::move(r))) {}

}  // namespace fluxion::testing
