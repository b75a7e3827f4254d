#!/bin/sh
#[allow
# shellcheck disable=SC2030,SC2031 # "on" has other values in a subshell, for one command alone
#]
# Makes the Ollama that systemd runs on this host listen on @value@: writes a drop-in beside its unit, restarts it,
# proves that it listens, and puts everything back when it does not. For hosts without Node; as root, or for a service of
# systemctl --user (Homebrew's on Linux is homebrew.ollama.service) as that user.
#
#   sh ollama-host.sh plan      shows what would change, changes nothing (the default; exit 10 with "check")
#   sh ollama-host.sh apply     does it, unless it is done
#   sh ollama-host.sh verify    is it in force?
#   sh ollama-host.sh undo      takes it back; so does: npx stigmer-setup-ollama undo
#
# After the word: --unit NAME (ollama.service), --scope user, --timeout SECONDS (60). Exit codes: 0 as wanted, 2 usage, 3 no such
# service, 4 cannot be changed from here, 5 not root, 6 a step failed and 7 Ollama did not come up (both: put back),
# 9 putting back failed, 10 something would change, 11 another run is at work, 129/130/143 interrupted (put back).
#
#[allow
# Lets in @who@ alone (--allow @allow@, with @nft@; not for --scope user). Bridges of containers
# with a name of their own (com.docker.network.bridge.name) are not known and kept out.
#
#]
# Written by stigmer-setup-ollama @version@. OLLAMA_HOST=@value@
set -fu
umask 022
LC_ALL=C
export LC_ALL

ASSIGNMENT='@assignment@'
# Other spellings of the same, and how the kernel prints the socket in /proc/net/tcp and tcp6.
SAME='@same@'
LISTEN='@listen@'
URL='@url@/api/version'
NAME='@name@'
LINE="^[[:blank:]]*Environment=[\"']\\{0,1\\}OLLAMA_HOST=.*\$"

drop_in() {
  cat <<'DROP_IN'
@drop_in@
DROP_IN
}

#[allow
@filter@

#]
systemctl() { command systemctl ${SCOPE:+"--$SCOPE"} "$@"; }

say() { printf '%s\n' "$*"; }

# die CODE WHAT MEANING REMEDY
die() {
  printf '%s\n%s\n  %s\n' "$2" "$3" "$4" >&2
  exit "$1"
}

property() {
  shown=$(systemctl show "$UNIT" -p "$1" 2>/dev/null)
  say "${shown#*=}"
}

# Running, or being brought up over and over.
is_started() {
  case $(property ActiveState) in active | reloading | activating | deactivating) return 0 ;; esac
  return 1
}

is_same() {
  case " $SAME " in *" $1 "*) return 0 ;; esac
  return 1
}

# The processes of the service: its control group is in one of three places.
processes() {
  group=$(property ControlGroup)
  for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    [ -n "$group" ] && cat "$root$group/cgroup.procs" 2>/dev/null
  done
  property MainPID
}

# listens [any]: true when a process of the service listens as wanted (or at all). What answers may be another's.
listens() {
  pids=$(processes)
  for table in /proc/net/tcp6 /proc/net/tcp; do
    [ -r "$table" ] || continue
    while read -r _ socket _ state _ _ _ _ _ inode _; do
      [ "$state" = 0A ] || continue
      [ $# -gt 0 ] || case " $LISTEN " in *" $socket "*) ;; *) continue ;; esac
      for pid in $pids; do
        [ "$pid" != 0 ] || continue
        case $(ls -l "/proc/$pid/fd" 2>/dev/null) in *"socket:[$inode]"*) return 0 ;; esac
      done
    done <"$table"
  done
  return 1
}

# Fills BODY. 0: answers; 1: does not; 2: there is no program to ask with.
answers() {
  if command -v curl >/dev/null 2>&1; then
    BODY=$(curl -fsS -m 3 --noproxy '*' "$URL" 2>/dev/null) || return 1
  elif command -v wget >/dev/null 2>&1; then
    BODY=$(env -u http_proxy -u HTTP_PROXY wget -q -T 3 -O - "$URL" 2>/dev/null) || return 1
  else
    return 2
  fi
}

nap() { sleep 0.2 2>/dev/null || sleep 1; }

# Seconds since the machine started: the clock may be set while this waits.
now() {
  read -r up _ </proc/uptime
  say "${up%%.*}"
}

