#include "testing/frozen.hpp"

#include <algorithm>
#include <cstring>

#include <fluxion/indexing.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "core/ops.hpp"
#include "testing/frozen_pieces.hpp"

namespace fluxion::testing {

namespace {

constexpr std::int64_t kMostOperations = 1'000'000;

struct Records;
using RecordsPtr = std::shared_ptr<const Records>;

/// A value at the point, in the program's dtype and widened, and the number that the replay knows it by: -1
/// if it stays.
struct Value {
  Array own, wide;
  int slot = -1;
  RecordsPtr records{};  // of a tape: null if it has none
};
using Values = std::vector<Value>;

/// A tape of values: the records of two tapes, or of one tape and one more.
struct Records {
  RecordsPtr first, second;
  std::int64_t index = 0;
  Values values;
};

Value constant(const Array& x) { return {x, widened(x), -1, {}}; }

Arrays own(const Values& xs) {
  Arrays out;
  for (const auto& x : xs) out.push_back(x.own);
  return out;
}

Values part(const Values& xs, std::size_t first, std::size_t n) {
  const auto begin = xs.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(n)};
}
Values joined(std::initializer_list<Values> lists) {
  Values out;
  for (const auto& l : lists) out.insert(out.end(), l.begin(), l.end());
  return out;
}

struct Operand {
  int slot;
  Array constant;
};
Operand operand(const Value& v) { return v.slot < 0 ? Operand{-1, v.wide} : Operand{v.slot, {}}; }

struct Step {
  Replay replay;
  std::vector<Operand> in;
  std::vector<int> out;
};

}  // namespace

struct Frozen::Tape {
  std::vector<int> in;
  std::vector<Step> steps;
  std::vector<Operand> out;
  int slots = 0;
};

namespace {

/// Evaluates a program at the point and writes down what depends on its arguments, loops unrolled.
class Recorder {
 public:
  Value input(const Array& x) {
    Value v = constant(x);
    if (is_inexact(x.dtype())) v.slot = slots_++;
    return v;
  }

  Values run(const Jaxpr& jaxpr, const Values& in) {
    Values env(jaxpr.vars.size());
    for (std::size_t i = 0; i < in.size(); ++i) env[static_cast<std::size_t>(jaxpr.in[i])] = in[i];
    const auto read = [&](const Atom& a) {
      return a.is_literal() ? constant(a.literal) : env[static_cast<std::size_t>(a.var)];
    };
    for (const auto& e : jaxpr.eqns) {
      Values operands;
      for (const auto& a : e.in) operands.push_back(read(a));
      auto out = equation(e, operands);
      for (std::size_t k = 0; k < out.size(); ++k)
        env[static_cast<std::size_t>(e.out[k])] = std::move(out[k]);
    }
    Values out;
    for (const auto& a : jaxpr.out) out.push_back(read(a));
    return out;
  }

  /// Only the steps that results depend on.
  std::vector<Step> steps_for(const Values& results) {
    std::vector<char> used(static_cast<std::size_t>(slots_), 0);
    const auto mark = [&](int slot) {
      if (slot >= 0) used[static_cast<std::size_t>(slot)] = 1;
    };
    for (const auto& r : results) mark(r.slot);
    std::vector<Step> kept;
    for (auto s = steps_.rbegin(); s != steps_.rend(); ++s) {
      if (std::none_of(s->out.begin(), s->out.end(),
                       [&](int k) { return k >= 0 && used[static_cast<std::size_t>(k)]; }))
        continue;
      for (const auto& o : s->in) mark(o.slot);
      kept.push_back(std::move(*s));
    }
    std::reverse(kept.begin(), kept.end());
    return kept;
  }

  int slots() const { return slots_; }
  std::vector<std::string> kinks() const { return ties_.list(); }

 private:
  Values equation(const Eqn& e, const Values& in) {
    if (++operations_ > kMostOperations)
      throw UnsupportedError(text("frozen: at most ", kMostOperations,
                                  " operations are kept, got a program that takes more; "
                                  "check it with fewer trips of its loops"));
    const auto name = e.prim->name();
    if (const auto callee = e.prim->callee(e.params.view())) return run(*callee, in);
    if (is_known(*e.prim)) {
      if (name == "cond" || name == "cond_buckets") return branch(Parameters(e), in);
      if (name == "while") return while_loop(Parameters(e), in);
      if (name == "scan") return scan(Parameters(e), in);
      if (name == "repeat") return repeat(Parameters(e), in);
    }
    if (has_tapes(e, in)) return tape(e, in);
    return primitive(e, in);
  }

  Values primitive(const Eqn& e, const Values& in) {
    const auto operands = own(in);
    const auto out = e.prim->bind(operands, e.params.view());
    const bool moving = std::any_of(in.begin(), in.end(), [](const Value& v) { return v.slot >= 0; });
    const bool inexact =
        std::any_of(in.begin(), in.end(), [](const Value& v) { return is_inexact(v.own.dtype()); });
    const bool numbers =
        std::any_of(out.begin(), out.end(), [](const Array& y) { return is_inexact(y.dtype()); });
    if (!inexact || (!moving && !numbers) || effect_of(e) != Effect::none) return held(out);
    Ties none;  // what depends on no argument has no kink
    const Parameters fields(e);
    return emit(frozen_piece({e, operands, out, fields}, moving ? ties_ : none), in, out);
  }

