# Flags and the compiler cache: one place for what every target of the project is built with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT CMAKE_BUILD_TYPE AND NOT multi_config)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "build type" FORCE)
endif()

add_library(mo_flags INTERFACE)
target_compile_options(mo_flags INTERFACE -Wall -Wextra -ffunction-sections -fdata-sections
  "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=" "-ffile-prefix-map=${CMAKE_BINARY_DIR}/=")
# -Wno-restrict: GCC 12 gives false alarms about "text" + std::string. ccache ignores both flags, so that a stricter build shares its results.
option(MO_WERROR "a compiler warning is an error" OFF)
if(MO_WERROR)
  target_compile_options(mo_flags INTERFACE -Werror $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)
endif()
target_link_options(mo_flags INTERFACE -Wl,--gc-sections -Wl,-O1 -Wl,--build-id=sha1)   # base/build_id.h reads it

# MO_SANITIZE=address,undefined or MO_SANITIZE=thread
set(MO_SANITIZE "" CACHE STRING "sanitizers for every target, as -fsanitize= takes them")
if(MO_SANITIZE)
  target_compile_options(mo_flags INTERFACE "-fsanitize=${MO_SANITIZE}" -O1 -g1 -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(MO_SANITIZE MATCHES "undefined")   # these three double the compile time and find what a crash finds too
    target_compile_options(mo_flags INTERFACE -fno-sanitize=vptr,null,object-size)
  endif()
  target_link_options(mo_flags INTERFACE "-fsanitize=${MO_SANITIZE}")
endif()

# ccache, with settings under which checkouts in different folders share their hits.
find_program(MO_CCACHE ccache)
option(MO_USE_CCACHE "compile through ccache where it is installed" ON)
if(MO_CCACHE AND MO_USE_CCACHE)
  get_filename_component(mo_ccache_base "${CMAKE_SOURCE_DIR}" DIRECTORY)
  set(mo_launcher "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${mo_ccache_base}" CCACHE_NOHASHDIR=1 "CCACHE_IGNOREOPTIONS=-Werror -Wno-restrict"
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      "${CMAKE_SOURCE_DIR}/cmake/ccache_once.sh")
  set(CMAKE_C_COMPILER_LAUNCHER ${mo_launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${mo_launcher})
endif()
