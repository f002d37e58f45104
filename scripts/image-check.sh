#!/usr/bin/env bash
# Builds the worker's image and lets workers in it link an account, without a Docker engine: buildah with chroot
# isolation, on base images made from Debian's own packages (debootstrap) under the names of the real ones.
#
#   npm run image:check            needs root, buildah, debootstrap, Debian's archive (for the base) and the npm registry
#
# BERTH_IMAGE_DIR=DIR keeps the work folder, so that a second run makes no base again, and the image's files as DIR/root:
# `BERTH_SIZE_IMAGE=DIR/root npm run bench -- size` measures workers in them.
#
# It shows that
#   - the Dockerfile builds without any package index of Debian: the base has none, so a build that installs a package
#     fails. Nothing that the build needs can leave Debian's archive;
#   - the worker runs in the image as its own user on a read-only root file system, and gets to a QR code;
#   - the image's browser is the build that `npm start` uses: an account that is linked in the image comes back without
#     a QR code on this machine, and the other way round;
#   - how large the image is, how long a start takes and how much memory a linked session holds.
# It shows it for this machine's architecture (x86-64), and on a base that is Debian's minimal system and not the
# published image.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  '') ;;
  -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"; exit 0 ;;
  *) echo "image-check: unknown argument $1; see --help" >&2; exit 2 ;;
esac
[ "$(id -u)" = 0 ] || { echo "image-check: run it as root (chroot and mounts)" >&2; exit 2; }
for tool in buildah debootstrap; do
  command -v "$tool" > /dev/null || { echo "image-check: $tool is missing: apt-get install $tool" >&2; exit 2; }
done

work=${BERTH_IMAGE_DIR:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${BERTH_IMAGE_DIR:-}" ] || trap 'rm -rf "$work"' EXIT
storage=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
buildah() { command buildah "${storage[@]}" "$@"; }
export BUILDAH_ISOLATION=chroot

# Without digests: the bases made here are not the published images.
image_of() { sed -n "s/^ARG $1=\([^@]*\).*/\1/p" container/Dockerfile; }
node_image=$(image_of NODE_IMAGE)
debian_image=$(image_of DEBIAN_IMAGE)
suite=${debian_image##*:}
suite=${suite%%-*}

if [ ! -e "$work/base/etc/debian_version" ]; then
  echo "Installing $suite's minimal system ..."
  debootstrap --variant=minbase "$suite" "$work/base" http://deb.debian.org/debian > "$work/debootstrap.log" 2>&1 || { tail -n 3 "$work/debootstrap.log" >&2; exit 1; }
fi
# No source, no index: apt-get can install nothing.
rm -rf "$work/base/etc/apt/sources.list" "$work/base/etc/apt/sources.list.d" "$work/base/var/cache/apt/archives" \
  "$work/base/var/lib/apt/lists" "$work/base/usr/share/doc" "$work/base/usr/share/man" "$work/base/usr/share/locale"

make_base() { # name, command that fills the mounted root
  local container root
  container=$(buildah from scratch)
  root=$(buildah mount "$container")
  cp -a "$work/base/." "$root/"
  "${@:2}" "$root"
  buildah umount "$container" > /dev/null
  buildah commit --quiet --rm "$container" "$1" > /dev/null
}
# Node as npm publishes it, and the npm of this machine.
with_node() {
  mkdir -p "$1/usr/local/lib/node_modules"
  cp "$(readlink -f node_modules/.bin/node)" "$1/usr/local/bin/node"
  cp -aL "$(dirname "$(readlink -f "$(command -v npm)")")/.." "$1/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/usr/local/bin/npm"
}
echo "Making $debian_image and $node_image ..."
make_base "$debian_image" true
make_base "$node_image" with_node

# How this machine reaches the npm registry.
printf 'cafile=%s\n' /etc/ssl/certs/host.crt > "$work/npmrc"
echo "Building the image ..."
buildah build --quiet --pull-never --format docker --file container/Dockerfile --tag berth-worker \
  --build-arg "NODE_IMAGE=$node_image" --build-arg "DEBIAN_IMAGE=$debian_image" \
  --volume "$work/npmrc:/root/.npmrc:ro" \
  --volume "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}:/etc/ssl/certs/host.crt:ro" \
  . > "$work/image-id"

container=$(buildah from --pull-never berth-worker)
root=$(buildah mount "$container")
base=$(du --summarize --bytes "$work/base" | cut -f1)
total=$(du --summarize --bytes "$root" | cut -f1)
echo "Size, unpacked: $((total / 1000000)) MB, of which $((base / 1000000)) MB are Debian's minimal system"
du --summarize --bytes "$root/app" "$root/usr/local/bin/node" "$root/opt/chromium" | sed "s#$root##"
echo "Compressed (gzip): $(tar --create --directory "$root" . | gzip --fast | wc --bytes | awk '{print int($1 / 1000000)}') MB"

echo "Running workers in it ..."
node_modules/.bin/node scripts/image-run.ts "$root"
if [ -n "${BERTH_IMAGE_DIR:-}" ]; then
  ln -sfn "$root" "$work/root"
else
  buildah rm "$container" > /dev/null
fi
