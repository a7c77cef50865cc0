# What `cmake --install` lays down: header, library with its libdnnl below it, command line, pkg-config file, CMake package.
# Components (Package.cmake): runtime, development, tools.
include(CMakePackageConfigHelpers)
if(TARGET mo)
  install(TARGETS mo EXPORT moTargets LIBRARY DESTINATION lib COMPONENT runtime NAMELINK_COMPONENT development INCLUDES DESTINATION include)
  install(FILES "${MO_DEPS_DIR}/onednn/lib/libdnnl.so.3" DESTINATION lib/mo COMPONENT runtime)   # a folder of our own: it is not the system's
  install(FILES LICENSE DESTINATION share/doc/libmo1 COMPONENT runtime RENAME copyright)
  foreach(name zlib libarchive protobuf yaml-cpp re2)   # the licences of what is linked in
    install(FILES "${MO_DEPS_DIR}/${name}/LICENCE.txt" DESTINATION share/doc/libmo1/third_party COMPONENT runtime RENAME "${name}.txt" OPTIONAL)
  endforeach()
  foreach(name nlohmann-json3-dev libcli11-dev libstb-dev libssl-dev libxxhash-dev)
    install(FILES "/usr/share/doc/${name}/copyright" DESTINATION share/doc/libmo1/third_party COMPONENT runtime RENAME "${name}.txt" OPTIONAL)
  endforeach()
  install(FILES include/mo/mo.h include/mo/mo.hpp DESTINATION include/mo COMPONENT development)
  install(EXPORT moTargets NAMESPACE mo:: DESTINATION lib/cmake/mo COMPONENT development)
  configure_file(packaging/mo.pc.in "${CMAKE_BINARY_DIR}/mo.pc" @ONLY)
  configure_package_config_file(packaging/moConfig.cmake.in "${CMAKE_BINARY_DIR}/moConfig.cmake" INSTALL_DESTINATION lib/cmake/mo)
  write_basic_package_version_file("${CMAKE_BINARY_DIR}/moConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${CMAKE_BINARY_DIR}/mo.pc" DESTINATION lib/pkgconfig COMPONENT development)
  install(FILES "${CMAKE_BINARY_DIR}/moConfig.cmake" "${CMAKE_BINARY_DIR}/moConfigVersion.cmake" DESTINATION lib/cmake/mo COMPONENT development)
endif()
if(TARGET mo_cli)
  install(TARGETS mo_cli RUNTIME DESTINATION bin COMPONENT tools)
endif()
