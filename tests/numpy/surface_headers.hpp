// What the rows of the surface use.
#pragma once

#include <fluxion/complex.hpp>
#include <fluxion/constants.hpp>
#include <fluxion/convolve.hpp>
#include <fluxion/diagonals.hpp>
#include <fluxion/differences.hpp>
#include <fluxion/dtype_info.hpp>
#include <fluxion/fluxion.hpp>
#include <fluxion/grids.hpp>
#include <fluxion/indexing.hpp>
#include <fluxion/interpolation.hpp>
#include <fluxion/io.hpp>
#include <fluxion/joining.hpp>
#include <fluxion/linalg.hpp>
#include <fluxion/logic.hpp>
#include <fluxion/padding.hpp>
#include <fluxion/polynomials.hpp>
#include <fluxion/print_options.hpp>
#include <fluxion/sets.hpp>
#include <fluxion/sorting.hpp>
#include <fluxion/statistics.hpp>
#include <fluxion/ufunc.hpp>
#include <fluxion/ufuncs.hpp>
#include <fluxion/vectorize.hpp>
#include <fluxion/windows.hpp>

#include "numpy/surface.hpp"
