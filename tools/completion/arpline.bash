# SPDX-License-Identifier: Apache-2.0
# bash completion for arpline, arplined, arplined-dpdk, arpgen and arpline-exporter. The words are those of the programs'
# own --help, so that they are the installed version's.

# The commands, or the options, of `PROGRAM [COMMAND] --help`.
_arpline_commands() {
  "$@" --help 2>/dev/null | sed -n '/^Subcommands:/,$ s/^  \([a-z][a-z-]*\) .*/\1/p'
}
_arpline_options() {
  "$@" --help 2>/dev/null | sed -n 's/^  \(-[-,a-z{}]*\).*/\1/p' | tr ',' '\n' | sed 's/{.*//'
}

_arpline_interfaces() {
  local path
  for path in /sys/class/net/*; do echo "${path##*/}"; done
}

# What may follow the word before the cursor; empty: anything.
_arpline_values() {
  case $1 in
    --parent | --like | -i | --interface) _arpline_interfaces ;;
    --on-stop) printf '%s\n' detach keep ;;
    --format) printf '%s\n' table json csv ;;
    --source) printf '%s\n' live xsk packet ;;
    preflight | detach) _arpline_interfaces ;;
  esac
}

# zsh runs this function too.
_arpline() {
  local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local commands words at word command=()
  commands=$(_arpline_commands "$program")
  for ((at = 1; at < COMP_CWORD; ++at)); do
    word=${COMP_WORDS[at]}
    if [[ $'\n'$commands$'\n' == *$'\n'"$word"$'\n'* ]]; then
      command=("$word")
      break
    fi
  done
  if [[ $current == -* ]]; then
    words=$(_arpline_options "$program" "${command[@]}")
  else
    words=$(_arpline_values "$before")
    [[ $words || ${command[*]} || $before == --* ]] || words=$commands
  fi
  # shellcheck disable=SC2207 # no word has a space in it
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -o default -F _arpline arpline arplined arplined-dpdk arpgen arpline-exporter