# What its unit files say, in systemd's order, but for our own drop-in: VALUE and SOURCE, and what stands in the way.
survey() {
  VALUE='' SOURCE='' UNSET='' FILES='' OBSTACLE='' file=''
  while IFS= read -r line; do
    line=${line#"${line%%[![:blank:]]*}"}
    case $line in
      '# /'*) file=${line#\# } ;;
    esac
    [ "$file" != "$DROP_IN" ] || continue
    case $line in
      Environment=*OLLAMA_HOST=*)
        VALUE=${line##*OLLAMA_HOST=} VALUE=${VALUE%%[\"\' ]*} SOURCE=$file
        is_later "$file" && is_other "$VALUE" && OBSTACLE="$file sets OLLAMA_HOST after every drop-in of ours"
        ;;
      Environment=)
        VALUE='' SOURCE=''
        is_later "$file" && OBSTACLE="$file takes back every Environment= before it"
        ;;
      EnvironmentFile=) FILES='' ;;
      EnvironmentFile=*) FILES="$FILES ${line#*=}" ;;
      UnsetEnvironment=) UNSET='' ;;
      UnsetEnvironment=*OLLAMA_HOST*) UNSET=$file ;;
      ExecStart=*OLLAMA_HOST=*) OBSTACLE="the start command in $file sets OLLAMA_HOST itself" ;;
      ExecStart=*docker* | ExecStart=*podman* | ExecStart=*nerdctl*) OBSTACLE="$UNIT runs Ollama inside a container" ;;
    esac
  done <<CAT
$(systemctl cat "$UNIT" 2>/dev/null)
CAT
  [ -z "$UNSET" ] || OBSTACLE="UnsetEnvironment= in $UNSET takes OLLAMA_HOST away again"
  survey_files
}

is_other() { ! is_same "$1"; }

# Drop-ins apply in byte order of their names.
is_later() {
  case $1 in *.d/*) expr "x${1##*/}" \> "x$NAME" >/dev/null ;; *) return 1 ;; esac
}

# An EnvironmentFile= beats every Environment= (systemd.exec(5)).
survey_files() {
  for entry in $FILES; do
    path=${entry#-}
    if [ ! -e "$path" ]; then
      case $entry in -* | *[*?[]*) continue ;; esac
      OBSTACLE="its EnvironmentFile $path is not there, so that it cannot be started"
      continue
    fi
    set_there=$(sed -n 's/^[[:blank:]]*OLLAMA_HOST=//p' "$path" | sed -n '$p' | tr -d "\"'")
    [ -n "$set_there" ] || continue
    VALUE=$set_there SOURCE=$path
    is_same "$set_there" || OBSTACLE="$path sets OLLAMA_HOST=$set_there, which wins over every drop-in"
  done
}

# Fills TEXT (what the drop-in shall hold), and sets EDIT when it does not, RESTART when Ollama does not listen so.
plan() {
  [ -z "$LIVE" ] || survey
  [ -z "$OBSTACLE" ] || die 4 "No drop-in can set OLLAMA_HOST for $UNIT: $OBSTACLE." 'Nothing was changed.' \
    "systemctl${SCOPE:+ --$SCOPE} cat $UNIT   # change it there; where there is Node: npx stigmer-setup-ollama"
  EDIT='' RESTART=''
  if [ -e "$DROP_IN" ] || [ -L "$DROP_IN" ]; then
    is_ours || die 4 "$DROP_IN is there, and not written by this program." 'Nothing was changed.' "cat $DROP_IN"
    cp -p "$DROP_IN" "$WORK/after" # for its mode and owner
    sed "/$LINE/{s|$LINE|$ASSIGNMENT|;:rest
\$!{n;b rest
}
}" "$DROP_IN" >"$WORK/after"
    cmp -s "$DROP_IN" "$WORK/after" || EDIT=yes
    [ -z "$EDIT" ] || [ ! -e "$RECEIPT" ] || die 4 "$UNIT was set up by the program itself (receipt $RECEIPT)." \
      'Nothing was changed: that record would be wrong afterwards.' 'npx stigmer-setup-ollama'
  elif ! is_durable; then
    drop_in >"$WORK/after"
    EDIT=yes
  fi
  [ -z "$LIVE" ] || listens || RESTART=yes
#[allow
  plan_filter
#]
}

