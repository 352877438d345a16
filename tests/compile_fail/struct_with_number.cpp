// error: make the member fx::Array
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

struct Params { Array w; double scale; };
BOOST_HANA_ADAPT_STRUCT(Params, w, scale);
Array f(const Params& p) { return p.w * p.scale; }
void misuse() { fx::grad(f)(Params{1.0, 2.0}); }