  static Values held(const Arrays& out) {
    Values values;
    for (const auto& y : out) values.push_back(constant(y));
    return values;
  }

  Values emit(const Replay& f, const Values& in, const Arrays& out) {
    auto values = held(out);
    if (!f) return values;
    Arrays operands;
    Step step{f, {}, {}};
    bool moving = false;
    for (const auto& x : in) {
      operands.push_back(x.wide);
      step.in.push_back(operand(x));
      moving = moving || x.slot >= 0;
    }
    const auto wide_out = f(operands);
    for (std::size_t k = 0; k < out.size(); ++k) {
      const bool number = is_inexact(out[k].dtype());
      if (number) values[k].wide = wide_out[k];
      if (number && moving) values[k].slot = slots_++;
      step.out.push_back(values[k].slot);
    }
    if (moving) steps_.push_back(std::move(step));
    return values;
  }

  // --- control flow ---

  Values branch(const Parameters& f, const Values& in) {
    const auto& branches = f.jaxprs("branches");
    const auto last = static_cast<std::int64_t>(branches.size()) - 1;
    const auto index = std::clamp<std::int64_t>(in[0].own.item<std::int32_t>(), 0, last);
    return run(*branches[static_cast<std::size_t>(index)], part(in, 1, in.size() - 1));
  }

  Values while_loop(const Parameters& f, const Values& in) {
    const auto n_cond = static_cast<std::size_t>(f.integer("cond_nconsts")),
               n_body = static_cast<std::size_t>(f.integer("body_nconsts"));
    const auto cond = part(in, 0, n_cond), body = part(in, n_cond, n_body);
    auto carry = part(in, n_cond + n_body, in.size() - n_cond - n_body);
    while (run(*f.jaxprs("cond_jaxpr")[0], joined({cond, carry}))[0].own.item<bool>())
      carry = run(*f.jaxprs("body_jaxpr")[0], joined({body, carry}));
    return carry;
  }

  Values repeat(const Parameters& f, const Values& in) {
    const auto n = in[0].own.item<std::int64_t>();
    const auto n_consts = static_cast<std::size_t>(f.integer("num_consts"));
    const bool reverse = f.flag("reverse");
    const auto consts = part(in, 1, n_consts);
    auto carry = part(in, 1 + n_consts, in.size() - 1 - n_consts);
    for (std::int64_t trip = 0; trip < n; ++trip) {
      const auto i = make_scalar(DType::int64, static_cast<double>(reverse ? n - 1 - trip : trip));
      carry = run(*f.jaxprs("jaxpr")[0], joined({consts, {constant(i)}, carry}));
    }
    return carry;
  }

  Values scan(const Parameters& f, const Values& in) {
    const auto n_consts = static_cast<std::size_t>(f.integer("num_consts")),
               n_carry = static_cast<std::size_t>(f.integer("num_carry"));
    const auto length = f.integer("length");
    const auto& body = *f.jaxprs("jaxpr")[0];
    const auto consts = part(in, 0, n_consts),
               xs = part(in, n_consts + n_carry, in.size() - n_consts - n_carry);
    auto carry = part(in, n_consts, n_carry);
    std::vector<Values> ys(body.out.size() - n_carry, Values(static_cast<std::size_t>(length)));
    for (std::int64_t trip = 0; trip < length; ++trip) {
      const auto i = f.flag("reverse") ? length - 1 - trip : trip;
      Values element;
      for (const auto& x : xs) element.push_back(at(x, i));
      const auto out = run(body, joined({consts, carry, element}));
      carry = part(out, 0, n_carry);
      for (std::size_t k = 0; k < ys.size(); ++k) ys[k][static_cast<std::size_t>(i)] = out[n_carry + k];
    }
    const auto avals = body.out_avals();
    for (std::size_t k = 0; k < ys.size(); ++k) carry.push_back(stacked(ys[k], avals[n_carry + k]));
    return carry;
  }

  Value at(const Value& x, std::int64_t i) {
    const auto f = [i](ArraySpan in) { return Arrays{in[0][i]}; };
    return emit(f, {x}, {x.own[i]})[0];
  }

  Value stacked(const Values& ys, Aval aval) {
    aval.shape.insert(0, static_cast<std::int64_t>(ys.size()));
    if (ys.empty()) return constant(ops::zeros_like_aval(aval));
    const auto f = [](ArraySpan in) { return Arrays{stack(in, 0)}; };
    return emit(f, ys, {stack(own(ys), 0)})[0];
  }

  // --- tapes: lists of values ---

  static bool has_tapes(const Eqn& e, const Values& in) {
    return e.prim->name() == "tape_read" ||
           std::any_of(in.begin(), in.end(), [](const Value& v) { return is_tape(v.own.dtype()); });
  }

