# mo_peak: the peak meter of bench/, built on demand.
add_executable(mo_peak EXCLUDE_FROM_ALL bench/peak/main.cpp bench/peak/kernels.cpp)
target_link_libraries(mo_peak PRIVATE mo_core)
set_target_properties(mo_peak PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin" BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib")
