// error: ravel one of them with fx::tree::ravel
#include <fluxion/transforms.hpp>

namespace fx = fluxion;
using fx::Array;

struct Params { Array w, b; };
BOOST_HANA_ADAPT_STRUCT(Params, w, b);
Params f(const Params& p) { return p; }
void misuse() { fx::jacrev(f)(Params{1.0, 2.0}); }
