# Sourced by the other scripts: installs packages and builds the checkout. Prints messages on standard error, because
# standard output belongs to the command.
set -euo pipefail

root=$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# For wrong options: $* says what is allowed. The exit code is 2, as that of `pharos`.
refuse() {
  say "$*"
  exit 2
}

# Takes `--port PORT` or `--port=PORT` from the arguments. Sets `port`, unless the option is missing, and `arguments` to
# all other arguments. $1: the largest port; $2: text behind "a port from 1 to $1"; other arguments: those of the script.
take_port() {
  local most=$1 why=$2 given
  shift 2
  arguments=()
  while (($# > 0)); do
    case $1 in
    --port) given=${2-} ;;
    --port=*) given=${1#*=} ;;
    *)
      arguments+=("$1")
      shift
      continue
      ;;
    esac
    # Without leading zeros: bash would take the number for an octal one.
    [[ $given =~ ^[1-9][0-9]{0,4}$ ]] && ((given <= most)) ||
      refuse "--port: given \"$given\", allowed: a port from 1 to $most$why"
    port=$given
    [[ $1 == --port ]] && shift
    shift
  done
}

need_node() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    fail "Pharos needs Node.js 20.19 or newer with npm; see https://nodejs.org/"
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Pharos needs Node.js 20.19 or newer; this is $(node --version)"
}

# npm runs no install scripts, because no dependency needs its install script. Warnings are off, because npm would also
# warn about the user's own settings.
install_packages() {
  [[ node_modules/.package-lock.json -nt package-lock.json ]] && return
  say "Installing packages..."
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 && touch node_modules/.package-lock.json
}

build() {
  [[ -f dist/cli/main.js && -z $(find src tsconfig*.json package.json -newer dist/cli/main.js -print -quit) ]] && return
  say "Building..."
  npm run --silent build >&2
}

# Runs a command under a lock if flock is installed. The lock prevents two scripts from installing or building at the
# same time.
locked() {
  local lock='' status=0
  if command -v flock >/dev/null; then
    exec {lock}<"$root/package.json"
    flock "$lock"
  fi
  "$@" || status=$?
  [[ -z $lock ]] || exec {lock}<&-
  return "$status"
}

# Installs packages and builds if needed. Does not change the current folder.
set_up() {
  need_node
  # If the checkout is read-only but already built, the script uses the existing build.
  [[ -w $root || ! -f $root/dist/cli/main.js ]] || return 0
  (cd -- "$root" && locked install_packages && locked build)
}

# Installs missing Debian packages if this user has the right to do so.
# $1: the program that needs the packages, for the message; other arguments: command=packages.
need_tools() {
  local why=$1 pair packages missing=()
  shift
  for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null && continue
    read -ra packages <<<"${pair#*=}"
    missing+=("${packages[@]}")
  done
  ((${#missing[@]} == 0)) && return
  local as_root=()
  ((EUID == 0)) || as_root=(sudo -n)
  if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    say "$why needs ${missing[*]}. On Debian or Ubuntu: sudo apt-get install ${missing[*]}"
    say "On other systems: Mongrel2 1.12 or newer from https://github.com/mongrel2/mongrel2, Chromium from the system's packages."
    return 1
  fi
  say "Installing ${missing[*]}..."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 || say "apt-get update failed; trying with the old package lists."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}
