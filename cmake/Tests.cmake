# mo_tests: every tests/<room>/*_test.cpp in one doctest program, linked with the engine itself.
enable_testing()
file(GLOB_RECURSE mo_test_sources CONFIGURE_DEPENDS tests/*_test.cpp tests/support/*.cpp)
list(FILTER mo_test_sources EXCLUDE REGEX "/tests/(abi|fuzz|node|tools|package)/")
set(MO_TEST_ROOMS "" CACHE STRING "folders of tests/ that mo_tests is made of, as base|plan; all of them where empty")
if(MO_TEST_ROOMS)
  list(FILTER mo_test_sources INCLUDE REGEX "/tests/(support|${MO_TEST_ROOMS})/")
endif()
if(mo_test_sources)
  add_executable(mo_tests ${mo_test_sources})
  if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")   # doctest calls raise(int) there, which in namespace mo is another function
    file(GLOB mo_test_support tests/support/*.cpp)
    set_source_files_properties(${mo_test_support} PROPERTIES COMPILE_OPTIONS "-DDOCTEST_BREAK_INTO_DEBUGGER()=__builtin_trap()")
  endif()
  target_include_directories(mo_tests PRIVATE "${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(mo_tests PRIVATE mo_core)
  set_target_properties(mo_tests PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin"
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib")
  add_dependencies(mo_tests mo_dnnl_beside)
  add_test(NAME mo_tests COMMAND mo_tests WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
endif()

# The node tests of the onnx package; the cases come from tests/tools/node_tests.py.
add_executable(mo_node_tests EXCLUDE_FROM_ALL tests/node/main.cpp tests/node/agree.cpp tests/node/bounded_new.cpp tests/node/case_files.cpp
  tests/node/isolate.cpp tests/node/mutate.cpp tests/node/run_case.cpp)
target_include_directories(mo_node_tests PRIVATE "${CMAKE_SOURCE_DIR}/tests")
target_link_libraries(mo_node_tests PRIVATE mo_core)
set_target_properties(mo_node_tests PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

# The allocation-failure loop: a program of its own, because it replaces malloc.
if(TARGET mo)
  add_executable(mo_alloc_fail EXCLUDE_FROM_ALL tests/abi/alloc_fail.cpp)
  set_target_properties(mo_alloc_fail PROPERTIES ENABLE_EXPORTS ON)   # libraries have to find this malloc
  target_link_libraries(mo_alloc_fail PRIVATE mo mo_flags ${CMAKE_DL_LIBS})
  target_compile_options(mo_alloc_fail PRIVATE -fno-builtin-malloc -fvisibility=default)
  target_link_options(mo_alloc_fail PRIVATE -Wl,--allow-shlib-undefined)
  set_target_properties(mo_alloc_fail PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin"
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib")
endif()

# Reads and writes a model from the command line, for tests beside other runtimes and for measuring.
add_executable(mo_rewrite EXCLUDE_FROM_ALL tests/tools/rewrite.cpp)
target_link_libraries(mo_rewrite PRIVATE mo_core)
set_target_properties(mo_rewrite PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin"
  BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib")
add_dependencies(mo_rewrite mo_dnnl_beside)
