#include "transforms/jaxpr_transforms.hpp"

#include <map>
#include <mutex>

#include "core/ops.hpp"
#include "transforms/jet.hpp"
#include "transforms/jvp.hpp"
#include "transforms/linearize.hpp"
#include "transforms/vmap.hpp"

namespace fluxion {

namespace {

struct Key {
  JaxprPtr jaxpr;
  std::int64_t n;
  Mask first, second, force;
  std::string axis_name;
  auto operator<=>(const Key&) const = default;
};

// Bounded by starting afresh: entries are cheap to make again. Tracing happens outside the lock, so that a
// function may use other transformed programs while it is traced.
template <class R>
class Memo {
 public:
  template <class Make>
  std::shared_ptr<const R> get(Key key, const Make& make) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto it = entries_.find(key); it != entries_.end()) return it->second;
    }
    const SetTrace none(nullptr);  // what is made must not depend on who asked first
    auto made = std::make_shared<const R>(make());
    const std::lock_guard lock(mutex_);
    if (entries_.size() >= kMaxEntries || eqns_ >= kMaxEqns) {
      entries_.clear();
      eqns_ = 0;
    }
    eqns_ += key.jaxpr->eqns.size();
    return entries_.try_emplace(std::move(key), std::move(made)).first->second;
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
    eqns_ = 0;
  }

 private:
  static constexpr std::size_t kMaxEntries = 2048, kMaxEqns = 1 << 16;
  std::mutex mutex_;
  std::size_t eqns_ = 0;  // of the programs asked for
  std::map<Key, std::shared_ptr<const R>> entries_;
};

struct Memos {
  Memo<TransformedJaxpr> jvp, jet, batch, transpose;
  Memo<LinearizedJaxpr> linearize;
};
// Never destroyed: a jitted function may be called while the program exits.
Memos& memos() {
  static auto& m = *new Memos;
  return m;
}

detail::FlatFn evaluator(const JaxprPtr& jaxpr) {
  return [jaxpr](const Arrays& args) { return eval_jaxpr(*jaxpr, args); };
}

bool forced(const Mask& force, std::size_t i) { return i < force.size() && force[i]; }

TransformedJaxpr make_jvp(const JaxprPtr& jaxpr, const Mask& nonzero, const Mask& force) {
  auto avals = jaxpr->in_avals();
  const auto n = avals.size();
  for (std::size_t i = 0; i < n; ++i)
    if (nonzero[i]) avals.push_back(ops::tangent_aval(avals[i]));
  Mask out_mask;
  auto closed = trace_to_jaxpr(
      [&](const Arrays& args) {
        Arrays primals(args.begin(), args.begin() + static_cast<std::ptrdiff_t>(n)), tangents(n);
        for (std::size_t i = 0, next = n; i < n; ++i)
          if (nonzero[i]) tangents[i] = args[next++];
        auto out = jvp_symbolic(evaluator(jaxpr), primals, tangents);
        for (std::size_t i = 0; i < out.tangents.size(); ++i) {
          auto& t = out.tangents[i];
          if (forced(force, i)) t = ops::instantiate(t, ops::tangent_aval(jaxpr->aval(jaxpr->out[i])));
          out_mask.push_back(!t.is_empty_handle());
          if (out_mask.back()) out.primals.push_back(t);
        }
        return out.primals;
      },
      avals, "jvp");
  return {std::move(closed), std::move(out_mask)};
}

TransformedJaxpr make_jet(const JaxprPtr& jaxpr, std::size_t order, const Mask& moving, const Mask& force) {
  auto avals = jaxpr->in_avals();
  const auto n = avals.size();
  for (std::size_t i = 0; i < n; ++i)
    if (moving[i]) avals.insert(avals.end(), order, ops::tangent_aval(avals[i]));
  Mask out_mask;
  auto closed = trace_to_jaxpr(
      [&](const Arrays& args) {
        const auto in = jet_results(args, moving, order);
        auto out = jet_symbolic(evaluator(jaxpr), {in.primals, in.series, order});
        for (std::size_t i = 0; i < out.series.size(); ++i) {
          auto& s = out.series[i];
          if (forced(force, i)) s.resize(order);
          out_mask.push_back(!s.empty());
          for (const auto& x : s) out.primals.push_back(ops::instantiate(x, ops::tangent_aval(jaxpr->aval(jaxpr->out[i]))));
        }
        return out.primals;
      },
      avals, "jet");
  return {std::move(closed), std::move(out_mask)};
}

