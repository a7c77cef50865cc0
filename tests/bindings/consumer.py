#!/usr/bin/env python3
"""A stranger's Maven projects get libmo from the packaged repository into an empty local one, compile, pass their own test and run.

usage: consumer.py      prints "N passed, N failed, N skipped" last. Maven's own plugins come from ~/.m2/repository, which building the artefacts has filled.
Three projects: classes and natives as two artefacts on the class path, the same as modules, the fat jar.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MO_BUILD", ROOT / "build")).resolve()
PACKAGES = BUILD / "packages/java/repository"
PLUGINS = pathlib.Path.home() / ".m2/repository"
MODEL = ROOT / "tests/conformance/models/add.onnx"
counts = {"passed": 0, "failed": 0, "skipped": 0}

SETTINGS = """<settings><localRepository>{local}</localRepository><offline>false</offline>
<mirrors><mirror><id>plugins</id><mirrorOf>*,!libmo</mirrorOf><url>{plugins}</url></mirror></mirrors></settings>"""

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>stranger</groupId><artifactId>app</artifactId><version>1</version>
<properties><maven.compiler.release>11</maven.compiler.release><project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
<repositories><repository><id>libmo</id><url>{packages}</url></repository></repositories>
<dependencies>{dependencies}
<dependency><groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId><version>{junit}</version><scope>test</scope></dependency></dependencies>
<build><plugins>{plugins}</plugins></build></project>"""

LIBMO = "<dependency><groupId>ai.libmo</groupId><artifactId>libmo</artifactId><version>{version}</version>{more}</dependency>"
NATIVES = "<classifier>linux-x86_64</classifier><scope>runtime</scope>"

APP = """package app;
import ai.libmo.*;
public final class App {
  public static float next(String path, float value) {
    try (Model model = Model.load(path); Session session = model.session(); Tensor x = Tensor.of(new float[] {value}, 1);
        Tensors inputs = Tensors.of("x", x); Tensors outputs = session.run(inputs); Tensor y = outputs.get("y")) {
      return y.floats()[0];
    }
  }
  public static void main(String[] arguments) { System.out.println("41 and one is " + next(arguments[0], 41)); }
}
"""

TEST = """package app;
import static org.junit.jupiter.api.Assertions.assertEquals;
import org.junit.jupiter.api.Test;
class AppTest { @Test void addsOne() { assertEquals(3f, App.next(System.getProperty("model"), 2)); } }
"""


def note(name, good, text=""):
    counts["passed" if good else "failed"] += 1
    print(f"{'ok    ' if good else 'FAILED'} {name}")
    if not good:
        print(str(text)[-2500:])


def run(command, **options):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=400, **options)
    return done.returncode, done.stdout


def ours():
    """The versions of plugins and of JUnit that libmo's own pom.xml names: they are the ones that are here."""
    pom = (ROOT / "bindings/java/pom.xml").read_text()
    found = dict(re.findall(r"<artifactId>([\w-]+)</artifactId>\s*<version>([\d.]+)</version>", pom))
    names = ["maven-compiler-plugin", "maven-surefire-plugin", "maven-resources-plugin", "maven-jar-plugin"]
    plugins = "".join(f"<plugin><groupId>org.apache.maven.plugins</groupId><artifactId>{n}</artifactId><version>{found[n]}</version>"
                      + (f"<configuration><argLine>-Dmodel={MODEL}</argLine></configuration>" if "surefire" in n else "") + "</plugin>" for n in names)
    return found["libmo"], found["junit-jupiter"], plugins


def project(folder, name, artefacts, module=False):
    version, junit, plugins = ours()
    (folder / "src/main/java/app").mkdir(parents=True)
    (folder / "src/test/java/app").mkdir(parents=True)
    (folder / "src/main/java/app/App.java").write_text(APP)
    (folder / "src/test/java/app/AppTest.java").write_text(TEST)
    if module:
        (folder / "src/main/java/module-info.java").write_text("module app { requires ai.libmo; }\n")
    dependencies = "".join(LIBMO.format(version=version, more=more) for more in artefacts)
    (folder / "pom.xml").write_text(POM.format(packages=PACKAGES.as_uri(), dependencies=dependencies, junit=junit, plugins=plugins))
    local = folder / "local repository"
    (folder / "settings.xml").write_text(SETTINGS.format(local=local, plugins=PLUGINS.as_uri()))
    status, text = run(["mvn", "-B", "-s", folder / "settings.xml", "package"], cwd=folder)
    note(f"{name}: Maven resolves, compiles and tests", status == 0 and "Tests run: 1, Failures: 0, Errors: 0" in text, text)
    at = local / "ai/libmo/libmo" / version
    jars = [str(folder / "target/app-1.jar"), *(str(j) for j in sorted(at.glob("*.jar")))]
    if module:   # the jar of natives is no module of libmo's: libmo finds it beside its own
        command = ["java", "--module-path", ":".join(j for j in jars if "linux-x86_64" not in j), "--module", "app/app.App", MODEL]
    else:
        command = ["java", "-cp", ":".join(jars), "app.App", MODEL]
    status, text = run(command, cwd="/")
    note(f"{name}: runs", status == 0 and "41 and one is 42.0" in text, text)


def main():
    if not (PLUGINS / "org/apache/maven/plugins/maven-surefire-plugin").is_dir() or not PACKAGES.is_dir():
        print("skipped: Maven's plugins are not in ~/.m2/repository, or packaging/java.sh has not run")
        counts["skipped"] += 1
    else:
        with tempfile.TemporaryDirectory(prefix="stranger ") as made:
            at = pathlib.Path(made)
            project(at / "two", "classes and natives", ["", NATIVES])
            project(at / "modules", "classes and natives, as modules", ["", NATIVES], module=True)
            project(at / "fat", "fat jar", ["<classifier>all</classifier>"])
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    return counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
