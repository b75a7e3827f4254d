#!/bin/sh
# What `brew services` does on Linux (services/cli.rb, service.rb in Homebrew/brew): the unit is taken away at a stop and
# written anew, out of the formula and services/ollama.env, at a start.
UNIT=homebrew.ollama.service
FILE=$HOME/.config/systemd/user/$UNIT
ENV_FILE=$HOME/.homebrew/services/ollama.env
export XDG_RUNTIME_DIR="/run/user/$(id -u)"

stop() {
  systemctl --user disable --now $UNIT
  rm -f "$FILE"
  systemctl --user daemon-reload
}

start() {
  mkdir -p "${FILE%/*}"
  {
    printf '%s\n' '[Unit]' 'Description=Homebrew generated unit for ollama' '' '[Install]' 'WantedBy=default.target' ''
    printf '%s\n' '[Service]' 'Type=simple' 'ExecStart="/home/linuxbrew/.linuxbrew/opt/ollama/bin/ollama" "serve"'
    printf '%s\n' 'Restart=on-failure' 'WorkingDirectory=/home/linuxbrew/.linuxbrew' 'Environment="OLLAMA_FLASH_ATTENTION=1"'
    [ ! -e "$ENV_FILE" ] || sed -n 's/^\([A-Z_]*\)=\(.*\)$/Environment="\1=\2"/p' "$ENV_FILE"
  } >"$FILE"
  systemctl --user daemon-reload
  systemctl --user start $UNIT
  systemctl --user enable $UNIT
}

case "$*" in
  --version) echo "Homebrew ${BREW_VERSION:-6.0.15}" ;;
  'services start ollama') start ;;
  'services stop ollama') stop ;;
  'services restart ollama') stop && start ;;
  *) echo "Error: Unknown command: brew $*" >&2 && exit 1 ;;
esac
