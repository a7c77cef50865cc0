# Generates onnx-ml.pb.{h,cc} in the build folder; only lib/onnx includes the header.
set(mo_proto_dir "${CMAKE_BINARY_DIR}/generated/onnx_proto")
file(MAKE_DIRECTORY "${mo_proto_dir}/onnx")
add_custom_command(
  OUTPUT "${mo_proto_dir}/onnx/onnx-ml.pb.cc" "${mo_proto_dir}/onnx/onnx-ml.pb.h"
  COMMAND "${MO_PROTOC}" "--proto_path=${MO_DEPS_DIR}/onnx-proto" "--cpp_out=${mo_proto_dir}" onnx/onnx-ml.proto
  DEPENDS "${MO_ONNX_PROTO}"
  COMMENT "generating onnx-ml.pb" VERBATIM)
add_library(mo_onnx_proto OBJECT "${mo_proto_dir}/onnx/onnx-ml.pb.cc")
target_include_directories(mo_onnx_proto SYSTEM PUBLIC "${mo_proto_dir}")
target_link_libraries(mo_onnx_proto PUBLIC mo_flags mo::protobuf)
target_compile_options(mo_onnx_proto PRIVATE -w)
if(MO_SANITIZE MATCHES "undefined")
  target_compile_options(mo_onnx_proto PRIVATE -fno-sanitize=undefined)
endif()
