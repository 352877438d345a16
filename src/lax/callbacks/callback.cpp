#include "lax/callbacks/callback.hpp"

#include <cstring>

#include <fluxion/lax.hpp>
#include "base/text.hpp"
#include "core/node.hpp"
#include "core/trace.hpp"

namespace fluxion::lax {

namespace {

/// Its own memory: a callback may keep what it is given.
Array owned(const HostOperand& x) {
  if (x.shape().empty()) return make_scalar(x.dtype(), false, x.bytes());
  std::byte* to = nullptr;
  auto copy = make_array({x.shape(), x.dtype()}, to);
  if (x.size_in_bytes() != 0) std::memcpy(to, x.bytes(), x.size_in_bytes());
  return copy;
}

void copy_elements(const Array& from, std::byte* to) {
  const auto& c = *concrete(from);
  const auto item = itemsize(c.aval.dtype);
  if (c.aval.size() == 0 || item == 0) return;
  if (c.contiguous) {
    std::memcpy(to, c.data, static_cast<std::size_t>(c.aval.size()) * item);
    return;
  }
  for_each_element(c, [&](const std::byte* p) {
    std::memcpy(to, p, item);
    to += item;
  });
}

class UserCallback final : public Callback {
 public:
  UserCallback(std::string_view op, std::string name, detail::FlatFn call, Avals results)
      : Callback(std::move(results)), op_(op), name_(std::move(name)), call_(std::move(call)) {}

  std::string name() const override { return name_; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    const SetTrace none(nullptr);
    Arrays args;
    for (const auto& x : in) args.push_back(owned(x));
    const auto returned = call_(args);
    for (std::size_t k = 0; k < out.size(); ++k) copy_elements(checked(returned[k], k), out[k].bytes());
  }
  CallbackPtr with(Avals results) const { return std::make_shared<UserCallback>(op_, name_, call_, std::move(results)); }

 private:
  Array checked(const Array& x, std::size_t k) const {
    const auto& want = results()[k];
    if (x.is_empty_handle() || concrete(x) == nullptr)
      throw TypeError(text(op_, ": the callback must return concrete arrays, got ", describe(x), " as result ", k,
                           "; compute it from the callback's own arguments"));
    const auto& got = x.aval();
    if (got.shape != want.shape)
      throw ValueError(text(op_, ": the callback must return what result_like says, got ", got, " for ", want, " as result ", k,
                            "; reshape it, or change result_like"));
    if (got.dtype == want.dtype) return x;
    if (got.weak) return convert_element_type(x, want.dtype);
    throw TypeError(text(op_, ": the callback must return what result_like says, got ", got, " for ", want, " as result ", k,
                         "; convert it with astype, or change result_like"));
  }

  std::string_view op_;
  std::string name_;
  detail::FlatFn call_;
};

Avals stacked(Avals avals, std::int64_t size) {
  for (auto& a : avals) a.shape.insert(0, size);
  return avals;
}

class PerLane final : public Callback {
 public:
  PerLane(CallbackPtr one, std::int64_t size, AvalSpan operands, std::span<const char> mapped)
      : Callback(stacked(one->results(), size)), one_(std::move(one)), size_(size) {
    for (std::size_t k = 0; k < operands.size(); ++k) {
      Aval a{operands[k].shape, operands[k].dtype};
      if (mapped[k]) a.shape.erase(0);
      const auto bytes = static_cast<std::size_t>(a.size()) * itemsize(a.dtype);
      lane_.push_back({std::move(a), mapped[k] ? bytes : 0});
    }
    for (const auto& a : one_->results()) out_bytes_.push_back(static_cast<std::size_t>(a.size()) * itemsize(a.dtype));
  }

  std::string name() const override { return text(one_->name(), " for each of ", size_); }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    std::vector<HostOperand> lane_in;
    std::vector<HostResult> lane_out;
    for (std::int64_t i = 0; i < size_; ++i) {
      const auto lane = static_cast<std::size_t>(i);
      lane_in.clear();
      lane_out.clear();
      for (std::size_t k = 0; k < in.size(); ++k) lane_in.emplace_back(lane_[k].aval, in[k].bytes() + lane * lane_[k].step);
      for (std::size_t k = 0; k < out.size(); ++k)
        lane_out.emplace_back(one_->results()[k], out[k].bytes() + lane * out_bytes_[k]);
      (*one_)(lane_in, lane_out);
    }
  }

 private:
  struct Lane {
    Aval aval;
    std::size_t step;  // bytes
  };
  CallbackPtr one_;
  std::int64_t size_;
  std::vector<Lane> lane_;
  std::vector<std::size_t> out_bytes_;
};

}  // namespace

CallbackPtr user_callback(std::string_view op, std::string name, detail::FlatFn call, Avals results) {
  return std::make_shared<UserCallback>(op, std::move(name), std::move(call), std::move(results));
}

CallbackPtr with_results(const CallbackPtr& user, Avals results) {
  return static_cast<const UserCallback&>(*user).with(std::move(results));
}

CallbackPtr per_lane(CallbackPtr one, std::int64_t size, AvalSpan operands, std::span<const char> mapped) {
  return std::make_shared<PerLane>(std::move(one), size, operands, mapped);
}

Arrays call(const Callback& f, ArraySpan args) {
  std::vector<std::vector<std::byte>> copies;  // of strided operands
  std::vector<HostOperand> in;
  for (const auto& x : args) {
    const auto& c = *concrete(x);
    const std::byte* data = c.data;
    if (!c.contiguous) {
      copies.emplace_back(static_cast<std::size_t>(c.aval.size()) * itemsize(c.aval.dtype));
      copy_elements(x, copies.back().data());
      data = copies.back().data();
    }
    in.emplace_back(c.aval, data);
  }
  Arrays results;
  std::vector<HostResult> out;
  for (const auto& a : f.results()) {
    std::byte* to = nullptr;
    results.push_back(make_array(a, to));
    out.emplace_back(a, to);
  }
  f(in, out);
  for (std::size_t k = 0; k < out.size(); ++k)
    if (out[k].shape().empty()) results[k] = make_scalar(out[k].dtype(), false, out[k].bytes());
  return results;
}

}  // namespace fluxion::lax
