// Plans as text.
#include <sstream>

#include "compiler/executable.hpp"

namespace fluxion::compiler {
namespace {

class Lister {
 public:
  Lister(const ir::Program& p, const Plan& plan, std::string indent = "")
      : p_(p), plan_(plan), indent_(std::move(indent)) {}

  std::string run() {
    for (const auto& step : plan_.steps) std::visit([&](const auto& s) { list(s); }, step);
    line() << "arena of " << plan_.arena_bytes << " bytes";
    for (const auto& o : plan_.outputs) os_ << ", " << describe(o);
    os_ << '\n';
    return os_.str();
  }

 private:
  std::ostream& line() { return os_ << indent_; }
  std::string where(const Ref& r) const {
    const auto& s = plan_.storages[r.storage];
    std::ostringstream os;
    switch (s.kind) {
      case Storage::Kind::input: os << "input " << s.at; break;
      case Storage::Kind::constants: os << "constants"; break;
      case Storage::Kind::arena: os << "arena+" << s.at; break;
      case Storage::Kind::output: os << "output " << s.at; break;
    }
    if (r.offset != 0) os << "+" << r.offset;
    return os.str();
  }
  std::string describe(const Output& o) const {
    if (o.kind == Output::Kind::same) return where(o.from);
    return (o.kind == Output::Kind::scalar ? "scalar of " : "view of ") + where(o.from);
  }

  void list(const Loop& s) {
    std::int64_t gathered = 0;
    for (const auto& g : s.gathers) gathered += g.fields;
    line() << "loop over " << s.n << " elements, ";
    if (!s.outer.empty()) os_ << "rows of " << s.inner << ", ";
    os_ << "blocks of " << std::min(s.block, s.n) << ", " << s.streams.size() + s.rows.size() << " streams, "
        << gathered << " gathers\n";
    for (const auto i : s.instrs) line() << "  " << p_.instrs[i] << '\n';
    if (!s.sinks.empty())
      line() << "  folding " << s.fold_rows << " rows of " << s.fold_width << " in chunks of " << s.chunk
             << (s.sinks[0].function != nullptr ? ", by one kernel\n" : "\n");
  }
  void list(const Band& s) {
    line() << "band of " << s.parts.size() << " steps, " << s.tile << " of " << s.rows << " rows at a time, "
           << s.local_bytes << " bytes for what stays\n";
    for (const auto& part : s.parts) std::visit([&](const auto& p) { list(p); }, part);
    for (const auto& r : s.puts) list(r);
  }
  void list(const Columns& s) {
    line() << "reduce columns: " << s.outer << " x " << s.rows << " rows of " << s.columns << " from " << where(s.from)
        << " to " << where(s.to) << '\n';
    for (const auto i : s.instrs) line() << "  " << p_.instrs[i] << '\n';
    if (s.function != nullptr) line() << "  by one kernel\n";
  }
  void list(const ArgMax& s) {
    line() << "argmax: " << s.outer << " x " << s.n << " x " << s.inner << " from " << where(s.from) << " to "
        << where(s.to) << '\n';
  }
  void list(const Dot& s) {
    const auto batch = s.shape.batch * static_cast<std::size_t>(element_count(s.outer));
    line() << "dot: " << batch << " of " << s.shape.m << 'x' << s.shape.k << " by " << s.shape.k << 'x' << s.shape.n
        << " from " << where(s.a) << " and " << where(s.b) << " to " << where(s.c) << '\n';
    for (const auto i : s.instrs) line() << "  " << p_.instrs[i] << '\n';
  }
  void list(const Copy& s) {
    line() << "copy " << s.shape << " from " << where(s.from) << " strides " << s.from_strides << " to " << where(s.to)
        << " strides " << s.to_strides << '\n';
  }
  void list(const Weave& s) {
    line() << "weave: " << s.rows << " rows, " << s.block << " at a time, of " << s.pieces.size() << " pieces:\n";
    for (const auto& piece : s.pieces) {
      os_ << "  ";
      list(piece);
    }
  }
  void list(const Interleave& s) {
    line() << "interleave: " << s.rows << " rows, " << s.block << " at a time, to " << where(s.to) << " from";
    for (const auto& l : s.lines) os_ << ' ' << (l.repeated ? "repeated " : "") << where(l.from);
    os_ << '\n';
  }

  void list(const HostCall& s) {
    line() << "host call: " << s.function->name();
    for (const auto& p : s.in) os_ << " from " << where(p.at);
    for (const auto& p : s.out) os_ << " to " << where(p.at);
    os_ << '\n';
  }

  void list(const TruePositions& s) {
    line() << "true positions: " << s.size << " of " << s.extent << ", " << element_count(s.batch) << " times, from "
           << where(s.mask.base) << " to " << where(s.to) << '\n';
  }
  void list(const Rows& s) {
    static constexpr const char* names[] = {"take", "put", "add"};
    line() << names[static_cast<std::size_t>(s.kind)] << " rows: " << element_count(s.batch) << " x " << s.count << " of "
           << s.row_elements * s.itemsize << " bytes, table of " << s.extent << " at " << where(s.table.base) << ", rows at "
           << where(s.rows.base) << '\n';
  }
  void list(const Window& s) {
    line() << (s.put ? "put" : "take") << " window: " << s.copy.shape << " from " << where(s.copy.from) << " to "
           << where(s.copy.to) << '\n';
  }
  void list(const Tape& s) {
    line() << (ir::Instr{ir::Tape{s.kind}, {}, {}}) << ": " << s.n << " of " << s.values.size() << " values at "
           << where(s.tape) << '\n';
  }
  void list(const Flat& s) {
    line() << "flat program of " << s.code.size() << " instructions, " << s.loads.size() << " loads, " << s.stores.size()
           << " stores, at " << where(s.frame) << '\n';
    for (const auto i : s.instrs) {
      line() << "  " << p_.instrs[i] << '\n';
      for (const auto* held : ir::held_programs(p_.instrs[i].action)) {
        std::ostringstream text;
        text << **held;
        std::istringstream lines(text.str());
        for (std::string l; std::getline(lines, l);) line() << "    " << l << '\n';
      }
    }
  }
  void list(const Cond& s) {
    line() << "cond: index at " << where(s.index) << '\n';
    const auto& branches = std::get<ir::Cond>(p_.instrs[s.instr].action).branches;
    for (std::size_t k = 0; k < branches.size(); ++k) list("branch " + std::to_string(k), *branches[k], s.branches[k]);
  }
  void list(const While& s) {
    const auto& loop = std::get<ir::While>(p_.instrs[s.instr].action);
    line() << "while: " << s.carries.size() << " carried\n";
    list("cond", *loop.cond, s.cond);
    list("body", *loop.body, s.body);
  }
  void list(const Scan& s) {
    line() << "scan: " << s.length << " rounds, " << s.carries.size() << " carried, " << s.walks.size() << " stacked\n";
    list("body", *std::get<ir::Scan>(p_.instrs[s.instr].action).body, s.body);
  }
  void list(const std::string& name, const ir::Program& p, const Nested& nested) {
    line() << "  " << name << " at " << where(nested.memory) << ":\n";
    os_ << Lister(p, *nested.plan, indent_ + "    ").run();
  }

  const ir::Program& p_;
  const Plan& plan_;
  std::string indent_;
  std::ostringstream os_;
};

}  // namespace

std::string listing(const ir::Program& p, const Plan& plan) { return Lister(p, plan).run(); }

}  // namespace fluxion::compiler
