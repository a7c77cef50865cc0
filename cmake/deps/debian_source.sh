#!/usr/bin/env bash
# Builds position-independent, hidden static libraries from Debian's source packages into .deps/<name>.
# Debian's own archives are not PIC, so they cannot go into libmo.so. The upstream tarball is pinned by SHA-256;
# Debian's patches (its security fixes) come with it, checked by apt against the signed index.
# usage: debian_source.sh [NAME...]      (all of them without a name)
source "$(dirname "$0")/common.sh"

#        name      tarball                            sha256 of the tarball                                            CMake options
table="
zlib       zlib_1.2.13.dfsg.orig.tar.bz2       71feb7947e3c00ef125f83b79a4e529bde31171e5babe48b391f06758d1ab0a1
libarchive libarchive_3.6.2.orig.tar.xz        9e2c1b80d5fbe59b61308fdfab6c79b5021d7ff4ff2489fb12daf0a96a83551d
protobuf   protobuf_3.21.12.orig.tar.gz        930c2c3b5ecc6c9c12615cf5ad93f1cd6e12d0aba862b572e076259970ac3a53
yaml-cpp   yaml-cpp_0.7.0+dfsg.orig.tar.xz     dc63708605404e0b963e0ca3a9619d1c8270eda2839603e6fa0384e5e51e5312
re2        re2_20220601+dfsg.orig.tar.xz       3bc61251da3b0b97be40a8a127818c517c62516e4eda11fc901d29496663df54
"
recipe=2   # raise it when the options below change: everything is built again; recipe_NAME raises one of them
recipe_libarchive=3

options_zlib=()
options_libarchive=(-DENABLE_TEST=OFF -DENABLE_TAR=OFF -DENABLE_CPIO=OFF -DENABLE_CAT=OFF -DENABLE_INSTALL=ON -DENABLE_WERROR=OFF
  -DENABLE_OPENSSL=OFF -DENABLE_MBEDTLS=OFF -DENABLE_NETTLE=OFF -DENABLE_LIBB2=OFF -DENABLE_LZ4=OFF -DENABLE_LZO=OFF
  -DENABLE_LZMA=OFF -DENABLE_ZSTD=OFF -DENABLE_BZip2=OFF -DENABLE_LIBXML2=OFF -DENABLE_EXPAT=OFF -DENABLE_PCREPOSIX=OFF
  -DHAVE_ARC4RANDOM_BUF=OFF -DENABLE_LIBGCC=OFF -DENABLE_CNG=OFF -DENABLE_ACL=OFF -DENABLE_XATTR=OFF -DENABLE_ICONV=OFF -DENABLE_ZLIB=ON
  "-DZLIB_ROOT=$deps_dir/zlib" "-DZLIB_LIBRARY=$deps_dir/zlib/lib/libz.a" "-DZLIB_INCLUDE_DIR=$deps_dir/zlib/include")
options_protobuf=(-Dprotobuf_BUILD_TESTS=OFF -Dprotobuf_BUILD_PROTOC_BINARIES=OFF -Dprotobuf_BUILD_LIBPROTOC=OFF -Dprotobuf_WITH_ZLIB=OFF)
options_yaml_cpp=(-DYAML_CPP_BUILD_TESTS=OFF -DYAML_CPP_BUILD_TOOLS=OFF -DYAML_CPP_BUILD_CONTRIB=OFF -DYAML_BUILD_SHARED_LIBS=OFF)
options_re2=(-DRE2_BUILD_TESTING=OFF)
target_zlib=zlibstatic target_libarchive=archive_static target_protobuf=libprotobuf-lite target_yaml_cpp=yaml-cpp target_re2=re2

