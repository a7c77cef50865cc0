#!/usr/bin/env bash
# Fetches oneDNN (headers and libdnnl.so.3) from its Maven Central artefact into .deps/onednn.
# Offline: ONEDNN_JAR=/path/to/dnnl-3.13-1.5.14-linux-x86_64.jar
source "$(dirname "$0")/common.sh"
version=3.13-1.5.14
sum=9c9a46215ec11c7ceb442714083615c74104f4ad7181ff910bf5fa95999070f4
lock_deps
is_done onednn "$version" && exit 0
scratch
jar=${ONEDNN_JAR:-$work/dnnl.jar}
if [[ -z ${ONEDNN_JAR:-} ]]; then
  # 2.8 of the plugin on purpose: later ones insist on the artefact's parent POM, which does not resolve
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:2.8:get -Dtransitive=false \
      "-Dartifact=org.bytedeco:dnnl:$version:jar:linux-x86_64" "-Ddest=$jar" > "$work/mvn.log" 2>&1 ||
    { tail -20 "$work/mvn.log" >&2; exit 1; }
fi
check_sha256 "$jar" "$sum"
python3 -m zipfile -e "$jar" "$work/jar"
from=$work/jar/org/bytedeco/dnnl/linux-x86_64
mkdir -p "$work/tree/lib"
cp -r "$from/include" "$work/tree/include"
install -m 755 "$from/libdnnl.so.3" "$work/tree/lib/libdnnl.so.3"
ln -s libdnnl.so.3 "$work/tree/lib/libdnnl.so"
publish onednn "$version" "$work/tree"
