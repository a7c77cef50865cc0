#!/usr/bin/env bash
# Lays what a cross build takes from Debian as it is (libcrypto.a and headers) into .deps/MACHINE/system; nothing is installed.
# The packages are of the release that runs here, checked by apt against Debian's signed index; their list is private, so the system's stays as it is.
source "$(dirname "$0")/common.sh"
recipe=2   # raise it when the list changes
packages="libssl-dev doctest-dev nlohmann-json3-dev libcli11-dev libstb-dev libxxhash-dev"
case $machine in
  aarch64) architecture=arm64 ;;
  *) echo "no Debian architecture is known for $machine" >&2; exit 1 ;;
esac
lock_deps
is_done system "$recipe" && exit 0
scratch
mkdir -p "$work/apt/lists/partial" "$work/fetched" "$work/tree"
: > "$work/apt/status"
if [[ -e /etc/apt/sources.list.d/debian.sources ]]; then
  cp /etc/apt/sources.list.d/debian.sources "$work/apt/deb.sources"
else
  grep -E '^deb ' /etc/apt/sources.list > "$work/apt/deb.list"
fi
conf=(-o "Dir::Etc::sourcelist=$(ls "$work"/apt/deb.*)" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$work/apt/lists"
      -o "Dir::State::status=$work/apt/status" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root
      -o "APT::Architecture=$architecture" -o "APT::Architectures::=$architecture")
apt-get -qq "${conf[@]}" update
# shellcheck disable=SC2086
(cd "$work/fetched" && apt-get -qq "${conf[@]}" download $packages > /dev/null)
for package in "$work"/fetched/*.deb; do dpkg-deb -x "$package" "$work/tree"; done
rm -rf "$work/tree/usr/bin"
[[ -e $work/tree/usr/include/openssl/sha.h && -e $work/tree/usr/include/doctest/doctest.h ]] || { echo "Debian's packages lack what was expected of them" >&2; exit 1; }
publish system "$recipe" "$work/tree"
