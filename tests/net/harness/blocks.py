# The blocks of the documents: what stands apart from the text in Markdown, manuals, and comments of what is packaged. A test
# that runs some takes them from here, as they stand in the document (Reader); tests/net/harness/blocks_table.py says which test
# takes which block, and tests/cli/test_command_blocks.py that none is left.

import pathlib
import re
import textwrap
from dataclasses import dataclass

from .blocks_table import NotRun, TABLE

SOURCE = pathlib.Path(__file__).resolve().parents[3]
REST = '*'  # in the table: all blocks of the document that have no line of their own
_MDOC = {r'\e': '\\', r'\&': '', r'\(dq': '"', r'\-': '-'}


class BlocksError(Exception):
    """A document, the table and the tests do not fit."""


@dataclass
class Block:
    """A block, the line of its document that it begins in, and the heading before it."""
    document: str
    line: int
    text: str
    heading: str = ''


def find_documents():
    """The paths of all documents that may have blocks, from the source's folder."""
    found = [path for path in SOURCE.rglob('*.md') if not path.relative_to(SOURCE).parts[0].startswith(('.', 'build'))]
    found += (SOURCE / 'man').iterdir()
    for folder in ('packaging', 'contrib'):
        found += [path for path in (SOURCE / folder).rglob('*') if path.is_file() and path.suffix not in ('.md', '.json')]
    return sorted(str(path.relative_to(SOURCE)) for path in found)


def find_blocks(document, text=None):
    """The blocks of a document, which is read by its name."""
    if text is None:
        text = (SOURCE / document).read_text()
    if re.search(r'\.\d$', document):
        return list(_manual_blocks(document, text))
    if not re.search(r'\.md$|README', document):  # comments
        text = re.sub(r'^(?:# ?(.*)|.*)$', lambda line: line[1] or ('' if line[0] == '#' else 'x'), text, flags=re.M)
    return list(_text_blocks(document, text))


def _text_blocks(document, text):
    # Between ``` or four spaces farther in, after an empty line.
    block, heading, fence, after_empty = None, '', False, True
    for number, line in enumerate([*text.split('\n'), 'the end'], 1):
        is_fence = line.lstrip().startswith('```')
        belongs = fence or line.startswith('    ') and (block or after_empty)
        if is_fence:
            fence = not fence
        if block and (is_fence or not belongs and line.strip()):
            yield _made(block)
            block = None
        if belongs and not is_fence and (block or line.strip()):
            block = block or Block(document, number, '', heading)
            block.text += line + '\n'
        elif block:
            block.text += '\n'
        elif line.startswith('#') and not fence:
            heading = line.lstrip('# ')
        after_empty = not line.strip()


def _manual_blocks(document, text):
    # .Bd -literal to .Ed, and .Dl lines, one after the other.
    block, heading, is_literal = None, '', False
    for number, line in enumerate([*text.split('\n'), '.'], 1):
        if line.startswith('.Bd -literal'):
            is_literal = True
        elif is_literal and not line.startswith('.Ed') or line.startswith('.Dl '):
            block = block or Block(document, number, '', heading)
            block.text += re.sub(r'\\(?:\(dq|.)', lambda found: _MDOC[found[0]], line.removeprefix('.Dl ').strip('"')) + '\n'
        else:
            is_literal = False
            if block:
                yield _made(block)
            block = None
            heading = line[4:].title() if re.match(r'\.S[hs] ', line) else heading


def _made(block):
    block.text = textwrap.dedent(block.text).strip('\n') + '\n'
    if re.match('[$#] ', block.text) and re.search(r'\.\d$', block.document):  # prompts
        block.text = re.sub('^[$#] ', '', block.text, flags=re.M)
    return block


def find_entry(block, rows):
    """The key in a document's rows of the table that a block has, or None: the longest beginning."""
    keys = [key for key in rows if key == REST or block.text.startswith(key)]
    return max(keys, key=lambda key: (key != REST, len(key)), default=None)


def tests_of(value):
    """The tests that a row names."""
    if isinstance(value, NotRun):
        return ()
    return (value,) if isinstance(value, str) else tuple(each for each in value if not isinstance(each, NotRun))


class Reader:
    """What one test, named by its file, has of the documents. It can take the blocks that the table gives it, and has to take
    them all until finish()."""

    def __init__(self, path):
        path = pathlib.Path(path).resolve()
        self.test = f'{path.parent.name}-{path.stem.removeprefix("test_")}'
        self._left = {(document, key) for document, rows in TABLE.items() for key, value in rows.items()
                      if self.test in tests_of(value)}

    def _find(self, document, key):
        rows = TABLE.get(document, {})
        if self.test not in tests_of(rows.get(key, ())):
            raise BlocksError(f'the table does not give "{key}" of {document} to {self.test}')
        self._left.discard((document, key))
        found = [block for block in find_blocks(document) if find_entry(block, rows) == key]
        if not found:
            raise BlocksError(f'{document} has no block that begins with "{key}"')
        return found

    def take(self, document, beginning):
        """The text of the block that begins so."""
        found = self._find(document, beginning)
        if len(found) != 1:
            raise BlocksError(f'{document} has several blocks that begin with "{beginning}": {found}')
        return found[0].text

    def take_rest(self, document):
        """All blocks of the document that have no row of their own."""
        return self._find(document, REST)

    def quote(self, document, words):
        """Words that the document has in its text, between `...`."""
        if f'`{words}`' not in ' '.join((SOURCE / document).read_text().split()):
            raise BlocksError(f'{document} does not say `{words}`')
        return words

    def finish(self):
        """Make sure that none was left."""
        if self._left:
            raise BlocksError(f'{self.test} has not run {sorted(self._left)}')
