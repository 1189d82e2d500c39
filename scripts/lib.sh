# Shared by the scripts: where things are, and how packages are installed. Source it.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)

build_packages="autoconf automake build-essential libtool pkg-config libcbor-dev libcjson-dev
    libcurl4-openssl-dev libfido2-dev libmicrohttpd-dev libp11-kit-dev libsecp256k1-dev libsqlite3-dev libssl-dev nettle-dev"
demo_packages="jq opensc openssl"
client_packages="chromium gnutls-bin libengine-pkcs11-openssl libnss3-tools openjdk-17-jdk-headless openssh-client p11-kit
    p11-kit-modules python3-pykcs11 systemd"
# The leak checker tells ld.so's memory from a leak by the names of functions, which llvm-symbolizer knows.
clang_packages="clang libclang-rt-14-dev lld llvm"
check_packages="bash-completion ccache check man-db python3-fido2 sqlite3 valgrind xz-utils"

# With the seconds since the script began.
say() {
    printf '\n== %4d s: %s\n' "$SECONDS" "$*"
}

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# Installs what is missing of the named Debian packages, as root or through sudo.
install_packages() {
    local missing=() name sudo=
    for name in "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' ||
            missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || sudo=sudo
    say "Installing ${missing[*]}"
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null
}

# Node.js, of whatever origin.
install_node() {
    command -v node >/dev/null && command -v npm >/dev/null || install_packages nodejs npm
}

# Was ./configure run in the source tree itself? Then configure refuses every other directory.
is_configured_in_place() {
    [ -f "$root/config.status" ]
}

must_not_be_in_place() {
    ! is_configured_in_place || die "$root was configured in place (./configure), and $(basename "$0") \
builds in directories of its own, which works only with a clean source tree. Run first: make -C '$root' distclean"
}

# autoreconf, once for all build directories.
bootstrap() {
    must_not_be_in_place
    if [ ! -x "$root/configure" ] || [ "$root/configure.ac" -nt "$root/configure" ]; then
        (cd "$root" && autoreconf -fi >/dev/null 2>&1) || (cd "$root" && autoreconf -fi)
    fi
}

# configure and libtool are shell scripts that run for every file: in Debian's small shell they take
# half the time that they take in bash.
export CONFIG_SHELL=/bin/sh

# configure DIR ARGUMENTS...: once.
configure() {
    local dir=$1
    shift
    mkdir -p "$dir"
    (
        cd "$dir"
        [ -f config.status ] || "$root/configure" --quiet "$@"
    )
}

# build DIR CONFIGURE-ARGUMENTS...: configures once, then makes.
build() {
    configure "$@"
    make -s -C "$1" -j "$jobs"
}