is_ours() {
  [ -f "$DROP_IN" ] && [ ! -L "$DROP_IN" ] && grep -q 'Written by stigmer-setup-ollama ' "$DROP_IN" && grep -q "$LINE" "$DROP_IN"
}

# Set elsewhere already, so that it lasts: nothing below /run does, and Ollama's install.sh and Homebrew write their units anew.
is_durable() {
  [ -n "$VALUE" ] && is_same "$VALUE" || return 1
  case $SOURCE in /run/* | */homebrew.*.service | /etc/systemd/system/ollama.service) return 1 ;; esac
}

show_plan() {
  if [ -n "$EDIT" ] && [ -e "$DROP_IN" ]; then
    say "Would change $DROP_IN:"
    diff -u "$DROP_IN" "$WORK/after"
  elif [ -n "$EDIT" ]; then
    say "Would write $DROP_IN:"
    sed 's/^/+/' "$WORK/after"
  fi
#[allow
  show_filter
#]
  [ -z "$LIVE" ] || is_started || say "$UNIT is stopped."
  [ -z "$RESTART" ] || say "Would restart $UNIT."
  [ -n "$EDIT$RESTART@too@" ] || say "Unchanged: $UNIT is set to @value@ already."
}

# write FILE: its bytes become the drop-in's, whole or not at all.
write() {
  mkdir -p "$DIR" && cp -p "$1" "$DIR/.$NAME.$$.tmp" &&
    mv -f "$DIR/.$NAME.$$.tmp" "$DROP_IN" && {
    ! command -v restorecon >/dev/null 2>&1 || restorecon -F "$DROP_IN" || :
  }
}

remove() { rm -f "$DROP_IN" && { [ -n "$HAD_DIR" ] || rmdir "$DIR" 2>/dev/null || [ ! -d "$DIR" ] || [ -n "$(ls -A "$DIR")" ]; }; }

# activate [VERB]: lets systemd read the files, and do that with the service.
activate() {
  systemctl daemon-reload || return 1
  [ $# -gt 0 ] || return 0
  systemctl reset-failed "$UNIT" 2>/dev/null
  systemctl --no-ask-password "$1" "$UNIT"
}

# From the first change until it is proved: every way out of here puts back what was there.
put_back() {
  trap '' HUP INT TERM
  rm -f "$DIR/.$NAME.$$.tmp"
  failed=''
  if [ -n "$EDIT" ]; then
    if [ -e "$WORK/before" ]; then write "$WORK/before" || failed=yes; else remove || failed=yes; fi
  fi
#[allow
  put_back_filter
#]
  # shellcheck disable=SC2086 # no word at all where nothing was done to the service
  [ -z "$ACTED" ] || activate $BACK || failed=yes
#[allow
  [ -z "$ACTED" ] || put_back_table
#]
  [ -z "$failed" ] || die 9 'Putting everything back failed as well.' "Look at $DROP_IN and at the service." "systemctl${SCOPE:+ --$SCOPE} status $UNIT"
}

abort() {
  put_back
  say "Interrupted; everything is as it was." >&2
  exit "$1"
}

apply() {
  plan
  if [ -z "$EDIT$RESTART@too@" ]; then
    show_plan
    TIMEOUT=1 prove_http
    return
  fi
  ACTED='' BACK='' HAD_DIR=''
  [ ! -d "$DIR" ] || HAD_DIR=yes
  if [ -n "$RESTART" ]; then
    if is_started; then BACK=restart; else BACK=stop; fi
  fi
  [ ! -e "$DROP_IN" ] || cp -p "$DROP_IN" "$WORK/before" || exit 6
#[allow
  keep_filter
#]
  trap 'abort 129' HUP
  trap 'abort 130' INT
  trap 'abort 143' TERM
#[allow
  write_filter
#]
  if [ -n "$EDIT" ]; then write "$WORK/after" || fail 6 "$DROP_IN could not be written"; fi
  [ -n "$LIVE" ] || { say "Changed: $DROP_IN is written; it counts when $UNIT is started."; return; }
  ACTED=yes
  # shellcheck disable=SC2086 # no word at all where it listens so already
  activate ${RESTART:+restart} || fail 6 "systemctl could not restart $UNIT"
#[allow
  load_filter
#]
  wait_for || fail 7 "$UNIT does not listen on @value@"
#[allow
  is_loaded || fail 7 "$UNIT runs without the filter: a later ExecStartPre= takes its line away"
#]
  trap - HUP INT TERM
  prove_http
  say "Changed: $UNIT listens on @value@. Take it back with: sh ollama-host.sh undo"
}

last_words() {
  say "It is $(property ActiveState) ($(property Result)):"
  journalctl ${SCOPE:+"--$SCOPE"} -u "$UNIT" -n 6 --no-pager -o cat 2>/dev/null
}

# fail CODE WHAT
fail() {
  words=''
  [ -z "$ACTED" ] || words=" $(last_words)"
  put_back
  die "$1" "$2.$words" 'Everything was put back, and the service is as it was.' "journalctl${SCOPE:+ --$SCOPE} -u $UNIT -n 50"
}

# wait_for [any]: until a process of the service listens; not for one that has died for good, or twice.
wait_for() {
  end=$(($(now) + TIMEOUT))
  while ! listens "$@"; do
    case $(property ActiveState) in failed | inactive) return 1 ;; esac
    deaths=$(property NRestarts)
    [ "${deaths:-0}" -lt 2 ] || return 1
    [ "$(now)" -lt "$end" ] || return 1
    nap
  done
}

