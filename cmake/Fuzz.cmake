# libFuzzer targets (MO_FUZZ=ON, CXX=clang++): only the rooms that reading a model needs, instrumented.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "MO_FUZZ needs clang++: configure with -DCMAKE_CXX_COMPILER=clang++-14 -DCMAKE_C_COMPILER=clang-14")
endif()
# The operators' inference is linked from an ordinary build, uninstrumented: compiling every operator again would take too long, and
# mutated node tests run all of them under sanitizers (CONTRIBUTING.md, Tests).
set(MO_FUZZ_REST "${CMAKE_SOURCE_DIR}/build/libmo_core.a" CACHE FILEPATH "mo_core of an ordinary build")
file(GLOB_RECURSE mo_fuzz_sources CONFIGURE_DEPENDS lib/base/*.cpp lib/tensor/*.cpp lib/graph/*.cpp lib/onnx/*.cpp)
set(mo_fuzz_flags -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=vptr,null,object-size -fno-sanitize-recover=all -O1 -g1)
add_library(mo_fuzz_core STATIC EXCLUDE_FROM_ALL ${mo_fuzz_sources} $<TARGET_OBJECTS:mo_onnx_proto>)
target_link_libraries(mo_fuzz_core PUBLIC mo_onnx_proto "${MO_FUZZ_REST}" mo_options)
target_compile_options(mo_fuzz_core PRIVATE ${mo_fuzz_flags})
file(GLOB mo_fuzz_targets CONFIGURE_DEPENDS tests/fuzz/*_fuzz.cpp)
foreach(source ${mo_fuzz_targets})
  get_filename_component(name "${source}" NAME_WE)
  add_executable(${name} EXCLUDE_FROM_ALL "${source}")
  target_compile_options(${name} PRIVATE ${mo_fuzz_flags})
  target_link_libraries(${name} PRIVATE mo_fuzz_core -fsanitize=fuzzer,address,undefined)
  add_dependencies(${name} mo_dnnl_beside)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin"
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib")
endforeach()
