// error: adapt its struct with BOOST_HANA_ADAPT_STRUCT
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

struct Params { Array w, b; };
Array f(const Params& p) { return p.w; }
void misuse() { fx::grad(f)(Params{1.0, 2.0}); }