# That it does not answer yet is no failure: it looks for graphics cards between the two.
prove_http() {
  [ -n "$LIVE" ] || return 0
  end=$(($(now) + TIMEOUT))
  while :; do
    answers
    case $? in
      0) say "It answers at $URL: $BODY" && return ;;
      2) say "Not asked whether it answers: there is neither curl nor wget." && return ;;
    esac
    [ "$(now)" -lt "$end" ] || break
    nap
  done
  say "Warning: the port is open, but $URL has not answered yet."
}

undo() {
  [ ! -e "$RECEIPT" ] || die 4 "$UNIT was set up by the program itself (receipt $RECEIPT)." \
    'Nothing was changed: only the program knows what was there before.' 'npx stigmer-setup-ollama undo'
#[allow
  check_files
#]
  if ! is_ours; then
#[allow
    untie
    if [ -n "$UNTIED" ]; then
      [ -z "$LIVE" ] || activate
      say "Changed: the filter is taken back."
      return
    fi
#]
    say "Unchanged: there is nothing to undo at $DROP_IN."
    return
  fi
  sed '/^#.*stigmer-setup-ollama/d; /^\[Service\][[:blank:]]*$/d; /^[[:blank:]]*$/d; /^Environment="OLLAMA_HOST=[^"]*"$/d' "$DROP_IN" >"$WORK/theirs"
  HAD_DIR=''
  if [ -s "$WORK/theirs" ]; then
    cp -p "$DROP_IN" "$WORK/after"
    sed '/^Environment="OLLAMA_HOST=[^"]*"$/d' "$DROP_IN" >"$WORK/after"
    ! cmp -s "$DROP_IN" "$WORK/after" || die 4 "$DROP_IN was edited by hand, our line in it too." 'Nothing was changed.' "cat $DROP_IN"
    write "$WORK/after" || die 6 "$DROP_IN could not be written." 'Nothing was changed.' "ls -l $DIR"
    say "Only our line was taken out of $DROP_IN: others have edited it."
  else
    remove || die 6 "$DROP_IN could not be removed." 'Nothing was changed.' "ls -l $DIR"
  fi
#[allow
  untie
#]
  if [ -n "$LIVE" ] && is_started; then
    if ! activate restart || ! wait_for any; then
      die 7 "The files are as they were, but $UNIT does not listen again." 'It is told to start as before.' "systemctl${SCOPE:+ --$SCOPE} status $UNIT"
    fi
  elif [ -n "$LIVE" ]; then
    activate
  fi
  say "Changed: $DROP_IN is taken back."
}

verify() {
  [ -n "$LIVE" ] || die 4 'systemd does not run here.' 'Only what runs can be proved.' "cat $DROP_IN"
  wait_for || die 7 "$UNIT does not listen on @value@. $(last_words)" 'Nothing was changed.' 'sh ollama-host.sh plan'
#[allow
  is_loaded || die 7 "$UNIT runs without the filter of --allow @allow@." 'The port is open to all.' 'sh ollama-host.sh apply'
#]
  say "$UNIT listens on @value@."
  prove_http
}

