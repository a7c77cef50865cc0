// MO_CLONES before a function of plain loops: compiled for several instruction sets, one of which is chosen when the library is loaded.
#pragma once
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)  // ThreadSanitizer is not there yet when that choice is made
#define MO_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MO_CLONES
#endif
