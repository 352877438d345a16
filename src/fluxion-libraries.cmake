# The libraries a program with Fluxion links, for the build and for find_package alike: plain files, so that
# a consumer needs none of their headers. OpenBLAS must be the serial one: the threaded one changes results
# with its number of threads.
find_library(FLUXION_OPENBLAS_LIBRARY NAMES openblas libopenblas.so.0 PATH_SUFFIXES openblas-serial REQUIRED)
find_library(FLUXION_TBB_LIBRARY NAMES tbb libtbb.so.12 REQUIRED)
find_library(FLUXION_Z_LIBRARY NAMES z libz.so.1 REQUIRED)
mark_as_advanced(FLUXION_OPENBLAS_LIBRARY FLUXION_TBB_LIBRARY FLUXION_Z_LIBRARY)

foreach(library openblas tbb z)
  if(NOT TARGET fluxion::${library})
    string(TOUPPER ${library} upper)
    add_library(fluxion::${library} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(fluxion::${library} PROPERTIES IMPORTED_LOCATION ${FLUXION_${upper}_LIBRARY})
  endif()
endforeach()
