#!/usr/bin/env bash
# Makes the Java artefacts in $MO_BUILD/packages/java: libmo-VERSION.jar, -linux-x86_64.jar, -all.jar, -sources.jar, -javadoc.jar and the .pom;
# packages/java/repository is a Maven repository that holds them.
# usage: packaging/java.sh [MAVEN_ARGUMENT...]     for example -DskipTests
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(realpath -m "${MO_BUILD:-build}")
cmake/deps/swig.sh
cmake -S . -B "$build" -G Ninja > /dev/null
cmake --build "$build" -j "${JOBS:-$(nproc)}" --target mo_java
mvn -B -f bindings/java/pom.xml -Dmo.build="$build" "$@" package
out=$build/packages/java
rm -rf "$out" && mkdir -p "$out"
cp "$build"/java/maven/libmo-*.jar "$out"
version=$(basename "$(ls "$out"/libmo-*-all.jar)" -all.jar)
cp bindings/java/pom.xml "$out/$version.pom"
number=${version#libmo-}
place=$out/repository/ai/libmo/libmo/$number
mkdir -p "$place"
ln "$out/$version".pom "$out/$version"*.jar "$place"
(cd "$place" && for file in *; do sha1sum "$file" | cut -d' ' -f1 > "$file.sha1"; done)
printf '<metadata><groupId>ai.libmo</groupId><artifactId>libmo</artifactId><versioning><release>%s</release><versions><version>%s</version></versions></versioning></metadata>\n' \
  "$number" "$number" > "$place/../maven-metadata.xml"
ls "$out"
