//go:build !libmo_no_pkgconfig

package native

// #cgo pkg-config: mo
import "C"
