// The shared library consists of mo_core; CMake wants one source of its own.
