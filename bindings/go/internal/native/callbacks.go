// Package native is what SWIG makes of mo.h, and the two functions through which the library calls back.
package native

/*
#include <stdint.h>
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// ProgressFunc hears of progress and says whether to go on; it must not panic.
type ProgressFunc func(stage string, done, total int64) bool

// MetricFunc judges the model at an address, which is borrowed, and says whether it could; it must not panic.
type MetricFunc func(model uintptr) (float64, bool)

// LogFunc receives one line of log.
type LogFunc func(level int, message string)

//export mo_go_progress
func mo_go_progress(user unsafe.Pointer, stage *C.char, done, total C.int64_t) C.int32_t {
	if cgo.Handle(uintptr(user)).Value().(ProgressFunc)(C.GoString(stage), int64(done), int64(total)) {
		return 0
	}
	return 1
}

//export mo_go_metric
func mo_go_metric(user, model unsafe.Pointer, value *C.double) C.int32_t {
	v, done := cgo.Handle(uintptr(user)).Value().(MetricFunc)(uintptr(model))
	if !done {
		return 1
	}
	*value = C.double(v)
	return 0
}

//export mo_go_log
func mo_go_log(user unsafe.Pointer, level C.int32_t, message *C.char) {
	defer func() { _ = recover() }()
	cgo.Handle(uintptr(user)).Value().(LogFunc)(int(level), C.GoString(message))
}
