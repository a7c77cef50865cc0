# The command line `mo`: one more binding, so it links libmo.so and sees no header of lib/.
file(GLOB mo_cli_sources CONFIGURE_DEPENDS bindings/cli/*.cpp)
if(mo_cli_sources AND TARGET mo)
  add_executable(mo_cli ${mo_cli_sources})
  target_link_libraries(mo_cli PRIVATE mo mo_flags Threads::Threads)
  target_compile_definitions(mo_cli PRIVATE "MO_VERSION_STRING=\"${PROJECT_VERSION}\"")
  set_target_properties(mo_cli PROPERTIES OUTPUT_NAME mo RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin"
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN/../lib")
  # libdnnl is libmo's business; the linker must not ask for it again
  target_link_options(mo_cli PRIVATE -Wl,--allow-shlib-undefined)
endif()
