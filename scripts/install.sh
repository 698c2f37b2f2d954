# shellcheck shell=bash
# Sourced by the other scripts: puts what they need into the project's own folder, once. $root is the project.
say() { echo "tallyhouse: $*" >&2; }

# install_python NAME LOCK...: .venv with the locked packages and this project. NAME says which set, for the stamp.
install_python() {
  local name=$1 stamp; shift
  stamp=$(cd "$root" && cat pyproject.toml requirements-build.lock "$@" | sha256sum | cut -d' ' -f1)
  [ "$(cat "$root/.venv/.installed-$name" 2>/dev/null)" = "$stamp" ] && return
  if [ ! -x "$root/.venv/bin/python" ]; then
    say "making .venv"
    python3 -m venv "$root/.venv" || { say "python3 has no venv module: run 'apt install python3-venv' as root, then this again"; return 1; }
  fi
  say "installing $(cd "$root" && cat "$@" | grep -c '^[a-z].*==') Python packages (a minute or two)"
  local locks=(-r requirements-build.lock) lock
  for lock in "$@"; do locks+=(-r "$lock"); done
  (cd "$root" && .venv/bin/pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: "${locks[@]}" &&
    .venv/bin/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .) || return 1
  echo "$stamp" >"$root/.venv/.installed-$name"
}

# install_debian PACKAGE...: those that are missing, by apt, where we may.
install_debian() {
  local missing=() package
  for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
  [ ${#missing[@]} = 0 ] && return
  [ "$(id -u)" = 0 ] || { say "missing: ${missing[*]}; run 'apt install --no-install-recommends ${missing[*]}' as root"; return 1; }
  say "installing ${missing[*]} (a minute or two)"
  local told
  if ! told=$(apt-get update -qq 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" 2>&1); then
    echo "$told" >&2
    return 1
  fi
}

has_mosquitto() { command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || [ -x "$root/.broker/mosquitto" ]; }

# install_mosquitto: Debian's broker, by apt where we may, else its packages unpacked into .broker/.
install_mosquitto() {
  has_mosquitto && return
  if [ "$(id -u)" = 0 ] && install_debian mosquitto; then return; fi
  say "unpacking mosquitto into .broker"
  (unpack_mosquitto) || { say "mosquitto cannot be fetched: run 'apt install mosquitto' as root, then this again"; return 1; }
}

unpack_mosquitto() {
  set -e
  local libraries
  mkdir -p "$root/.broker/lists/partial" "$root/.broker/cache/archives/partial"
  cd "$root/.broker"
  local own=(-o "Dir::State::Lists=$PWD/lists" -o "Dir::Cache=$PWD/cache" -o Dir::State::status=/var/lib/dpkg/status)
  apt-get "${own[@]}" update -qq
  apt-get "${own[@]}" download -qq mosquitto libmosquitto1 libcjson1 libdlt2 libwrap0
  for package in *.deb; do dpkg -x "$package" .; done
  rm -rf lists cache ./*.deb
  libraries=usr/lib/$(python3 -c 'import sysconfig; print(sysconfig.get_config_var("MULTIARCH"))')
  cat >mosquitto <<RUN
#!/bin/sh
here=\$(dirname "\$(readlink -f "\$0")")
LD_LIBRARY_PATH=\$here/$libraries exec "\$here/usr/sbin/mosquitto" "\$@"
RUN
  chmod +x mosquitto
}
