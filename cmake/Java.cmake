# mo_java: what Maven needs to make the Java artefacts: libmojni.so, the classes that SWIG makes of mo.h, the option builders, and the
# natives laid out as they go into the jar. Not part of `all`; needs .deps/swig and a JDK.
find_program(MO_JAVAC javac)
if(MO_JAVAC)
  file(REAL_PATH "${MO_JAVAC}" mo_javac_real)
  get_filename_component(mo_jdk "${mo_javac_real}/../.." ABSOLUTE)
endif()
find_path(MO_JNI_INCLUDE jni.h HINTS "$ENV{JAVA_HOME}/include" "${mo_jdk}/include" NO_DEFAULT_PATH)
if(TARGET mo AND TARGET mo_cli AND MO_JNI_INCLUDE)
  set(mo_java_dir "${CMAKE_BINARY_DIR}/java")
  set(mo_java_sources "${mo_java_dir}/sources/ai/libmo")
  set(mo_java_natives "${mo_java_dir}/natives/ai/libmo/native/linux-${CMAKE_SYSTEM_PROCESSOR}")
  file(MAKE_DIRECTORY "${mo_java_natives}")
  file(GLOB mo_swig_sources CONFIGURE_DEPENDS bindings/mo.i bindings/swig/java*)
  add_custom_command(OUTPUT "${mo_java_dir}/mo_java.cpp" "${mo_java_sources}/Native.java"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${mo_java_sources}"
    COMMAND "${MO_DEPS_DIR}/swig/bin/swig" -Wall -Werror -c++ -java -package ai.libmo -I${CMAKE_SOURCE_DIR}/bindings -I${CMAKE_SOURCE_DIR}/include
      -outdir "${mo_java_sources}" -o "${mo_java_dir}/mo_java.cpp" "${CMAKE_SOURCE_DIR}/bindings/mo.i"
    DEPENDS ${mo_swig_sources} "${CMAKE_SOURCE_DIR}/include/mo/mo.h" VERBATIM COMMENT "SWIG: mo.h for Java")
  file(GLOB mo_java_generator CONFIGURE_DEPENDS bindings/options/schema.py bindings/options/java.py)
  add_custom_command(OUTPUT "${mo_java_dir}/options.stamp"
    COMMAND "${CMAKE_COMMAND}" -E env PYTHONDONTWRITEBYTECODE=1 python3 "${CMAKE_SOURCE_DIR}/bindings/options/java.py" "$<TARGET_FILE:mo_cli>" "${mo_java_sources}"
    COMMAND "${CMAKE_COMMAND}" -E touch "${mo_java_dir}/options.stamp"
    DEPENDS ${mo_java_generator} mo_cli mo VERBATIM COMMENT "option builders for Java")

  add_library(mo_jni SHARED EXCLUDE_FROM_ALL "${mo_java_dir}/mo_java.cpp")
  set_target_properties(mo_jni PROPERTIES OUTPUT_NAME mojni LIBRARY_OUTPUT_DIRECTORY "${mo_java_dir}" BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN")
  target_include_directories(mo_jni PRIVATE bindings)
  target_include_directories(mo_jni SYSTEM PRIVATE "${MO_JNI_INCLUDE}" "${MO_JNI_INCLUDE}/linux")
  target_link_libraries(mo_jni PRIVATE mo mo_flags)
  target_link_options(mo_jni PRIVATE -Wl,-z,relro -Wl,-z,now -Wl,--allow-shlib-undefined)

  set(mo_java_strip "${CMAKE_STRIP}" --strip-unneeded -o)
  if(MO_SANITIZE)   # a report names functions and lines
    set(mo_java_strip "${CMAKE_STRIP}" --strip-dwo -o)
  endif()
  add_custom_command(OUTPUT "${mo_java_natives}/natives.sha256"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${mo_java_natives}"
    COMMAND ${mo_java_strip} "${mo_java_natives}/libmojni.so" "$<TARGET_FILE:mo_jni>"
    COMMAND ${mo_java_strip} "${mo_java_natives}/libmo.so.1" "$<TARGET_FILE:mo>"
    COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${MO_DEPS_DIR}/onednn/lib/libdnnl.so.3" "${mo_java_natives}/libdnnl.so.3"
    COMMAND sh -c "sha256sum libmojni.so libmo.so.1 libdnnl.so.3 > natives.sha256"
    WORKING_DIRECTORY "${mo_java_natives}" DEPENDS mo_jni mo VERBATIM COMMENT "natives for the jar")
  add_custom_target(mo_java DEPENDS "${mo_java_dir}/options.stamp" "${mo_java_natives}/natives.sha256" mo_jni)
endif()