# A run that was killed has left its lock: it counts while its process is there.
take_lock() {
  if ! mkdir "$LOCK" 2>/dev/null; then
    holder=$(cat "$LOCK/pid" 2>/dev/null)
    if [ -n "$holder" ] && [ -d "/proc/$holder" ]; then
      die 11 "Another run (process $holder) is at work on this host." 'Nothing was changed.' 'wait for it'
    fi
  fi
  mkdir -p "$LOCK" && say $$ >"$LOCK/pid" && HELD=yes
}

tidy() {
#[allow
  [ -z "$UNTIED" ] || unload
#]
  rm -rf "$WORK"
  [ -z "$HELD" ] || rm -rf "$LOCK"
}

main() {
  command=${1:-plan}
  [ $# -eq 0 ] || shift
  UNIT=ollama.service SCOPE='' TIMEOUT=60 VALUE='' SOURCE='' OBSTACLE='' HELD=''
  while [ $# -gt 1 ]; do
    case $1 in
      --unit) UNIT=${2%.service}.service ;;
      --timeout) TIMEOUT=$2 ;;
      --scope) SCOPE=$2 ;;
      *) break ;;
    esac
    shift 2
  done
  case $command in plan | check | apply | verify | undo) ;; *) usage "$command" ;; esac
  [ $# -eq 0 ] || usage "$1"
  case $TIMEOUT in '' | *[!0-9]*) usage "--timeout $TIMEOUT" ;; esac
  case $SCOPE in system) SCOPE='' ;; '' | user) ;; *) usage "--scope $SCOPE" ;; esac
  case $UNIT in *[!A-Za-z0-9:_.@-]* | .* | -*) usage "--unit $UNIT" ;; esac
#[allow
  [ -z "$SCOPE" ] || usage '--scope user: --allow is for services of the system alone'
  name_filter
#]
  if [ -n "$SCOPE" ]; then
    RUN=/run/user/$(id -u) UNITS=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
    STATE=${XDG_STATE_HOME:-$HOME/.local/state} MANAGER=$RUN/systemd
    XDG_RUNTIME_DIR=$RUN DBUS_SESSION_BUS_ADDRESS=unix:path=$RUN/bus
    export XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS
  else
    RUN=/run UNITS=/etc/systemd/system STATE=/var/lib MANAGER=/run/systemd/system
    [ "$(id -u)" = 0 ] || die 5 'This needs root.' 'Nothing was changed.' "sudo sh ollama-host.sh $command"
  fi
  DIR=$UNITS/$UNIT.d DROP_IN=$UNITS/$UNIT.d/$NAME LOCK=$RUN/stigmer-setup-ollama-export
  RECEIPT=$STATE/stigmer-setup-ollama/receipts/systemd${SCOPE:+-$SCOPE}%3A$UNIT.json
  LIVE=''
  [ ! -d "$MANAGER" ] || LIVE=yes
  [ "$command" = undo ] || check_unit
  WORK=$(mktemp -d) || exit 6
  trap tidy EXIT
  case $command in
    plan) plan && show_plan ;;
    check) plan && show_plan && { [ -z "$EDIT$RESTART@too@" ] || exit 10; } ;;
    verify) verify ;;
    *) take_lock && "$command" ;;
  esac
}

check_unit() {
  [ ! -e /etc/NIXOS ] || die 4 "$UNIT is declared in the NixOS configuration." 'Nothing was changed.' 'services.ollama.host = "0.0.0.0";'
  if [ -z "$LIVE" ]; then
    for place in /etc /usr/lib /lib; do [ ! -e "$place/systemd/${SCOPE:-system}/$UNIT" ] || return 0; done
    [ ! -e "$UNITS/$UNIT" ] || return 0
    load=not-found
  else
    load=$(property LoadState)
  fi
  case $load in
    loaded) ;;
    masked) die 4 "$UNIT is masked: somebody has forbidden systemd to start it." 'Nothing was changed.' "systemctl${SCOPE:+ --$SCOPE} unmask $UNIT" ;;
    not-found) die 3 "There is no $UNIT on this host." 'Nothing was changed.' 'systemctl list-unit-files | grep -i ollama' ;;
    *) die 4 "systemd cannot load $UNIT ($load)." 'Nothing was changed.' "systemctl${SCOPE:+ --$SCOPE} status $UNIT" ;;
  esac
}

usage() {
  die 2 "Not understood: $1" 'Nothing was changed.' \
    'sh ollama-host.sh plan|check|apply|verify|undo [--unit NAME] [--scope user] [--timeout SECONDS]'
}

main "$@"
