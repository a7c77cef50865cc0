package ai.libmo;

import java.nio.CharBuffer;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Text between Java and C. JNI's own strings are not UTF-8, so an emoji in a path would not survive them. */
final class Utf8 {
  private Utf8() {}

  static byte[] encode(String text) {
    if (text == null) {
      return null;
    }
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("text holds a NUL character: " + text.replace('\0', '?'));
    }
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] array = new byte[bytes.remaining()];
      bytes.get(array);
      return array;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("text is not valid Unicode: " + text, e);
    }
  }

  static byte[][] encode(List<String> texts) {
    if (texts == null) {
      return null;
    }
    byte[][] all = new byte[texts.size()][];
    for (int i = 0; i < all.length; i++) {
      all[i] = encode(texts.get(i));
    }
    return all;
  }

  static String decode(byte[] bytes) {
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }
}
