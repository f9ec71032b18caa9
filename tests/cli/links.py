"""The links of Markdown documents: those to other files, and to headings."""
import re

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]*)\)")
HEADING = re.compile(r"^#+ +(.*?) *$", re.M)


def without_code(text):
    """A document's text without what is not for reading as Markdown: indented and fenced lines, and code in a line."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    text = re.sub(r"^ {4,}.*$", "", text, flags=re.M)
    return re.sub(r"`[^`]*`", "", text)


def anchors_of(document):
    """What a link can name in a document: its headings, as sites that show Markdown name them."""
    headings = HEADING.findall(re.sub(r"^ {4,}.*$", "", document.read_text(), flags=re.M))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def find_broken_links(document):
    """The relative links of a document that lead to no file, or to no heading of it."""
    broken = []
    for link in LINK.findall(without_code(document.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)
    return broken
