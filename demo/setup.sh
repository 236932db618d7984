#!/usr/bin/env bash
# Sets up what the binary does not bring: a Python environment that the sandbox's user can read, and bubblewrap.
# Checks the Rust toolchain and the C compiler too. Safe to run again: once all is there it takes a moment.
#
#   HOLDPOINT_PYTHON  the interpreter to build the environment on (default: the system's)
#   HOLDPOINT_VENV    where the environment goes (default: /opt/holdpoint/… as root,
#                     ${XDG_DATA_HOME:-~/.local/share}/holdpoint/… otherwise)
#
# .venv in the checkout is a link to the environment, so that everything else needs to know no other path.
# With --tests the environments of the Jupyter servers and of the clients that tests talk to are made too, beside it.
set -euo pipefail
umask 022
cd "$(dirname "$0")/.."

stop() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

is_root() { [[ $(id -u) -eq 0 ]]; }

# Installs Debian packages as root; says what to install otherwise. $1: what for, the rest: packages.
packages() {
    local why=$1
    shift
    if ! is_root || ! command -v apt-get >/dev/null; then
        stop "$why" "install it with the system's package manager (Debian, Ubuntu: apt-get install $*), then run this again"
    fi
    echo "setup: installing $*"
    local said install=(env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@")
    # The package lists may be missing or old; they are fetched only when the first try fails.
    said=$("${install[@]}" 2>&1) || said=$(apt-get update -qq 2>&1 && "${install[@]}" 2>&1) ||
        stop "$why" "apt-get could not install $*:" "$said"
}

# Whether the sandbox's user can get at a path. Only root's programs run as another user.
sandbox_can_reach() {
    is_root || return 0
    local path
    path=$(realpath -m "$1")
    while [[ $path != / ]]; do
        if [[ -d $path ]] && ! [[ $(stat -c %A "$path") =~ [xt]$ ]]; then
            unreachable=$path
            return 1
        fi
        path=$(dirname "$path")
    done
}

check_rust() {
    command -v cargo >/dev/null ||
        stop "Rust is missing" "get it from rustup.rs or as the package rustup, then run this again"
    local needed have
    needed=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    have=$(cargo --version | cut -d' ' -f2)
    [[ $(printf '%s\n' "$needed" "$have" | sort -V | head -1) == "$needed" ]] ||
        stop "Rust $have is too old, $needed is needed" "with rustup: rustup update stable"
    command -v cc >/dev/null ||
        packages "a C compiler is missing (zstd and ring are built with it)" gcc libc6-dev
}

# The system's interpreters come before the PATH's: one under a private home is out of the sandbox's reach.
find_python() {
    local candidate
    for candidate in ${HOLDPOINT_PYTHON:-/usr/bin/python3 /usr/bin/python3.{14,13,12,11} /usr/local/bin/python3}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
            sandbox_can_reach "$candidate"; then
            interpreter=$candidate
            return
        fi
    done
    if [[ -n ${HOLDPOINT_PYTHON:-} ]]; then
        stop "HOLDPOINT_PYTHON=$HOLDPOINT_PYTHON is no Python of 3.11 or newer that the sandbox's user can run"
    fi
    packages "no Python of 3.11 or newer under /usr/bin or /usr/local/bin" python3 python3-venv
    interpreter=/usr/bin/python3
    "$interpreter" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "the system's $("$interpreter" --version) is too old, 3.11 is needed" \
            "set HOLDPOINT_PYTHON to a newer one that lies outside private homes"
}

# $1: the pinned packages, $2: the link to the environment, $3: where it goes, if that is given.
make_environment() {
    local requirements=$1 link=$2 given=${3:-} wanted venv base
    # What wheels are built for and where the interpreter is; not its patch level, which an update changes.
    wanted=$({ "$interpreter" -c 'import sys; print(sys.implementation.cache_tag, sys.executable)'
               cat "$requirements"; } | sha256sum | cut -c1-12)
    if [[ -n $given ]]; then
        venv=$(realpath -m "$given")
    else
        if is_root; then base=/opt/holdpoint; else base=${XDG_DATA_HOME:-$HOME/.local/share}/holdpoint; fi
        venv=$base/venv-$wanted
    fi
    { mkdir -p "$(dirname "$venv")" && [[ -w $(dirname "$venv") ]]; } 2>/dev/null ||
        stop "$(dirname "$venv") cannot be written" "set HOLDPOINT_VENV to a place that can"
    sandbox_can_reach "$venv" ||
        stop "the sandbox's user cannot enter $unreachable, so it could not run Python from $venv" \
            "set HOLDPOINT_VENV to a place outside private homes"
    [[ ! -e $link || -L $link ]] || stop "$link is not the link that setup makes; move it away"

    # Two setups at once wait for each other; the stamp is written last, so a broken-off one starts over.
    exec 9>"$venv.lock"
    flock 9
    if [[ $(cat "$venv/.holdpoint" 2>/dev/null) != "$wanted" ]]; then
        if [[ -e $venv && ! -e $venv/.holdpoint ]]; then
            stop "$venv exists and was not made by this setup" "set HOLDPOINT_VENV to another place"
        fi
        "$interpreter" -c 'import ensurepip' 2>/dev/null ||
            packages "$interpreter cannot make virtual environments" \
                "$(basename "$(realpath "$interpreter")")-venv"
        echo "setup: making the Python environment $venv"
        rm -rf "$venv"
        mkdir "$venv"
        echo unfinished >"$venv/.holdpoint"
        "$interpreter" -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
            --no-deps --requirement "$requirements"
        echo "$wanted" >"$venv/.holdpoint"
    fi
    exec 9>&-
    ln -sfn "$venv" "$link"
}

check_sandbox() {
    command -v bwrap >/dev/null || packages "bubblewrap is missing: it is the wall programs run behind" bubblewrap
    local try=(bwrap --unshare-all --die-with-parent --ro-bind / / true)
    if is_root; then
        try=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups "${try[@]}")
    fi
    "${try[@]}" 2>/dev/null ||
        stop "bubblewrap is there but cannot make a sandbox: $("${try[@]}" 2>&1 | head -1)" \
            "unprivileged user namespaces must be allowed (sysctl kernel.unprivileged_userns_clone=1 on older" \
            "kernels, an AppArmor profile for bwrap on Ubuntu 24.04, more than the default rights in a container)"
}

check_rust
find_python
make_environment demo/requirements.txt .venv "${HOLDPOINT_VENV:-}"
if [[ ${1:-} == --tests ]]; then
    make_environment tests/jupyter/requirements.txt .venv-jupyter
    make_environment tests/jupyter/requirements-enterprise.txt .venv-enterprise
    make_environment tests/langgraph/requirements.txt .venv-langgraph
fi
check_sandbox
