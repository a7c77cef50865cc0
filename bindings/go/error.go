package libmo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"libmo.ai/libmo/internal/native"
)

// Code says what kind of error an [Error] is. A Code is an error itself, for errors.Is.
type Code int

// The codes; their numbers never change.
const (
	OK                  Code = 0
	CodeInvalidArgument Code = 1  // an argument of the call is wrong
	CodeNotFound        Code = 2  // a name, file or key does not exist
	CodeIO              Code = 3  // the operating system refused: read, write, full disk
	CodeFormat          Code = 4  // a file or text is malformed
	CodeUnsupported     Code = 5  // legal, but libmo does not do it
	CodeShape           Code = 6  // shapes do not fit together
	CodeType            Code = 7  // element types do not fit together
	CodeLimit           Code = 8  // a limit was exceeded; options can raise it
	CodeOutOfMemory     Code = 9  // no memory left
	CodeCancelled       Code = 10 // the context was cancelled, or a progress function asked for it
	CodeDeadline        Code = 11 // the deadline of the context passed
	CodeBusy            Code = 12 // a second call at the same time on an object that serves one
	CodeDevice          Code = 13 // accelerator or its driver
	CodeCallback        Code = 14 // a callback of the caller reported an error
	CodeThreshold       Code = 15 // a gate was not met
	CodeInternal        Code = 16 // a defect of libmo: please report it
)

// String gives the name of the C interface, "MO_ERR_SHAPE".
func (c Code) String() string {
	if name := native.Mo_error_name(int(c)); name != "" {
		return name
	}
	return fmt.Sprintf("code %d", int(c)) // there is no library to ask
}

// Error makes a Code usable as the target of errors.Is.
func (c Code) Error() string { return c.String() }

// ErrClosed is what errors.Is finds in the error of a call on a closed object, and of a second Close.
var ErrClosed = errors.New("closed")

// ErrNoLibrary is what errors.Is finds in every constructor's error when libmo.so.1 did not load or is another than this package needs. The message
// lists the paths that were tried and what was wrong with each.
var ErrNoLibrary = errors.New("libmo's native library did not load")

// Error is why a call failed.
type Error struct {
	Code     Code
	Message  string // one sentence that names the thing that is wrong
	Node     string // the model's node that the error concerns, or ""
	Operator string // its operator ("Conv"), or ""

	cause error
}

// Error gives the message, which names the node where there is one.
func (e *Error) Error() string {
	if e.Node != "" && !strings.Contains(e.Message, e.Node) {
		return fmt.Sprintf("libmo: node %s (%s): %s", e.Node, e.Operator, e.Message)
	}
	return "libmo: " + e.Message
}

// Is reports whether target is the error's code; a cancelled call is also context.Canceled, a late one context.DeadlineExceeded.
func (e *Error) Is(target error) bool {
	switch e.Code {
	case CodeCancelled:
		if target == context.Canceled && e.cause == nil {
			return true
		}
	case CodeDeadline:
		if target == context.DeadlineExceeded {
			return true
		}
	}
	code, is := target.(Code)
	return is && code == e.Code
}

// Unwrap gives the error behind this one: the context's cause, or what a progress function returned.
func (e *Error) Unwrap() error { return e.cause }

// check turns an address that the library returned into an error and frees it.
func check(address uintptr) error {
	if address == 0 {
		return nil
	}
	err := &Error{
		Code:     Code(native.Mo_error_code(address)),
		Message:  native.Mo_error_message(address),
		Node:     native.Mo_error_node(address),
		Operator: native.Mo_error_op(address),
	}
	native.Mo_error_drop(address)
	return err
}

func failed(code Code, format string, arguments ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, arguments...)}
}

func closed(what string) error {
	return &Error{Code: CodeInvalidArgument, Message: what + " is closed", cause: ErrClosed}
}
