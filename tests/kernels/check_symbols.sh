#!/bin/sh
# check_symbols.sh ISA OBJECT...: fails if an object defines a global symbol without the ISA's name in it, or
# has code that runs before main. 77: built with a sanitizer.
isa=$1
shift
# Sanitizers add their own symbols and constructors; there is nothing to check then.
nm "$@" | grep -q '__asan_init\|__tsan_init\|__ubsan_handle' && exit 77
bad=$(nm --defined-only --extern-only --format=posix "$@" 2>&1 | awk 'NF > 1 { print $1 }' | grep -v "isa_$isa\|xsimd_$isa" | sort -u)
start=$(nm --format=posix "$@" | awk 'NF > 1 { print $1 }' | grep '_GLOBAL__sub_I')
sections=$(objdump -h "$@" | grep -o '\.init_array[^ ]*\|\.ctors')
[ -z "$bad$start$sections" ] && exit 0
echo "symbols without the name of $isa, or static initialisers:"
printf '%s\n' "$bad" "$start" "$sections" | c++filt
exit 1
