//go:build !libmo_linked

/* The functions of libmo as pointers, which load.go fills in; until then each does nothing and returns 0. */
#define MO_GO_TABLE
#include <dlfcn.h>
#include <stddef.h>

#include "functions_generated.h"

static intptr_t nothing(void) { return 0; }

#define DEFINE(name) __typeof__(&name) mo_go_at_##name = (__typeof__(&name))nothing;
MO_GO_FUNCTIONS(DEFINE)

#define ROW(name) {#name, (void **)&mo_go_at_##name},
static const struct {
  const char *name;
  void **at;
} functions[] = {MO_GO_FUNCTIONS(ROW)};

/* All of them or none; gives the name of one that the library lacks. */
const char *mo_go_bind(void *library) {
  const size_t count = sizeof functions / sizeof *functions;
  for (size_t i = 0; i < count; ++i)
    if (!dlsym(library, functions[i].name)) return functions[i].name;
  for (size_t i = 0; i < count; ++i) *functions[i].at = dlsym(library, functions[i].name);
  return NULL;
}
