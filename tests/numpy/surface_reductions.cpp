// Reductions, sorting, sets, products, polynomials and windows.
#include <cstddef>
#include <span>
#include <string>

#include "numpy/surface_headers.hpp"

namespace fx = fluxion;

namespace fluxion::test {

SurfaceRows surface_of_reductions() {
  return {
      // reductions
      FLUXION_PRESENT("all", fx::all(x, 0)),
      FLUXION_PRESENT("amax", fx::amax(x, 0)),
      FLUXION_PRESENT("amin", fx::amin(x, 0)),
      FLUXION_PRESENT("any", fx::any(x, 0)),
      FLUXION_PRESENT("average", fx::average(x, 0)),
      FLUXION_PRESENT("count_nonzero", fx::count_nonzero(x, 0)),
      FLUXION_PRESENT("cumprod", fx::cumprod(x, 0)),
      FLUXION_PRESENT("cumsum", fx::cumsum(x, 0)),
      FLUXION_PRESENT("cumulative_prod", fx::cumulative_prod(x, 0)),
      FLUXION_PRESENT("cumulative_sum", fx::cumulative_sum(x, 0)),
      FLUXION_PRESENT("max", fx::max(x, 0)),
      FLUXION_PRESENT("mean", fx::mean(x, 0)),
      FLUXION_PRESENT("median", fx::median(x, 0)),
      FLUXION_PRESENT("min", fx::min(x, 0)),
      FLUXION_PRESENT("nancumprod", fx::nancumprod(x, 0)),
      FLUXION_PRESENT("nancumsum", fx::nancumsum(x, 0)),
      FLUXION_PRESENT("nanmax", fx::nanmax(x, 0)),
      FLUXION_PRESENT("nanmean", fx::nanmean(x, 0)),
      FLUXION_PRESENT("nanmedian", fx::nanmedian(x, 0)),
      FLUXION_PRESENT("nanmin", fx::nanmin(x, 0)),
      FLUXION_PRESENT("nanpercentile", fx::nanpercentile(x, 25)),
      FLUXION_PRESENT("nanprod", fx::nanprod(x, 0)),
      FLUXION_PRESENT("nanquantile", fx::nanquantile(x, 0.25)),
      FLUXION_PRESENT("nanstd", fx::nanstd(x, 0)),
      FLUXION_PRESENT("nansum", fx::nansum(x, 0)),
      FLUXION_PRESENT("nanvar", fx::nanvar(x, 0)),
      FLUXION_PRESENT("percentile", fx::percentile(x, 25)),
      FLUXION_PRESENT("prod", fx::prod(x, 0)),
      FLUXION_PRESENT("ptp", fx::ptp(x, 0)),
      FLUXION_PRESENT("quantile", fx::quantile(x, 0.25)),
      FLUXION_PRESENT("std", fx::std(x, 0)),
      FLUXION_PRESENT("sum", fx::sum(x, 0)),
      FLUXION_PRESENT("var", fx::var(x, 0)),
      // sorting
      FLUXION_PRESENT("argpartition", fx::argpartition(v, 1)),
      FLUXION_PRESENT("argsort", fx::argsort(v)),
      FLUXION_PRESENT("lexsort", fx::lexsort({v, w})),
      FLUXION_PRESENT("partition", fx::partition(v, 1)),
      FLUXION_PRESENT("sort", fx::sort(v)),
      FLUXION_PRESENT("sort_complex", fx::sort_complex(v)),
      FLUXION_PRESENT("top_k", fx::top_k(v, 2)),
      // setops
      FLUXION_PRESENT("intersect1d", fx::intersect1d(v, w)),
      FLUXION_PRESENT("isin", fx::isin(v, w)),
      FLUXION_PRESENT("setdiff1d", fx::setdiff1d(v, w)),
      FLUXION_PRESENT("setxor1d", fx::setxor1d(v, w)),
      FLUXION_PRESENT("union1d", fx::union1d(v, w)),
      FLUXION_PRESENT("unique", fx::unique(v)),
      FLUXION_PRESENT("unique_all", fx::unique_all(v)),
      FLUXION_PRESENT("unique_counts", fx::unique_counts(v)),
      FLUXION_PRESENT("unique_inverse", fx::unique_inverse(v)),
      FLUXION_PRESENT("unique_values", fx::unique_values(v)),
      // tensor_contractions
      FLUXION_PRESENT("dot", fx::dot(x, v)),
      FLUXION_PRESENT("inner", fx::inner(v, w)),
      FLUXION_PRESENT("matmul", fx::matmul(x, m)),
      FLUXION_PRESENT("matvec", fx::matvec(x, v)),
      FLUXION_PRESENT("outer", fx::outer(v, w)),
      FLUXION_PRESENT("tensordot", fx::tensordot(x, m, 1)),
      FLUXION_PRESENT("vdot", fx::vdot(v, w)),
      FLUXION_PRESENT("vecdot", fx::vecdot(x, v)),
      FLUXION_PRESENT("vecmat", fx::vecmat(v, m)),
      // einsum
      FLUXION_PRESENT("einsum", fx::einsum("ij,jk->ik", {x, m})),
      FLUXION_PRESENT("einsum_path", fx::einsum_path("ij,jk,kl->il", {x, m, m})),
      // polynomial
      FLUXION_PRESENT("poly", fx::poly(v)),
      FLUXION_PRESENT("polyadd", fx::polyadd(v, w)),
      FLUXION_PRESENT("polyder", fx::polyder(v)),
      FLUXION_PRESENT("polydiv", fx::polydiv(v, w)),
      FLUXION_PRESENT("polyfit", fx::polyfit(v, w, 1)),
      FLUXION_PRESENT("polyint", fx::polyint(v)),
      FLUXION_PRESENT("polymul", fx::polymul(v, w)),
      FLUXION_PRESENT("polysub", fx::polysub(v, w)),
      FLUXION_PRESENT("polyval", fx::polyval(v, w)),
      FLUXION_PRESENT("roots", fx::roots(v)),
      // window_functions
      FLUXION_PRESENT("bartlett", fx::bartlett(5)),
      FLUXION_PRESENT("blackman", fx::blackman(5)),
      FLUXION_PRESENT("hamming", fx::hamming(5)),
      FLUXION_PRESENT("hanning", fx::hanning(5)),
      FLUXION_PRESENT("kaiser", fx::kaiser(5, 14)),
  };
}

}  // namespace fluxion::test
