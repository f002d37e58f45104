#!/usr/bin/env bash
# Builds the worker's image and lets a worker in it get to a QR code, without a Docker engine: buildah with chroot
# isolation, on base images made from Debian's own packages (debootstrap) under the names of the real ones.
#
#   npm run image:check            needs root, buildah, debootstrap, and Debian's archive and the npm registry
#
# It shows that the Dockerfile builds, that the worker runs in it as its user on a read-only root file system, and how
# large it is. It shows it for this machine's architecture, and on a base that is Debian's minimal system and not the
# published image.
set -euo pipefail
cd "$(dirname "$0")/.."

work=${BERTH_IMAGE_DIR:-$(mktemp -d)}
mkdir -p "$work"
[ -n "${BERTH_IMAGE_DIR:-}" ] || trap 'rm -rf "$work"' EXIT
storage=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
buildah() { command buildah "${storage[@]}" "$@"; }
export BUILDAH_ISOLATION=chroot

node_image=$(sed -n 's/^ARG NODE_IMAGE=//p' container/Dockerfile)
debian_image=$(sed -n 's/^ARG DEBIAN_IMAGE=//p' container/Dockerfile)
suite=${debian_image##*:}
suite=${suite%-slim}

if [ ! -e "$work/base/etc/debian_version" ]; then
  echo "Installing $suite's minimal system ..."
  debootstrap --variant=minbase "$suite" "$work/base" http://deb.debian.org/debian > "$work/debootstrap.log"
fi
cat > "$work/base/etc/apt/sources.list" <<LIST
deb http://deb.debian.org/debian $suite main
deb http://deb.debian.org/debian-security $suite-security main
LIST
rm -rf "$work/base/var/cache/apt/archives" "$work/base/var/lib/apt/lists" "$work/base/usr/share/doc" \
  "$work/base/usr/share/man" "$work/base/usr/share/locale"

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
  --volume "$work/npmrc:/root/.npmrc:ro" \
  --volume "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}:/etc/ssl/certs/host.crt:ro" \
  . > "$work/image-id"

container=$(buildah from --pull-never berth-worker)
root=$(buildah mount "$container")
base=$(du --summarize --bytes "$work/base" | cut -f1)
total=$(du --summarize --bytes "$root" | cut -f1)
echo "Size, unpacked: $((total / 1000000)) MB, of which $((base / 1000000)) MB are Debian's minimal system"
du --summarize --bytes "$root/app" "$root/usr/local/bin/node" "$root/usr/lib/chromium" | sed "s#$root##"
echo "Compressed (gzip): $(tar --create --directory "$root" . | gzip --fast | wc --bytes | awk '{print int($1 / 1000000)}') MB"

echo "Running a worker in it ..."
node scripts/image-run.ts "$root"
buildah rm "$container" > /dev/null
