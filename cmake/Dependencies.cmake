# Every third-party library as one target mo::<name>; the trees come from cmake/deps/all.sh (folder .deps).
set(MO_DEPS_DIR "${CMAKE_SOURCE_DIR}/.deps" CACHE PATH "folder filled by cmake/deps/all.sh")
if(NOT EXISTS "${MO_DEPS_DIR}/re2/.stamp" OR NOT EXISTS "${MO_DEPS_DIR}/onednn/.stamp")
  message(FATAL_ERROR "dependencies are missing in ${MO_DEPS_DIR}; run cmake/deps/all.sh (or ./quickstart.sh); for a cross build cmake/setup.sh aarch64")
endif()
find_package(Threads REQUIRED)

function(mo_static_dependency name archive)   # further arguments: what it links in turn
  add_library(mo_dep_${name} STATIC IMPORTED GLOBAL)
  set_target_properties(mo_dep_${name} PROPERTIES
    IMPORTED_LOCATION "${MO_DEPS_DIR}/${name}/lib/${archive}"
    INTERFACE_INCLUDE_DIRECTORIES "${MO_DEPS_DIR}/${name}/include"
    INTERFACE_LINK_LIBRARIES "${ARGN}")
  add_library(mo::${name} ALIAS mo_dep_${name})
endfunction()
mo_static_dependency(protobuf libprotobuf-lite.a Threads::Threads)
mo_static_dependency(yaml-cpp libyaml-cpp.a)
mo_static_dependency(re2 libre2.a Threads::Threads)
mo_static_dependency(zlib libz.a)
mo_static_dependency(libarchive libarchive.a mo::zlib)

add_library(mo_dep_onednn SHARED IMPORTED GLOBAL)
set_target_properties(mo_dep_onednn PROPERTIES
  IMPORTED_LOCATION "${MO_DEPS_DIR}/onednn/lib/libdnnl.so.3" IMPORTED_SONAME libdnnl.so.3
  INTERFACE_INCLUDE_DIRECTORIES "${MO_DEPS_DIR}/onednn/include")
add_library(mo::onednn ALIAS mo_dep_onednn)

# OpenMP: g++ and clang++ both link libgomp, the runtime that oneDNN uses; never a second one.
add_library(mo_dep_openmp INTERFACE)
set(mo_gcc gcc)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")   # the one for the machine that is built for
  set(mo_gcc "${CMAKE_CXX_COMPILER}")
endif()
execute_process(COMMAND "${mo_gcc}" -print-file-name=libgomp.so OUTPUT_VARIABLE mo_gomp OUTPUT_STRIP_TRAILING_WHITESPACE)
target_link_libraries(mo_dep_openmp INTERFACE "${mo_gomp}")
target_compile_options(mo_dep_openmp INTERFACE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fopenmp>)
add_library(mo::openmp ALIAS mo_dep_openmp)

# libcrypto of the distribution: its archive is position independent. Only SHA-256 is taken out of it.
find_library(MO_LIBCRYPTO libcrypto.a)
find_path(MO_OPENSSL_INCLUDE openssl/sha.h)
if(NOT MO_LIBCRYPTO OR NOT MO_OPENSSL_INCLUDE)
  message(FATAL_ERROR "libcrypto.a or openssl/sha.h is missing; see cmake/deps/apt.txt")
endif()
add_library(mo_dep_crypto STATIC IMPORTED GLOBAL)
set_target_properties(mo_dep_crypto PROPERTIES IMPORTED_LOCATION "${MO_LIBCRYPTO}")
add_library(mo::crypto ALIAS mo_dep_crypto)

# Header-only ones come from Debian packages and lie on the default include path.
find_path(MO_STB_INCLUDE stb/stb_image.h)
foreach(header doctest/doctest.h nlohmann/json.hpp CLI/CLI.hpp stb/stb_image.h xxhash.h)
  string(MAKE_C_IDENTIFIER "MO_HAVE_${header}" found)
  find_path(${found} ${header})
  if(NOT ${found})
    message(FATAL_ERROR "header ${header} is missing; see cmake/deps/apt.txt")
  endif()
endforeach()

include(cmake/Json.cmake)

find_program(MO_PROTOC protoc REQUIRED)
set(MO_ONNX_PROTO "${MO_DEPS_DIR}/onnx-proto/onnx/onnx-ml.proto")
