// error: the T of fx::Static<T> must be hashable and not an Array
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

struct Params { Array w; fx::Static<Array> b; };
BOOST_HANA_ADAPT_STRUCT(Params, w, b);
Array f(const Params& p) { return p.w; }
void misuse() { fx::grad(f)(Params{1.0, Array(2.0)}); }
