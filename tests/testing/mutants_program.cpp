// Programs that differ from the function, and functions that are not pure.
#include <atomic>

#include "testing/mutant_parts.hpp"

namespace fluxion::test {
namespace {

/// 3 x + 1, evaluated by `impl` where nothing is compiled.
template <bool W>
struct Affine {
  static constexpr std::string_view name = "affine";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{in[0].shape, in[0].dtype}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    return {{bind_one<Affine>(args.primals, p)}, {3.0 * args.tangents[0]}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {bind_all<Affine>(args.operands, p), {1}}; }
  static Arrays impl(ArraySpan x, const Params&) { return {3.0 * x[0] + 1.0}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    return lower_as(b, in, [](const Arrays& x) { return Arrays{3.0 * x[0] + (W ? 1.0000001 : 1.0)}; });
  }
};

/// x^2 by a kernel of the host; the wrong one leaves the last elements as they are.
template <bool W>
struct HostSquare {
  static constexpr std::string_view name = "host_square";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{in[0].shape, in[0].dtype}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    return {{bind_one<HostSquare>(args.primals, p)}, {2.0 * args.primals[0] * args.tangents[0]}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return batch_by_loop(args, [&](const Arrays& lane) { return bind_all<HostSquare>(lane, p); });
  }
  static Arrays impl(ArraySpan x, const Params&) { return {x[0] * x[0]}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<HostSquare>(b, in, p, [](auto in, auto out) {
      const auto x = in[0].template elements<double>();
      const auto y = out[0].template elements<double>();
      const auto whole = W ? x.size() - x.size() % 4 : x.size();
      for (std::size_t i = 0; i < x.size(); ++i) y[i] = i < whole ? x[i] * x[i] : x[i];
    });
  }
};

/// x + 1; the wrong kernel counts its calls, and adds them.
template <bool W>
struct Noisy {
  static constexpr std::string_view name = "noisy";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {{in[0].shape, in[0].dtype}}; }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    return {{bind_one<Noisy>(args.primals, p)}, {args.tangents[0]}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {bind_all<Noisy>(args.operands, p), {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<Noisy>(b, in, p, [](auto in, auto out) {
      static std::atomic<int> calls{0};
      const auto x = in[0].template elements<double>();
      const auto y = out[0].template elements<double>();
      const double noise = W ? 1e-3 * ++calls : 0;
      for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] + 1 + noise;
    });
  }
};

template <bool W>
Arrays counting(const Arrays& x) {
  static int calls = 0;
  if (W) ++calls;
  return {sin(x[0]) * (1.0 + 0.001 * calls)};
}

template <bool W>
Arrays keeping(const Arrays& x) {
  static Array kept;
  const Array now = sin(x[0]), before = kept.is_empty_handle() || !W ? now : kept;
  kept = W ? now : Array{};
  return {x[0] + before};
}

/// Less a mean that is kept between calls, as far as it is known.
template <bool W>
Arrays centring(const Arrays& x) {
  static double mean = 0;
  try {
    if (W) mean = 0.9 * mean + 0.1 * fluxion::mean(x[0]).template item<double>();
  } catch (const ConcretizationError&) {  // not known while it is traced
  }
  return {sin(x[0] - mean)};
}

}  // namespace

void add_program_mutants(std::vector<Mutant>& to) {
  const auto add = [&to](Shows shows, Mutant m) {
    m.shows = shows;
    m.order = 0;
    to.push_back(std::move(m));
  };
  const auto vector = drawn({{{6}}});
  add(Shows::program, mutant("compiled differs from eager", "affine", "lowering", vector,
                             []<bool W>(const Arrays& x) { return Arrays{sin(bind_one<Affine<W>>(x, {}))}; }));
  add(Shows::program, mutant("compiled differs in the last elements", "host_square", "lowering", vector,
                             []<bool W>(const Arrays& x) { return Arrays{sin(bind_one<HostSquare<W>>(x, {}))}; }));
  add(Shows::purity, mutant("a kernel with state", "noisy", "", vector,
                            []<bool W>(const Arrays& x) { return Arrays{sin(bind_one<Noisy<W>>(x, {}))}; }));
  add(Shows::purity,
      mutant("a hidden counter", "", "", vector, []<bool W>(const Arrays& x) { return counting<W>(x); }));
  add(Shows::purity, mutant("a tracer kept from the last call", "", "", vector,
                            []<bool W>(const Arrays& x) { return keeping<W>(x); }));
  add(Shows::purity,
      mutant("a mean kept between calls", "", "", vector, []<bool W>(const Arrays& x) { return centring<W>(x); }));
}

}  // namespace fluxion::test