TransformedJaxpr make_batch(const JaxprPtr& jaxpr, BatchAxis axis, const Mask& mapped, const Mask& force) {
  const auto n = axis.size;
  auto avals = jaxpr->in_avals();
  for (std::size_t i = 0; i < avals.size(); ++i)
    if (mapped[i]) avals[i].shape.insert(0, n);
  Mask out_mask;
  auto closed = trace_to_jaxpr(
      [&](const Arrays& args) {
        auto out = vmap_symbolic(evaluator(jaxpr), args, mapped, axis);
        for (std::size_t i = 0; i < out.results.size(); ++i) {
          if (!forced(force, i) || out.mapped[i]) continue;
          out.results[i] = ops::repeat_along_new_axis(out.results[i], n, 0);
          out.mapped[i] = 1;
        }
        out_mask = out.mapped;
        return out.results;
      },
      avals, "vmap");
  return {std::move(closed), std::move(out_mask)};
}

LinearizedJaxpr make_linearized(const JaxprPtr& jaxpr, const Mask& nonzero, const Mask& force) {
  LinearizedJaxpr result;
  const auto n_out = jaxpr->out.size();
  result.forward = trace_to_jaxpr(
      [&](const Arrays& args) {
        auto s = linearize_symbolic(evaluator(jaxpr), args, nonzero, "grad", [] { return std::size_t{0}; }, force);
        result.linear = s.linear.jaxpr;
        result.out = s.nonzero_out;
        s.primals_out.insert(s.primals_out.end(), s.linear.consts.begin(), s.linear.consts.end());
        return s.primals_out;
      },
      jaxpr->in_avals(), "grad");
  result.n_residuals = result.forward.jaxpr->out.size() - n_out;
  return result;
}

TransformedJaxpr make_transposed(const JaxprPtr& jaxpr, const Mask& linear, const Mask& nonzero_ct, const Mask& force) {
  Avals avals;
  for (std::size_t i = 0; i < linear.size(); ++i)
    if (!linear[i]) avals.push_back(jaxpr->vars[jaxpr->in[i]]);
  const auto outs = jaxpr->out_avals();
  for (std::size_t i = 0; i < outs.size(); ++i)
    if (nonzero_ct[i]) avals.push_back(outs[i]);
  Mask out_mask;
  auto closed = trace_to_jaxpr(
      [&](const Arrays& args) {
        Arrays inputs(linear.size()), cts(outs.size()), results;
        std::size_t next = 0;
        for (std::size_t i = 0; i < linear.size(); ++i)
          if (!linear[i]) inputs[i] = args[next++];
        for (std::size_t i = 0; i < outs.size(); ++i)
          if (nonzero_ct[i]) cts[i] = args[next++];
        auto found = backward_pass(*jaxpr, inputs, cts);
        for (std::size_t i = 0; i < found.size(); ++i) {
          if (forced(force, i)) found[i] = ops::instantiate(found[i], jaxpr->vars[jaxpr->in[i]]);
          out_mask.push_back(!found[i].is_empty_handle());
          if (out_mask.back()) results.push_back(found[i]);
        }
        return results;
      },
      avals, "transpose");
  return {std::move(closed), std::move(out_mask)};
}

}  // namespace

TransformedPtr jvp_jaxpr(const JaxprPtr& jaxpr, const Mask& nonzero, const Mask& force) {
  return memos().jvp.get({jaxpr, 0, nonzero, {}, force, {}}, [&] { return make_jvp(jaxpr, nonzero, force); });
}
TransformedPtr jet_jaxpr(const JaxprPtr& jaxpr, std::size_t order, const Mask& moving, const Mask& force) {
  return memos().jet.get({jaxpr, static_cast<std::int64_t>(order), moving, {}, force, {}},
                         [&] { return make_jet(jaxpr, order, moving, force); });
}
TransformedPtr batch_jaxpr(const JaxprPtr& jaxpr, BatchAxis axis, const Mask& mapped, const Mask& force) {
  return memos().batch.get({jaxpr, axis.size, mapped, {}, force, std::string(axis.name)},
                           [&] { return make_batch(jaxpr, axis, mapped, force); });
}
std::shared_ptr<const LinearizedJaxpr> linearize_jaxpr(const JaxprPtr& jaxpr, const Mask& nonzero, const Mask& force) {
  return memos().linearize.get({jaxpr, 0, nonzero, {}, force, {}}, [&] { return make_linearized(jaxpr, nonzero, force); });
}
TransformedPtr transpose_jaxpr(const JaxprPtr& jaxpr, const Mask& linear, const Mask& nonzero_ct, const Mask& force) {
  return memos().transpose.get({jaxpr, 0, linear, nonzero_ct, force, {}},
                               [&] { return make_transposed(jaxpr, linear, nonzero_ct, force); });
}

void clear_transform_cache() {
  memos().jvp.clear();
  memos().jet.clear();
  memos().batch.clear();
  memos().transpose.clear();
  memos().linearize.clear();
}

}  // namespace fluxion