  Values tape(const Eqn& e, const Values& in) {
    const auto name = e.prim->name();
    for (const auto& x : in)
      if (is_tape(x.own.dtype()) && x.own.ndim() != 0)
        throw UnsupportedError(text("frozen: a loop's records for each lane are not kept, got ", name, " of ",
                                    x.own.aval(), "; check the function without vmap around its loop"));
    if (name == "tape_push") return {pushed(in)};
    if (name == "tape_read") return read(e, in);
    if (name == "tape_add") return {added(in[0], in[1])};
    if (name == "select_n") return {in[0].own.item<bool>() ? in[2] : in[1]};
    throw UnsupportedError(text("frozen: loops' records are only pushed, read and added, got ", name,
                                "; check the function without vmap around its loop"));
  }

  static bool discards(const Value& tape) {
    std::uint64_t handle = 0;
    std::memcpy(&handle, concrete(tape.own)->data, sizeof handle);
    return handle == 1;
  }

  static Value pushed(const Values& in) {
    auto tape = in[0];
    if (discards(tape)) return tape;
    tape.records = std::make_shared<const Records>(
        Records{tape.records, nullptr, in[1].own.item<std::int64_t>(), part(in, 2, in.size() - 2)});
    return tape;
  }

  static Value with_records(RecordsPtr r) {
    return {make_scalar(DType::tape, 0.0), make_scalar(DType::tape, 0.0), -1, std::move(r)};
  }

  static Value added(const Value& a, const Value& b) {
    if (a.records == nullptr) return b;
    if (b.records == nullptr) return a;
    return with_records(std::make_shared<const Records>(Records{a.records, b.records, 0, {}}));
  }

  // What is recorded under the index, newest first.
  static void find(const RecordsPtr& tape, std::int64_t index, std::vector<const Values*>& found) {
    for (const auto* r = tape.get(); r != nullptr; r = r->first.get()) {
      if (r->second != nullptr)
        find(r->second, index, found);
      else if (r->index == index)
        found.push_back(&r->values);
    }
  }

  // Recorded twice is added; not recorded is zero.
  Values read(const Eqn& e, const Values& in) {
    std::vector<const Values*> found;
    find(in[0].records, in[1].own.item<std::int64_t>(), found);
    const auto avals =
        e.prim->abstract_eval(std::vector{in[0].own.aval(), in[1].own.aval()}, e.params.view());
    Values out;
    for (std::size_t k = 0; k < avals.size(); ++k) {
      if (found.empty()) {
        out.push_back(constant(ops::zeros_like_aval(avals[k])));
        continue;
      }
      auto total = (*found[0])[k];
      for (std::size_t r = 1; r < found.size(); ++r) total = sum(total, (*found[r])[k]);
      out.push_back(total);
    }
    return out;
  }

  Value sum(const Value& a, const Value& b) {
    if (is_tape(a.own.dtype())) return added(a, b);
    if (!is_inexact(a.own.dtype())) return a;
    return emit([](ArraySpan in) { return Arrays{in[0] + in[1]}; }, {a, b}, {a.own + b.own})[0];
  }

  std::vector<Step> steps_;
  Ties ties_;
  int slots_ = 0;
  std::int64_t operations_ = 0;
};

}  // namespace

Frozen::Frozen(const ClosedJaxpr& program, const Arrays& args) {
  const SetTrace none(nullptr);
  Recorder recorder;
  Values in;
  for (const auto& c : program.consts) in.push_back(constant(c));
  auto tape = std::make_shared<Tape>();
  for (const auto& x : args) {
    in.push_back(recorder.input(x));
    tape->in.push_back(in.back().slot);
  }
  const auto out = recorder.run(*program.jaxpr, in);
  tape->steps = recorder.steps_for(out);
  for (const auto& y : out) tape->out.push_back(operand(y));
  tape->slots = recorder.slots();
  tape_ = std::move(tape);
  kinks_ = recorder.kinks();
}

Arrays Frozen::operator()(const Arrays& args) const {
  const SetTrace none(nullptr);
  Arrays env(static_cast<std::size_t>(tape_->slots));
  for (std::size_t i = 0; i < args.size(); ++i)
    if (tape_->in[i] >= 0) env[static_cast<std::size_t>(tape_->in[i])] = widened(args[i]);
  const auto read = [&](const Operand& o) {
    return o.slot < 0 ? o.constant : env[static_cast<std::size_t>(o.slot)];
  };
  Arrays in;
  for (const auto& s : tape_->steps) {
    in.clear();
    for (const auto& o : s.in) in.push_back(read(o));
    auto out = s.replay(in);
    for (std::size_t k = 0; k < s.out.size(); ++k)
      if (s.out[k] >= 0) env[static_cast<std::size_t>(s.out[k])] = std::move(out[k]);
  }
  Arrays results;
  for (const auto& o : tape_->out) results.push_back(read(o));
  return results;
}

}  // namespace fluxion::testing
