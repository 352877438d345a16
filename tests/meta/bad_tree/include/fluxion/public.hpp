#include <vector>
#include <boost/hana/tuple.hpp>
#include <fluxion/array.hpp>
#include <boost/hana.hpp>          // bad
#include <xsimd/xsimd.hpp>         // bad
#include <range/v3/view/zip.hpp>   // bad
#include <tbb/parallel_for.h>      // bad
#include <rapidcheck.h>            // bad
#include "core/jaxpr.hpp"          // bad
