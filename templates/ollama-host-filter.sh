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

# One table for each unit.
name_filter() {
  TABLE=stigmer_ollama UNTIED=''
  [ "$UNIT" = ollama.service ] || TABLE=stigmer_ollama_$(printf %s "${UNIT%.service}" | tr -c 'A-Za-z0-9' _)
  FOLDER=/etc/stigmer-setup-ollama RULES=/etc/stigmer-setup-ollama/$TABLE.nft TIE=/etc/systemd/system/$UNIT.d/$TIE_NAME
}

# on rules|tie COMMAND: does with that file what is done with the drop-in of the address.
on() (
  case $1 in
    rules) DIR=$FOLDER NAME=$TABLE.nft DROP_IN=$RULES HAD_DIR=$HAD_FOLDER ;;
    tie) NAME=$TIE_NAME DROP_IN=$TIE ;;
  esac
  shift
  "$@"
)

is_written() { [ -f "$1" ] && [ ! -L "$1" ] && grep -q 'Written by stigmer-setup-ollama ' "$1"; }

is_loaded() { "$NFT" list table inet "$TABLE" >/dev/null 2>&1; }

# The same rules are the same, whichever version wrote them.
unsigned() { sed 's/ Written by stigmer-setup-ollama .*//' "$1"; }

# Lines of tie that are not comments or names of sections: those that count.
tie_lines() { tie | sed '/^[#[]/d'; }

#[containers
# Fills OTHER: a bridge called br-… leads to a network when more than containers' ends (veth…) is a part of it.
find_other() {
  OTHER=''
  set +f
  for port in /sys/class/net/br-*/brif/*; do
    bridge=${port%/brif/*} bridge=${bridge##*/}
    case ${port##*/} in
      veth* | '*') ;;
      *) expr "x$bridge" : 'xbr-[0-9a-f]\{12\}$' >/dev/null || OTHER=$bridge ;;
    esac
  done
  set -f
}

#]
# Fills rules and tie (what the files shall hold), sets RULES_EDIT and TIE_EDIT when they do not, FILTER when anything is to be done.
plan_filter() {
  [ -x "$NFT" ] || die 4 "--allow needs the program nft, and $NFT is not installed here." \
    'Without it nobody can be kept out, so nothing was changed.' 'apt install nftables   # or with dnf, pacman, zypper'
#[containers
  find_other
  [ -z "$OTHER" ] || die 4 "$OTHER is called like a bridge of containers, and leads to a network." \
    'Nothing was changed: the filter would let that network in.' 'npx stigmer-setup-ollama --allow @allow@   # tells them apart'
#]
  for file in "$RULES" "$TIE"; do
    { [ ! -e "$file" ] && [ ! -L "$file" ]; } || is_written "$file" ||
      die 4 "$file is there, and not written by this program." 'Nothing was changed.' "cat $file"
  done
  check_rules
  RULES_EDIT='' TIE_EDIT='' FILTER=''
  rules >"$WORK/rules"
  tie >"$WORK/tie"
  [ -e "$RULES" ] && [ "$(unsigned "$RULES")" = "$(unsigned "$WORK/rules")" ] || RULES_EDIT=yes
  if [ -e "$TIE" ]; then
    tie_lines >"$WORK/lines"
    while IFS= read -r line; do
      grep -qxF -e "$line" "$TIE" || die 4 "$TIE was edited by hand, our lines in it too." 'Nothing was changed.' "cat $TIE"
    done <"$WORK/lines"
    cp -p "$TIE" "$WORK/tie" # what others have added stays
    sed 's/^\(#.*--allow \)[a-z]*/\1@allow@/' "$TIE" >"$WORK/tie"
  fi
  cmp -s "$TIE" "$WORK/tie" || TIE_EDIT=yes
  FILTER=$RULES_EDIT$TIE_EDIT
  [ -z "$FILTER" ] || [ ! -e "$RECEIPT" ] || die 4 "$UNIT was set up by the program itself (receipt $RECEIPT)." \
    'Nothing was changed: that record would be wrong afterwards.' 'npx stigmer-setup-ollama --allow @allow@'
  [ -z "$LIVE" ] || ! is_started || is_loaded || FILTER=yes
}

# show_file FILE RULES|TIE
show_file() {
  if [ -e "$1" ]; then
    say "$1 would be changed:"
    diff -u "$1" "$2"
  else
    say "$1 would be written:"
    sed 's/^/+/' "$2"
  fi
}

