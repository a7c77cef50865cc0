#!/usr/bin/env bash
# Fetches oneDNN (headers and libdnnl.so.3) from its Maven Central artefact into .deps/onednn.
# Offline: ONEDNN_JAR=/path/to/dnnl-3.13-1.5.14-linux-x86_64.jar (or linux-arm64)
source "$(dirname "$0")/common.sh"
version=3.13-1.5.14
case $machine in
  x86_64)  platform=linux-x86_64 sum=9c9a46215ec11c7ceb442714083615c74104f4ad7181ff910bf5fa95999070f4 ;;
  aarch64) platform=linux-arm64  sum=51907b183fe7cac63f45fe158fe4c374fe882934daba952bc344df7e2c1c0061 ;;
  *) echo "no oneDNN is published for $machine" >&2; exit 1 ;;
esac
lock_deps
is_done onednn "$version" && exit 0
scratch
jar=${ONEDNN_JAR:-$work/dnnl.jar}
if [[ -z ${ONEDNN_JAR:-} ]]; then
  # 2.8 of the plugin on purpose: later ones insist on the artefact's parent POM, which does not resolve
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:2.8:get -Dtransitive=false \
      "-Dartifact=org.bytedeco:dnnl:$version:jar:$platform" "-Ddest=$jar" > "$work/mvn.log" 2>&1 ||
    { tail -20 "$work/mvn.log" >&2; exit 1; }
fi
check_sha256 "$jar" "$sum"
python3 -m zipfile -e "$jar" "$work/jar"
from=$work/jar/org/bytedeco/dnnl/$platform
mkdir -p "$work/tree/lib"
cp -r "$from/include" "$work/tree/include"
install -m 755 "$from/libdnnl.so.3" "$work/tree/lib/libdnnl.so.3"
ln -s libdnnl.so.3 "$work/tree/lib/libdnnl.so"
publish onednn "$version" "$work/tree"
