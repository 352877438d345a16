#include "core/core.hpp"
#include "base/text.hpp"
#include "ir/op.hpp"
#include <fluxion/array.hpp>
#include <range/v3/view/zip.hpp>
#include "transforms/jvp.hpp"      // bad
#include "lax/lax.hpp"             // bad
#include "compiler/plan.hpp"     // bad
#include "core.hpp"                // bad
#include <xsimd/xsimd.hpp>         // bad
#include SOMETHING                 // bad
