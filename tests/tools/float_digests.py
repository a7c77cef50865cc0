"""Prints the digests that tests/base/float_types_test.cpp expects; needs numpy, ml_dtypes and onnx (an independent source of the conversions)."""
import hashlib

import ml_dtypes
import numpy as np
from onnx import numpy_helper

high = (np.arange(2**20, dtype=np.uint64) << 12).astype(np.uint32)
probes = np.concatenate([high, high | 1, high | 0xFFF])
probes = probes[(probes & 0x7FFFFFFF) <= 0x7F800000]  # NaN is tested apart
values = probes.view(np.float32)


def digest(a):
    return hashlib.sha256(np.ascontiguousarray(a).tobytes()).hexdigest()[:16]


def decoded(dtype, codes, store):
    f = codes.astype(store).view(dtype).astype(np.float32)
    bits = f.view(np.uint32).copy()
    bits[np.isnan(f)] = 0x7FC00000
    return digest(bits)


np.seterr(all="ignore")
formats = {
    "float16": (np.float16, np.uint16, 65536),
    "bfloat16": (ml_dtypes.bfloat16, np.uint16, 65536),
    "float8e4m3fn": (ml_dtypes.float8_e4m3fn, np.uint8, 256),
    "float8e4m3fnuz": (ml_dtypes.float8_e4m3fnuz, np.uint8, 256),
    "float8e5m2": (ml_dtypes.float8_e5m2, np.uint8, 256),
    "float8e5m2fnuz": (ml_dtypes.float8_e5m2fnuz, np.uint8, 256),
    "float8e8m0": (ml_dtypes.float8_e8m0fnu, np.uint8, 256),
    "float4e2m1": (ml_dtypes.float4_e2m1fn, np.uint8, 16),
    "float6e2m3": (ml_dtypes.float6_e2m3fn, np.uint8, 64),
    "float6e3m2": (ml_dtypes.float6_e3m2fn, np.uint8, 64),
}
for name, (dtype, store, count) in formats.items():
    print("decode", name, decoded(dtype, np.arange(count), store))
    if name == "float8e8m0":
        for mode in ("up", "down", "nearest"):
            for saturate in (True, False):
                print("encode", name, mode, saturate, digest(numpy_helper.to_float8e8m0(values, saturate, mode).view(np.uint8)))
        continue
    print("encode", name, digest(values.astype(dtype).view(store)))
    if name.startswith("float8"):
        print("saturate", name, digest(numpy_helper.saturate_cast(values, dtype).view(store)))
