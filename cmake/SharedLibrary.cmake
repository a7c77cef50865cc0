# libmo.so: the C ABI and nothing else; it finds libdnnl.so.3 beside itself or in the folder mo below itself.
set(mo_lib_dir "${CMAKE_BINARY_DIR}/lib")
add_custom_command(OUTPUT "${mo_lib_dir}/libdnnl.so.3"
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${mo_lib_dir}"
  COMMAND "${CMAKE_COMMAND}" -E create_symlink "${MO_DEPS_DIR}/onednn/lib/libdnnl.so.3" "${mo_lib_dir}/libdnnl.so.3"
  DEPENDS "${MO_DEPS_DIR}/onednn/lib/libdnnl.so.3" VERBATIM)
add_custom_target(mo_dnnl_beside DEPENDS "${mo_lib_dir}/libdnnl.so.3")

file(GLOB mo_api_sources CONFIGURE_DEPENDS lib/api/*.cpp)
if(mo_api_sources)
  add_library(mo SHARED "${CMAKE_SOURCE_DIR}/cmake/empty.cpp")
  target_link_libraries(mo PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,mo_core>")
  set_target_properties(mo PROPERTIES VERSION 1.${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} SOVERSION 1
    LIBRARY_OUTPUT_DIRECTORY "${mo_lib_dir}" INSTALL_RPATH "$ORIGIN:$ORIGIN/mo"
    BUILD_WITH_INSTALL_RPATH ON LINK_DEPENDS "${CMAKE_SOURCE_DIR}/cmake/mo.map")
  target_include_directories(mo PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_link_options(mo PRIVATE "-Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/mo.map")
  if(NOT MO_SANITIZE)   # a sanitized .so takes its run-time symbols from the program
    target_link_options(mo PRIVATE -Wl,-z,defs -Wl,-z,relro -Wl,-z,now
      -Wl,-z,nodelete)   # its threads and libgomp's may outlive a dlclose
  endif()
  add_dependencies(mo mo_dnnl_beside)
endif()
