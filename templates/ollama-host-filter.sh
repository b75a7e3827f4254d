NFT=@nft@
TIE_NAME=@tie_name@

rules() {
  cat <<RULES
@rules@
RULES
}

tie() {
  cat <<TIE
@tie@
TIE
}

name_filter() {
  TABLE=stigmer_ollama UNTIED=''
  [ "$UNIT" = ollama.service ] || TABLE=stigmer_ollama_$(printf %s "${UNIT%.service}" | tr -c 'A-Za-z0-9' _)
  FOLDER=/etc/stigmer-setup-ollama RULES=/etc/stigmer-setup-ollama/$TABLE.nft TIE=/etc/systemd/system/$UNIT.d/$TIE_NAME
}

# on rules|tie COMMAND: does to that file what is done to the drop-in with the address.
on() (
  case $1 in
    rules) DIR=$FOLDER NAME=$TABLE.nft DROP_IN=$RULES HAD_DIR=$HAD_FOLDER ;;
    tie) NAME=$TIE_NAME DROP_IN=$TIE ;;
  esac
  shift
  "$@"
)

is_loaded() { "$NFT" list table inet "$TABLE" >/dev/null 2>&1; }

unsigned() { sed 's/ Written by stigmer-setup-ollama .*//' "$1"; }

# check_file FILE BYTES: what is not ours, or was edited by others, stays.
check_file() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  { [ -f "$1" ] && [ ! -L "$1" ] && grep -q "Written by stigmer-setup-ollama " "$1"; } ||
    die 4 "$1 is there, and not written by this program." 'Nothing was changed.' "cat $1"
  sed '/^$/d' "$2" >"$WORK/known"
  ! sed '/^#/d; /^$/d; /^\t*tcp dport [0-9]* goto port$/d; /^\t*ip6\{0,1\} saddr {/d' "$1" | grep -qvxF -f "$WORK/known" ||
    die 4 "$1 was edited by hand." 'Nothing was changed.' "rm $1   # then run this again"
}

check_files() {
  rules >"$WORK/rules"
  tie >"$WORK/tie"
  check_file "$RULES" "$WORK/rules"
  check_file "$TIE" "$WORK/tie"
}

# due FILE BYTES
due() { [ ! -e "$1" ] || [ "$(unsigned "$1")" != "$(unsigned "$2")" ]; }

# Sets RULES_EDIT and TIE_EDIT where the files differ, FILTER when anything is to be done.
plan_filter() {
  [ -x "$NFT" ] || die 4 "--allow needs the program nft, and $NFT is not installed here." \
    'Nothing was changed.' 'apt install nftables   # or dnf, pacman, zypper'
#[containers
  # A bridge br-… that more is a part of than containers' ends (veth…).
  set +f
  for port in /sys/class/net/br-*/brif/*; do
    bridge=${port%/brif/*} bridge=${bridge##*/}
    case ${port##*/} in
      veth* | '*') ;;
      *) expr "x$bridge" : 'xbr-[0-9a-f]\{12\}$' >/dev/null ||
        die 4 "$bridge is called like a bridge of containers, and leads to a network." 'Nothing was changed.' \
          'npx stigmer-setup-ollama --allow @allow@   # tells them apart' ;;
    esac
  done
  set -f
#]
  check_files
  RULES_EDIT='' TIE_EDIT='' FILTER=''
  ! due "$RULES" "$WORK/rules" || RULES_EDIT=yes
  ! due "$TIE" "$WORK/tie" || TIE_EDIT=yes
  FILTER=$RULES_EDIT$TIE_EDIT
  [ -z "$FILTER" ] || [ ! -e "$RECEIPT" ] || die 4 "$UNIT was set up by the program itself (receipt $RECEIPT)." \
    'Nothing was changed: that record would be wrong afterwards.' 'npx stigmer-setup-ollama --allow @allow@'
  [ -z "$LIVE" ] || ! is_started || is_loaded || FILTER=yes
}

# show FILE BYTES
show() {
  say "$1 would be written:"
  if [ -e "$1" ]; then diff -u "$1" "$2"; else sed 's/^/+/' "$2"; fi
}

show_filter() {
  [ -z "$RULES_EDIT" ] || show "$RULES" "$WORK/rules"
  [ -z "$TIE_EDIT" ] || show "$TIE" "$WORK/tie"
  [ -z "$FILTER" ] || [ -n "$RESTART" ] || [ -z "$LIVE" ] || say 'The filter would be loaded.'
}

keep_filter() {
  [ -z "$LIVE" ] || "$NFT" -c -f "$WORK/rules" || die 6 'nft refuses the filter.' 'Nothing was changed.' "$NFT --version"
  HAD_FOLDER=''
  [ ! -d "$FOLDER" ] || HAD_FOLDER=yes
  [ ! -e "$RULES" ] || cp -p "$RULES" "$WORK/rules.before" || exit 6
  [ ! -e "$TIE" ] || cp -p "$TIE" "$WORK/tie.before" || exit 6
}

write_filter() {
  [ -z "$RULES_EDIT" ] || on rules write "$WORK/rules" || fail 6 "$RULES could not be written"
  [ -z "$TIE_EDIT" ] || on tie write "$WORK/tie" || fail 6 "$TIE could not be written"
}

# A start of the service loads the rules by itself.
load_filter() {
  [ -z "$FILTER" ] || [ -n "$RESTART" ] || "$NFT" -f "$RULES" || fail 6 "nft could not load $RULES"
}

put_back_file() {
  if [ -e "$WORK/$1.before" ]; then on "$1" write "$WORK/$1.before"; else on "$1" remove; fi || failed=yes
}

put_back_filter() {
  rm -f "$FOLDER/.$TABLE.nft.$$.tmp" "$DIR/.$TIE_NAME.$$.tmp"
  [ -z "$TIE_EDIT" ] || put_back_file tie
  [ -z "$RULES_EDIT" ] || put_back_file rules
}

# Without its line systemd takes the table away no more.
put_back_table() {
  if [ ! -e "$TIE" ]; then unload; elif [ "$BACK" != stop ]; then "$NFT" -f "$RULES"; fi || failed=yes
}

unload() { "$NFT" delete table inet "$TABLE" 2>/dev/null || :; }

# UNTIED says that there was anything to take away; the table goes last, in tidy.
untie() {
  HAD_DIR='' HAD_FOLDER=''
  if [ -e "$RULES" ] || [ -e "$TIE" ] || is_loaded; then UNTIED=yes; fi
  { on tie remove && on rules remove; } || die 6 "$TIE or $RULES could not be removed." 'Nothing else was changed.' "ls -l $TIE $RULES"
}
