// A primitive and its rules, under the name that the library's files know, with what lowering builds: users'
// primitives are made of the same parts.
#pragma once

#include <fluxion/extend/primitive.hpp>
#include "core/params.hpp"
#include "ir/program.hpp"
