package ai.libmo;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.security.CodeSource;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Finds and loads libmojni.so, with libmo.so.1 and libdnnl.so.3 beside it: from the folder that the property ai.libmo.library.path names, from
 * beside this jar, from inside the jar or the jar of natives (copied to a folder of its own and checked), or from java.library.path. When none works, the error says
 * everything that was tried.
 */
final class NativeLibrary {
  private static final String NAME = "libmojni.so";
  private static final String PATH_PROPERTY = "ai.libmo.library.path";
  private static final String TEMPORARY_PROPERTY = "ai.libmo.tmpdir";

  private final List<String> tried = new ArrayList<>();
  private final String platform = platform();

  private NativeLibrary() {}

  static void load() {
    NativeLibrary attempt = new NativeLibrary();
    if (!attempt.any()) {
      throw new UnsatisfiedLinkError(attempt.complaint());
    }
    int found = Native.mo_abi_version();
    if (found != NativeConstants.MO_ABI_VERSION) {
      throw new UnsatisfiedLinkError("libmo.so.1 has ABI version " + found + ", this jar is for " + NativeConstants.MO_ABI_VERSION
          + ": another libmo was loaded before, or lies beside libmojni.so. Loaded are " + String.join(", ", mapped()) + ". Tried:\n  "
          + String.join("\n  ", attempt.tried));
    }
  }

  /** The files of libmo in this process. */
  private static Set<String> mapped() {
    Set<String> files = new TreeSet<>();
    try (Stream<String> lines = Files.lines(Paths.get("/proc/self/maps"))) {
      lines.filter(line -> line.contains("/libmo") && line.contains(".so")).forEach(line -> files.add(line.substring(line.indexOf('/'))));
    } catch (IOException | RuntimeException e) {
      files.add("unknown (" + e + ")");
    }
    return files;
  }

  private boolean any() {
    String told = System.getProperty(PATH_PROPERTY);
    if (told != null) { // said explicitly: nothing else may be picked instead
      Path path = Paths.get(told);
      return fromFolder("property " + PATH_PROPERTY, Files.isRegularFile(path) ? path.toAbsolutePath().getParent() : path);
    }
    tried.add("property " + PATH_PROPERTY + ": not set");
    Path jar = jarFolder();
    if (jar != null && (fromFolder("beside the jar", jar) || fromFolder("beside the jar", jar.resolve(platform)))) {
      return true;
    }
    return fromResource("resource", NativeLibrary.class::getResourceAsStream) || fromNativesJar() || fromLibraryPath();
  }

  private boolean fromFolder(String how, Path folder) {
    Path file = folder.resolve(NAME);
    if (!Files.exists(file)) {
      tried.add(how + ": no " + file);
      return false;
    }
    UnsatisfiedLinkError error = tryLoad(file);
    if (error != null && String.valueOf(error.getMessage()).contains("another classloader")) {
      error = loadThroughCopy(folder);
    }
    if (error == null) {
      tried.add(how + ": " + file + " was loaded");
      return true;
    }
    return note(how + ": " + file, error);
  }

  /** A JVM loads one file for one class loader only; a second loader gets a copy, with links to what it needs. */
  private UnsatisfiedLinkError loadThroughCopy(Path folder) {
    UnsatisfiedLinkError last = new UnsatisfiedLinkError("already loaded in another class loader, and no temporary folder for a copy of it");
    for (Path base : temporaryFolders()) {
      Path made = null;
      try {
        made = Files.createTempDirectory(Files.createDirectories(base), "libmo-");
        for (String beside : new String[] {"libmo.so.1", "libdnnl.so.3"}) {
          if (Files.exists(folder.resolve(beside))) {
            Files.createSymbolicLink(made.resolve(beside), folder.resolve(beside).toAbsolutePath());
          }
        }
        last = tryLoad(Files.copy(folder.resolve(NAME), made.resolve(NAME)));
        if (last == null) {
          return null;
        }
      } catch (IOException | RuntimeException e) {
        tried.add("copy for a second class loader in " + base + ": " + e);
      } finally {
        remove(made);
      }
    }
    return last;
  }

  /** Where files of a jar come from, by their name; null for one that is not there. */
  private interface Source {
    InputStream open(String name) throws IOException;
  }

  /** On the module path the jar of natives is a module of its own, whose files this one does not see: it is opened as a file. */
  private boolean fromNativesJar() {
    Path jar = jarFile();
    if (jar == null || !jar.getFileName().toString().endsWith(".jar")) {
      return false;
    }
    Path natives = jar.resolveSibling(jar.getFileName().toString().replaceAll("\\.jar$", "-" + platform + ".jar"));
    if (!Files.isRegularFile(natives)) {
      tried.add("beside the jar: no " + natives);
      return false;
    }
    try (ZipFile zip = new ZipFile(natives.toFile())) {
      return fromResource(natives + "!", name -> {
        ZipEntry entry = zip.getEntry("ai/libmo/" + name);
        return entry == null ? null : zip.getInputStream(entry);
      });
    } catch (IOException e) {
      tried.add(natives + ": " + e);
      return false;
    }
  }

