#include "transforms/jit_explain.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "transforms/tree_nodes.hpp"

namespace fluxion::detail {
namespace {

std::string shown(const Aval& a) { return text(a.weak ? "weak " : "", a); }

bool same_function(const JitRecord& a, const JitRecord& b) {
  return a.owner == b.owner && a.function == b.function && a.identity == b.identity;
}

/// How the arguments of one program differ from those of an earlier one.
class Differences {
 public:
  Differences(const JitRecord& now, const JitRecord& before) : now_(now), before_(before) {
    structure();
    statics();
    guards();
    if (now.axes != before.axes)
      say(text("the named axes in scope are ", now.axes.empty() ? "none" : now.axes, ", were ",
               before.axes.empty() ? "none" : before.axes));
    if (found_.empty()) say("a type or a text among the arguments is another");
  }

  std::size_t count() const { return found_.size() + (other_structure_ ? std::max(now_.avals.size(), before_.avals.size()) : 0); }
  std::string text_of_all() const {
    std::string all;
    for (const auto& d : found_) all += (all.empty() ? "" : "; ") + d;
    return all;
  }

 private:
  void say(std::string what) { found_.push_back(std::move(what)); }

  void structure() {
    if (!(now_.in == before_.in)) {
      other_structure_ = true;
      return say(text("the arguments are ", now_.in, ", were ", before_.in));
    }
    const auto paths = now_.in.paths(argument_names(now_.arguments));
    for (std::size_t i = 0; i < now_.avals.size(); ++i) {
      const auto &a = now_.avals[i], &b = before_.avals[i];
      if (!(a == b)) say(text(paths[i], " is ", shown(a), ", was ", shown(b)));
    }
  }

  void statics() {
    const auto &a = now_.static_arguments, &b = before_.static_arguments;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (a[i].value == b[i].value && same_static_value(a[i].at, b[i].at)) continue;
      say(text("static arg", a[i].position, a[i].value == b[i].value ? " has another value" : text(" is ", a[i].value, ", was ", b[i].value)));
    }
  }
  bool same_static_value(std::size_t i, std::size_t j) const {
    if (i >= now_.statics.size() || j >= before_.statics.size()) return true;  // texts: they are what they show
    const auto &x = now_.statics[i], &y = before_.statics[j];
    return same_static(*x.type, x.value.get(), *y.type, y.value.get());
  }

  void guards() {
    const auto &a = now_.guards, &b = before_.guards;
    const auto before = found_.size();
    if (a.default_float != b.default_float) say(text("default_dtype is ", a.default_float, ", was ", b.default_float));
    if (a.strict_promotion != b.strict_promotion)
      say(text("promotion is ", a.strict_promotion ? "strict" : "standard", ", was ", b.strict_promotion ? "strict" : "standard"));
    if (a.debug_nans != b.debug_nans) say(text("debug_nans is ", a.debug_nans ? "on" : "off", ", was ", b.debug_nans ? "on" : "off"));
    if (before == found_.size() && a.key() != b.key()) say("another guard is in force");
  }

  const JitRecord &now_, &before_;
  std::vector<std::string> found_;
  bool other_structure_ = false;
};

}  // namespace

std::string why_traced_again(const JitRecord& now, std::span<const std::shared_ptr<const JitRecord>> kept) {
  std::string closest;
  std::size_t fewest = 0, programs = 0;
  bool other_object = false;
  for (const auto& r : kept) {
    if (!same_function(now, *r)) {
      other_object = other_object || (r->function == now.function && now.owner != 0);
      continue;
    }
    const Differences d(now, *r);
    if (programs++ == 0 || d.count() <= fewest) {  // of equally close ones the latest
      fewest = d.count();
      closest = d.text_of_all();
    }
  }
  if (programs != 0) return text(closest, programs == 1 ? "" : text(" (closest of ", programs, " programs)"));
  if (other_object)
    return "the function object is another of the same type, and one with captures is the same only as itself; keep what jit "
           "returns instead of calling jit again";
  return {};
}

}  // namespace fluxion::detail
