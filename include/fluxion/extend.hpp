// What a primitive or a tree type of one's own is made of; docs/extending.md is the recipe. The library's own are made of
// the same parts. Not included by <fluxion/fluxion.hpp>, for most programs need none of it.
#pragma once

#include <fluxion/extend/effect.hpp>
#include <fluxion/extend/host.hpp>
#include <fluxion/extend/lower.hpp>
#include <fluxion/extend/params.hpp>
#include <fluxion/extend/primitive.hpp>
#include <fluxion/tree.hpp>