  private boolean fromResource(String where, Source source) {
    String folder = "native/" + platform + "/";
    Map<String, String> sums = checksums(where, source, folder);
    if (sums == null) {
      return false;
    }
    for (Path base : temporaryFolders()) {
      Path made = null;
      try {
        made = Files.createTempDirectory(Files.createDirectories(base), "libmo-");
        for (Map.Entry<String, String> entry : sums.entrySet()) {
          extract(source, folder + entry.getKey(), made.resolve(entry.getKey()), entry.getValue());
        }
        UnsatisfiedLinkError error = tryLoad(made.resolve(NAME));
        if (error == null) {
          tried.add(where + " " + folder + " copied to " + made + " was loaded");
          return true;
        }
        note(where + " " + folder + " copied to " + made, error);
      } catch (IOException | RuntimeException e) {
        tried.add(where + " " + folder + " copied below " + base + ": " + e);
      } finally {
        remove(made); // what is loaded stays mapped
      }
    }
    return false;
  }

  private boolean fromLibraryPath() {
    try {
      System.loadLibrary("mojni");
      return true;
    } catch (UnsatisfiedLinkError e) {
      return note("java.library.path", e);
    }
  }

  private static UnsatisfiedLinkError tryLoad(Path file) {
    try {
      System.load(file.toAbsolutePath().toString());
      return null;
    } catch (UnsatisfiedLinkError e) {
      return e;
    }
  }

  private boolean note(String where, UnsatisfiedLinkError error) {
    String message = String.valueOf(error.getMessage());
    String hint = "";
    if (message.contains("libgomp")) {
      hint = " (install the OpenMP runtime: libgomp1 on Debian and Ubuntu, libgomp on Red Hat)";
    } else if (message.contains("failed to map segment") || message.contains("Operation not permitted")) {
      hint = " (the folder is mounted noexec)";
    } else if (message.contains("ELF") || message.contains("can't load")) {
      hint = " (a library for another processor or system; this is " + platform + ")";
    } else if (message.contains("GLIBC")) {
      hint = " (the system's C library is older than the one libmo was built for)";
    }
    tried.add(where + ": " + message + hint);
    return false;
  }

  private String complaint() {
    return "libmo cannot load its native library " + NAME + " for " + platform + " (" + System.getProperty("os.name") + " "
        + System.getProperty("os.version") + ", Java " + System.getProperty("java.version") + "). Tried:\n  " + String.join("\n  ", tried)
        + "\nPut " + NAME + ", libmo.so.1 and libdnnl.so.3 into one folder and start Java with -D" + PATH_PROPERTY + "=FOLDER, or name a "
        + "writable folder that is not mounted noexec with -D" + TEMPORARY_PROPERTY + "=FOLDER.";
  }

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    os = os.startsWith("linux") ? "linux" : os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os.replace(' ', '_');
    return os + "-" + (arch.equals("amd64") ? "x86_64" : arch.equals("arm64") ? "aarch64" : arch);
  }

  private Path jarFolder() {
    Path jar = jarFile();
    return jar == null ? null : jar.getParent();
  }

  private Path jarFile() {
    try {
      CodeSource source = NativeLibrary.class.getProtectionDomain().getCodeSource();
      URL url = source == null ? null : source.getLocation();
      if (url == null || !"file".equals(url.getProtocol())) {
        tried.add("beside the jar: the classes come from " + url);
        return null;
      }
      return Paths.get(new URI(url.toString())).toAbsolutePath();
    } catch (Exception e) { // a path that this JVM's file encoding cannot express, a class loader without URLs
      tried.add("beside the jar: " + e);
      return null;
    }
  }

  private static List<Path> temporaryFolders() {
    List<Path> folders = new ArrayList<>();
    String told = System.getProperty(TEMPORARY_PROPERTY);
    if (told != null) {
      folders.add(Paths.get(told));
      return folders;
    }
    folders.add(Paths.get(System.getProperty("java.io.tmpdir")));
    String cache = System.getenv("XDG_CACHE_HOME");
    folders.add(cache != null && !cache.isEmpty() ? Paths.get(cache) : Paths.get(System.getProperty("user.home"), ".cache"));
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    if (runtime != null && !runtime.isEmpty()) {
      folders.add(Paths.get(runtime));
    }
    return folders;
  }

  /** The jar's list of natives, "sum  name" per line; null when this jar carries none for this platform. */
  private Map<String, String> checksums(String where, Source source, String folder) {
    try (InputStream in = source.open(folder + "natives.sha256")) {
      if (in == null) {
        tried.add(where + " ai/libmo/" + folder + ": not in the class path (add the artefact with the classifier " + platform + ")");
        return null;
      }
      ByteArrayOutputStream text = new ByteArrayOutputStream();
      in.transferTo(text);
      Map<String, String> sums = new LinkedHashMap<>();
      for (String line : text.toString(StandardCharsets.UTF_8).split("\n")) {
        String[] part = line.trim().split("\\s+");
        if (part.length == 2) {
          sums.put(part[1], part[0]);
        }
      }
      return sums;
    } catch (IOException e) {
      tried.add(where + " ai/libmo/" + folder + ": " + e);
      return null;
    }
  }

  private static void extract(Source source, String resource, Path file, String sum) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IOException(e);
    }
    try (InputStream in = source.open(resource);
        OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      if (in == null) {
        throw new IOException(resource + " is missing");
      }
      byte[] block = new byte[1 << 18];
      for (int n = in.read(block); n >= 0; n = in.read(block)) {
        digest.update(block, 0, n);
        out.write(block, 0, n);
      }
    }
    StringBuilder found = new StringBuilder();
    for (byte b : digest.digest()) {
      found.append(String.format("%02x", b));
    }
    if (!found.toString().equals(sum)) {
      throw new IOException(resource + " is damaged: its SHA-256 is " + found + ", not " + sum);
    }
  }

  private static void remove(Path folder) {
    if (folder == null) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      folder.toFile().deleteOnExit();
    }
  }
}
