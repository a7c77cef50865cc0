package ai.libmo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each case is a JVM of its own, with classes and natives laid out as a user has them. */
class LoaderTest {
  private static final Path CLASSES = Paths.get(System.getProperty("mo.jar.classes"));
  private static final Path NATIVES = Paths.get(System.getProperty("mo.natives"));
  private static final Path PLATFORM = NATIVES.resolve("ai/libmo/native/linux-x86_64");

  /** Loaders that must not be collected: unloading a library, JDK 17 reads its name from memory that is free already, which a sanitizer reports. */
  private static final List<ClassLoader> KEPT = new ArrayList<>();

  @TempDir Path folder;

  private static void keepUnderSanitizer(ClassLoader loader) {
    if (System.getenv("MO_SANITIZED") != null) {
      KEPT.add(loader);
    }
  }

  /** What `java user.Version` prints. */
  private String java(String classPath, String... options) throws Exception {
    List<String> command = new ArrayList<>(List.of(Paths.get(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(Arrays.asList(options));
    command.addAll(List.of("-cp", classPath + File.pathSeparator + testClasses(), "user.Version"));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("XDG_CACHE_HOME", folder.resolve("no cache").toString());
    builder.environment().remove("XDG_RUNTIME_DIR");
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return output;
  }

  private static String testClasses() throws Exception {
    return Paths.get(LoaderTest.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
  }

  private static String both() {
    return CLASSES + File.pathSeparator + NATIVES;
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.copy(from, to);
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (java.util.stream.Stream<Path> files = Files.list(folder)) {
      return files.noneMatch(file -> file.getFileName().toString().startsWith("libmo-"));
    }
  }

  @Test
  void nativesInTheClassPathAreUnpackedAndCleanedUp() throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("tmp \uD83D\uDE00"));
    assertEquals("version 0.1.0", java(both(), "-Djava.io.tmpdir=" + temporary).trim());
    assertTrue(isEmpty(temporary));
  }

  @Test
  void aFolderCanBeNamed() throws Exception {
    assertEquals("version 0.1.0", java(CLASSES.toString(), "-Dai.libmo.library.path=" + PLATFORM).trim());
    assertEquals("version 0.1.0", java(CLASSES.toString(), "-Dai.libmo.library.path=" + PLATFORM.resolve("libmojni.so")).trim());
    String nowhere = java(both(), "-Dai.libmo.library.path=/nowhere");
    assertTrue(nowhere.contains("no /nowhere/libmojni.so"), nowhere);
  }

  @Test
  void nativesMayLieBesideTheJar() throws Exception {
    Path place = folder.resolve("place é"); // `java -cp` of JDK 17 itself refuses an emoji
    Path jar = Files.createDirectories(place).resolve("libmo.jar");
    pack(CLASSES, jar);
    link(place);
    assertEquals("version 0.1.0", java(jar.toString()).trim());
  }

  @Test
  void onTheModulePathTheNativesAreFoundBesideTheJar() throws Exception {
    Path jar = folder.resolve("libmo-1.jar");
    pack(CLASSES, jar);
    pack(NATIVES, folder.resolve("libmo-1-linux-x86_64.jar"));
    assertEquals("version 0.1.0", java("", "--module-path", jar.toString(), "--add-modules", "ai.libmo").trim());
  }

  @Test
  void jarAndNativesMayLieOnAPathWithAnEmoji() throws Exception {
    Path place = folder.resolve("place \uD83D\uDE00");
    Path jar = Files.createDirectories(place).resolve("libmo.jar");
    pack(CLASSES, jar);
    link(place);
    assertEquals("version 0.1.0", java(CLASSES.toString(), "-Dai.libmo.library.path=" + place).trim());
    String told = System.clearProperty("ai.libmo.library.path");
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
      keepUnderSanitizer(loader);
      assertEquals("0.1.0", loader.loadClass("ai.libmo.Libmo").getMethod("version").invoke(null));
    } finally {
      System.setProperty("ai.libmo.library.path", told);
    }
  }

  private static void link(Path place) throws IOException {
    for (String name : new String[] {"libmojni.so", "libmo.so.1", "libdnnl.so.3"}) {
      Files.createSymbolicLink(place.resolve(name), PLATFORM.resolve(name));
    }
  }

  private interface Body {
    void run(Path mounted) throws Exception;
  }

  /** Runs with a file system of its own; skips where mounting is not allowed. */
  private void mounted(String options, Body body) throws Exception {
    Path place = Files.createDirectory(folder.resolve("mounted"));
    Process mount = new ProcessBuilder("mount", "-t", "tmpfs", "-o", options, "tmpfs", place.toString()).redirectErrorStream(true).start();
    mount.getInputStream().readAllBytes();
    assumeTrue(mount.waitFor() == 0, "mounting is not allowed here");
    try {
      body.run(place);
    } finally {
      new ProcessBuilder("umount", place.toString()).start().waitFor();
    }
  }

  @Test
  void aNoexecTemporaryFolderIsSaid() throws Exception {
    mounted("noexec,size=200m", place -> {
      String output = java(both(), "-Dai.libmo.tmpdir=" + place);
      assertTrue(output.contains("mounted noexec") && output.contains(place.toString()), output);
      assertEquals("version 0.1.0", java(both(), "-Djava.io.tmpdir=" + place).trim(), "the next folder is taken");
    });
  }

  @Test
  void aReadOnlyFileSystemIsSaidAndNeedsNoCopy() throws Exception {
    mounted("ro,size=1m", place -> {
      String output = java(both(), "-Dai.libmo.tmpdir=" + place);
      assertTrue(output.contains("Read-only file system") && output.contains(place.toString()), output);
      assertEquals("version 0.1.0", java(both(), "-Djava.io.tmpdir=" + place).trim(), "the next folder is taken");
      assertEquals("version 0.1.0", java(CLASSES.toString(), "-Djava.io.tmpdir=" + place, "-Dai.libmo.library.path=" + PLATFORM).trim());
    });
  }

  @Test
  void anImpossibleTemporaryFolderIsSaid() throws Exception {
    String output = java(both(), "-Dai.libmo.tmpdir=/proc/nothing");
    assertTrue(output.contains("/proc/nothing") && output.contains("ai.libmo.library.path=FOLDER"), output);
  }

  @Test
  void missingNativesNameTheArtefact() throws Exception {
    String output = java(CLASSES.toString());
    assertTrue(output.contains("classifier linux-x86_64") && output.contains("beside the jar") && output.contains("java.library.path"), output);
  }

  @Test
  void aDamagedNativeIsNotLoaded() throws Exception {
    Path jar = folder.resolve("damaged/ai/libmo/native/linux-x86_64");
    copy(PLATFORM.resolve("natives.sha256"), jar.resolve("natives.sha256"));
    byte[] bytes = Files.readAllBytes(PLATFORM.resolve("libmojni.so"));
    bytes[bytes.length / 2] ^= 1;
    Files.write(jar.resolve("libmojni.so"), bytes);
    String output = java(CLASSES + File.pathSeparator + folder.resolve("damaged"));
    assertTrue(output.contains("is damaged"), output);
  }

  @Test
  void aLibraryForAnotherProcessorIsSaid() throws Exception {
    byte[] bytes = Files.readAllBytes(PLATFORM.resolve("libmojni.so"));
    bytes[18] = (byte) 0xb7; // e_machine: AArch64
    Files.write(folder.resolve("libmojni.so"), bytes);
    String output = java(CLASSES.toString(), "-Dai.libmo.library.path=" + folder);
    assertTrue(output.contains("another processor") && output.contains(folder.toString()), output);
  }

  @Test
  void aMissingOpenMpRuntimeIsSaid() throws Exception {
    copy(PLATFORM.resolve("libmojni.so"), folder.resolve("libmojni.so"));
    copy(PLATFORM.resolve("libmo.so.1"), folder.resolve("libmo.so.1"));
    byte[] bytes = Files.readAllBytes(PLATFORM.resolve("libdnnl.so.3"));
    replace(bytes, "libgomp.so.1\0", "libgomp.so.9\0");
    Files.write(folder.resolve("libdnnl.so.3"), bytes);
    byte[] mo = Files.readAllBytes(folder.resolve("libmo.so.1"));
    replace(mo, "libgomp.so.1\0", "libgomp.so.9\0");
    Files.write(folder.resolve("libmo.so.1"), mo);
    String output = java(CLASSES.toString(), "-Dai.libmo.library.path=" + folder);
    assertTrue(output.contains("libgomp1 on Debian"), output);
  }

  @Test
  void twoClassLoadersLoadItEach() throws Exception {
    String told = System.getProperty("ai.libmo.library.path");
    for (boolean named : new boolean[] {true, false}) { // from one folder, then from inside a jar
      if (!named) {
        System.clearProperty("ai.libmo.library.path");
      }
      try {
        List<Class<?>> classes = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
          URL[] path = {CLASSES.toUri().toURL(), NATIVES.toUri().toURL()};
          @SuppressWarnings("resource") // it has to live as long as its classes
          ClassLoader loader = new URLClassLoader(path, ClassLoader.getPlatformClassLoader());
          keepUnderSanitizer(loader);
          Class<?> type = loader.loadClass("ai.libmo.Libmo");
          assertEquals("0.1.0", type.getMethod("version").invoke(null));
          classes.add(type);
        }
        assertNotSame(classes.get(0), classes.get(1));
      } finally {
        System.setProperty("ai.libmo.library.path", told);
      }
    }
  }

  private static void replace(byte[] bytes, String from, String to) {
    byte[] old = from.getBytes(StandardCharsets.US_ASCII);
    byte[] now = to.getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i + old.length <= bytes.length; i++) {
      if (bytes[i] == old[0] && Arrays.equals(bytes, i, i + old.length, old, 0, old.length)) {
        System.arraycopy(now, 0, bytes, i, now.length);
      }
    }
  }

  private static void pack(Path from, Path jar) throws IOException {
    try (java.util.zip.ZipOutputStream out = new java.util.zip.ZipOutputStream(Files.newOutputStream(jar));
        java.util.stream.Stream<Path> files = Files.walk(from)) {
      out.setLevel(java.util.zip.Deflater.NO_COMPRESSION);
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        out.putNextEntry(new java.util.zip.ZipEntry(from.relativize(file).toString()));
        Files.copy(file, out);
      }
    }
  }
}
