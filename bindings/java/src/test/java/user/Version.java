package user;

import ai.libmo.Libmo;

/** A program of somebody else's. */
public final class Version {
  private Version() {}

  /** Prints the library's version. */
  public static void main(String[] arguments) {
    System.out.println("version " + Libmo.version());
  }
}
