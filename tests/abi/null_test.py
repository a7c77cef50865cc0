"""Every function of mo.h survives NULL for every argument, one at a time and all at once: an error or a plain answer, never a crash."""
import ctypes
import os
import unittest

import abi


def c_type(declaration):
    if "*" in declaration or "(" in declaration or declaration.split()[0].endswith("_function"):
        return ctypes.c_void_p
    word = declaration.replace("const ", "").split()[0]
    return {"int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "uint8_t": ctypes.c_uint8, "double": ctypes.c_double,
            "float": ctypes.c_float, "int": ctypes.c_int}.get(word, ctypes.c_int32 if word.startswith("mo_") else ctypes.c_void_p)


def values(kind):
    """The three hands of cards: nothing, small, absurd."""
    if kind is ctypes.c_void_p:
        return [None, None, None]
    if kind in (ctypes.c_double, ctypes.c_float):
        return [kind(0), kind(-1), kind(float("nan"))]
    if kind is ctypes.c_int64:
        return [kind(0), kind(-1), kind(2**62)]
    return [kind(0), kind(-1), kind(100 if kind is ctypes.c_uint8 else 2**31 - 1)]


@unittest.skipUnless(abi.LIBRARY.exists(), "libmo.so is not built")
class Null(unittest.TestCase):
    def test_null_everywhere(self):
        for result, name, arguments in abi.prototypes():
            kinds = [c_type(a) for a in arguments]
            for round_ in range(3):
                with self.subTest(function=name, values=("zero", "minus one", "absurd")[round_]):
                    self.assertEqual(self.in_child(result, name, kinds, round_), 0)

    def in_child(self, result, name, kinds, round_):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                lib = ctypes.CDLL(str(abi.LIBRARY))
                function = getattr(lib, name)
                function.restype = ctypes.c_void_p if "*" in result else ctypes.c_int64
                function.argtypes = kinds
                answer = function(*[values(k)[round_] for k in kinds])
                if "mo_error" in result and answer:
                    lib.mo_error_message.restype = ctypes.c_char_p
                    lib.mo_error_message.argtypes = [ctypes.c_void_p]
                    status = 0 if lib.mo_error_message(answer) else 2
                else:
                    status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        return status
