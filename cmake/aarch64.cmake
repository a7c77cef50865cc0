# Toolchain for 64-bit ARM Linux: Debian's cross compiler, and its user-mode emulator to run what was built.
# usage: cmake/setup.sh aarch64; cmake -S . -B build-aarch64 -G Ninja -DCMAKE_TOOLCHAIN_FILE=cmake/aarch64.cmake
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static -L /usr/aarch64-linux-gnu)   # that is where Debian's cross packages put the C library

# What cmake/deps/debian_packages.sh laid down comes first and alone: this machine's headers and libraries are for another processor.
get_filename_component(mo_project "${CMAKE_CURRENT_LIST_DIR}" DIRECTORY)
set(MO_DEPS_DIR "${mo_project}/.deps/aarch64" CACHE PATH "folder filled by MO_MACHINE=aarch64 cmake/deps/all.sh")
set(CMAKE_FIND_ROOT_PATH "${MO_DEPS_DIR}/system" /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
foreach(language C CXX)
  set(CMAKE_${language}_FLAGS_INIT "-isystem ${MO_DEPS_DIR}/system/usr/include -isystem ${MO_DEPS_DIR}/system/usr/include/aarch64-linux-gnu")
endforeach()
