"""Prints a completion script for your shell, made from the same parsers that read the arguments."""

import argparse

from mailscope.cli.main import VERBS, verb_module
from mailscope.cli.parser import Parser, actions_of
from mailscope.schema.tables import TABLES

EXAMPLES = """
mailscope completion bash > ~/.local/share/bash-completion/completions/mailscope
mailscope completion zsh > "${fpath[1]}/_mailscope"
mailscope completion fish > ~/.config/fish/completions/mailscope.fish
"""

_BASH = """_mailscope() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} options=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{verbs} --help --version" -- "$word"))
    return
  fi
  case ${{COMP_WORDS[1]}} in
{cases}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *) case ${{COMP_WORDS[1]}}:$COMP_CWORD in
         show:3 | schema:2) COMPREPLY=($(compgen -W "{tables}" -- "$word")) ;;
         *) COMPREPLY=($(compgen -f -- "$word")) ;;
       esac ;;
  esac
}}
complete -o filenames -F _mailscope mailscope
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def execute(args: argparse.Namespace) -> int:
    """Prints the script."""
    print({"bash": bash, "zsh": zsh, "fish": fish}[args.shell](), end="")
    return 0


def options_of_verb(verb: str) -> list[str]:
    """The long options that the verb takes."""
    module = verb_module(verb)
    parser = Parser(f"mailscope {verb}", "", module.EXAMPLES)
    module.arguments(parser)
    parsers = [parser, *actions_of(parser)]
    known = {option for part in parsers for action in part._actions for option in action.option_strings}
    return sorted(option for option in known if option.startswith("--"))


def bash() -> str:
    """The script for bash."""
    cases = "\n".join(f'    {verb}) options="{" ".join(options_of_verb(verb))}" ;;' for verb in VERBS)
    return _BASH.format(verbs=" ".join(VERBS), cases=cases, tables=" ".join(TABLES))


def zsh() -> str:
    """The script for zsh, which can run bash's."""
    return "#compdef mailscope\nautoload -U +X bashcompinit && bashcompinit\n" + bash()


def fish() -> str:
    """The script for fish."""
    lines = [f"complete -c mailscope -n __fish_use_subcommand -fa {verb} -d '{VERBS[verb]}'" for verb in VERBS]
    for verb in VERBS:
        lines += [
            f"complete -c mailscope -n '__fish_seen_subcommand_from {verb}' -l {option[2:]}"
            for option in options_of_verb(verb)
        ]
    return "\n".join(lines) + "\n"
