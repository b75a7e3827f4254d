#!/bin/sh
# What `snap` says and does for one snap with one setting, in the words of canonical/snapd (cmd/snapd/cli, daemon,
# overlord/configstate); settings are kept in a file, and services are systemd's.
STATE=/var/lib/rig-snapd
UNIT=snap.ollama.listener.service
HOOK=/snap/ollama/current/meta/hooks/configure

fail() {
  echo "error: $*" >&2
  exit 1
}

echo "$*" >>"$STATE/calls"
[ ! -e "$STATE/down" ] || fail 'cannot communicate with server: Get "http://localhost/v2/snaps/ollama": dial unix /run/snapd.socket: connect: no such file or directory'
verb=$1
shift
[ "$(id -u)" = 0 ] || fail 'access denied (try with sudo)'
[ "$1" = ollama ] || fail "snap \"$1\" is not installed"

changed() {
  if [ -e "$STATE/busy" ]; then
    fail 'snap "ollama" has "refresh-snap" change in progress'
  fi
  [ -e "$HOOK" ] || return 0
  if [ -e "$STATE/hook-fails" ]; then
    [ ! -e "$STATE/before" ] || cp "$STATE/before" "$STATE/host"
    fail 'cannot perform the following tasks:
- Run configure hook of "ollama" snap (run hook "configure": cannot start)'
  fi
  systemctl stop $UNIT
  systemctl start $UNIT
}

case $verb in
  get)
    [ "$2" = host ] || fail "snap \"ollama\" has no \"$2\" configuration option"
    [ -e "$STATE/host" ] || fail 'snap "ollama" has no "host" configuration option'
    cat "$STATE/host"
    ;;
  set)
    [ ! -e "$STATE/busy" ] || changed
    rm -f "$STATE/before"
    [ ! -e "$STATE/host" ] || cp "$STATE/host" "$STATE/before"
    echo "${2#host=}" >"$STATE/host"
    changed
    ;;
  unset)
    rm -f "$STATE/host"
    changed
    ;;
  start) systemctl start $UNIT && echo Started. ;;
  stop) systemctl stop $UNIT && echo Stopped. ;;
  restart) systemctl restart $UNIT && echo Restarted. ;;
  *) fail "unknown command \"$verb\"" ;;
esac