fetch_sources() { # NAME...: a private apt state, so the system's source lists stay as they are
  local lists=$work/apt conf
  mkdir -p "$lists/lists/partial" "$work/fetched"
  if [[ -e /etc/apt/sources.list.d/debian.sources ]]; then
    sed -E 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources > "$lists/src.sources"
  else
    sed -nE 's/^deb(-src)? /deb-src /p' /etc/apt/sources.list > "$lists/src.list"
  fi
  conf=(-o "Dir::Etc::sourcelist=$(ls "$lists"/src.*)" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$lists/lists"
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
  apt-get -qq "${conf[@]}" update
  (cd "$work/fetched" && apt-get -qq "${conf[@]}" source --download-only "$@" > /dev/null)
}

install_tree() { # NAME SOURCE BUILD DEST: takes the archive, the headers and the licence
  local src=$2 build=$3 dest=$4
  mkdir -p "$dest/lib" "$dest/include"
  case $1 in
    zlib)       cp "$build/libz.a" "$dest/lib/"; cp "$src/zlib.h" "$build/zconf.h" "$dest/include/" ;;
    libarchive) cp "$build/libarchive/libarchive.a" "$dest/lib/"; cp "$src/libarchive/archive.h" "$src/libarchive/archive_entry.h" "$dest/include/" ;;
    protobuf)   cp "$build/libprotobuf-lite.a" "$dest/lib/"
                (cd "$src/src" && find google/protobuf \( -name '*.h' -o -name '*.inc' \) | tar -cf - -T -) | tar -xf - -C "$dest/include" ;;
    yaml-cpp)   cp "$build/libyaml-cpp.a" "$dest/lib/"; cp -r "$src/include/yaml-cpp" "$dest/include/" ;;
    re2)        cp "$build/libre2.a" "$dest/lib/"; mkdir -p "$dest/include/re2"
                cp "$src"/re2/{re2,stringpiece,filtered_re2,set}.h "$dest/include/re2/" ;;
  esac
  local licence
  for licence in LICENSE COPYING README; do
    [[ -e $src/$licence ]] && cp "$src/$licence" "$dest/LICENCE.txt" && break
  done
}

build_one() { # NAME TARBALL
  local name=$1 id=${1//-/_} src=$work/src-$1 build=$work/build-$1
  local -n options=options_$id target=target_$id
  dpkg-source --no-check -x "$work"/fetched/"${2%%_*}"_*.dsc "$src" > /dev/null 2>&1
  case $name in
    zlib) mkdir -p "$src/win32"; : > "$src/win32/zlib1.rc" ;;   # a Windows resource that Debian leaves out
    libarchive) sed -i "s/\barc4random_buf\b/archive_&/" "$src/libarchive/archive_random.c" ;;   # its own: glibc has it since 2.36 only
    re2) (cd "$src/re2"                                         # tables that Debian makes anew at build time
          perl make_perl_groups.pl > perl_groups.cc
          for t in casefold groups; do PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 make_unicode_$t.py > unicode_$t.cc; done) ;;
  esac
  cmake -S "$src" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF "${cross[@]}" \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_C_VISIBILITY_PRESET=hidden -DCMAKE_CXX_VISIBILITY_PRESET=hidden \
    -DCMAKE_VISIBILITY_INLINES_HIDDEN=ON "-DCMAKE_C_FLAGS=-ffunction-sections -fdata-sections -ffile-prefix-map=$work/=" \
    "-DCMAKE_CXX_FLAGS=-ffunction-sections -fdata-sections -ffile-prefix-map=$work/=" "-DCMAKE_C_FLAGS_RELEASE=-O2 -DNDEBUG" \
    "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG" "${options[@]}" > "$work/$name.log" 2>&1 &&
    cmake --build "$build" --target "$target" -j"$jobs" >> "$work/$name.log" 2>&1 ||
    { tail -40 "$work/$name.log" >&2; echo "building $name did not work" >&2; exit 1; }
  rm -rf "$work/tree"
  install_tree "$name" "$src" "$build" "$work/tree"
  publish "$name" "$3" "$work/tree"
}

stamp_of() { local own=recipe_${1//-/_}; echo "$2-${!own:-$recipe}"; }   # NAME SUM

lock_deps
wanted=" ${*:-zlib libarchive protobuf yaml-cpp re2} "
todo=()
while read -r name tarball sum; do
  [[ -n $name && $wanted == *" $name "* ]] || continue
  is_done "$name" "$(stamp_of "$name" "$sum")" || todo+=("$name")
done <<< "$table"
((${#todo[@]})) || exit 0
scratch
fetch_sources "${todo[@]}"
while read -r name tarball sum; do
  [[ -n $name && " ${todo[*]} " == *" $name "* ]] || continue
  check_sha256 "$work/fetched/$tarball" "$sum"
  build_one "$name" "$tarball" "$(stamp_of "$name" "$sum")"
done <<< "$table"
