//go:build !libmo_linked

package native

/*
#cgo CFLAGS: -D_GNU_SOURCE
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>

const char *mo_go_bind(void *library);

// in one call, as the reason belongs to the thread
static void *mo_go_open(const char *path, const char **reason) {
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	*reason = library ? 0 : dlerror();
	return library;
}
static int mo_go_abi(void *f) { return ((int (*)(void))f)(); }
static const char *mo_go_text(void *f) { return ((const char *(*)(void))f)(); }
static const char *mo_go_path(void *f) { Dl_info where; return dladdr(f, &where) ? where.dli_fname : 0; }
*/
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"
)

const (
	library    = "libmo.so.1"
	abiVersion = 1
)

// Missing says why there is no library, and where it was looked for; "" when there is one. Without it the functions do nothing and return zero.
var Missing = load()

func load() string {
	var tried strings.Builder
	for _, path := range candidates() {
		if filepath.IsAbs(path) {
			if _, err := os.Stat(path); err != nil {
				fmt.Fprintf(&tried, "\n  %s: no such file", path)
				continue
			}
		}
		handle, reason := open(path)
		if handle != nil {
			return bind(handle)
		}
		where := path
		if path == library {
			where += " in the system's folders"
		}
		fmt.Fprintf(&tried, "\n  %s: %s%s", where, reason, advice(path, reason))
	}
	return fmt.Sprintf("libmo's native library does not load. This process is %s-%s and glibc is needed. Tried:%s", runtime.GOOS, runtime.GOARCH, &tried)
}

// candidates lists where the library may be: in the folder that LIBMO_NATIVE_DIR names, and nowhere else, as whoever names one means it; or beside the
// program, in LD_LIBRARY_PATH (file by file, so that each has its own reason), and where the system looks.
func candidates() []string {
	if given := os.Getenv("LIBMO_NATIVE_DIR"); given != "" {
		if absolute, err := filepath.Abs(given); err == nil {
			given = absolute
		}
		return []string{filepath.Join(given, library)}
	}
	var list []string
	if program, err := os.Executable(); err == nil {
		folder := filepath.Dir(program)
		list = append(list, filepath.Join(folder, library), filepath.Join(folder, "..", "lib", library))
	}
	for _, folder := range filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) {
		if absolute, err := filepath.Abs(folder); err == nil {
			list = append(list, filepath.Join(absolute, library))
		}
	}
	return append(list, library)
}

func open(path string) (unsafe.Pointer, string) {
	c := C.CString(path)
	defer C.free(unsafe.Pointer(c))
	var reason *C.char
	handle := C.mo_go_open(c, &reason)
	return handle, C.GoString(reason)
}

func symbol(handle unsafe.Pointer, name string) unsafe.Pointer {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return C.dlsym(handle, c)
}

// bind makes the functions those of the library, and says what does not fit.
func bind(handle unsafe.Pointer) string {
	abi, version := symbol(handle, "mo_abi_version"), symbol(handle, "mo_version")
	if abi == nil || version == nil {
		return library + " was loaded and is no libmo: it lacks mo_abi_version or mo_version"
	}
	named := fmt.Sprintf("the libmo library that was loaded (%s, %s)", C.GoString(C.mo_go_text(version)), C.GoString(C.mo_go_path(abi)))
	if got := int(C.mo_go_abi(abi)); got != abiVersion {
		return fmt.Sprintf("%s has ABI %d, this package needs %d", named, got, abiVersion)
	}
	if lacks := C.mo_go_bind(handle); lacks != nil {
		return fmt.Sprintf("%s is older than this package: it lacks %s", named, C.GoString(lacks))
	}
	return ""
}

// advice adds to the loader's words what they leave open.
func advice(path, reason string) string {
	switch {
	case strings.Contains(reason, "libgomp"):
		return " (install the OpenMP runtime: Debian's package libgomp1)"
	case strings.Contains(reason, "GLIBC"):
		return " (this system's C library is too old: glibc 2.34 is needed)"
	case strings.Contains(reason, "failed to map segment"):
		return " (is the folder mounted noexec? LIBMO_NATIVE_DIR names another)"
	case strings.Contains(reason, "ELF class"), strings.Contains(reason, "ELF header"), foreign(path):
		return " (built for another architecture)"
	}
	return ""
}

// foreign tells whether a file is for another kind of processor; glibc only says that there is no such file.
func foreign(path string) bool {
	machines := map[string]int{"amd64": 62, "arm64": 183}
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	var header [20]byte
	if n, _ := file.Read(header[:]); n != len(header) {
		return false
	}
	return int(header[18])|int(header[19])<<8 != machines[runtime.GOARCH]
}
