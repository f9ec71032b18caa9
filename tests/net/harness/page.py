# A page of the documents that is followed line by line: what it has done on which machine, read out of its text.
#
# What is to be done is in indented blocks, and the paragraph before a block says with its last sentence what the block is:
#
#     On `web1` and `web2`, as root:             commands
#     The file `/etc/some/file` on `web1`:       what it is to have in it
#     Added to the file `/some/file` on `web1`:  what is put at its end
#     This prints:                               what the commands before print; `...` stands for anything
#     Within a minute this prints:               the same, where the commands are repeated until they do
#
# A <name in angle brackets> stands for what the reader has seen printed in that place before, and puts in. "this machine" in
# such a name is the name of the machine where it was printed. Blocks between ``` are pictures.

import re
import textwrap
from dataclasses import dataclass
from typing import List, Optional

_MACHINES = r'((?:`[a-z0-9]+`(?:, | and )?)+)'
_RUN = re.compile(rf'On {_MACHINES}, as root:$')
_FILE = re.compile(rf'(The file|Added to the file) `(/[^`]+)` on {_MACHINES}:$')
_PRINT = re.compile(r'(?:(Within) (half a minute|a minute|two minutes|three minutes) this|This) prints:$')
_SECONDS = {'half a minute': 30, 'a minute': 60, 'two minutes': 120, 'three minutes': 180}
_NAME = re.compile(r"<([a-z][a-z0-9' ]*)>")


class PageError(Exception):
    """The page can't be followed as it is."""


@dataclass
class Step:
    """Commands, or a file with its path, at a line of the page; for commands also what they are to print, and for how many
    seconds they are repeated until they do."""
    line: int
    machines: List[str]
    text: str
    path: Optional[str] = None
    is_added: bool = False
    expected: Optional[str] = None
    patience: int = 0


def _blocks(text):
    """Each indented block: its line number, its text, and the paragraph before."""
    paragraph, block, began, is_picture = '', [], 0, False
    for number, line in enumerate([*text.split('\n'), 'end'], 1):
        if line.startswith('```'):
            is_picture = not is_picture
        elif is_picture:
            continue
        elif line.startswith('    ') and (block or not paragraph or paragraph.endswith('\n')):
            began = began or number
            block.append(line)
        elif not line.strip():
            paragraph += '' if block or paragraph.endswith('\n') else '\n'
            block += [''] if block else []
        else:
            if block:
                yield began, textwrap.dedent('\n'.join(block)).strip('\n') + '\n', paragraph.strip()
                block, began, paragraph = [], 0, ''
            paragraph = line if paragraph.endswith('\n') else f'{paragraph} {line.strip()}'.strip()


def read_steps(text):
    """The steps of a page."""
    steps = []
    for number, block, intro in _blocks(text):
        run, file, shown = _RUN.search(intro), _FILE.search(intro), _PRINT.search(intro)
        if run:
            steps.append(Step(number, re.findall(r'\w+', run[1].replace(' and ', ' ')), block))
        elif file:
            steps.append(Step(number, re.findall(r'\w+', file[3].replace(' and ', ' ')), block, file[2],
                              file[1].startswith('Added')))
        elif shown and steps and steps[-1].path is None and steps[-1].expected is None:
            steps[-1].expected, steps[-1].patience = block, _SECONDS[shown[2]] if shown[1] else 0
        else:
            raise PageError(f'line {number}: nobody can tell what to do with this block, after "{intro[-80:]}"')
    return steps


def _own(name, machine):
    return name.replace('this machine', machine)


def fill_in(text, values, machine):
    """A text with what the reader has seen printed in the places of the names."""
    def value(found):
        name = _own(found[1], machine)
        if name not in values:
            raise PageError(f'nothing has printed <{name}> so far')
        return values[name]
    return _NAME.sub(value, text)


def match_output(expected, printed, values, machine):
    """Whether commands have printed what was expected; if so, values gets what stands for names that were new."""
    names = []

    def expression(line):
        if line.strip() == '...':
            return r'(?:.*\n)*?'
        parts = re.split(rf'({_NAME.pattern.replace("(", "(?:")}|\.\.\.| +)', line.rstrip())
        return ''.join(map(piece, parts)) + r' *\n'

    def piece(part):
        found = _NAME.fullmatch(part)
        if found is None:
            return '.*?' if part == '...' else ' +' if part.isspace() else re.escape(part)
        name = _own(found[1], machine)
        if name in values:
            return re.escape(values[name])
        if name in names:
            return rf'(?P=n{names.index(name)})'
        names.append(name)
        return rf'(?P<n{len(names) - 1}>\S+?)'

    lines = expected.strip('\n').split('\n')
    found = re.fullmatch(''.join(map(expression, lines)), textwrap.dedent(printed).rstrip() + '\n')
    if found:
        values.update({name: found[f'n{number}'] for number, name in enumerate(names)})
    return found is not None
