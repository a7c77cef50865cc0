//go:build !cgo

package native

// A build without cgo ends here, in a message of the compiler that says so.
var _ = libmo_needs_cgo__set_CGO_ENABLED_1_and_install_a_C_and_a_Cplusplus_compiler
