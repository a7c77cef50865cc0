// What the generated JNI code needs beside it: text, shapes, arrays, and callbacks into Java from any thread.
#ifndef MO_SWIG_JAVA_SUPPORT_H
#define MO_SWIG_JAVA_SUPPORT_H

#include <jni.h>
#include <cstdlib>
#include <cstring>

#include "mo/mo.h"

// A text argument: the bytes of a Java array that ends with NUL, on the stack while they are few. NULL stays NULL.
class MoJavaText {
 public:
  MoJavaText() = default;
  MoJavaText(const MoJavaText &) = delete;
  MoJavaText &operator=(const MoJavaText &) = delete;
  ~MoJavaText() { std::free(heap_); }

  const char *of(JNIEnv *env, jbyteArray array) {
    if (!array) return nullptr;
    jsize size = env->GetArrayLength(array);
    char *text = near_;
    if (size >= static_cast<jsize>(sizeof near_)) text = heap_ = static_cast<char *>(std::malloc(static_cast<size_t>(size) + 1));
    if (!text) return nullptr;
    env->GetByteArrayRegion(array, 0, size, reinterpret_cast<jbyte *>(text));
    text[size] = '\0';
    return text;
  }

 private:
  char near_[256];
  char *heap_ = nullptr;
};

// A list of texts.
class MoJavaTexts {
 public:
  MoJavaTexts() = default;
  MoJavaTexts(const MoJavaTexts &) = delete;
  MoJavaTexts &operator=(const MoJavaTexts &) = delete;
  ~MoJavaTexts() {
    for (jsize i = 0; i < count_; ++i) std::free(items_[i]);
    std::free(items_);
  }

  char **of(JNIEnv *env, jobjectArray array) {
    if (!array) return nullptr;
    jsize size = env->GetArrayLength(array);
    items_ = static_cast<char **>(std::calloc(static_cast<size_t>(size) + 1, sizeof *items_));
    for (jsize i = 0; items_ && i < size; ++i) {
      jbyteArray item = static_cast<jbyteArray>(env->GetObjectArrayElement(array, i));
      jsize bytes = item ? env->GetArrayLength(item) : 0;
      items_[i] = static_cast<char *>(std::calloc(static_cast<size_t>(bytes) + 1, 1));
      if (items_[i] && bytes) env->GetByteArrayRegion(item, 0, bytes, reinterpret_cast<jbyte *>(items_[i]));
      env->DeleteLocalRef(item);
      count_ = i + 1;
    }
    return items_;
  }
  int64_t count() const { return count_; }

 private:
  char **items_ = nullptr;
  jsize count_ = 0;
};

// A shape argument. NULL is a scalar's.
class MoJavaDims {
 public:
  MoJavaDims() = default;
  MoJavaDims(const MoJavaDims &) = delete;
  MoJavaDims &operator=(const MoJavaDims &) = delete;
  ~MoJavaDims() { std::free(heap_); }

  const int64_t *of(JNIEnv *env, jlongArray array) {
    if (!array) return nullptr;
    rank_ = env->GetArrayLength(array);
    int64_t *dims = near_;
    if (rank_ > 16) dims = heap_ = static_cast<int64_t *>(std::malloc(static_cast<size_t>(rank_) * sizeof *dims));
    if (dims) env->GetLongArrayRegion(array, 0, rank_, reinterpret_cast<jlong *>(dims));
    return dims;
  }
  int64_t rank() const { return rank_; }

 private:
  int64_t near_[16];
  int64_t *heap_ = nullptr;
  jsize rank_ = 0;
};

inline void mo_java_store(JNIEnv *env, jlongArray array, jlong value) {
  if (array && env->GetArrayLength(array) > 0) env->SetLongArrayRegion(array, 0, 1, &value);
}

inline jbyteArray mo_java_bytes(JNIEnv *env, const char *text) {
  if (!text) return nullptr;
  jsize size = static_cast<jsize>(std::strlen(text));
  jbyteArray array = env->NewByteArray(size);
  if (array) env->SetByteArrayRegion(array, 0, size, reinterpret_cast<const jbyte *>(text));
  return array;
}

inline jbyteArray mo_java_buffer_bytes(JNIEnv *env, const mo_buffer *buffer) {
  int64_t size = mo_buffer_size(buffer);
  if (size > 0x7fffffff - 8) return nullptr;
  jbyteArray array = env->NewByteArray(static_cast<jsize>(size));
  if (array) env->SetByteArrayRegion(array, 0, static_cast<jsize>(size), static_cast<const jbyte *>(mo_buffer_data(buffer)));
  return array;
}

// The memory of a primitive array while it is copied; the collector may wait that long, and no longer.
class MoJavaArray {
 public:
  MoJavaArray(JNIEnv *env, jobject array, jint mode) : env_(env), array_(static_cast<jarray>(array)), mode_(mode) {
    if (array_) memory_ = static_cast<char *>(env->GetPrimitiveArrayCritical(array_, nullptr));
  }
  MoJavaArray(const MoJavaArray &) = delete;
  MoJavaArray &operator=(const MoJavaArray &) = delete;
  ~MoJavaArray() {
    if (memory_) env_->ReleasePrimitiveArrayCritical(array_, memory_, mode_);
  }
  char *at(int64_t offset) const { return memory_ ? memory_ + offset : nullptr; }

