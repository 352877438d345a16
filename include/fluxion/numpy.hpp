// The functions of jax.numpy: pure compositions of lax, so that every transformation applies to them.
#pragma once

#include <fluxion/constants.hpp>
#include <fluxion/contraction.hpp>
#include <fluxion/convolve.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/diagonals.hpp>
#include <fluxion/differences.hpp>
#include <fluxion/dtype_info.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/grids.hpp>
#include <fluxion/interpolation.hpp>
#include <fluxion/joining.hpp>
#include <fluxion/linalg.hpp>
#include <fluxion/logic.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/padding.hpp>
#include <fluxion/polynomials.hpp>
#include <fluxion/promotion.hpp>
#include <fluxion/reductions.hpp>
#include <fluxion/statistics.hpp>
#include <fluxion/vectorize.hpp>
#include <fluxion/windows.hpp>
