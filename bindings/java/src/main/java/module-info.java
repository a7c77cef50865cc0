/** Makes ONNX models smaller and faster, and proves it. */
module ai.libmo {
  exports ai.libmo;
}