 private:
  JNIEnv *env_;
  jarray array_;
  jint mode_;
  char *memory_ = nullptr;
};

inline mo_error *mo_java_tensor_create(JNIEnv *env, int32_t dtype, const int64_t *dims, int64_t rank, jobject object, int64_t offset, int64_t bytes,
                                       mo_tensor **out) {
  MoJavaArray array(env, object, JNI_ABORT);
  return mo_tensor_create(dtype, dims, rank, array.at(offset), bytes, out);
}

inline mo_error *mo_java_tensor_read(JNIEnv *env, const mo_tensor *tensor, jobject object, int64_t offset, int64_t bytes) {
  MoJavaArray array(env, object, 0);
  return mo_tensor_read(tensor, array.at(offset), bytes);
}

inline mo_error *mo_java_tensor_write(JNIEnv *env, mo_tensor *tensor, jobject object, int64_t offset, int64_t bytes) {
  MoJavaArray array(env, object, JNI_ABORT);
  return mo_tensor_write(tensor, array.at(offset), bytes);
}

// A Java object that native code calls: `int progress(byte[], long, long)`, `void log(int, byte[])`, `boolean metric(long, double[])`.
struct MoJavaListener {
  JavaVM *vm;
  jobject object;
  jmethodID progress;
  jmethodID log;
  jmethodID metric;
};

inline void *mo_java_listener_new(JNIEnv *env, jobject object) {
  auto *listener = static_cast<MoJavaListener *>(std::calloc(1, sizeof(MoJavaListener)));
  if (!listener) return nullptr;
  jclass kind = env->GetObjectClass(object);
  listener->progress = env->GetMethodID(kind, "progress", "([BJJ)I");
  if (listener->progress) listener->log = env->GetMethodID(kind, "log", "(I[B)V");
  if (listener->log) listener->metric = env->GetMethodID(kind, "metric", "(J[D)Z");
  if (listener->metric && env->GetJavaVM(&listener->vm) == JNI_OK) listener->object = env->NewGlobalRef(object);
  if (listener->object) return listener;
  std::free(listener);
  return nullptr;
}

inline void mo_java_listener_free(JNIEnv *env, void *opaque) {
  auto *listener = static_cast<MoJavaListener *>(opaque);
  if (!listener) return;
  env->DeleteGlobalRef(listener->object);
  std::free(listener);
}

// This thread's JNIEnv. A thread that Java does not know is attached as a daemon until it ends.
inline JNIEnv *mo_java_env(JavaVM *vm) {
  struct Detach {
    JavaVM *vm = nullptr;
    ~Detach() {
      if (vm) vm->DetachCurrentThread();
    }
  };
  static thread_local Detach detach;
  void *env = nullptr;
  if (vm->GetEnv(&env, JNI_VERSION_1_8) == JNI_OK) return static_cast<JNIEnv *>(env);
  if (vm->AttachCurrentThreadAsDaemon(&env, nullptr) != JNI_OK) return nullptr;
  detach.vm = vm;
  return static_cast<JNIEnv *>(env);
}

// The Java side catches everything that listeners throw; what is pending after that is a JVM out of memory, and cancels.
inline int32_t mo_java_progress(void *user, const char *stage, int64_t done, int64_t total) {
  auto *listener = static_cast<MoJavaListener *>(user);
  JNIEnv *env = mo_java_env(listener->vm);
  if (!env) return 1;
  jbyteArray text = mo_java_bytes(env, stage);
  jint answer = 1;
  if (text) {
    answer = env->CallIntMethod(listener->object, listener->progress, text, static_cast<jlong>(done), static_cast<jlong>(total));
    if (env->ExceptionCheck()) answer = 1;
  }
  if (env->ExceptionCheck()) env->ExceptionClear();
  if (text) env->DeleteLocalRef(text);
  return answer;
}

inline int32_t mo_java_metric(void *user, const mo_model *model, double *value) {
  auto *listener = static_cast<MoJavaListener *>(user);
  JNIEnv *env = mo_java_env(listener->vm);
  if (!env) return 1;
  jdoubleArray out = env->NewDoubleArray(1);
  jboolean good = JNI_FALSE;
  if (out) {
    good = env->CallBooleanMethod(listener->object, listener->metric, static_cast<jlong>(reinterpret_cast<intptr_t>(model)), out);
    if (env->ExceptionCheck()) good = JNI_FALSE;
    if (good) env->GetDoubleArrayRegion(out, 0, 1, value);
  }
  if (env->ExceptionCheck()) env->ExceptionClear();
  if (out) env->DeleteLocalRef(out);
  return good ? 0 : 1;
}

inline void mo_java_log(void *user, int32_t level, const char *message) {
  auto *listener = static_cast<MoJavaListener *>(user);
  JNIEnv *env = mo_java_env(listener->vm);
  if (!env) return;
  jbyteArray text = mo_java_bytes(env, message);
  if (text) env->CallVoidMethod(listener->object, listener->log, static_cast<jint>(level), text);
  if (env->ExceptionCheck()) env->ExceptionClear();
  if (text) env->DeleteLocalRef(text);
}

#endif
