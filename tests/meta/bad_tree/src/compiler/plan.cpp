#include "kernels/kernels.hpp"
#include "core/core.hpp"
#include "transforms/jvp.hpp"      // bad
#include "lax/lax.hpp"             // bad
#include "numpy/mean.hpp"          // bad
