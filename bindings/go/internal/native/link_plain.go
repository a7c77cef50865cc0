//go:build libmo_no_pkgconfig

package native

// With this tag the compiler's own search paths, CGO_CXXFLAGS and CGO_LDFLAGS say where header and library are.

// #cgo LDFLAGS: -lmo
import "C"