show_filter() {
  [ -z "$RULES_EDIT" ] || show_file "$RULES" "$WORK/rules"
  [ -z "$TIE_EDIT" ] || show_file "$TIE" "$WORK/tie"
  [ -z "$FILTER" ] || [ -n "$RESTART" ] || [ -z "$LIVE" ] || say 'The filter would be loaded.'
}

# Before the first change: what is there, to be put back.
keep_filter() {
  [ -z "$LIVE" ] || "$NFT" -c -f "$WORK/rules" || die 6 'nft refuses the filter.' 'Nothing was changed.' "$NFT --version"
  HAD_FOLDER=''
  [ ! -d "$FOLDER" ] || HAD_FOLDER=yes
  [ ! -e "$RULES" ] || cp -p "$RULES" "$WORK/rules.before" || exit 6
  [ ! -e "$TIE" ] || cp -p "$TIE" "$WORK/tie.before" || exit 6
}

# The rules first: what names them finds them.
write_filter() {
  [ -z "$RULES_EDIT" ] || on rules write "$WORK/rules" || fail 6 "$RULES could not be written"
  [ -z "$TIE_EDIT" ] || on tie write "$WORK/tie" || fail 6 "$TIE could not be written"
}

# Nobody who is being answered is cut off for it; a start of the service loads the rules by itself.
load_filter() {
  [ -z "$FILTER" ] || [ -n "$RESTART" ] || "$NFT" -f "$RULES" || fail 6 "nft could not load $RULES"
}

prove_filter() {
  is_loaded || fail 7 "$UNIT runs, but without the filter: something later in its configuration takes ExecStartPre= away"
}

# One of the two files as it was.
put_back_file() {
  if [ -e "$WORK/$1.before" ]; then on "$1" write "$WORK/$1.before"; else on "$1" remove; fi || failed=yes
}

put_back_filter() {
  rm -f "$FOLDER/.$TABLE.nft.$$.tmp" "$UNITS/$UNIT.d/.$TIE_NAME.$$.tmp"
  [ -z "$TIE_EDIT" ] || put_back_file tie
  [ -z "$RULES_EDIT" ] || put_back_file rules
}

# What the service has loaded, systemd takes away no more once the line for it is gone.
put_back_table() {
  if [ ! -e "$TIE" ]; then unload; elif [ "$BACK" != stop ]; then "$NFT" -f "$RULES"; fi || failed=yes
}

unload() { "$NFT" delete table inet "$TABLE" 2>/dev/null || :; }

# Rules that were edited by hand are not thrown away.
check_rules() {
  is_written "$RULES" || return 0
  rules | sed '/^$/d' >"$WORK/known"
  sed '/^#/d; /^[[:blank:]]*$/d; /^[[:blank:]]*tcp dport [0-9]* goto port$/d; /^[[:blank:]]*ip6\{0,1\} saddr { [0-9a-f]/d' "$RULES" |
    grep -qvxF -f "$WORK/known" || return 0
  die 4 "$RULES was edited by hand." 'Nothing was changed.' "rm $RULES   # then run this again"
}

# Takes both files away; UNTIED says that there was anything to take, and the table goes last, in tidy.
untie() {
  HAD_DIR='' HAD_FOLDER=''
  if is_written "$TIE" && grep -q '^ExecStopPost=-+.* delete table inet stigmer' "$TIE"; then
    UNTIED=yes
    tie >"$WORK/tie"
    tie_lines >"$WORK/lines"
    if sed '/^#.*stigmer-setup-ollama/d; /^[[:blank:]]*$/d' "$TIE" | grep -qvxF -f "$WORK/tie"; then
      cp -p "$TIE" "$WORK/theirs"
      grep -vxF -f "$WORK/lines" "$TIE" >"$WORK/theirs"
      on tie write "$WORK/theirs" || die 6 "$TIE could not be written." 'It is as it was.' "ls -l $TIE"
      say "Only our lines were taken out of $TIE: others have edited it."
    else
      on tie remove || die 6 "$TIE could not be removed." 'It is as it was.' "ls -l $TIE"
    fi
  fi
  if is_written "$RULES"; then
    UNTIED=yes
    on rules remove || die 6 "$RULES could not be removed." 'It is as it was.' "ls -l $RULES"
  fi
  ! is_loaded || UNTIED=yes
}
